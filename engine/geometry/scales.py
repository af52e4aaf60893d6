"""Large pictures asked about small: how a change of the small one is drawn on the large one.

How old a face looks is a matter of what is wide, and there the small picture says all. What the large one has beside,
its finest lines, pores and strands of hair, is a matter of light: where the skin or the hair becomes lighter or darker
it does so in proportion (Retinex, Land and McCann 1971; a two-level Laplacian pyramid, Burt and Adelson 1983).
"""

from __future__ import annotations

import cv2
import numpy as np

from engine.types import FloatArray, Image

_CRISP, _CRISP_PX = 0.6, 1.0  # lines of the small change are soft when enlarged: so much of what is finer comes twice
_CELLS = 64  # sides of the grid on which light is measured
_FLOOR = 12.0  # black is a little lighter than black: nothing becomes infinitely lighter; 8-bit units
_DARKEST, _LIGHTEST = -0.3, 1.5  # detail grows or shrinks by no more than these parts of it
_NOISE = 1.5  # detail smaller than this is left alone: it is the camera's noise


def shrunk(picture: Image, side: int) -> Image:
    """A square picture (S, S, 3) with this side, by means of areas; as it is if it has that side already."""
    if picture.shape[0] == side:
        return picture
    return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def drawn_large(change: FloatArray, small: Image, large: Image) -> FloatArray:
    """What to add to the large picture (S, S, 3), if ``change`` (s, s, 3) is to be added to its small form (s, s, 3).

    All in 8-bit units, float32. What is added to the finest detail of the large picture is the same for all colours.
    """
    side = large.shape[0]
    crisp = change + np.float32(_CRISP) * (change - cv2.GaussianBlur(change, (0, 0), _CRISP_PX))
    result = cv2.resize(crisp, (side, side), interpolation=cv2.INTER_LINEAR)
    before = cv2.resize(small, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA).astype(np.float32)
    after = before + cv2.resize(change, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
    lights = [cv2.cvtColor(each, cv2.COLOR_BGR2GRAY) + np.float32(_FLOOR) for each in (before, after)]
    gain = np.clip(lights[1] / lights[0] - 1, _DARKEST, _LIGHTEST)
    gain = cv2.resize(cv2.GaussianBlur(gain, (3, 3), 0), (side, side), interpolation=cv2.INTER_LINEAR)
    grey = cv2.cvtColor(large, cv2.COLOR_BGR2GRAY)
    smooth = cv2.resize(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (side, side), interpolation=cv2.INTER_LINEAR)
    detail = np.asarray(cv2.subtract(grey, smooth, dtype=cv2.CV_32F), np.float32)
    detail -= np.clip(detail, -_NOISE, _NOISE)
    detail *= gain
    return np.asarray(cv2.add(result, cv2.merge([detail, detail, detail])), np.float32)
