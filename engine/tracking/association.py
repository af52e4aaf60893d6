"""Which detection is which track: greedy pairing, best pair first, ties by row then column."""

from __future__ import annotations

import numpy as np

from engine.geometry import boxes as box_math
from engine.geometry.boxes import Boxes
from engine.types import FloatArray, Floats

# A fast face may leave its own box within one frame; it is still near, and of like size.
_NEAR_IN_SIDES = 0.8
_LIKE_SIZE = 1.6


def pairs(affinity: Floats, threshold: float) -> list[tuple[int, int]]:
    """Pairs (row, column) of a matrix (N, M), each row and column at most once, highest affinity first.

    Only entries of at least ``threshold`` (above 0) count.

    >>> pairs(np.array([[0.9, 0.8], [0.8, 0.1]]), 0.5)
    [(0, 0)]
    """
    rows, columns = np.nonzero((affinity >= threshold) & (affinity > 0))
    order = np.argsort(-affinity[rows, columns], kind="stable")
    used_rows: set[int] = set()
    used_columns: set[int] = set()
    chosen: list[tuple[int, int]] = []
    for entry in order:
        row, column = int(rows[entry]), int(columns[entry])
        if row not in used_rows and column not in used_columns:
            used_rows.add(row)
            used_columns.add(column)
            chosen.append((row, column))
    return chosen


def nearness(a: Boxes, b: Boxes) -> FloatArray:
    """1 for boxes with one centre down to 0 at 0.8 of their side apart (N, M); 0 for boxes of unlike size."""
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    sides_a = np.sqrt(np.maximum(box_math.area(a), 1e-6))[:, None]
    sides_b = np.sqrt(np.maximum(box_math.area(b), 1e-6))[None, :]
    apart = np.linalg.norm(_centres(a)[:, None] - _centres(b)[None, :], axis=-1)
    near = np.maximum(1 - apart / (_NEAR_IN_SIDES * (sides_a + sides_b) / 2), 0)
    ratio = np.maximum(sides_a, sides_b) / np.minimum(sides_a, sides_b)
    return np.asarray(np.where(ratio <= _LIKE_SIZE, near, 0), np.float32)


def _centres(boxes: Boxes) -> Boxes:
    return np.asarray((boxes[:, :2] + boxes[:, 2:]) / 2, np.float32)
