"""The guided enrolment, played frame by frame: what it asks for, what it takes, and what it never keeps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.errors import EnrolmentError, InputError
from engine.recognition.gallery import Gallery
from engine.recognition.gate import HINTS, Measures, Refusal
from engine.recognition.guided import (
    DONE,
    INSTRUCTIONS,
    OTHER_WAY,
    PATIENCE_S,
    TOO_FAR,
    Enrolment,
    EnrolmentState,
    Observation,
    Progress,
    Step,
)
from engine.types import Embedding
from tests.builders import rough_crops
from tests.fakes.people import CONSENT, MODEL, sample, vector

FRAME_S = 0.2
GOOD = Measures(
    width_px=200, inside=1, highlight=150, clipped=0, contrast=40, balance=1.1, blur=0.6, blur_in_noise=0.8,
    yaw_degrees=0, pitch_degrees=0, roll_degrees=0, eyes=0.3,
)  # fmt: skip
CROP = rough_crops(0)[2]


class Film:
    """A person before the camera, five looks a second."""

    def __init__(self, enrolment: Enrolment | None = None) -> None:
        self.enrolment = enrolment or Enrolment("Ada", CONSENT)
        self.now_s = 0.0
        self.looks = 0

    def show(
        self, seconds: float = 0.0, *, person: int = 1, track: int | None = 7, faces: int = 1, **measures: float
    ) -> Progress:
        """Plays so long (at least one look); what was said last."""
        end = self.now_s + max(seconds, FRAME_S)
        progress: Progress | None = None
        while self.now_s < end - 1e-9:
            self.now_s += FRAME_S
            self.looks += 1
            embedding = Embedding(vector(person, self.looks % 3), MODEL)
            seen = Observation(
                round(self.now_s * 1e9), faces, (1280, 720), replace(GOOD, **measures), CROP, embedding, track
            )
            progress = self.enrolment.offer(seen)
        assert progress is not None
        return progress

    def nobody(self) -> Progress:
        self.now_s += FRAME_S
        return self.enrolment.offer(Observation(round(self.now_s * 1e9), 0, (1280, 720)))


def test_four_steps_in_less_than_ten_seconds() -> None:
    film = Film()
    assert film.enrolment.progress.hint == INSTRUCTIONS[Step.STRAIGHT]
    assert film.show(1.4).step is Step.LEFT
    assert film.show(1.4, yaw_degrees=20).step is Step.RIGHT
    assert film.show(1.4, yaw_degrees=-20).step is Step.CLOSER
    last = film.show(1.4, width_px=260)
    assert (last.state, last.step, last.share, last.hint) == (EnrolmentState.DONE, None, 1.0, DONE)
    assert last.taken == tuple(Step)
    assert len(film.enrolment.samples()) == 4
    assert film.now_s < 10


def test_share_only_grows() -> None:
    film = Film()
    shares = [film.show().share for _ in range(6)] + [film.show(yaw_degrees=20).share for _ in range(6)]
    assert shares == sorted(shares)
    assert shares[0] < 0.1 < shares[-1]


def test_of_a_step_the_best_frame_is_kept() -> None:
    film = Film()
    for blur, yaw in ((0.75, 10), (0.5, 1), (0.7, 3), (0.7, 8)):
        film.show(blur=blur, yaw_degrees=yaw)
    film.show(0.6, blur=0.75, yaw_degrees=10)
    film.enrolment.finish()
    (kept,) = film.enrolment.samples()
    np.testing.assert_allclose(kept.embedding.vector, vector(1, 2), atol=1e-6)  # the second look


@pytest.mark.parametrize(
    ("measures", "refusal"),
    [
        ({"width_px": 90}, Refusal.TOO_SMALL),
        ({"highlight": 30}, Refusal.TOO_DARK),
        ({"blur": 0.9}, Refusal.BLURRED),
        ({"eyes": 0.05}, Refusal.EYES_CLOSED),
        ({"pitch_degrees": 30}, Refusal.LOOKS_DOWN),
        ({"roll_degrees": 30}, Refusal.TILTED),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_taken(measures: dict[str, float], refusal: Refusal) -> None:
    film = Film()
    progress = film.show(20, **measures)
    assert (progress.refusal, progress.hint) == (refusal, HINTS[refusal])
    assert progress.taken == ()
    assert not film.enrolment.finish()


def test_no_face_several_faces_and_a_face_without_a_mesh() -> None:
    film = Film()
    assert film.nobody().refusal is Refusal.NO_FACE
    assert film.show(faces=2).refusal is Refusal.SEVERAL_FACES
    profile = Observation(10**9, 1, (1280, 720), track_id=7)
    assert film.enrolment.offer(profile).hint == HINTS[Refusal.TURNED]


def test_a_blink_is_told_by_how_wide_these_eyes_were_open() -> None:
    film = Film()
    film.show(eyes=0.3)
    assert film.show(eyes=0.15).refusal is Refusal.EYES_CLOSED
    assert Film().show(eyes=0.15).refusal is None, "eyes that are always narrow are open"


def test_the_words_for_turning() -> None:
    film = Film()
    film.show(1.4)
    assert film.show(yaw_degrees=0).hint == INSTRUCTIONS[Step.LEFT]
    assert film.show(yaw_degrees=-20).hint == OTHER_WAY
    assert film.show(yaw_degrees=50).hint == TOO_FAR
    film.show(1.4, yaw_degrees=20)
    assert film.show(yaw_degrees=20).hint == OTHER_WAY
    assert film.show(yaw_degrees=-50).hint == TOO_FAR


def test_closer_means_closer_than_before_but_not_closer_than_the_frame() -> None:
    film = Film()
    film.show(1.4)
    film.enrolment.skip()
    film.enrolment.skip()
    assert film.show(width_px=220).hint == INSTRUCTIONS[Step.CLOSER]
    assert film.show(width_px=245).refusal is None
    near = Film()
    near.show(1.4, width_px=400)
    near.enrolment.skip()
    near.enrolment.skip()
    assert near.show(width_px=400).refusal is None


def test_who_cannot_turn_is_not_kept_waiting() -> None:
    film = Film()
    film.show(1.4)
    progress = film.show(PATIENCE_S + 1)
    assert progress.step is Step.RIGHT
    assert progress.skipped == (Step.LEFT,)
    progress = film.show(2 * PATIENCE_S + 2)
    assert progress.state is EnrolmentState.DONE
    assert progress.taken == (Step.STRAIGHT,)


def test_who_went_away_is_waited_for() -> None:
    film = Film()
    film.show(1.4)
    for _ in range(200):
        progress = film.nobody()
    assert progress.step is Step.LEFT
    assert progress.skipped == ()


def test_the_first_step_cannot_be_skipped() -> None:
    film = Film()
    assert not film.enrolment.skip()
    film.show(1.4)
    assert film.enrolment.skip()
    assert film.enrolment.step is Step.RIGHT


def test_somebody_else_who_comes_along_is_not_taken() -> None:
    film = Film()
    film.show(1.4)
    progress = film.show(5, person=2, track=8, yaw_degrees=20)
    assert progress.refusal is Refusal.OTHER_PERSON
    assert progress.step is Step.LEFT
    assert film.show(1.4, yaw_degrees=20).step is Step.RIGHT


def test_who_passed_by_before_the_first_step_was_done_is_forgotten() -> None:
    film = Film()
    film.show(0.4, person=2, track=8)
    assert film.show(person=1).refusal is Refusal.OTHER_PERSON
    film.show(1.6)
    film.enrolment.finish()
    (kept,) = film.enrolment.samples()
    assert kept.embedding.similarity(Embedding(vector(1, 0), MODEL)) > 0.5


@pytest.mark.parametrize("consent", ["", "   "])
def test_without_consent_nothing_begins(consent: str) -> None:
    with pytest.raises(EnrolmentError, match="consent"):
        Enrolment("Ada", consent)


@pytest.mark.parametrize("name", ["", " ", "x" * 10_000])
def test_a_name_that_is_none_is_told_before_the_first_frame(name: str) -> None:
    with pytest.raises(InputError, match="name"):
        Enrolment(name, CONSENT)


def test_cancelling_forgets_everything() -> None:
    film = Film()
    film.show(1.4)
    film.enrolment.cancel()
    film.enrolment.cancel()
    progress = film.show(5)
    assert (progress.state, progress.step, progress.taken) == (EnrolmentState.CANCELLED, None, ())
    with pytest.raises(EnrolmentError, match="not finished"):
        film.enrolment.samples()
    assert not film.enrolment.finish()


def finished(enrolment: Enrolment, person: int = 1) -> Film:
    film = Film(enrolment)
    film.show(1.4, person=person)
    assert enrolment.finish()
    return film


class TestStoring:
    def test_a_new_person(self, gallery: Gallery) -> None:
        film = finished(Enrolment("Ada", CONSENT, index=gallery.index(MODEL)))
        person = film.enrolment.store(gallery)
        assert (person.name, person.samples, person.consent.text) == ("Ada", 1, CONSENT)

    def test_nothing_is_stored_before_the_end(self, gallery: Gallery) -> None:
        film = Film()
        film.show(0.6)
        with pytest.raises(EnrolmentError):
            film.enrolment.store(gallery)
        assert gallery.people() == ()

    def test_somebody_who_is_enrolled_under_another_name_is_named(self, gallery: Gallery) -> None:
        gallery.add("Ada", [sample(1, 0)], CONSENT)
        film = finished(Enrolment("Eve", CONSENT, index=gallery.index(MODEL)))
        like = film.enrolment.progress.resembles
        assert like is not None
        assert like.person == "Ada"
        with pytest.raises(EnrolmentError, match="looks like Ada, who is enrolled already"):
            film.enrolment.store(gallery)
        assert len(gallery.people()) == 1
        assert film.enrolment.store(gallery, anyway=True).name == "Eve"

    def test_more_samples_of_somebody(self, gallery: Gallery) -> None:
        ada = gallery.add("Ada", [sample(1, 0)], CONSENT)
        film = finished(Enrolment("Ada", CONSENT, index=gallery.index(MODEL), adding_to=ada))
        assert film.enrolment.progress.resembles is None
        assert film.enrolment.store(gallery).samples == 2

    def test_more_samples_of_somebody_else_are_refused(self, gallery: Gallery) -> None:
        ada = gallery.add("Ada", [sample(1, 0)], CONSENT)
        film = finished(Enrolment("Ada", CONSENT, index=gallery.index(MODEL), adding_to=ada), person=2)
        with pytest.raises(EnrolmentError, match="does not look like Ada"):
            film.enrolment.store(gallery)
        assert gallery.person(ada.id).samples == 1
