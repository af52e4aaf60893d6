"""Pairing and motion, on their own."""

from __future__ import annotations

import numpy as np
import pytest

from engine.tracking.association import nearness, pairs
from engine.tracking.motion import Motion
from tests.builders import boxes


@pytest.mark.parametrize(
    ("affinity", "threshold", "expected"),
    [
        pytest.param(np.zeros((0, 3)), 0.1, [], id="no rows"),
        pytest.param([[0.0, 0.0]], 0.0, [], id="nothing is no affinity"),
        pytest.param([[0.5]], 0.5, [(0, 0)], id="at the threshold"),
        pytest.param([[0.4, 0.9], [0.8, 0.7]], 0.3, [(0, 1), (1, 0)], id="best pair first"),
        pytest.param([[0.9, 0.8], [0.8, 0.1]], 0.3, [(0, 0)], id="greedy, not optimal"),
        pytest.param([[0.6, 0.6], [0.6, 0.6]], 0.3, [(0, 0), (1, 1)], id="ties by row, then column"),
    ],
)
def test_pairs(affinity: object, threshold: float, expected: list[tuple[int, int]]) -> None:
    assert pairs(np.asarray(affinity, np.float32), threshold) == expected


def test_nearness_falls_with_distance_and_ends_with_size() -> None:
    one = boxes((0, 0, 10, 10))
    others = boxes((0, 0, 10, 10), (4, 0, 14, 10), (8, 0, 18, 10), (0, 0, 17, 17), (0, 0, 15, 15))
    values = nearness(one, others)[0]
    np.testing.assert_allclose(values[:4], [1.0, 0.5, 0.0, 0.0], atol=1e-6)
    assert values[4] > 0


def test_motion_predicts_a_steady_walk() -> None:
    motion = Motion.begin(boxes((0, 0, 50, 60))[0], 0)
    for index in range(1, 15):
        motion = motion.seen(boxes((6.0 * index, 0, 50 + 6.0 * index, 60))[0], index * 40_000_000)
    np.testing.assert_allclose(motion.predicted(15 * 40_000_000), [90, 0, 140, 60], atol=0.5)


def test_motion_never_turns_a_box_inside_out() -> None:
    motion = Motion.begin(boxes((0, 0, 100, 100))[0], 0).seen(boxes((45, 45, 55, 55))[0], 40_000_000)
    x1, y1, x2, y2 = motion.predicted(2_000_000_000)
    assert x2 > x1
    assert y2 > y1
