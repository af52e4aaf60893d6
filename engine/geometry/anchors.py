"""Anchors of a one-stage detector: make them, express boxes and points relative to them, and back.

Convention: anchors are (A, 4), ``cx cy w h`` in pixels of the network's input. Offsets follow SSD (Liu et al. 2016,
section 2.2): centre shifts in units of the anchor's size, sizes as logarithms; both divided by their variances.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.geometry.boxes import Boxes
from engine.types import FloatArray, Floats

VARIANCES = (0.1, 0.2)
# exp() of this is a factor of about 60: an untrained network must not make infinite boxes.
LARGEST_LOG_SCALE = 4.1


def make(width: int, height: int, strides: Sequence[int], sizes_px: Sequence[Sequence[float]]) -> FloatArray:
    """Square anchors for an input of this size: one per level, cell and size, in that order, rows of cells first.

    ``strides[i]`` is the cell size of level i in pixels and ``sizes_px[i]`` its anchor sides; a level has
    ceil(height / stride) x ceil(width / stride) cells with anchors at the cell centres.
    Raises ValueError if the lists differ in length.

    >>> make(8, 4, [4], [[6.0]]).tolist()
    [[2.0, 2.0, 6.0, 6.0], [6.0, 2.0, 6.0, 6.0]]
    """
    if len(strides) != len(sizes_px):
        raise ValueError(f"sizes_px: expected one list for each of {len(strides)} strides, got {len(sizes_px)}")
    levels = [_level(width, height, stride, sizes) for stride, sizes in zip(strides, sizes_px, strict=True)]
    return np.concatenate(levels) if levels else np.zeros((0, 4), np.float32)


def to_boxes(anchors: Floats) -> FloatArray:
    """The anchors themselves as boxes (A, 4) xyxy."""
    anchors = np.asarray(anchors, np.float32)
    half = anchors[:, 2:] / 2
    return np.concatenate([anchors[:, :2] - half, anchors[:, :2] + half], axis=1)


def encode(boxes: Boxes, anchors: Floats, variances: tuple[float, float] = VARIANCES) -> FloatArray:
    """Offsets (A, 4) that turn each anchor into the box of the same row; boxes must not be empty."""
    boxes, anchors = np.asarray(boxes, np.float32), np.asarray(anchors, np.float32)
    sides = boxes[:, 2:] - boxes[:, :2]
    if (sides <= 0).any():
        raise ValueError("boxes: an empty box cannot be encoded (x2 > x1 and y2 > y1 are required)")
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    shift = (centre - anchors[:, :2]) / (anchors[:, 2:] * variances[0])
    return np.asarray(np.concatenate([shift, np.log(sides / anchors[:, 2:]) / variances[1]], axis=1), np.float32)


def decode(offsets: Floats, anchors: Floats, variances: tuple[float, float] = VARIANCES) -> FloatArray:
    """Boxes (A, 4) xyxy from offsets; the inverse of ``encode``."""
    offsets, anchors = np.asarray(offsets, np.float32), np.asarray(anchors, np.float32)
    centre = anchors[:, :2] + offsets[:, :2] * variances[0] * anchors[:, 2:]
    half = anchors[:, 2:] * np.exp(np.minimum(offsets[:, 2:] * variances[1], LARGEST_LOG_SCALE)) / 2
    return np.asarray(np.concatenate([centre - half, centre + half], axis=1), np.float32)


def encode_points(points: Floats, anchors: Floats, variance: float = VARIANCES[0]) -> FloatArray:
    """Points (A, K, 2) in units of their anchor's size from its centre, divided by the variance."""
    points, anchors = np.asarray(points, np.float32), np.asarray(anchors, np.float32)
    return np.asarray((points - anchors[:, None, :2]) / (anchors[:, None, 2:] * variance), np.float32)


def decode_points(offsets: Floats, anchors: Floats, variance: float = VARIANCES[0]) -> FloatArray:
    """Points (A, K, 2) in pixels; the inverse of ``encode_points``."""
    offsets, anchors = np.asarray(offsets, np.float32), np.asarray(anchors, np.float32)
    return np.asarray(anchors[:, None, :2] + offsets * variance * anchors[:, None, 2:], np.float32)


def _level(width: int, height: int, stride: int, sizes: Sequence[float]) -> FloatArray:
    columns, rows = -(-width // stride), -(-height // stride)
    y, x = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    centres = (np.stack([x, y], axis=-1).reshape(-1, 1, 2) + 0.5) * stride
    sides = np.asarray(sizes, np.float32).reshape(1, -1, 1)
    shape = (len(centres), sides.shape[1], 2)
    grid = np.concatenate([np.broadcast_to(centres, shape), np.broadcast_to(sides, shape)], axis=-1)
    return np.asarray(grid.reshape(-1, 4), np.float32)
