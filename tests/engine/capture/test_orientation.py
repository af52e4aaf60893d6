"""The display matrix of a video becomes the right turn of its pictures."""

from __future__ import annotations

from array import array

import numpy as np
import pytest

from engine.capture.orientation import UPRIGHT, from_display_matrix, turn

ONE = 1 << 16
PICTURE = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)


def matrix(a: int, b: int, c: int, d: int) -> bytes:
    return array("i", [a, b, 0, c, d, 0, 0, 0, 1 << 30]).tobytes()


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ((ONE, 0, 0, ONE), PICTURE),
        ((0, ONE, -ONE, 0), np.rot90(PICTURE, -1)),  # a phone held upright: a quarter clockwise
        ((0, -ONE, ONE, 0), np.rot90(PICTURE, 1)),
        ((-ONE, 0, 0, -ONE), np.rot90(PICTURE, 2)),
        ((-ONE, 0, 0, ONE), PICTURE[:, ::-1]),
        ((ONE, 0, 0, -ONE), PICTURE[::-1]),
        ((0, ONE, ONE, 0), PICTURE.transpose(1, 0, 2)),
        ((0, -ONE, -ONE, 0), np.rot90(PICTURE.transpose(1, 0, 2), 2)),
    ],
)
def test_all_eight(entries: tuple[int, int, int, int], expected: np.ndarray) -> None:
    turned = turn(PICTURE, from_display_matrix(matrix(*entries)))
    assert np.array_equal(turned, expected)
    assert turned.flags.c_contiguous


def test_a_slanted_matrix_is_taken_as_the_nearest_right_angle() -> None:
    assert from_display_matrix(matrix(5000, 65000, -65000, 5000)) == from_display_matrix(matrix(0, ONE, -ONE, 0))


def test_a_short_matrix_is_ignored() -> None:
    assert from_display_matrix(b"\0" * 8) == UPRIGHT


def test_upright_is_the_picture_itself() -> None:
    assert turn(PICTURE, UPRIGHT) is PICTURE
