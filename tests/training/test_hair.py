"""Hair: found above the forehead, grey with age, dark again with youth."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.landmarks.topology import CHIN, FACE_OVAL, FOREHEAD_TOP
from training.aging import hair
from training.aging.hair import HairFinder, grey, greyness

SIZE = 256
CORNERS = np.array([[-5, -5], [SIZE + 5, -5], [SIZE + 5, SIZE + 5], [-5, SIZE + 5]], np.float32)
HAIR = np.zeros((SIZE, SIZE), np.float32)
HAIR[20:70, 60:190] = 1


class Everybody:
    """In place of the segmentation: the whole crop is the person."""

    def process(self, picture: NDArray[np.uint8]) -> object:
        return type("Answer", (), {"segmentation_mask": np.ones(picture.shape[:2], np.float32)})


@pytest.fixture
def finder() -> HairFinder:
    found = HairFinder()
    found._segmenter = Everybody()
    return found


def drawn(hair_colour: tuple[int, int, int]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A head: blue clothes below, hair of this BGR colour around a face of skin; and its mesh."""
    rng = np.random.default_rng(0)
    image = np.full((SIZE, SIZE, 3), (180, 60, 30), np.uint8)
    cv2.ellipse(image, (128, 130), (80, 110), 0, 0, 360, hair_colour, -1)
    cv2.ellipse(image, (128, 150), (55, 75), 0, 0, 360, (130, 160, 210), -1)
    noisy = np.clip(image + rng.normal(0, 4, image.shape), 0, 255).astype(np.uint8)
    mesh = np.tile(np.array([128.0, 150.0], np.float32), (478, 1))
    angle = np.linspace(0, 2 * np.pi, len(FACE_OVAL), endpoint=False)
    mesh[list(FACE_OVAL)] = np.stack([128 + 55 * np.sin(angle), 150 - 75 * np.cos(angle)], 1)
    mesh[FOREHEAD_TOP], mesh[CHIN] = (128, 75), (128, 225)
    return noisy, mesh


def test_hair_is_found_around_the_face_and_nowhere_else(finder: HairFinder) -> None:
    image, mesh = drawn((25, 30, 40))
    found = finder.find(image, mesh, CORNERS)
    assert found[35:60, 100:156].mean() > 0.6
    assert found[110:200, 90:166].max() < 0.1, "the face"
    assert found[20:40, 5:30].max() < 0.1, "what has another colour"


def test_a_head_of_the_skins_colour_has_no_hair(finder: HairFinder) -> None:
    image, mesh = drawn((130, 160, 210))
    assert finder.find(image, mesh, CORNERS).mean() < 0.02


def test_where_the_picture_ends_no_hair_is_guessed(finder: HairFinder) -> None:
    image, mesh = drawn((25, 30, 40))
    cut = CORNERS.copy()
    cut[:2, 1] = 80
    assert finder.find(image, mesh, cut).max() == 0


def test_the_real_segmentation_answers_with_a_mask(finder: HairFinder) -> None:
    image, mesh = drawn((25, 30, 40))
    found = HairFinder().find(image, mesh, CORNERS)
    assert found.shape == (SIZE, SIZE) and found.min() >= 0 and found.max() <= 1


def lab_of(lightness: float, a: float, b: float) -> NDArray[np.float32]:
    rng = np.random.default_rng(1)
    lab = np.tile(np.array([lightness, a, b], np.float32), (SIZE, SIZE, 1))
    lab[..., 0] += rng.normal(0, 3, (SIZE, SIZE))
    return lab


def test_dark_hair_turns_light_and_colourless_by_and_by() -> None:
    brown = lab_of(25, 6, 12)
    middle = [(grey(brown, HAIR, 25, target)[30:60, 80:170]).mean((0, 1)) for target in (25, 45, 60, 80)]
    lightness = [float(m[0]) for m in middle]
    chroma = [float(np.hypot(m[1], m[2])) for m in middle]
    assert lightness == sorted(lightness) and lightness[-1] > 55
    assert chroma == sorted(chroma, reverse=True) and chroma[-1] < 4
    assert np.array_equal(grey(brown, HAIR, 25, 80)[100:], brown[100:]), "what is no hair stays"


def test_half_grey_hair_has_its_lighter_strands_grey_first() -> None:
    brown = lab_of(25, 6, 12)
    half = grey(brown, HAIR, 25, 48)
    inside = np.s_[30:60, 80:170]
    light = brown[..., 0][inside] > 27
    change = (half - brown)[..., 0][inside]
    assert change[light].mean() > 1.5 * change[~light].mean()


def test_grey_hair_gets_colour_back_but_dark_hair_stays() -> None:
    silver, dark = lab_of(65, 0, 2), lab_of(20, 5, 9)
    inside = np.s_[30:60, 80:170]
    assert grey(silver, HAIR, 75, 30)[inside][..., 0].mean() < 40
    assert grey(dark, HAIR, 75, 30)[inside] == pytest.approx(dark[inside], abs=0.5)


def test_without_hair_nothing_happens() -> None:
    lab = lab_of(25, 6, 12)
    assert grey(lab, np.zeros((SIZE, SIZE), np.float32), 20, 80) is lab


def test_greyness_grows_from_none_to_all() -> None:
    grown = [greyness(years) for years in range(101)]
    assert grown == sorted(grown) and grown[0] == 0 and grown[-1] == 1
    assert hair.greyness(50) == pytest.approx(14 / 34)
