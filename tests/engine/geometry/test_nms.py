"""Suppression: named cases, and properties against a slow reference that follows the papers' words."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.geometry.boxes import iou
from engine.geometry.nms import best_first, nms, soft_nms, weighted_merge
from tests.builders import boxes

Random = np.random.Generator


def slow_iou(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    w = max(0.0, float(min(a[2], b[2]) - max(a[0], b[0])))
    h = max(0.0, float(min(a[3], b[3]) - max(a[1], b[1])))
    union = float((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])) - w * h
    return w * h / union if union > 0 else 0.0


def slow_nms(found: NDArray[np.float32], scores: NDArray[np.float32], threshold: float) -> list[int]:
    left = sorted(range(len(found)), key=lambda i: (-float(scores[i]), i))
    kept = []
    while left:
        best = left.pop(0)
        kept.append(best)
        left = [i for i in left if slow_iou(found[best], found[i]) <= threshold]
    return kept


def slow_soft(
    found: NDArray[np.float32], scores: NDArray[np.float32], sigma: float, threshold: float
) -> list[tuple[int, float]]:
    left = {i: float(score) for i, score in enumerate(scores) if score >= threshold}
    kept = []
    while left:
        best = min(left, key=lambda i: (-left[i], -float(scores[i]), i))
        kept.append((best, left.pop(best)))
        for i in list(left):
            left[i] *= math.exp(-(slow_iou(found[best], found[i]) ** 2) / sigma)
            if left[i] < threshold:
                del left[i]
    return kept


def crowd(random: Random, count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Boxes on a coarse grid with few distinct scores: many overlaps, many ties, exact thresholds."""
    low = random.integers(0, 10, (count, 2)) * 2
    sides = random.integers(1, 6, (count, 2)) * 2
    found = np.concatenate([low, low + sides], axis=1).astype(np.float32)
    return found, (random.integers(1, 6, count) / 5).astype(np.float32)


@pytest.mark.parametrize(
    ("found", "scores", "threshold", "expected"),
    [
        pytest.param([], [], 0.5, [], id="none"),
        pytest.param([(0, 0, 1, 1)], [0.1], 0.5, [0], id="one"),
        pytest.param([(0, 0, 4, 4), (0, 0, 4, 4)], [0.5, 0.5], 0.5, [0], id="tie: the lower index wins"),
        pytest.param([(0, 0, 4, 4), (0, 0, 4, 4)], [0.5, 0.6], 0.5, [1], id="the higher score wins"),
        pytest.param([(0, 0, 4, 4), (9, 9, 12, 12)], [0.5, 0.6], 0.5, [1, 0], id="apart: best first"),
        pytest.param([(0, 0, 2, 2), (1, 0, 3, 2)], [0.9, 0.8], 1 / 3, [0, 1], id="at the threshold: kept"),
        pytest.param([(0, 0, 2, 2), (1, 0, 3, 2)], [0.9, 0.8], 0.33, [0], id="just over the threshold: dropped"),
        pytest.param([(0, 0, 4, 4)] * 3, [0.3, 0.2, 0.1], 1.0, [0, 1, 2], id="threshold one keeps everything"),
        pytest.param(
            [(0, 0, 10, 10), (4, 0, 14, 10), (8, 0, 18, 10)], [0.9, 0.8, 0.7], 0.3, [0, 2], id="dropped drops nobody"
        ),
    ],
)
def test_nms(found: list[tuple[float, ...]], scores: list[float], threshold: float, expected: list[int]) -> None:
    kept = nms(boxes(*found), np.array(scores, np.float32), threshold)  # type: ignore[arg-type]
    assert kept.dtype == np.int64
    assert kept.tolist() == expected


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("threshold", [0.0, 1 / 3, 0.5, 0.9])
def test_nms_equals_the_slow_reference(seed: int, threshold: float) -> None:
    random = np.random.default_rng(seed)
    found, scores = crowd(random, int(random.integers(0, 60)))
    assert nms(found, scores, threshold).tolist() == slow_nms(found, scores, threshold)


@pytest.mark.parametrize("seed", range(5))
def test_nms_properties(seed: int) -> None:
    random = np.random.default_rng(100 + seed)
    found, scores = crowd(random, 80)
    kept = nms(found, scores, 0.4)
    between = iou(found[kept], found[kept])
    np.fill_diagonal(between, 0)
    assert between.max() <= np.float32(0.4), "survivors do not overlap"
    assert (np.diff(scores[kept]) <= 0).all(), "best first"
    assert (iou(found, found[kept]).max(axis=1) > 0.4).all(), "every box is kept or overlaps a kept one"
    again = nms(found[kept], scores[kept], 0.4)
    assert again.tolist() == list(range(len(kept))), "a second time changes nothing"
    order = random.permutation(len(found))
    distinct = scores + np.arange(80, dtype=np.float32) / 1000
    shuffled = nms(found[order], distinct[order], 0.4)
    assert order[shuffled].tolist() == nms(found, distinct, 0.4).tolist(), "without ties the order of input is nothing"


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize(("sigma", "threshold"), [(0.5, 0.001), (0.1, 0.3)])
def test_soft_nms_equals_the_slow_reference(seed: int, sigma: float, threshold: float) -> None:
    random = np.random.default_rng(seed)
    found, scores = crowd(random, int(random.integers(0, 50)))
    indices, new_scores = soft_nms(found, scores, sigma=sigma, score_threshold=threshold)
    expected = slow_soft(found, scores, sigma, threshold)
    assert indices.tolist() == [index for index, _ in expected]
    np.testing.assert_allclose(new_scores, [score for _, score in expected], rtol=1e-5)


def test_soft_nms_properties() -> None:
    found, scores = crowd(np.random.default_rng(7), 80)
    indices, new_scores = soft_nms(found, scores, sigma=0.5, score_threshold=0.05)
    assert len(set(indices.tolist())) == len(indices)
    assert (new_scores <= scores[indices] + 1e-6).all(), "scores only fall"
    assert (np.diff(new_scores) <= 1e-6).all(), "in picking order"
    assert new_scores.min() >= 0.05
    assert new_scores[0] == scores.max(), "the best keeps its score"


def test_soft_nms_leaves_boxes_that_stand_apart_alone() -> None:
    found = boxes((0, 0, 4, 4), (10, 0, 14, 4), (20, 0, 24, 4))
    indices, new_scores = soft_nms(found, np.array([0.2, 0.9, 0.5], np.float32))
    assert indices.tolist() == [1, 2, 0]
    np.testing.assert_allclose(new_scores, [0.9, 0.5, 0.2])


def test_soft_nms_ties_go_to_the_lower_index() -> None:
    found = boxes((0, 0, 4, 4), (0, 0, 4, 4), (9, 9, 12, 12))
    indices, _ = soft_nms(found, np.array([0.5, 0.5, 0.5], np.float32))
    assert indices.tolist() == [0, 2, 1]


def test_weighted_merge_takes_the_weighted_mean_of_its_group() -> None:
    found = boxes((0, 0, 10, 10), (2, 0, 12, 10), (30, 0, 40, 10))
    kept, merged, groups = weighted_merge(found, np.array([0.25, 0.75, 0.5], np.float32), 0.5)
    assert kept.tolist() == [1, 2]
    np.testing.assert_allclose(merged, [(1.5, 0, 11.5, 10), (30, 0, 40, 10)])
    assert [group.tolist() for group in groups] == [[1, 0], [2]]


@pytest.mark.parametrize("seed", range(5))
def test_weighted_merge_groups_are_a_partition(seed: int) -> None:
    found, scores = crowd(np.random.default_rng(seed), 60)
    kept, merged, groups = weighted_merge(found, scores, 0.4)
    assert sorted(np.concatenate(groups).tolist()) == list(range(60))
    for index, box, group in zip(kept, merged, groups, strict=True):
        assert group[0] == index
        assert (box >= found[group].min(axis=0) - 1e-4).all()
        assert (box <= found[group].max(axis=0) + 1e-4).all()


def test_empty_boxes_suppress_nobody() -> None:
    assert nms(boxes((1, 1, 1, 1), (1, 1, 1, 1)), np.array([0.5, 0.5]), 0.0).tolist() == [0, 1]


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        best_first(np.array([0.5, np.nan]))


@pytest.mark.parametrize("call", [lambda b, s: nms(b, s, 0.5), soft_nms, lambda b, s: weighted_merge(b, s, 0.5)])
def test_lengths_must_match(call: object) -> None:
    with pytest.raises(ValueError, match=r"expected shape \(2, 4\)"):
        call(boxes((0, 0, 1, 1)), np.array([0.5, 0.4]))  # type: ignore[operator]
