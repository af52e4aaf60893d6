"""Boxes: each function on hand-worked cases, and IoU against a count of pixels."""

from __future__ import annotations

import numpy as np
import pytest

from engine.geometry.boxes import area, clip, covered, from_points, iou, scale
from tests.builders import boxes


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        pytest.param((0, 0, 4, 2), 8, id="plain"),
        pytest.param((-3, -2, -1, 2), 8, id="negative coordinates"),
        pytest.param((5, 5, 5, 9), 0, id="no width"),
        pytest.param((5, 5, 4, 9), 0, id="inside out"),
    ],
)
def test_area(box: tuple[float, float, float, float], expected: float) -> None:
    assert area(boxes(box)).tolist() == [expected]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        pytest.param((0, 0, 2, 2), (0, 0, 2, 2), 1, id="same"),
        pytest.param((0, 0, 2, 2), (2, 0, 4, 2), 0, id="touching"),
        pytest.param((0, 0, 2, 2), (5, 5, 6, 6), 0, id="apart"),
        pytest.param((0, 0, 2, 2), (1, 0, 3, 2), 1 / 3, id="half over"),
        pytest.param((0, 0, 4, 4), (1, 1, 3, 3), 1 / 4, id="inside"),
        pytest.param((1, 1, 1, 1), (1, 1, 1, 1), 0, id="both empty"),
    ],
)
def test_iou(a: tuple[float, ...], b: tuple[float, ...], expected: float) -> None:
    assert iou(boxes(a), boxes(b))[0, 0] == pytest.approx(expected, abs=1e-6)  # type: ignore[arg-type]


def test_iou_of_none_keeps_the_shape() -> None:
    assert iou(boxes(), boxes((0, 0, 1, 1))).shape == (0, 1)
    assert iou(boxes((0, 0, 1, 1)), boxes()).shape == (1, 0)


def test_iou_counts_pixels() -> None:
    random = np.random.default_rng(0)
    low = random.integers(0, 20, (12, 2))
    whole = np.concatenate([low, low + random.integers(1, 20, (12, 2))], axis=1)
    canvas = np.zeros((12, 40, 40), bool)
    for row, (x1, y1, x2, y2) in enumerate(whole):
        canvas[row, y1:y2, x1:x2] = True
    common = (canvas[:, None] & canvas[None]).sum((2, 3))
    union = (canvas[:, None] | canvas[None]).sum((2, 3))
    np.testing.assert_allclose(iou(whole, whole), common / union, atol=1e-6)


def test_covered_is_one_for_a_box_within_another_and_not_the_other_way() -> None:
    large, small = boxes((0, 0, 10, 10)), boxes((2, 2, 4, 4), (8, 0, 12, 10), (3, 3, 3, 3))
    np.testing.assert_allclose(covered(small, large), [[1.0], [0.5], [0.0]])
    np.testing.assert_allclose(covered(large, small), [[0.04, 0.2, 0.0]])


def test_clip_leaves_boxes_outside_empty() -> None:
    clipped = clip(boxes((-5, -5, 50, 8), (30, 2, 40, 6)), 20, 10)
    assert clipped.tolist() == [[0, 0, 20, 8], [20, 2, 20, 6]]
    assert area(clipped)[1] == 0


def test_scale_keeps_the_centre() -> None:
    box = boxes((2, 4, 8, 8))
    larger = scale(box, 1.5)
    assert larger.tolist() == [[0.5, 3.0, 9.5, 9.0]]
    np.testing.assert_allclose(scale(larger, 1 / 1.5), box, atol=1e-5)


def test_from_points_encloses_them_all() -> None:
    points = np.array([[[3, 1], [0, 5], [2, 2]], [[7, 7], [7, 7], [7, 7]]], np.float32)
    assert from_points(points).tolist() == [[0, 1, 3, 5], [7, 7, 7, 7]]
