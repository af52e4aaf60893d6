"""Pictures drawn over triangles: which triangle a pixel lies in, and where in it."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

_FRACTION_BITS = 4


def draw_numbers(
    points: NDArray[np.float32], triangles: NDArray[np.int64], size: int, order: Iterable[int] | None = None
) -> NDArray[np.int32]:
    """(S, S): the number of the triangle (T, 3) of points (K, 2) that each pixel shows, -1 for none. Drawn in ``order``,
    as they come where none is given: the last one covers the others.
    """
    canvas = np.full((size, size), -1, np.int32)
    fixed = np.round(points * 2**_FRACTION_BITS).astype(np.int32)[triangles]
    for number in range(len(triangles)) if order is None else order:
        cv2.fillConvexPoly(canvas, fixed[number], int(number), cv2.LINE_8, _FRACTION_BITS)
    return canvas


def weights_within(points: NDArray[np.float32], corners: NDArray[np.int64]) -> NDArray[np.float32]:
    """(S, S, 3): barycentric weights of every pixel among the corners (S, S, 3) of its triangle, 0..1, summing to 1."""
    a, b, c = (points[corners[..., k]] for k in range(3))
    y, x = np.mgrid[0 : corners.shape[0], 0 : corners.shape[1]].astype(np.float32)
    ab, ac = b - a, c - a
    p = np.stack([x, y], -1) - a
    area = ab[..., 0] * ac[..., 1] - ab[..., 1] * ac[..., 0]
    area = np.where(np.abs(area) < 1e-6, 1e-6, area)
    v = (p[..., 0] * ac[..., 1] - p[..., 1] * ac[..., 0]) / area
    w = (ab[..., 0] * p[..., 1] - ab[..., 1] * p[..., 0]) / area
    # Folded triangles (profile side of a nose) would give weights far outside: stay within the triangle.
    weights = np.stack([1 - v - w, v, w], -1).clip(0, 1)
    weights /= weights.sum(-1, keepdims=True)
    return np.asarray(weights, np.float32)
