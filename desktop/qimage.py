"""A QImage over the memory of an array, without a copy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage


def wrap(pixels: NDArray[np.uint8]) -> QImage:
    """A QImage that reads ``pixels``: (H, W, 4) BGRA or (H, W, 3) BGR, contiguous.

    Paint it, never paint into it: a QPainter on this image would write through even a read-only array. Keep the
    array for as long as the image.
    """
    height, width, channels = pixels.shape
    kind = QImage.Format.Format_RGB32 if channels == 4 else QImage.Format.Format_BGR888
    if not pixels.flags.c_contiguous:
        raise ValueError(f"pixels: expected a contiguous array, got strides {pixels.strides}")
    return QImage(pixels.data, width, height, width * channels, kind)
