"""Non-maximum suppression: hard, soft, and a weighted merge.

Convention: boxes (N, 4) xyxy, scores (N,) finite. Order is always best first; of equal scores the lower index comes
first, so the result never depends on the sorting algorithm. A pair overlaps when its IoU is **greater** than the
threshold; a threshold of 1 therefore keeps everything.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.geometry.boxes import Boxes, iou
from engine.types import FloatArray, Floats

Indices = NDArray[np.int64]


def best_first(scores: Floats) -> Indices:
    """Indices (N,) by falling score, ties by rising index. Raises ValueError for a score that is not finite."""
    scores = np.asarray(scores)
    if not np.isfinite(scores).all():
        raise ValueError("scores: every score must be a finite number")
    return np.asarray(np.argsort(-scores, kind="stable"), np.int64)


def nms(boxes: Boxes, scores: Floats, iou_threshold: float) -> Indices:
    """Indices of the boxes that survive greedy suppression, best first.

    Every box that overlaps a better *kept* box is dropped. Raises ValueError for mismatched lengths.

    >>> nms(np.array([[0.0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10]]), np.array([0.5, 0.9, 0.9]), 0.5).tolist()
    [1, 2]
    """
    order = _checked_order(boxes, scores)
    ordered = np.asarray(boxes, np.float32)[order]
    overlaps = iou(ordered, ordered) > iou_threshold
    alive = np.ones(len(order), bool)
    for row in range(len(order)):
        if alive[row]:
            alive[row + 1 :] &= ~overlaps[row, row + 1 :]
    return np.asarray(order[alive], np.int64)


def soft_nms(
    boxes: Boxes, scores: Floats, *, sigma: float = 0.5, score_threshold: float = 0.001
) -> tuple[Indices, FloatArray]:
    """Gaussian soft suppression: overlapping boxes lose score instead of vanishing.

    Bodla et al. 2017, eq. 4: every box picked multiplies the scores of the remaining ones by exp(-IoU^2 / sigma).
    Returns indices in picking order and their new scores (M,), which never rise along the list; boxes whose score
    falls below ``score_threshold`` are dropped.
    """
    if sigma <= 0:
        raise ValueError(f"sigma: expected a number above 0, got {sigma:g}")
    order = _checked_order(boxes, scores)
    ordered = np.asarray(boxes, np.float32)[order]
    decay = np.exp(-(iou(ordered, ordered).astype(np.float64) ** 2) / sigma)
    left = np.asarray(scores, np.float64)[order]
    picked: list[int] = []
    new_scores: list[float] = []
    waiting = left >= score_threshold
    while waiting.any():
        # argmax takes the first of equals: after sorting that is the higher original score, then the lower index.
        best = int(np.argmax(np.where(waiting, left, -np.inf)))
        picked.append(best)
        new_scores.append(float(left[best]))
        waiting[best] = False
        left = left * decay[best]
        waiting &= left >= score_threshold
    return order[np.array(picked, np.int64)], np.array(new_scores, np.float32)


def weighted_merge(
    boxes: Boxes, scores: Floats, iou_threshold: float
) -> tuple[Indices, FloatArray, tuple[Indices, ...]]:
    """Hard suppression whose survivors take the score-weighted mean box of everything they suppressed.

    "Blending" of Bazarevsky et al. 2019 (BlazeFace, section 3.3): steadier boxes in video than the best one alone.
    Returns the kept indices, the merged boxes (M, 4), and for each the indices of its group (itself first).
    """
    order = _checked_order(boxes, scores)
    ordered = np.asarray(boxes, np.float32)[order]
    weights = np.maximum(np.asarray(scores, np.float64)[order], 1e-12)
    overlaps = iou(ordered, ordered) > iou_threshold
    free = np.ones(len(order), bool)
    kept: list[int] = []
    merged: list[FloatArray] = []
    groups: list[Indices] = []
    for row in range(len(order)):
        if not free[row]:
            continue
        member = free & overlaps[row]
        member[row] = True
        free &= ~member
        kept.append(row)
        merged.append(np.average(ordered[member], axis=0, weights=weights[member]).astype(np.float32))
        groups.append(order[member])
    stacked = np.stack(merged) if merged else np.zeros((0, 4), np.float32)
    return order[np.array(kept, np.int64)], stacked, tuple(groups)


def _checked_order(boxes: Boxes, scores: Floats) -> Indices:
    shape, count = np.shape(boxes), len(scores)
    if shape != (count, 4):
        raise ValueError(f"boxes: expected shape ({count}, 4) to go with {count} scores, got {shape}")
    return best_first(scores)
