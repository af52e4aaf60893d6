"""The people as a window uses them: what stands in the way is told, what is not finished is not there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import numpy as np
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from engine.errors import (
    AlreadyKnownError,
    EnrolmentError,
    GalleryDamagedError,
    NoGalleryError,
    PassphraseNeededError,
    VaultError,
    WeightsError,
)
from engine.live.computer import look_what_is_stored
from engine.live.people import Enrolment, EnrolmentState, People
from engine.recognition import vault
from engine.recognition.gallery import Gallery
from engine.recognition.identify import Thresholds
from engine.recognition.vault import Vault
from engine.types import Face, Image
from tests.fakes.keyrings import MemoryKeyring
from tests.fakes.observations import POSES, seen
from tests.fakes.people import CONSENT, MODEL, OTHER_MODEL, PASSPHRASE, samples


@pytest.fixture(autouse=True)
def ring(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryKeyring]:
    """A keyring that keeps, a quick scrypt, and a network of which only the name is needed."""
    monkeypatch.setattr(vault, "SCRYPT_N", 16)
    monkeypatch.delenv(vault.PASSPHRASE_VARIABLE, raising=False)
    monkeypatch.setattr("engine.live.people.model_name", lambda folder=None: MODEL)
    monkeypatch.setattr("engine.live.people.card_thresholds", lambda folder=None: Thresholds())
    memory = MemoryKeyring()
    keyring.set_keyring(memory)
    yield memory
    keyring.set_keyring(NoKeyring())


@pytest.fixture
def people() -> Iterator[People]:
    made = People()
    yield made
    made.close()


def enrol_before(*names: str, passphrase: str | None = None, model: str = MODEL) -> None:
    with Gallery.open(vault=Vault.create(passphrase) if passphrase else None) as gallery:
        for number, name in enumerate(names, 1):
            gallery.add(name, samples(number, 2, model), CONSENT)


def finished(enrolment: Enrolment, person: int = 1) -> Enrolment:
    """The enrolment after everything it asks for was shown."""
    for step, pose in enumerate(POSES):
        for look in range(7):
            enrolment.offer(seen(10 * step + 0.2 * look, person=person, look=look % 3, **pose))
    assert enrolment.state is EnrolmentState.DONE
    return enrolment


def test_looking_makes_nothing_and_finds_nobody(people: People, home: Path, ring: MemoryKeyring) -> None:
    known = people.look()
    assert (known.people, known.index, known.key, known.trouble, known.unable) == ((), None, None, None, "")
    assert list(home.iterdir()) == [] and ring.kept == {}


def test_everybody_with_a_picture_and_an_index(people: People) -> None:
    enrol_before("Ada", "Bob")
    known = people.look()
    assert [(one.name, one.samples, one.stale) for one in known.people] == [("Ada", 2, False), ("Bob", 2, False)]
    assert np.array_equal(known.people[0].picture, samples(1)[0].thumbnail)
    assert known.index is not None and known.index.names == ("Ada", "Bob")
    assert people.look(pictures=False).people[0].picture is None


def test_the_index_is_the_same_one_until_something_changes(people: People) -> None:
    enrol_before("Ada")
    first = people.look().index
    assert people.look().index is first
    with Gallery.open() as other:
        other.add("Bob", samples(2), CONSENT)
    changed = people.look().index
    assert changed is not first and changed is not None and changed.names == ("Ada", "Bob")
    people.rename(1, "Ada Lovelace")
    renamed = people.look().index
    assert renamed is not None and renamed.names == ("Ada Lovelace", "Bob")


def test_a_file_that_was_replaced_is_opened_anew(people: People, home: Path) -> None:
    enrol_before("Ada")
    assert len(people.look().people) == 1
    for file in home.iterdir():
        file.unlink()
    assert people.look().people == ()
    enrol_before("Bob", "Cleo")
    assert [one.name for one in people.look().people] == ["Bob", "Cleo"]


def test_what_is_in_the_way_stands_in_the_answer(people: People, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enrol_before("Ada", passphrase=PASSPHRASE)
    locked = people.look()
    assert isinstance(locked.trouble, PassphraseNeededError)
    assert (locked.people[0].name, locked.people[0].picture, locked.index) == ("Ada", None, None)
    with pytest.raises(VaultError, match="wrong"):
        people.unlock("something else")
    people.unlock(PASSPHRASE)
    assert people.look().trouble is None
    people.close()
    (home / "people.sqlite").write_bytes(b"no database" * 500)
    assert isinstance(people.look().trouble, GalleryDamagedError)

    def none(folder: Path | None = None) -> str:
        raise WeightsError("faces cannot be recognised: there is no embedder.")

    monkeypatch.setattr("engine.live.people.model_name", none)
    assert people.look().unable == "faces cannot be recognised: there is no embedder."


def test_one_damaged_sample_does_not_hide_who_is_there(people: People, home: Path) -> None:
    import sqlite3

    enrol_before("Ada", "Bob")
    with sqlite3.connect(home / "people.sqlite") as database:
        database.execute("UPDATE samples SET thumbnail = zeroblob(200) WHERE person = 1")
    database.close()
    known = people.look()
    assert isinstance(known.trouble, GalleryDamagedError)
    assert [one.name for one in known.people] == ["Ada", "Bob"]
    people.remove(1)
    assert people.look().trouble is None


def test_preparing_stores_nothing(people: People, home: Path, ring: MemoryKeyring) -> None:
    people.prepare()
    enrolment = people.begin("Ada", CONSENT)
    enrolment.cancel()
    assert list(home.iterdir()) == [] and ring.kept == {}


def test_without_a_keyring_a_passphrase_is_needed_before_anything_is_taken(people: People, home: Path) -> None:
    keyring.set_keyring(NoKeyring())
    with pytest.raises(PassphraseNeededError):
        people.prepare()
    people.prepare(PASSPHRASE)
    assert list(home.iterdir()) == []
    people.store(finished(people.begin("Ada", CONSENT)))
    people.close()
    assert isinstance(people.look().trouble, PassphraseNeededError)
    people.unlock(PASSPHRASE)
    assert people.look().index is not None


def test_a_prepared_passphrase_is_forgotten_with_the_enrolment_it_was_for(people: People) -> None:
    keyring.set_keyring(NoKeyring())
    people.prepare(PASSPHRASE)
    with pytest.raises(PassphraseNeededError):
        people.prepare()
    with pytest.raises(PassphraseNeededError):
        people.store(finished(people.begin("Ada", CONSENT)))


def test_storing_adds_somebody_or_gives_more_looks(people: People) -> None:
    enrol_before("Ada")
    people.prepare()
    again = finished(people.begin("Countess", CONSENT), person=1)
    with pytest.raises(AlreadyKnownError) as caught:
        people.store(again)
    assert caught.value.person == "Ada"
    assert people.store(again, into=1).samples == 6
    assert people.store(finished(people.begin("Bob", CONSENT), person=2)).name == "Bob"
    more = finished(people.begin("", "", adding_to=1), person=1)
    assert people.store(more).samples == 10


def test_stale_people_are_marked_and_measured_anew(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    enrol_before("Ada", model=OTHER_MODEL)
    known = people.look()
    assert known.people[0].stale and known.index is not None and len(known.index) == 0

    class Network:
        model = MODEL
        closed = 0

        def embed(self, crops: Image) -> np.ndarray:
            return np.eye(len(crops), 32, dtype=np.float32)

        def close(self) -> None:
            Network.closed += 1

    monkeypatch.setattr("engine.live.people.Embedder.load", lambda *_, **__: Network())
    assert people.measure_anew() == 2
    known = people.look()
    assert not known.people[0].stale and known.index is not None and len(known.index) == 2
    assert Network.closed == 1


@pytest.mark.parametrize("state", ["nobody", "somebody", "damaged"])
def test_erasing_works_in_every_state(people: People, home: Path, ring: MemoryKeyring, state: str) -> None:
    if state != "nobody":
        enrol_before("Ada")
        people.look()
    if state == "damaged":
        people.close()
        (home / "people.sqlite").write_bytes(b"no database" * 500)
    assert people.erase() == {"nobody": 0, "somebody": 1, "damaged": None}[state]
    known = people.look()
    assert (known.people, known.trouble) == ((), None)
    if state != "damaged":  # then nobody knows which key it was
        assert ring.kept == {}
    people.prepare()
    people.store(finished(people.begin("Bob", CONSENT)))
    assert [one.name for one in people.look().people] == ["Bob"]


class Eyes:
    """Sees nobody in any picture."""

    model = MODEL
    thresholds = Thresholds()
    closed = 0

    def find(self, image: Image) -> tuple[Face, ...]:
        return ()

    def embedding(self, crop: Image) -> None:
        raise AssertionError("there is nothing to embed")

    def close(self) -> None:
        Eyes.closed += 1


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    import cv2

    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((40, 40, 3), 80, np.uint8))
    return tmp_path


def test_pictures_without_a_face_leave_no_gallery_behind(home: Path, pictures: Path, ring: MemoryKeyring) -> None:
    people = People(Eyes)
    told: list[tuple[str, str]] = []
    closed = Eyes.closed
    people.prepare()
    with pytest.raises(EnrolmentError):
        people.enrol_pictures("Ada", [str(pictures)], CONSENT, lambda *each: told.append(each))
    assert [Path(picture).name for picture, _ in told] == ["0.png", "1.png", "2.png"], "a folder is its pictures"
    assert list(home.iterdir()) == [] and ring.kept == {}
    assert Eyes.closed == closed + 1


def test_pictures_without_a_face_leave_those_who_are_there(pictures: Path) -> None:
    enrol_before("Ada")
    people = People(Eyes)
    people.prepare()
    with pytest.raises(EnrolmentError):
        people.enrol_pictures("Bob", [str(pictures / "0.png")], CONSENT, lambda *_: None)
    assert [one.name for one in people.look().people] == ["Ada"]
    people.close()


def test_whoever_listens_can_stop_the_pictures(home: Path, pictures: Path) -> None:
    class StopError(Exception):
        pass

    def tell(picture: str, reason: str) -> None:
        raise StopError

    people = People(Eyes)
    people.prepare()
    with pytest.raises(StopError):
        people.enrol_pictures("Ada", [str(pictures)], CONSENT, tell)
    assert list(home.iterdir()) == []


def test_changes_need_somebody_to_change(people: People) -> None:
    with pytest.raises(NoGalleryError):
        people.remove(1)
    enrol_before("Ada", "Bob")
    people.set_target_age(1, 70)
    people.merge(1, 2)
    (ada,) = people.look().people
    assert (ada.name, ada.samples, ada.target_age) == ("Ada", 4, 70)


def test_many_threads_may_use_it_at_once(people: People) -> None:
    enrol_before("Ada")
    errors: list[Exception] = []

    def work(number: int) -> None:
        try:
            for _ in range(5):
                people.look()
                people.set_target_age(1, number)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert errors == []


def test_what_is_stored_counts_the_people(people: People, home: Path) -> None:
    assert look_what_is_stored().people == 0
    enrol_before("Ada", "Bob")
    stored = look_what_is_stored()
    assert stored.people == 2 and stored.people_place.endswith("people.sqlite")
    (home / "people.sqlite").write_bytes(b"no database" * 500)
    assert look_what_is_stored().people is None
