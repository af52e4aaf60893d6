"""Enrolling from pictures, with real pictures, a real detector and a network of random numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.errors import EnrolmentError, GalleryError, InputError, NameTakenError, PassphraseNeededError
from engine.recognition.enrol import enrol_pictures, groups_of
from engine.recognition.gallery import Gallery
from engine.still import FaceEngine
from engine.types import Embedding
from tests.builders import person_picture
from tests.fakes.people import CONSENT, MODEL, vector


@pytest.fixture(scope="module")
def engine(made_weights: Path) -> Iterator[FaceEngine]:
    made = FaceEngine("cpu", weights=made_weights)
    yield made
    made.close()


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pictures each of ada, bob and cleo, and pictures that cannot be used."""
    folder = tmp_path_factory.mktemp("album")
    for number, name in enumerate(("ada", "bob", "cleo")):
        cv2.imwrite(str(folder / f"{name}-1.png"), person_picture(number, 640))
        cv2.imwrite(str(folder / f"{name}-2.png"), person_picture(number, 620))
    ada, bob = person_picture(0, 640), person_picture(1, 640)
    cv2.imwrite(str(folder / "two.png"), np.hstack([ada, bob]))
    cv2.imwrite(str(folder / "nobody.png"), np.full((90, 90, 3), 120, np.uint8))
    cv2.imwrite(str(folder / "blurred.png"), cv2.GaussianBlur(ada, (0, 0), 7))
    cv2.imwrite(str(folder / "dark.png"), np.asarray(ada * 0.2, np.uint8))
    cv2.imwrite(str(folder / "small.png"), cv2.resize(ada, (160, 160), interpolation=cv2.INTER_AREA))
    (folder / "text.png").write_text("hello")
    return folder


def pictures(album: Path, *names: str) -> list[str]:
    return [str(album / f"{name}.png") for name in names]


def test_good_pictures_enrol_a_person(engine: FaceEngine, gallery: Gallery, album: Path) -> None:
    done = enrol_pictures("  Ada ", pictures(album, "ada-1", "ada-2"), CONSENT, engine, gallery)
    assert (done.person.name, done.person.samples, done.person.models) == ("Ada", 2, (engine.model,))
    assert done.person.consent.text == CONSENT
    assert (done.refused, done.resembles) == ((), None)
    engine.know(gallery.index(engine.model))
    (face,) = engine.analyze(person_picture(0, 630))
    (stranger,) = engine.analyze(person_picture(2, 630))
    engine.know(None)
    assert face.person is not None
    assert face.person.person == "Ada"
    assert stranger.person is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("two", "there are several faces, and it takes one"),
        ("nobody", "no face is to be seen"),
        ("blurred", "the face is blurred"),
        ("dark", "the face is too dark"),
        ("small", "the face is too small ("),
        ("text", "not a picture"),
        ("missing", "no such file"),
    ],
)
def test_each_unusable_picture_is_told_with_its_reason_and_the_others_are_used(
    name: str, reason: str, engine: FaceEngine, gallery: Gallery, album: Path
) -> None:
    told: list[tuple[str, str]] = []
    given = pictures(album, name, "ada-1")
    done = enrol_pictures("Ada", given, CONSENT, engine, gallery, tell=lambda *each: told.append(each))
    assert done.used == (given[1],)
    ((refused, why),) = done.refused
    assert refused == given[0]
    assert reason in why
    assert told == [(refused, why), (given[1], "")]


def test_the_same_picture_twice_is_one_sample(engine: FaceEngine, gallery: Gallery, album: Path) -> None:
    done = enrol_pictures("Ada", pictures(album, "ada-1", "ada-1"), CONSENT, engine, gallery)
    assert done.person.samples == 1


def nobody_is_enrolled(gallery: Gallery) -> bool:
    return gallery.people() == ()


def test_without_a_usable_picture_nobody_is_enrolled(engine: FaceEngine, gallery: Gallery, album: Path) -> None:
    with pytest.raises(EnrolmentError, match="Ada was not enrolled: the face cannot be taken from any of the 2 pict"):
        enrol_pictures("Ada", pictures(album, "two", "dark"), CONSENT, engine, gallery)
    assert nobody_is_enrolled(gallery)


def test_pictures_of_two_people_are_refused_and_the_odd_one_is_named(
    engine: FaceEngine, gallery: Gallery, album: Path
) -> None:
    with pytest.raises(EnrolmentError, match=r"show more than one person: .*cleo-1.png shows another person") as caught:
        enrol_pictures("Ada", pictures(album, "cleo-1", "ada-1", "ada-2"), CONSENT, engine, gallery, anyway=True)
    assert "ada-2" not in str(caught.value)
    assert nobody_is_enrolled(gallery)


def test_a_known_face_under_a_new_name_is_refused_unless_insisted(
    engine: FaceEngine, gallery: Gallery, album: Path
) -> None:
    enrol_pictures("Ada", pictures(album, "ada-1"), CONSENT, engine, gallery)
    enrol_pictures("Cleo", pictures(album, "cleo-1"), CONSENT, engine, gallery)
    with pytest.raises(EnrolmentError, match=r"looks like Ada, who is enrolled already \(similarity .*--anyway"):
        enrol_pictures("Eve", pictures(album, "ada-2"), CONSENT, engine, gallery)
    assert [person.name for person in gallery.people()] == ["Ada", "Cleo"]
    done = enrol_pictures("Eve", pictures(album, "ada-2"), CONSENT, engine, gallery, anyway=True)
    assert done.resembles is not None
    assert done.resembles.person == "Ada"


def test_a_known_name_takes_more_pictures_only_when_asked_to(
    engine: FaceEngine, gallery: Gallery, album: Path
) -> None:  # fmt: skip
    enrol_pictures("Ada", pictures(album, "ada-1"), CONSENT, engine, gallery)
    with pytest.raises(NameTakenError, match="Ada is enrolled already: add pictures"):
        enrol_pictures("ADA", pictures(album, "ada-2"), CONSENT, engine, gallery)
    done = enrol_pictures("ada", pictures(album, "ada-2"), CONSENT, engine, gallery, add=True)
    assert (done.person.name, done.person.samples) == ("Ada", 2)


def test_adding_somebody_else_or_to_nobody_is_refused(engine: FaceEngine, gallery: Gallery, album: Path) -> None:
    enrol_pictures("Ada", pictures(album, "ada-1"), CONSENT, engine, gallery)
    with pytest.raises(EnrolmentError, match="does not look like Ada"):
        enrol_pictures("Ada", pictures(album, "cleo-1"), CONSENT, engine, gallery, add=True)
    with pytest.raises(GalleryError, match="nobody is called Bob"):
        enrol_pictures("Bob", pictures(album, "bob-1"), CONSENT, engine, gallery, add=True)
    assert [person.samples for person in gallery.people()] == [1]


@pytest.mark.parametrize(
    ("name", "consent", "error"),
    [("", CONSENT, InputError), ("x" * 10_000, CONSENT, InputError), ("Ada", " ", EnrolmentError)],
    ids=["no name", "endless name", "no consent"],
)
def test_what_is_wrong_from_the_start_is_told_before_any_picture_is_opened(
    name: str, consent: str, error: type[Exception], engine: FaceEngine, gallery: Gallery
) -> None:
    with pytest.raises(error):
        enrol_pictures(name, ["missing.png"], consent, engine, gallery, tell=lambda *each: pytest.fail("was opened"))


def test_without_a_key_it_is_told_before_any_picture_is_opened(engine: FaceEngine, home: Path) -> None:
    with Gallery.open(vault=None) as gallery, pytest.raises(PassphraseNeededError):
        enrol_pictures(
            "Ada", ["missing.png"], CONSENT, engine, gallery, tell=lambda *each: pytest.fail("was opened")
        )  # fmt: skip


def test_pictures_that_link_two_others_make_them_one_person() -> None:
    left, right = np.array([1, 0, 0], np.float32), np.array([0.1, 0.99499, 0], np.float32)
    middle = (left + right) / np.linalg.norm(left + right)
    faces = [Embedding(np.asarray(x, np.float32), "m") for x in (left, right, middle)]
    assert groups_of(faces, 0.6) == [[0, 1, 2]]
    assert groups_of(faces[:2], 0.6) == [[0], [1]]
    assert groups_of([Embedding(vector(i // 3, i), MODEL) for i in range(7)], 0.6) == [[0, 1, 2], [3, 4, 5], [6]]
