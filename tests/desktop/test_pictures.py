"""From a result to the pixels on the screen."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor

from desktop.pictures import as_seen, scaled_bgra
from desktop.qimage import wrap
from engine.types import Image
from tests.fakes.session import gradient


def read_only(image: Image) -> Image:
    image.flags.writeable = False
    return image


BEFORE, AFTER = read_only(gradient(8, 4)), read_only(np.full((4, 8, 3), 9, np.uint8))


def test_nothing_to_do_gives_the_picture_itself() -> None:
    assert as_seen(BEFORE, AFTER, mirrored=False, split=None, original=False) is AFTER
    assert as_seen(BEFORE, AFTER, mirrored=False, split=0.5, original=True) is BEFORE


def test_before_is_left_and_after_is_right() -> None:
    seen = as_seen(BEFORE, AFTER, mirrored=False, split=0.25, original=False)
    assert (seen[:, :2] == BEFORE[:, :2]).all() and (seen[:, 2:] == 9).all()


def test_before_is_left_in_a_mirror_too() -> None:
    seen = as_seen(BEFORE, AFTER, mirrored=True, split=0.25, original=False)
    assert (seen[:, :2] == BEFORE[:, ::-1][:, :2]).all() and (seen[:, 2:] == 9).all()


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(("split", "whole"), [(0.0, AFTER), (1.0, BEFORE)])
def test_divider_at_the_edge(mirrored: bool, split: float, whole: Image) -> None:
    seen = as_seen(BEFORE, AFTER, mirrored=mirrored, split=split, original=False)
    assert (seen == (whole[:, ::-1] if mirrored else whole)).all()


def test_mirrored() -> None:
    assert (as_seen(BEFORE, BEFORE, mirrored=True, split=None, original=False) == BEFORE[:, ::-1]).all()


def test_same_size_is_not_scaled() -> None:
    assert (scaled_bgra(BEFORE, 8, 4)[..., :3] == BEFORE).all()


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (16, 8), (123, 45)])
def test_scaled_to_any_size(size: tuple[int, int]) -> None:
    pixels = scaled_bgra(AFTER, *size)
    assert pixels.shape == (size[1], size[0], 4)
    assert (pixels[..., :3] == 9).all()


def test_qimage_reads_the_array_in_the_right_colours() -> None:
    image = np.zeros((2, 3, 3), np.uint8)
    image[0, 1] = (10, 20, 30)  # blue, green, red
    for pixels in (scaled_bgra(image, 3, 2), image):
        assert wrap(pixels).pixelColor(1, 0) == QColor(30, 20, 10)


def test_qimage_wants_whole_rows() -> None:
    with pytest.raises(ValueError, match="contiguous"):
        wrap(BEFORE[:, ::2])
