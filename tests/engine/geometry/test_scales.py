"""A change of a small picture is drawn on the large one, whose finest detail follows the light."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.geometry.scales import drawn_large, shrunk
from engine.types import FloatArray, Image

SIDE = 256


def strands(light: float, contrast: float) -> Image:
    """A grey picture with lines two pixels apart, too fine for one of half its side."""
    picture = np.full((SIDE, SIDE, 3), light, np.float32)
    picture[:, ::2] += contrast
    picture[:, 1::2] -= contrast
    return picture.astype(np.uint8)


def smooth(seed: int, strength: float) -> FloatArray:
    coarse = np.random.default_rng(seed).normal(0, strength, (8, 8, 3)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (SIDE // 2, SIDE // 2), interpolation=cv2.INTER_CUBIC), np.float32)


@pytest.mark.parametrize("side", [96, 128, 192])
def test_a_smooth_change_is_enlarged(side: int) -> None:
    large = strands(120, 0)
    change = np.asarray(cv2.resize(smooth(0, 10), (side, side), interpolation=cv2.INTER_AREA), np.float32)
    made = drawn_large(change, shrunk(large, side), large)
    assert (made.shape, made.dtype) == ((SIDE, SIDE, 3), np.float32)
    np.testing.assert_allclose(made, cv2.resize(change, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), atol=0.8)


@pytest.mark.parametrize(("added", "grows"), [(80.0, 1.0), (20.0, 0.25), (-20.0, -0.25), (0.0, 0.0), (240.0, 1.5)])
def test_strands_grow_as_the_light_does_and_no_further(added: float, grows: float) -> None:
    large = strands(68, 12)
    small = shrunk(large, SIDE // 2)
    assert small.std() < 1, "a small picture has none of them"
    made = drawn_large(np.full((SIDE // 2, SIDE // 2, 3), added, np.float32), small, large)
    inner = made[32:-32, 32:-32]
    assert inner.mean() == pytest.approx(added, abs=0.5)
    # What a camera's noise could be is not made stronger: a grey level and a half.
    assert (inner[:, ::2] - inner[:, 1::2]).mean() / 2 == pytest.approx(grows * (12 - 1.5), abs=0.3)
    np.testing.assert_allclose(inner[..., 0] - inner[..., 1], 0, atol=1e-3)


def test_lines_of_the_change_are_crisper_than_plain_enlarging_makes_them() -> None:
    change = np.zeros((SIDE // 2, SIDE // 2, 3), np.float32)
    change[60:62] = -20
    large = strands(150, 0)
    made, plain = drawn_large(change, shrunk(large, SIDE // 2), large), cv2.resize(change, (SIDE, SIDE))
    assert made[:, 128, 0].min() < 1.15 * plain[:, 128, 0].min()
    assert made[:, 128].sum() == pytest.approx(plain[:, 128].sum(), rel=0.02)


def test_nothing_added_is_nothing_drawn() -> None:
    large = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    made = drawn_large(np.zeros((SIDE // 2, SIDE // 2, 3), np.float32), shrunk(large, SIDE // 2), large)
    assert not made.any()


def test_a_picture_of_the_right_side_is_given_back() -> None:
    picture = strands(100, 5)
    assert shrunk(picture, SIDE) is picture
    assert shrunk(picture, 64).shape == (64, 64, 3)
