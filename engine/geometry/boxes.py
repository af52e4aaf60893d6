"""Boxes as arrays: area, overlap, clipping, scaling; pure functions.

Convention: boxes are (N, 4), ``x1 y1 x2 y2`` in pixels; results are float32. A box with x2 <= x1 or y2 <= y1 is
empty and has area 0.
"""

from __future__ import annotations

import numpy as np

from engine.types import FloatArray, Floats

Boxes = Floats


def area(boxes: Boxes) -> FloatArray:
    """Areas (N,) in square pixels.

    >>> area(np.array([[0.0, 0, 4, 2], [5, 5, 5, 9]])).tolist()
    [8.0, 0.0]
    """
    boxes = np.asarray(boxes, np.float32)
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return np.asarray(sides[:, 0] * sides[:, 1], np.float32)


def intersection(a: Boxes, b: Boxes) -> FloatArray:
    """Common area of each box of ``a`` (N, 4) with each of ``b`` (M, 4): (N, M) in square pixels."""
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.maximum(high - low, 0)
    return np.asarray(sides[..., 0] * sides[..., 1], np.float32)


def iou(a: Boxes, b: Boxes) -> FloatArray:
    """Intersection over union of each pair: (N, M) in 0..1; 0 where both boxes are empty.

    >>> iou(np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 3, 2], [0, 0, 2, 2]])).round(4).tolist()
    [[0.33329999446868896, 1.0]]
    """
    common = intersection(a, b)
    union = area(a)[:, None] + area(b)[None, :] - common
    return np.asarray(np.divide(common, union, out=np.zeros_like(common), where=union > 0), np.float32)


def covered(a: Boxes, b: Boxes) -> FloatArray:
    """The part of each box of ``a`` that lies inside each of ``b``: (N, M) in 0..1; 0 for empty boxes.

    >>> covered(np.array([[0.0, 0, 2, 2]]), np.array([[-1.0, -1, 9, 9], [1, 0, 9, 9]])).tolist()
    [[1.0, 0.5]]
    """
    common = intersection(a, b)
    own = np.broadcast_to(area(a)[:, None], common.shape)
    return np.asarray(np.divide(common, own, out=np.zeros_like(common), where=own > 0), np.float32)


def clip(boxes: Boxes, width: float, height: float) -> FloatArray:
    """The part of each box inside a picture of this size; boxes wholly outside become empty, on the border.

    >>> clip(np.array([[-5.0, 2, 30, 8]]), 20, 10).tolist()
    [[0.0, 2.0, 20.0, 8.0]]
    """
    limits = np.array([width, height, width, height], np.float32)
    return np.clip(np.asarray(boxes, np.float32), 0, limits)


def scale(boxes: Boxes, factor: float) -> FloatArray:
    """Each box enlarged (or shrunk) about its own centre; ``factor`` multiplies both sides.

    >>> scale(np.array([[2.0, 2, 4, 4]]), 2).tolist()
    [[1.0, 1.0, 5.0, 5.0]]
    """
    boxes = np.asarray(boxes, np.float32)
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]) * np.float32(factor / 2)
    return np.concatenate([centre - half, centre + half], axis=1)


def from_points(points: Floats) -> FloatArray:
    """The smallest boxes (N, 4) around points (N, K, 2); K must be at least 1."""
    points = np.asarray(points, np.float32)
    return np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
