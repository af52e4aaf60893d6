"""The gallery in use: enrolling, looking, changing, forgetting; and what is never stored."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import keyring
import numpy as np
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from engine.errors import (
    EnrolmentError,
    GalleryBusyError,
    GalleryDamagedError,
    GalleryError,
    InputError,
    NameTakenError,
    PassphraseNeededError,
    VaultError,
)
from engine.paths import gallery_file
from engine.recognition import records
from engine.recognition.gallery import Gallery
from engine.recognition.records import Sample, checked_name
from engine.recognition.vault import PASSPHRASE_VARIABLE
from engine.types import Embedding, FloatArray, Match
from tests.fakes.keyrings import MemoryKeyring
from tests.fakes.people import CONSENT, DIMENSIONS, MODEL, OTHER_MODEL, PASSPHRASE, crop, found, sample, samples, vector


def look(person: int, number: int = 9, model: str = MODEL) -> Embedding:
    return Embedding(vector(person, number), model)


def names(gallery: Gallery) -> list[str]:
    return [person.name for person in gallery.people()]


class TestNames:
    @pytest.mark.parametrize(
        ("typed", "stored"),
        [
            ("Ada", "Ada"),
            ("  Ada \n", "Ada"),
            ("Ada  King", "Ada King"),
            ("x" * 80, "x" * 80),
            ("Zoe\u0308", "Zo\u00eb"),
            ("李小龍", "李小龍"),
            ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
            ("O'Brien-Núñez, Jr.", "O'Brien-Núñez, Jr."),
        ],
    )
    def test_good(self, typed: str, stored: str) -> None:
        assert checked_name(typed) == stored

    @pytest.mark.parametrize(
        ("typed", "part"),
        [
            ("", "the name is empty"),
            (" \t\n ", "the name is empty"),
            ("x" * 81, "has 81 characters: give a name of at most 80"),
            ("x" * 10_000, "has 10000 characters"),
            ("Ada\nLovelace", "a control character in it (U+000A)"),
            ("Ada\x00", "a control character in it (U+0000)"),
            ("Ada\x1b[31m", "a control character in it (U+001B)"),
            ("Ada\u2028King", "a line break in it"),
            ("Ada\u202egnik", "turns the writing in it (U+202E)"),
            ("Ada\ud800", "half a character"),
        ],
    )
    def test_bad_is_one_clear_line(self, gallery: Gallery, typed: str, part: str) -> None:
        with pytest.raises(InputError) as caught:
            gallery.add(typed, samples(1), CONSENT)
        assert part in str(caught.value)
        assert len(str(caught.value)) < 120
        assert gallery.people() == ()

    @pytest.mark.parametrize("other", ["ada", "ADA", " Ada ", "\uff21\uff44\uff41"])
    def test_the_same_name_twice_is_refused_whatever_its_letters(self, gallery: Gallery, other: str) -> None:
        gallery.add("Ada", samples(1), CONSENT)
        with pytest.raises(NameTakenError, match="Ada is enrolled already"):
            gallery.add(other, samples(2), CONSENT)
        assert [person.samples for person in gallery.people()] == [3]


class TestEnrolling:
    def test_what_was_stored_comes_back(self, gallery: Gallery) -> None:
        before = datetime.now(UTC).replace(microsecond=0)
        person = gallery.add("Ada", samples(1, 3), f"  {CONSENT} ")
        assert (person.name, person.samples, person.models, person.target_age) == ("Ada", 3, (MODEL,), None)
        assert person.consent.text == CONSENT
        assert before <= person.consent.given == person.created <= before + timedelta(minutes=1)
        assert gallery.people() == (person,)
        assert gallery.find("aDA") == gallery.person(person.id) == person
        np.testing.assert_array_equal(gallery.thumbnails(person.id), [crop(1, i) for i in range(3)])
        np.testing.assert_array_equal(gallery.index(MODEL).matrix, [vector(1, i) for i in range(3)])

    @pytest.mark.parametrize("consent", ["", "  \n"])
    def test_nobody_without_consent(self, gallery: Gallery, consent: str) -> None:
        with pytest.raises(EnrolmentError, match="without their consent"):
            gallery.add("Ada", samples(1), consent)
        assert gallery.people() == ()

    def test_a_consent_without_end_is_refused(self, gallery: Gallery) -> None:
        with pytest.raises(EnrolmentError, match="has 4001 characters"):
            gallery.add("Ada", samples(1), "x" * (records.CONSENT_LENGTH + 1))

    def test_nobody_without_a_face(self, gallery: Gallery) -> None:
        with pytest.raises(EnrolmentError, match="no picture of a face"):
            gallery.add("Ada", [], CONSENT)
        person = gallery.add("Ada", samples(1), CONSENT)
        with pytest.raises(EnrolmentError, match="no picture of a face"):
            gallery.add_samples(person.id, [])

    def test_more_samples(self, gallery: Gallery) -> None:
        person = gallery.add("Ada", samples(1, 2), CONSENT)
        gallery.add("Bob", samples(2, 1), CONSENT)
        more = gallery.add_samples(person.id, [sample(1, 7), sample(1, 8, OTHER_MODEL)])
        assert (more.samples, more.models, more.consent) == (4, (MODEL, OTHER_MODEL), person.consent)
        assert [person.samples for person in gallery.people()] == [4, 1]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"thumbnail": np.zeros((112, 111, 3), np.uint8)},
            {"thumbnail": np.zeros((112, 112, 3), np.float32)},
            {"quality": 1.5},
            {"quality": float("nan")},
        ],
    )
    def test_a_sample_is_checked_at_birth(self, wrong: dict[str, object]) -> None:
        with pytest.raises(ValueError, match="expected"):
            Sample(**{"embedding": look(1), "thumbnail": crop(1), **wrong})

    @pytest.mark.parametrize("values", [np.zeros(4), np.full(4, 0.6), np.full(4, np.nan), np.zeros(0)])
    def test_an_embedding_has_unit_length(self, values: FloatArray) -> None:
        with pytest.raises(ValueError, match="unit length"):
            Embedding(values.astype(np.float32), MODEL)


class TestRecognising:
    def test_everybody_is_found_by_another_look(self, gallery: Gallery) -> None:
        for person in range(12):
            gallery.add(f"P{person}", samples(person), CONSENT)
        index = gallery.index(MODEL)
        assert [found(index, look(person)).person for person in range(12)] == [f"P{i}" for i in range(12)]
        assert found(index, look(3)).similarity == pytest.approx(look(3).similarity(look(3, 1)), abs=0.1)

    def test_a_snapshot_stays_as_it_was(self, gallery: Gallery) -> None:
        ada = gallery.add("Ada", samples(1), CONSENT)
        index = gallery.index(MODEL)
        gallery.remove(ada.id)
        gallery.close()
        assert found(index, look(1)).person == "Ada"

    def test_an_empty_gallery_needs_no_key(self) -> None:
        with Gallery.open() as empty:
            assert empty.index(MODEL).search(look(1)) is None
            assert empty.key_source() is None

    def test_vectors_of_two_models_are_never_compared(self, gallery: Gallery) -> None:
        gallery.add("Ada", samples(1, model=MODEL), CONSENT)
        gallery.add("Bob", samples(2, model=OTHER_MODEL), CONSENT)
        assert gallery.index(MODEL).names == ("Ada",)
        assert gallery.index(OTHER_MODEL).names == ("Bob",)
        assert gallery.index("net-c").search(look(1, model="net-c")) is None
        with pytest.raises(ValueError, match=r"embedded by net-b .* index by net-a"):
            gallery.index(MODEL).search(look(1, model=OTHER_MODEL))
        with pytest.raises(ValueError, match="two models cannot be compared"):
            look(1).similarity(look(1, model=OTHER_MODEL))

    def test_the_preferred_age_comes_with_the_person(self, gallery: Gallery) -> None:
        ada = gallery.add("Ada", samples(1), CONSENT)
        gallery.add("Bob", samples(2), CONSENT)
        assert gallery.set_target_age(ada.id, 70).target_age == 70
        index = gallery.index(MODEL)
        assert (index.target_age("Ada"), index.target_age("Bob"), index.target_age("Eve")) == (70, None, None)
        assert gallery.set_target_age(ada.id, None).target_age is None

    @pytest.mark.parametrize("years", [-1, 101, float("nan")])
    def test_an_age_nobody_has_is_refused(self, gallery: Gallery, years: float) -> None:
        ada = gallery.add("Ada", samples(1), CONSENT)
        with pytest.raises(InputError, match="out of range"):
            gallery.set_target_age(ada.id, years)


class TestReembedding:
    @staticmethod
    def embed(crops: FloatArray) -> FloatArray:
        """A network of its own: the mean of each of 32 parts of the picture, brought to length one."""
        flat = crops.reshape(len(crops), DIMENSIONS, -1).mean(axis=2).astype(np.float32)
        return flat / np.linalg.norm(flat, axis=1, keepdims=True)

    def test_other_models_vectors_are_made_anew(self, gallery: Gallery) -> None:
        gallery.add("Ada", samples(1, 40), CONSENT)
        gallery.add("Bob", [sample(2, 0, "net-c"), sample(2, 1)], CONSENT)
        gallery.add("Eve", samples(3, 1, "net-c"), CONSENT)
        assert [person.name for person in gallery.stale("net-c")] == ["Ada", "Bob"]
        assert gallery.reembed("net-c", self.embed) == 41
        assert gallery.stale("net-c") == ()
        assert len(gallery.index("net-c")) == 43
        assert len(gallery.index(MODEL)) == 0
        index = gallery.index("net-c")
        wanted = self.embed(np.stack([crop(1, 39)]))[0]
        assert index.search(Embedding(wanted, "net-c")) == Match("Ada", pytest.approx(1, abs=1e-6))
        assert gallery.reembed("net-c", self.embed) == 0

    def test_a_network_that_fails_half_way_changes_nothing(self, gallery: Gallery) -> None:
        gallery.add("Ada", samples(1, 40), CONSENT)
        calls = []

        def fails(crops: FloatArray) -> FloatArray:
            calls.append(len(crops))
            if len(calls) == 2:
                raise RuntimeError("device lost")
            return self.embed(crops)

        with pytest.raises(RuntimeError):
            gallery.reembed("net-c", fails)
        assert gallery.people()[0].models == (MODEL,)

    def test_somebody_removed_meanwhile_stays_away(self, gallery: Gallery) -> None:
        ada = gallery.add("Ada", samples(1), CONSENT)
        gallery.add("Bob", samples(2), CONSENT)

        def removes(crops: FloatArray) -> FloatArray:
            gallery.remove(ada.id)
            return self.embed(crops)

        gallery.reembed("net-c", removes)
        assert gallery.index("net-c").names == ("Bob",)


class TestChanging:
    def test_rename(self, gallery: Gallery) -> None:
        ada = gallery.add("Ada", samples(1), CONSENT)
        gallery.add("Bob", samples(2), CONSENT)
        assert gallery.rename(ada.id, "ADA").name == "ADA"
        with pytest.raises(NameTakenError):
            gallery.rename(ada.id, "bob")
        with pytest.raises(InputError, match="empty"):
            gallery.rename(ada.id, " ")
        assert names(gallery) == ["ADA", "Bob"]
        assert found(gallery.index(MODEL), look(1)).person == "ADA"

    def test_merge(self, gallery: Gallery) -> None:
        ada = gallery.add("Ada", samples(1, 2), CONSENT)
        gallery.add("Bob", samples(2, 1), CONSENT)
        also = gallery.add("Countess", samples(1, 4)[2:], "another consent")
        gallery.set_target_age(also.id, 80)
        merged = gallery.merge(ada.id, also.id)
        assert (merged.name, merged.samples, merged.target_age) == ("Ada", 4, 80)
        assert merged.consent == ada.consent
        assert names(gallery) == ["Ada", "Bob"]
        assert gallery.index(MODEL).starts.tolist() == [0, 4]
        np.testing.assert_array_equal(gallery.thumbnails(ada.id)[3], crop(1, 3))

    def test_merging_one_person_is_refused(self, gallery: Gallery) -> None:
        ada = gallery.add("Ada", samples(1), CONSENT)
        with pytest.raises(GalleryError, match="with themselves"):
            gallery.merge(ada.id, ada.id)
        assert names(gallery) == ["Ada"]

    def test_remove(self, gallery: Gallery) -> None:
        ada = gallery.add("Ada", samples(1), CONSENT)
        gallery.add("Bob", samples(2), CONSENT)
        gallery.remove(ada.id)
        assert names(gallery) == ["Bob"]
        assert gallery.index(MODEL).names == ("Bob",)
        assert gallery.add("Ada", samples(1), CONSENT).id > ada.id + 1, "numbers are not given twice"

    def test_nobody_with_that_number(self, gallery: Gallery) -> None:
        ada = gallery.add("Ada", samples(1), CONSENT)
        for change in (
            lambda: gallery.remove(99),
            lambda: gallery.rename(99, "Eve"),
            lambda: gallery.merge(ada.id, 99),
            lambda: gallery.merge(99, ada.id),
            lambda: gallery.add_samples(99, samples(1)),
            lambda: gallery.set_target_age(99, 50),
            lambda: gallery.thumbnails(99),
            lambda: gallery.person(99),
        ):
            with pytest.raises(GalleryError, match="not enrolled"):
                change()
        assert gallery.people() == (ada,)

    def test_changes_tell_of_this_program_and_of_others(self, gallery: Gallery) -> None:
        seen = [gallery.changes()]
        gallery.add("Ada", samples(1), CONSENT)
        seen.append(gallery.changes())
        with Gallery.open() as other:
            other.rename(1, "Eve")
        seen.append(gallery.changes())
        assert len(set(seen)) == 3
        assert gallery.changes() == seen[-1]

    def test_many_threads(self, gallery: Gallery) -> None:
        failures = []

        def work(number: int) -> None:
            try:
                person = gallery.add(f"T{number}", samples(number, 2), CONSENT)
                gallery.index(MODEL).search(look(number))
                if number % 2:
                    gallery.remove(person.id)
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert sorted(names(gallery)) == ["T0", "T2", "T4", "T6"]


class TestTheKey:
    def test_a_passphrase_opens_it_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with Gallery.open() as first:
            with pytest.raises(PassphraseNeededError):
                first.add("Ada", samples(1), CONSENT)
            assert first.people() == (), "never silently in the open"
            first.unlock(PASSPHRASE)
            first.add("Ada", samples(1), CONSENT)
            assert not first.locked
        with Gallery.open() as second:
            assert (second.locked, second.key_source()) == (True, "passphrase")
            assert names(second) == ["Ada"], "who is there needs no key"
            with pytest.raises(PassphraseNeededError):
                second.index(MODEL)
            with pytest.raises(VaultError, match="passphrase is wrong"):
                second.unlock("wrong")
            second.unlock(PASSPHRASE)
            assert found(second.index(MODEL), look(1)).person == "Ada"
        monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
        with Gallery.open() as third:
            assert len(third.index(MODEL)) == 3

    def test_forgetting_needs_no_key(self, gallery: Gallery) -> None:
        ada = gallery.add("Ada", samples(1), CONSENT)
        with Gallery.open() as locked:
            locked.rename(ada.id, "Eve")
            locked.remove(ada.id)
            assert locked.locked
            assert locked.people() == ()

    def test_the_keyring_serves_by_itself(self, memory_keyring: MemoryKeyring) -> None:
        with Gallery.open() as first:
            first.add("Ada", samples(1), CONSENT)
            assert first.key_source() == "keyring"
        with Gallery.open() as second:
            assert len(second.index(MODEL)) == 3
        assert len(memory_keyring.kept) == 1

    def test_the_keyring_that_is_gone(self, memory_keyring: MemoryKeyring) -> None:
        with Gallery.open() as first:
            first.add("Ada", samples(1), CONSENT)
        keyring.set_keyring(NoKeyring())
        with Gallery.open() as second:
            assert names(second) == ["Ada"]
            with pytest.raises(VaultError, match="no keyring that answers"):
                second.index(MODEL)

    def test_two_programs_that_make_the_key_at_once_share_one(
        self, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with Gallery.open() as first, Gallery.open() as second:
            late = second._new_vault
            monkeypatch.setattr(second, "_new_vault", lambda *a: (first.unlock(), late(*a))[1])
            second.add("Bob", samples(2), CONSENT)
            first.add("Ada", samples(1), CONSENT)
            assert len(first.index(MODEL)) == len(second.index(MODEL)) == 6
        assert len(memory_keyring.kept) == 1

    def test_another_program_erases_meanwhile(self, gallery: Gallery) -> None:
        gallery.add("Ada", samples(1), CONSENT)
        with Gallery.open() as other:
            other.erase()
            other.unlock("another")
            other.add("Bob", samples(2), CONSENT)
        with pytest.raises(PassphraseNeededError):
            gallery.add("Eve", samples(3), CONSENT)
        gallery.unlock("another")
        gallery.add("Eve", samples(3), CONSENT)
        assert names(gallery) == ["Bob", "Eve"]

    def test_a_key_lost_between_opening_and_writing_writes_nothing(
        self, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gallery.add("Ada", samples(1), CONSENT)
        old = gallery._key()
        with Gallery.open() as other:
            other.erase()
            other.unlock("another")
        monkeypatch.setattr(gallery, "_key", lambda passphrase=None: old)
        with pytest.raises(GalleryBusyError, match="changed by another program"):
            gallery.add("Eve", samples(3), CONSENT)
        assert gallery.people() == ()

    def test_samples_cannot_be_swapped_in_the_file(self, gallery: Gallery) -> None:
        gallery.add("Ada", samples(1, 1), CONSENT)
        gallery.add("Bob", samples(2, 1), CONSENT)
        with sqlite3.connect(gallery_file()) as database:
            for column in ("embedding", "thumbnail"):
                database.execute(
                    f"UPDATE samples SET {column} = (SELECT {column} FROM samples WHERE id = 1) WHERE id = 2"
                )
        database.close()
        with pytest.raises(GalleryDamagedError, match="samples/2/embedding"):
            gallery.index(MODEL)
        with pytest.raises(GalleryDamagedError, match="samples/2/thumbnail"):
            gallery.thumbnails(2)
        gallery.remove(2)
        assert gallery.index(MODEL).names == ("Ada",)

    def test_a_model_cannot_be_renamed_in_the_file(self, gallery: Gallery) -> None:
        gallery.add("Ada", samples(1, 1), CONSENT)
        with sqlite3.connect(gallery_file()) as database:
            database.execute("UPDATE samples SET model = ?", (OTHER_MODEL,))
        database.close()
        with pytest.raises(GalleryDamagedError):
            gallery.index(OTHER_MODEL)


def test_closing_twice_is_safe_and_afterwards_nothing_works(gallery: Gallery) -> None:
    gallery.close()
    gallery.close()
    with pytest.raises(GalleryError, match="closed"):
        gallery.people()


def test_the_file_is_for_its_owner_only(gallery: Gallery, home: Path) -> None:
    gallery.add("Ada", samples(1), CONSENT)
    files = list(home.glob("people.sqlite*"))
    assert len(files) == 3
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
