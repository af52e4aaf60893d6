"""Anchors chosen by the data: k-means over box sizes with one minus IoU for the distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.types import FloatArray, Floats


def size_iou(sizes: Floats, anchors: Floats) -> FloatArray:
    """IoU (N, K) of boxes (N, 2) and anchors (K, 2), width and height in pixels, laid on the same centre.

    >>> size_iou(np.array([[4.0, 4.0]]), np.array([[4.0, 2.0], [8.0, 8.0]])).tolist()
    [[0.5, 0.25]]
    """
    sizes, anchors = np.asarray(sizes, np.float32), np.asarray(anchors, np.float32)
    common = np.minimum(sizes[:, None], anchors[None]).prod(2)
    return np.asarray(common / (sizes.prod(1)[:, None] + anchors.prod(1)[None] - common), np.float32)


def anchors_by_kmeans(sizes: Floats, count: int, *, rounds: int = 100, seed: int = 0) -> FloatArray:
    """``count`` anchors (count, 2) for box sizes (N, 2) in pixels, smallest area first.

    Redmon & Farhadi 2017 ("YOLO9000", section 2): Euclidean distance would favour large boxes, IoU does not care how
    large they are. Begins at quantiles of the area, so that the same sizes always give the same anchors; an anchor
    that nothing is nearest to takes the worst-served box. Raises ValueError for fewer boxes than anchors.
    """
    sizes = np.asarray(sizes, np.float32)
    if len(sizes) < count or count < 1:
        raise ValueError(f"sizes: {len(sizes)} boxes are too few for {count} anchors")
    by_area = sizes[np.argsort(sizes.prod(1), kind="stable")]
    anchors = by_area[((np.arange(count) + 0.5) / count * len(sizes)).astype(int)].copy()
    nearest: NDArray[np.int64] = np.full(len(sizes), -1)
    for _ in range(rounds):
        overlaps = size_iou(sizes, anchors)
        chosen = overlaps.argmax(1)
        if (chosen == nearest).all():
            break
        nearest = chosen
        for index in range(count):
            members = sizes[nearest == index]
            anchors[index] = np.median(members, axis=0) if len(members) else sizes[overlaps.max(1).argmin()]
    return np.asarray(anchors[np.argsort(anchors.prod(1), kind="stable")], np.float32)


def mean_best_iou(sizes: Floats, anchors: Floats) -> float:
    """How well anchors (K, 2) serve boxes (N, 2): the mean IoU of each box with its best anchor."""
    return float(size_iou(sizes, anchors).max(1).mean())
