"""Alignment of a face by five points: a similarity transform onto a template, and its inverse.

Convention: templates are five points in a unit square, (0, 0) top left; multiply by the crop's side to get pixels.
"""

from __future__ import annotations

import cv2
import numpy as np

from engine.types import Affine, FloatArray, Floats, Image

# Five points of the ArcFace 112x112 crop (Deng et al. 2019, as used by InsightFace), in the unit square.
ARCFACE: FloatArray = (
    np.array(
        [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]],
        np.float32,
    )
    / 112
)

# The same face at 0.8 of the size with the eyes at 0.43 of the height: forehead, chin and some hair are inside.
WIDE: FloatArray = ((ARCFACE - [0.5, 0.4607]) * 0.8 + [0.5, 0.43]).astype(np.float32)


def similarity(source: Floats, target: Floats) -> Affine:
    """The similarity (rotation, uniform scale, shift) that best maps points (K, 2) onto points (K, 2).

    Least squares after Umeyama 1991 without reflection. Returns an affine (2, 3) float64.
    Raises ValueError if the source points coincide.

    >>> similarity(np.array([[0.0, 0], [1, 0]]), np.array([[1.0, 1], [1, 3]])).round(6).tolist()
    [[0.0, -2.0, 1.0], [2.0, 0.0, 1.0]]
    """
    source = np.asarray(source, np.float64)
    target = np.asarray(target, np.float64)
    source_mean, target_mean = source.mean(0), target.mean(0)
    s, t = source - source_mean, target - target_mean
    norm = float((s**2).sum())
    if norm < 1e-12:
        raise ValueError("similarity: the source points coincide")
    a = float((s * t).sum()) / norm
    b = float((s[:, 0] * t[:, 1] - s[:, 1] * t[:, 0]).sum()) / norm
    linear = np.array([[a, -b], [b, a]])
    return np.concatenate([linear, (target_mean - linear @ source_mean)[:, None]], axis=1)


def invert(affine: Affine) -> Affine:
    """The affine that undoes this one."""
    linear = np.linalg.inv(affine[:, :2])
    return np.concatenate([linear, -(linear @ affine[:, 2])[:, None]], axis=1)


def transform(affine: Affine, points: Floats) -> FloatArray:
    """Points (..., 2) mapped by the affine, float32."""
    return np.asarray(np.asarray(points, np.float64) @ affine[:, :2].T + affine[:, 2], np.float32)


def crop_affine(landmarks: FloatArray, size: int, template: FloatArray = WIDE) -> Affine:
    """The affine (frame to crop) that puts five landmarks (5, 2) onto the template in a crop of this side."""
    return similarity(landmarks, template * size)


def warp_crop(image: Image, to_crop: Affine, size: int) -> Image:
    """The crop (S, S, 3); outside the image its edge is repeated.

    A face much larger than the crop is shrunk with an area average first, so that it does not alias.
    """
    scale = float(np.hypot(to_crop[0, 0], to_crop[1, 0]))
    if scale < 0.5:
        small = cv2.resize(image, None, fx=2 * scale, fy=2 * scale, interpolation=cv2.INTER_AREA)
        fx, fy = image.shape[1] / small.shape[1], image.shape[0] / small.shape[0]
        # Pixel centres: x_big = (x_small + 0.5) * f - 0.5
        back = np.array([[fx, 0, (fx - 1) / 2], [0, fy, (fy - 1) / 2], [0, 0, 1]])
        to_crop = to_crop @ back
        image = np.asarray(small, np.uint8)
    crop = cv2.warpAffine(image, to_crop, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, np.uint8)
