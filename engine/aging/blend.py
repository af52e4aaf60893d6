"""Adds residuals to the picture: the one place where pixels are changed.

    picture = clip(picture + residual * mask), only where the mask is not zero

The residual is small and smooth, so it is what gets resampled; the picture keeps its own pixels and detail.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.types import Affine, AgedPatch, Image

# Residuals travel as 16-bit integers in steps of 1/64 of a pixel value: exact zeros, half the memory of floats.
STEPS = 64


def paste(image: Image, patches: Sequence[AgedPatch], *, fine: bool = False) -> Image:
    """A new picture with every patch added; ``image`` itself if no patch changes anything.

    Outside the masks the result is bit-equal to ``image``, which is not changed. Patches may reach beyond the picture
    or lie outside it; where two overlap, both are added. fine: enlarge by cubic instead of linear interpolation,
    three times slower, for single pictures.
    """
    result: Image | None = None
    for patch in patches:
        steps = _steps(patch)
        if not steps.any():
            continue
        region = _region(patch.to_frame, patch.mask.shape[0], image.shape)
        if region is None:
            continue
        x1, y1, x2, y2 = region
        warped = _warp(steps, patch.to_frame, region, fine)
        result = image.copy() if result is None else result
        part = result[y1:y2, x1:x2]
        part[:] = cv2.addWeighted(part, 1.0, warped, 1.0 / STEPS, 0.0, dtype=cv2.CV_8U)
    return image if result is None else result


def _steps(patch: AgedPatch) -> NDArray[np.int16]:
    """The masked residual (S, S, 3) in 1/64 of a pixel value; exactly zero where the mask is."""
    mask = cv2.merge([patch.mask] * 3)
    return np.asarray(cv2.multiply(patch.residual, mask, scale=STEPS, dtype=cv2.CV_16S), np.int16)


def _region(to_frame: Affine, size: int, shape: tuple[int, ...]) -> tuple[int, int, int, int] | None:
    """The part of the frame that the crop covers, as x1 y1 x2 y2, or None if it lies outside."""
    edge = np.array([[-0.5, -0.5], [size - 0.5, -0.5], [-0.5, size - 0.5], [size - 0.5, size - 0.5]])
    corners = edge @ to_frame[:, :2].T + to_frame[:, 2]
    x1, y1 = np.floor(corners.min(0)).astype(int)
    x2, y2 = np.ceil(corners.max(0)).astype(int) + 1
    x1, y1, x2, y2 = max(x1, 0), max(y1, 0), min(x2, shape[1]), min(y2, shape[0])
    return (x1, y1, x2, y2) if x1 < x2 and y1 < y2 else None


def _warp(
    steps: NDArray[np.int16], to_frame: Affine, region: tuple[int, int, int, int], fine: bool
) -> NDArray[np.int16]:
    """The residual resampled onto this region of the frame, zero outside the crop.

    Where the face is smaller than the crop it is shrunk by an area average first, so that fine lines do not alias.
    """
    x1, y1, x2, y2 = region
    scale = float(np.hypot(to_frame[0, 0], to_frame[1, 0]))
    matrix = to_frame - np.array([[0, 0, x1], [0, 0, y1]])
    if scale < 0.75:
        small = max(2, round(steps.shape[0] * scale))
        factor = steps.shape[0] / small
        # Pixel centres: x_crop = (x_small + 0.5) * factor - 0.5
        matrix = matrix @ np.array([[factor, 0, (factor - 1) / 2], [0, factor, (factor - 1) / 2], [0, 0, 1]])
        steps = np.asarray(cv2.resize(steps, (small, small), interpolation=cv2.INTER_AREA), np.int16)
    interpolation = cv2.INTER_CUBIC if fine and scale > 1 else cv2.INTER_LINEAR
    warped = cv2.warpAffine(steps, matrix, (x2 - x1, y2 - y1), flags=interpolation, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(warped, np.int16)
