"""From a result to the pixels that are painted or saved; pure arrays, never written in place."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.types import Image

_MUCH_SMALLER = 0.7  # of the pixels are left


def as_seen(before: Image, after: Image, *, mirrored: bool, split: float | None, original: bool) -> Image:
    """The picture as the screen shows it, (H, W, 3) BGR: mirrored or not, before left of ``split`` (0..1), after right.

    Returns one of the given pictures itself where nothing has to be done.
    """
    if original or split is None:
        chosen = before if original else after
        return _flipped(chosen) if mirrored else chosen
    width = after.shape[1]
    column = min(max(round(split * width), 0), width)
    out = np.empty_like(after)
    if mirrored:
        out[:, :column] = _flipped(before[:, width - column :])
        out[:, column:] = _flipped(after[:, : width - column])
    else:
        out[:, :column] = before[:, :column]
        out[:, column:] = after[:, column:]
    return out


def _flipped(image: Image) -> Image:
    return np.asarray(cv2.flip(image, 1), np.uint8) if image.size else image


def scaled_bgra(image: Image, width: int, height: int) -> NDArray[np.uint8]:
    """(height, width, 4) in the byte order of QImage.Format_RGB32, scaled smoothly and only where the size differs.

    OpenCV enlarges four channels sooner than three (5 ms against 7 at 2560x1440 on one core); what is made much
    smaller gets its fourth afterwards.
    """
    rows, columns = image.shape[:2]
    if (rows, columns) == (height, width):
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2BGRA), np.uint8)
    interpolation = cv2.INTER_AREA if height * 2 <= rows else cv2.INTER_LINEAR
    if width * height < _MUCH_SMALLER * rows * columns:
        return np.asarray(cv2.cvtColor(_resized(image, width, height, interpolation), cv2.COLOR_BGR2BGRA), np.uint8)
    return _resized(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2BGRA), np.uint8), width, height, interpolation)


def _resized(pixels: NDArray[np.uint8], width: int, height: int, interpolation: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=interpolation), np.uint8)
