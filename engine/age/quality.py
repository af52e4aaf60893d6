"""How well a face can be judged in a picture: large, sharp, well lit and looking into the camera."""

from __future__ import annotations

import cv2
import numpy as np

from engine.types import Image

# Each part is 0 at the first number and 1 at the second.
SIZE_PX = (24.0, 112.0)  # width of the face's box
SHARPNESS = (1.5, 5.0)  # standard deviation of the Laplacian of the grey 112-pixel crop, over its contrast, times 10
DARKNESS = (25.0, 70.0)  # mean of the grey crop
BRIGHTNESS = (250.0, 215.0)
CONTRAST = (8.0, 30.0)  # standard deviation of the grey crop
YAW_DEGREES = (65.0, 15.0)


def ramp(value: float, bounds: tuple[float, float]) -> float:
    """0 at the first bound, 1 at the second, linear between, clipped outside.

    >>> ramp(5, (0, 10)), ramp(5, (4, 2)), ramp(3, (4, 2))
    (0.5, 0.0, 0.5)
    """
    low, high = bounds
    return min(1.0, max(0.0, (value - low) / (high - low)))


def face_quality(crop: Image, width_px: float, yaw_degrees: float = 0.0) -> float:
    """Quality 0..1 of one face: the product of its parts' square roots, so that one bad part is enough.

    crop (S, S, 3): the aligned face. width_px: of its box in the picture, which the crop no longer shows.
    """
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    if grey.shape[0] != 112:
        grey = cv2.resize(grey, (112, 112), interpolation=cv2.INTER_AREA)
    inner = grey[16:96, 16:96]
    mean, contrast = float(inner.mean()), float(inner.std())
    sharpness = 10 * float(cv2.Laplacian(inner, cv2.CV_32F).std()) / max(contrast, 1.0) if contrast else 0.0
    parts = (
        ramp(width_px, SIZE_PX),
        ramp(sharpness, SHARPNESS),
        min(ramp(mean, DARKNESS), ramp(mean, BRIGHTNESS)),
        ramp(contrast, CONTRAST),
        ramp(abs(yaw_degrees), YAW_DEGREES),
    )
    return float(np.sqrt(np.prod(parts)))
