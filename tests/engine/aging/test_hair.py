"""What the crop tells about the change of its hair, in few numbers."""

from __future__ import annotations

import numpy as np
import pytest

from engine.aging.hair import HairChange, HairLook, learn_change, strand_px
from engine.types import FloatArray, Image

SIZE = 256


def hair(spread: float, seed: int = 0) -> Image:
    """Rough dark hair (SIZE, SIZE, 3), without colour."""
    grain = np.random.default_rng(seed).normal(0, spread, (SIZE, SIZE, 1))
    return np.clip(50 + np.repeat(grain, 3, axis=2), 0, 255).astype(np.uint8)


def everywhere() -> np.ndarray:
    return np.ones((48, 48), np.bool_)


def change(added: float, slope: float = 0.0, gain: float = 0.0) -> HairChange:
    return HairChange(np.full(3, added, np.float32), 50.0, slope, gain)


def test_the_same_for_all_pixels_is_learned_as_such() -> None:
    found = learn_change(hair(10), np.full((SIZE, SIZE, 3), (60.0, 62.0, 65.0), np.float32), everywhere())
    np.testing.assert_allclose(found.added, (60, 62, 65), atol=1e-3)
    assert found.grey == pytest.approx(50, abs=1)
    assert found.slope == pytest.approx(0, abs=1e-3)
    assert found.gain == pytest.approx(0, abs=1e-3)
    assert found.size == pytest.approx(62.4, abs=0.1)


def test_a_line_over_luminance_is_found_again() -> None:
    picture = hair(20)
    residual = 40 - 0.2 * (picture.astype(np.float32) - 50)
    found = learn_change(picture, residual, everywhere())
    assert found.slope == pytest.approx(-0.2, abs=0.03)
    assert found.at_black[0] == pytest.approx(50, abs=1.5)
    assert found.gain == pytest.approx(0, abs=0.06), "no strands beyond what the line gives"


def test_strands_that_the_network_draws_become_a_gain() -> None:
    picture = hair(6)
    drawn = np.random.default_rng(9).normal(0, 15, (SIZE, SIZE, 1)).astype(np.float32)
    found = learn_change(picture, np.repeat(60 + drawn, 3, axis=2), everywhere())
    assert 0.5 < found.gain <= 2.0


def test_only_the_hair_counts() -> None:
    where = everywhere()
    where[:, :24] = False
    residual = np.full((SIZE, SIZE, 3), 50.0, np.float32)
    residual[:, : SIZE // 2 - 6] = -90
    assert learn_change(hair(10), residual, where).added[0] == pytest.approx(50)


@pytest.mark.parametrize("size", [256, 384, 512])
def test_every_size_of_crop_gives_the_same(size: int) -> None:
    picture = np.full((size, size, 3), 40, np.uint8)
    where = np.zeros((48, 48), np.bool_)
    where[3, 40] = True
    found = learn_change(picture, np.full((size, size, 3), 30.0, np.float32), where)
    np.testing.assert_allclose(found.added, 30)


def test_changes_mix() -> None:
    half = change(20, 0.2, 1.0).towards(change(40, -0.2, 0.0), 0.5)
    assert (float(half.added[0]), half.slope, half.gain) == (30.0, 0.0, 0.5)


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="added: expected shape"):
        HairChange(np.zeros(4, np.float32), 0.0, 0.0, 0.0)
    with pytest.raises(ValueError, match="mean: expected shape"):
        HairLook(np.zeros(2, np.float32), np.ones(3, np.float32))


def test_likeness_is_one_for_the_colour_itself_and_falls_with_the_distance() -> None:
    look = HairLook(np.array([40, 128, 128], np.float32), np.array([100, 9, 9], np.float32))
    lab: FloatArray = np.array([[[40, 128, 128], [50, 128, 128], [90, 128, 128], [40, 140, 128]]], np.float32)
    same, near, far, coloured = look.likeness(lab)[0]
    assert same == 1
    assert near == pytest.approx(np.exp(-0.5), abs=1e-4)
    assert far < 1e-4
    assert coloured < 1e-3


@pytest.mark.parametrize(("side", "expected"), [(10, 3), (256, 9), (384, 11), (1000, 29)])
def test_strands_are_compared_with_a_square_of_odd_side(side: float, expected: int) -> None:
    assert strand_px(side) == expected
