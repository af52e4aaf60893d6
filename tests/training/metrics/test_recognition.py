"""Verification and identification figures against cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from training.metrics.recognition import (
    best_threshold,
    equal_error_rate,
    identification,
    k_fold_accuracy,
    k_fold_far,
    roc,
    strangers_of,
    tar_at_far,
    threshold_at_far,
    threshold_of,
)

# Five pairs of one person, five of two: one stranger (0.70) is more alike than two of the same (0.65, 0.30).
SCORES = np.array([0.90, 0.80, 0.75, 0.65, 0.30, 0.70, 0.40, 0.20, 0.10, 0.05])
SAME = np.array([True] * 5 + [False] * 5)


def test_roc_of_ten_pairs() -> None:
    curve = roc(SCORES, SAME)
    assert curve.thresholds.tolist() == [np.inf, 0.9, 0.8, 0.75, 0.7, 0.65, 0.4, 0.3, 0.2, 0.1, 0.05]
    assert curve.tar == pytest.approx([0, 0.2, 0.4, 0.6, 0.6, 0.8, 0.8, 1, 1, 1, 1])
    assert curve.far == pytest.approx([0, 0, 0, 0, 0.2, 0.2, 0.4, 0.4, 0.6, 0.8, 1])


def test_equal_scores_are_accepted_together() -> None:
    curve = roc(np.array([0.5, 0.5, 0.5, 0.1]), np.array([True, False, True, False]))
    assert curve.thresholds.tolist() == [np.inf, 0.5, 0.1]
    assert curve.tar.tolist() == [0, 1, 1]
    assert curve.far.tolist() == [0, 0.5, 1]


@pytest.mark.parametrize(
    ("far", "tar", "threshold"),
    [
        (0.0, 0.6, 0.75),
        (0.19, 0.6, 0.75),  # just below one stranger of five
        (0.2, 0.8, 0.65),  # exactly one
        (0.4, 1.0, 0.30),
        (1.0, 1.0, 0.30),  # the strictest threshold that accepts everybody
    ],
)
def test_tar_at_far(far: float, tar: float, threshold: float) -> None:
    assert tar_at_far(SCORES, SAME, far) == pytest.approx((tar, threshold))


@pytest.mark.parametrize(
    ("scores", "same", "rate"),
    [
        (SCORES, SAME, 0.2),  # at 0.65: one of five strangers in, one of five same out
        (np.array([0.9, 0.8, 0.2, 0.1]), np.array([True, True, False, False]), 0.0),
        (np.array([0.1, 0.2, 0.8, 0.9]), np.array([True, True, False, False]), 1.0),
        (np.array([0.5, 0.5]), np.array([True, False]), 0.5),
    ],
)
def test_equal_error_rate(scores: np.ndarray, same: np.ndarray, rate: float) -> None:
    assert equal_error_rate(scores, same) == pytest.approx(rate)


@pytest.mark.parametrize(
    ("scores", "same", "threshold"),
    [
        ([0.9, 0.1], [True, False], 0.5),
        (SCORES, SAME, 0.525),  # eight of ten right, as at 0.25 and 0.725: the middle one
        ([0.5, 0.5, 0.2], [True, False, False], 0.35),  # the tie is accepted or refused as one
    ],
)
def test_best_threshold(scores: object, same: object, threshold: float) -> None:
    assert best_threshold(np.array(scores), np.array(same)) == pytest.approx(threshold, abs=1e-5)


def test_each_fold_is_judged_by_a_threshold_of_the_others() -> None:
    # The folds want 0.5 and 0.15: each other's threshold is wrong for one pair of two.
    scores = np.array([0.9, 0.1, 0.2, 0.1])
    same = np.array([True, False, True, False])
    fold = np.array([0, 0, 1, 1])
    accuracy, thresholds = k_fold_accuracy(scores, same, fold)
    assert thresholds == pytest.approx([0.15, 0.5])
    assert accuracy.tolist() == [1.0, 0.5]


def test_held_out_far_is_that_of_pairs_that_had_no_say() -> None:
    scores = np.array([0.9, 0.3, 0.1, 0.9, 0.6, 0.2])
    same = np.array([True, False, False, True, False, False])
    found = k_fold_far(scores, same, np.array([0, 0, 0, 1, 1, 1]), far=0.5)
    assert found.thresholds == pytest.approx([0.4, 0.2])
    assert found.far.tolist() == [0.0, 1.0]
    assert found.tar.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("far", "threshold"),
    [(0.25, 0.35), (0.5, 0.25), (0.49, 0.35), (1.0, 0.1), (0.0, np.nextafter(0.4, 1)), (0.1, np.nextafter(0.4, 1))],
)
def test_threshold_of_four_strangers(far: float, threshold: float) -> None:
    strangers = np.array([0.3, 0.1, 0.4, 0.2])
    assert threshold_of(strangers, far) == pytest.approx(threshold, abs=1e-12)
    assert (strangers >= threshold_of(strangers, far)).mean() <= far


def test_equal_strangers_are_not_split() -> None:
    strangers = np.array([0.4, 0.4, 0.2, 0.1])
    assert (strangers >= threshold_of(strangers, 0.25)).sum() == 0
    assert (strangers >= threshold_of(strangers, 0.5)).sum() == 2


def test_the_interval_of_a_threshold_holds_the_true_one_and_shrinks_with_more_strangers() -> None:
    rng = np.random.default_rng(3)
    few, many = (threshold_at_far(rng.normal(0, 1, n), 0.01) for n in (2_000, 200_000))
    for found in (few, many):
        assert found.low <= 2.326 <= found.high  # the 99th percentile of a normal distribution
        assert found.low <= found.value <= found.high
    assert many.high - many.low < (few.high - few.low) / 4


def test_identification_by_hand() -> None:
    gallery, probes = np.array([1, 2]), np.array([1, 2, 2, 7, 8])
    similarity = np.array([
        [0.9, 0.1],  # 1: right
        [0.2, 0.6],  # 2: right
        [0.5, 0.4],  # 2: taken for 1
        [0.7, 0.1],  # unknown, and too alike
        [0.1, 0.3],  # unknown
    ])  # fmt: skip
    strict = identification(similarity, probes, gallery, fpir=0.0)
    assert strict.rank_one == pytest.approx(2 / 3)
    assert (strict.true_positive, strict.false_positive) == (pytest.approx(1 / 3), 0.0)
    loose = identification(similarity, probes, gallery, fpir=0.5)
    assert loose.threshold == pytest.approx(0.5)
    assert (loose.true_positive, loose.false_positive) == (pytest.approx(2 / 3), 0.5)


def test_strangers_are_all_pairs_of_two_people_once() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1], [0.6, 0.8]], np.float32)
    found = strangers_of(vectors, np.array([5, 5, 6, 7]))
    assert sorted(found.round(6)) == pytest.approx([0, 0, 0.6, 0.6, 0.8])


def test_many_strangers_are_counted_over_blocks() -> None:
    vectors = np.random.default_rng(0).normal(size=(700, 3)).astype(np.float32)
    people = np.arange(700) // 2
    assert len(strangers_of(vectors, people)) == 700 * 699 // 2 - 350


@pytest.mark.parametrize(
    ("scores", "same", "words"),
    [
        ([0.1, 0.2], [True, True], "two are needed"),
        ([0.1, 0.2], [False, False], "two are needed"),
        ([], [], "two are needed"),
        ([0.1, float("nan")], [True, False], "every pair needs a number"),
        ([0.1, 0.2, 0.3], [True, False], "expected two"),
    ],
)
def test_wrong_input_is_refused(scores: list[float], same: list[bool], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        roc(np.array(scores), np.array(same, bool))


def test_one_fold_is_no_cross_validation() -> None:
    with pytest.raises(ValueError, match="at least two folds"):
        k_fold_accuracy(SCORES, SAME, np.zeros(10, int))
    with pytest.raises(ValueError, match="no pairs of strangers"):
        threshold_of(np.zeros(0), 0.1)
    with pytest.raises(ValueError, match="known and of unknown"):
        identification(np.eye(2), np.array([1, 2]), np.array([1, 2]), fpir=0.1)
    with pytest.raises(ValueError, match=r"expected \(2, 1\)"):
        identification(np.eye(2), np.array([1, 2]), np.array([1]), fpir=0.1)
