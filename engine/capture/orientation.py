"""The eight ways a picture may have to be turned or mirrored before it is shown."""

from __future__ import annotations

from array import array

import cv2
import numpy as np

from engine.types import Image

Orientation = tuple[bool, bool, bool]
UPRIGHT: Orientation = (False, False, False)


def from_display_matrix(data: bytes) -> Orientation:
    """(transpose, then flip left-right, then flip top-bottom) for a video's display matrix.

    ``data`` are the nine 32-bit integers of the matrix in the container (ISO 14496-12, 6.2.2), native byte order.
    Angles between right angles are taken as the nearest one.

    >>> quarter = array("i", [0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30])
    >>> from_display_matrix(quarter.tobytes())
    (True, True, False)
    """
    matrix = array("i")
    assert matrix.itemsize == 4
    if len(data) < 36:
        return UPRIGHT
    matrix.frombytes(data[:36])
    a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return False, a < 0, d < 0
    return True, c < 0, b < 0


def turn(image: Image, orientation: Orientation) -> Image:
    """The image as it is to be seen, contiguous; the image itself where nothing is to be done."""
    transpose, flip_x, flip_y = orientation
    if transpose:
        image = np.asarray(cv2.transpose(image), np.uint8)
    if flip_x or flip_y:
        image = np.asarray(cv2.flip(image, -1 if flip_x and flip_y else int(flip_x)), np.uint8)
    return image
