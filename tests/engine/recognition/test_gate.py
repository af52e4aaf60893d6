"""The gate on faces nobody owns: what is good passes, and each fault is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from engine.landmarks import topology
from engine.recognition.gate import (
    HINTS,
    REASONS,
    STILL,
    Limits,
    Look,
    Measures,
    Refusal,
    blur_of,
    eyes_open,
    foreground,
    look,
    reason_of,
    refusals,
)
from engine.still import FaceEngine
from engine.types import Face, Image
from tests.builders import PEOPLE, face_picture, person_picture

GOOD = Measures(
    width_px=200, inside=1, highlight=150, clipped=0, contrast=40, balance=1.1, blur=0.6, blur_in_noise=0.8,
    yaw_degrees=2, pitch_degrees=-3, roll_degrees=1, eyes=0.3,
)  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Iterator[FaceEngine]:
    made = FaceEngine("cpu")
    yield made
    made.close()


def seen(engine: FaceEngine, image: Image) -> Look:
    return look(image, engine.find(np.ascontiguousarray(image)))


@pytest.mark.parametrize("number", range(PEOPLE))
def test_a_good_picture_passes(engine: FaceEngine, number: int) -> None:
    found = seen(engine, person_picture(number))
    assert found.refusals == ()
    assert found.face is not None
    assert found.crop is not None
    assert found.crop.shape == (112, 112, 3)


def dark(image: Image) -> Image:
    return np.asarray(image * 0.25, np.uint8)


def bright(image: Image) -> Image:
    return np.clip(image * 2.6, 0, 255).astype(np.uint8)


def one_sided(image: Image) -> Image:
    ramp = 1 / (1 + np.exp(-np.linspace(-12, 12, image.shape[1])))
    return np.asarray(image * (0.05 + 0.95 * ramp)[None, :, None], np.uint8)


def tilted(image: Image) -> Image:
    turn = cv2.getRotationMatrix2D((320, 320), 50, 1.0)
    return np.asarray(cv2.warpAffine(image, turn, (640, 640), borderMode=cv2.BORDER_REPLICATE), np.uint8)


FAULTS: list[tuple[Refusal, Callable[[Image], Any]]] = [
    (Refusal.NO_FACE, lambda image: np.full_like(image, 90)),
    (Refusal.SEVERAL_FACES, lambda image: np.hstack([image, image])),
    (Refusal.CUT_OFF, lambda image: image[:, 290:]),
    (Refusal.TOO_SMALL, lambda image: cv2.resize(image, (160, 160), interpolation=cv2.INTER_AREA)),
    (Refusal.TOO_DARK, dark),
    (Refusal.TOO_BRIGHT, bright),
    (Refusal.ONE_SIDED, one_sided),
    (Refusal.PALE, lambda image: np.asarray(image * 0.15 + 120, np.uint8)),
    (Refusal.TILTED, tilted),
    (Refusal.BLURRED, lambda image: cv2.GaussianBlur(image, (0, 0), 6)),
]


@pytest.mark.parametrize(("refusal", "fault"), FAULTS, ids=[refusal.name for refusal, _ in FAULTS])
def test_a_picture_with_a_fault_is_refused_for_it(
    engine: FaceEngine, refusal: Refusal, fault: Callable[[Image], Any]
) -> None:
    assert refusal in seen(engine, np.asarray(fault(face_picture(640)))).refusals


def test_closed_lids_are_seen_in_the_mesh(engine: FaceEngine) -> None:
    face = engine.find(face_picture(640))[0]
    assert face.mesh is not None
    mesh = face.mesh.copy()
    assert eyes_open(mesh) > 0.2
    for eye in (topology.RIGHT_EYE, topology.LEFT_EYE):
        rows = list(eye)
        mesh[rows, 1] = mesh[rows, 1].mean() + 0.1 * (mesh[rows, 1] - mesh[rows, 1].mean())
    assert eyes_open(mesh) < STILL.eyes
    shut = replace(face, mesh=mesh)
    assert look(face_picture(640), [shut]).refusals == (Refusal.EYES_CLOSED,)


def test_somebody_small_in_the_background_does_not_count(engine: FaceEngine) -> None:
    picture = person_picture(0)
    picture = np.hstack([picture, np.full((640, 300, 3), 140, np.uint8)])
    picture[:180, 700:880] = face_picture(180)
    faces = engine.find(picture)
    assert len(faces) == 2
    assert len(foreground(faces)) == 1
    assert look(picture, faces).refusals == ()


def test_a_face_without_a_mesh_is_turned_away() -> None:
    profile = Face(np.array([10, 10, 200, 200], np.float32), 0.9, np.zeros((5, 2), np.float32))
    assert look(face_picture(640), [profile]).refusals == (Refusal.TURNED,)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"width_px": 78}, Refusal.TOO_SMALL),
        ({"inside": 0.9}, Refusal.CUT_OFF),
        ({"highlight": 40}, Refusal.TOO_DARK),
        ({"clipped": 0.3}, Refusal.TOO_BRIGHT),
        ({"balance": 2.6}, Refusal.ONE_SIDED),
        ({"contrast": 5}, Refusal.PALE),
        ({"yaw_degrees": -36}, Refusal.TURNED),
        ({"roll_degrees": 45}, Refusal.TILTED),
        ({"pitch_degrees": -26}, Refusal.LOOKS_UP),
        ({"pitch_degrees": 26}, Refusal.LOOKS_DOWN),
        ({"eyes": 0.05}, Refusal.EYES_CLOSED),
        ({"blur": 0.8}, Refusal.BLURRED),
        ({"blur_in_noise": 0.9}, Refusal.BLURRED),
    ],
)
def test_each_measure_has_its_limit(change: dict[str, float], refusal: Refusal) -> None:
    assert refusals(GOOD, STILL) == ()
    assert refusals(replace(GOOD, **change), STILL) == (refusal,)


def test_a_camera_can_do_better_than_a_picture() -> None:
    small = replace(GOOD, width_px=100)
    assert refusals(small, STILL) == ()
    assert refusals(small, Limits()) == (Refusal.TOO_SMALL,)


def test_narrow_eyes_are_open_eyes() -> None:
    assert refusals(replace(GOOD, eyes=0.1), STILL) == ()


def test_every_refusal_has_its_words() -> None:
    assert set(HINTS) == set(REASONS) == set(Refusal)
    assert reason_of(Refusal.TOO_SMALL, replace(GOOD, width_px=40.2)) == (
        "the face is too small (40 px wide, 79 are needed)"
    )
    assert reason_of(Refusal.BLURRED, GOOD) == "the face is blurred"


def test_blur_grows_with_every_blurring_in_any_direction() -> None:
    grey = np.random.default_rng(0).random((80, 80), np.float32)
    steps = [blur_of(np.asarray(cv2.GaussianBlur(grey, (0, 0), sigma), np.float32)) for sigma in (0.5, 1, 2, 4)]
    assert blur_of(grey) < steps[0]
    assert steps == sorted(steps)
    for size in ((15, 1), (1, 15)):
        assert blur_of(np.asarray(cv2.blur(grey, size), np.float32)) > blur_of(grey) + 0.1
    assert blur_of(np.full((80, 80), 7, np.float32)) == 1
