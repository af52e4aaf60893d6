"""Detection figures against small cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.types import Detections
from tests.builders import boxes
from training.data.scenes import BARE, IGNORE, MASKED
from training.metrics.detection import (
    NEVER,
    Truth,
    average_precision,
    false_positives,
    judge,
    mean_average_precision,
    precision_recall,
    recall,
    recall_by_size,
    summary,
    threshold_at,
)

LEFT, RIGHT, FAR = (0.0, 0, 40, 40), (100.0, 0, 140, 40), (300.0, 300, 340, 340)


def truth(*rows: tuple[float, float, float, float], kinds: tuple[int, ...] = ()) -> Truth:
    return Truth(boxes(*rows), np.array(kinds or (BARE,) * len(rows), np.int64))


def found(*rows: tuple[tuple[float, float, float, float], float]) -> Detections:
    return Detections(
        boxes(*(box for box, _ in rows)),
        np.array([score for _, score in rows], np.float32),
        np.zeros((len(rows), 5, 2), np.float32),
    )


@pytest.mark.parametrize(
    ("name", "faces", "answers", "expected"),
    [
        ("nothing there, nothing found", truth(), found(), 0.0),
        ("nothing found", truth(LEFT), found(), 0.0),
        ("nothing there, something found", truth(), found((LEFT, 0.9)), 0.0),
        ("the only one", truth(LEFT), found((LEFT, 0.9)), 1.0),
        ("wrong one first", truth(LEFT), found((FAR, 0.9), (LEFT, 0.8)), 0.5),
        ("wrong one last costs nothing", truth(LEFT), found((LEFT, 0.9), (FAR, 0.8)), 1.0),
        ("one of two", truth(LEFT, RIGHT), found((LEFT, 0.9)), 0.5),
        # recall 1/2 at precision 1, recall 1 at precision 2/3
        ("one wrong between", truth(LEFT, RIGHT), found((LEFT, 0.9), (FAR, 0.8), (RIGHT, 0.7)), 0.5 + 0.5 * 2 / 3),
        ("a face found twice is wrong once", truth(LEFT, RIGHT), found((LEFT, 0.9), (LEFT, 0.8)), 0.5),
    ],
)
def test_average_precision(name: str, faces: Truth, answers: Detections, expected: float) -> None:
    assert average_precision(judge([faces], [answers])) == pytest.approx(expected, abs=1e-6), name


@pytest.mark.parametrize(("x2", "right"), [(80.0, True), (80.1, False)])
def test_a_box_is_right_from_an_overlap_of_one_half_on(x2: float, right: bool) -> None:
    judged = judge([truth((0.0, 0, 40, 40))], [found(((0.0, 0, x2, 40), 0.9))])
    assert judged.right.tolist() == [right]


def test_the_better_box_claims_the_face_and_order_of_arrival_does_not_matter() -> None:
    answers = found(((2.0, 0, 42, 40), 0.6), (LEFT, 0.9))
    judged = judge([truth(LEFT)], [answers])
    assert judged.scores.tolist() == pytest.approx([0.9, 0.6])
    assert judged.right.tolist() == [True, False]
    assert judged.found_at.tolist() == pytest.approx([0.9])


def test_two_neighbours_are_both_found_by_two_boxes_that_overlap_both() -> None:
    near = truth((0.0, 0, 40, 40), (10.0, 0, 50, 40))
    judged = judge([near], [found(((0.0, 0, 40, 40), 0.9), ((5.0, 0, 45, 40), 0.8))])
    assert judged.right.all()


def test_precision_and_recall_along_the_list() -> None:
    judged = judge([truth(LEFT, RIGHT)], [found((LEFT, 0.9), (FAR, 0.8), (RIGHT, 0.7))])
    precision, share = precision_recall(judged)
    assert precision.tolist() == pytest.approx([1, 0.5, 2 / 3])
    assert share.tolist() == pytest.approx([0.5, 0.5, 1])


def test_threshold_allows_so_many_false_positives_a_picture_and_not_one_more() -> None:
    # Two pictures, three false positives: one a picture is two in all.
    judged = judge(
        [truth(LEFT), truth()], [found((LEFT, 0.5), (FAR, 0.9), (RIGHT, 0.7)), found((FAR, 0.6), (LEFT, 0.4))]
    )
    assert threshold_at(judged, 1.0) == pytest.approx(0.7)
    assert false_positives(judged, 0.7) == 1.0
    assert recall(judged, 0.7) == 0.0
    assert threshold_at(judged, 1.5) == pytest.approx(0.5)
    assert threshold_at(judged, 0.0) > 1


def test_equal_scores_are_taken_together_or_not_at_all() -> None:
    judged = judge([truth(LEFT)], [found((LEFT, 0.5), (FAR, 0.5), (RIGHT, 0.5))])
    assert threshold_at(judged, 1.0) > 1
    assert threshold_at(judged, 2.0) == pytest.approx(0.5)


def test_an_ignored_face_counts_as_wrong_or_not_at_all_but_never_as_missed() -> None:
    faces, answers = truth(LEFT, RIGHT, kinds=(BARE, IGNORE)), found((LEFT, 0.9), (RIGHT, 0.8))
    assert judge([faces], [answers]).right.tolist() == [True, False]
    lenient = judge([faces], [answers], count_ignored=False)
    assert lenient.right.tolist() == [True]
    assert len(lenient.found_at) == 1


def test_a_missed_face_is_never_found_however_low_the_score() -> None:
    judged = judge([truth(LEFT)], [found((FAR, 0.0))])
    assert judged.found_at.tolist() == [NEVER]
    assert recall(judged, 0.0) == 0.0


def test_summary_tells_bare_and_masked_and_large_faces_apart() -> None:
    small = (200.0, 200, 230, 230)
    faces = truth(LEFT, RIGHT, small, kinds=(BARE, MASKED, BARE))
    figures = summary(judge([faces], [found((LEFT, 0.9), (FAR, 0.8))]))
    assert figures["recall_bare"] == 0.5
    assert figures["recall_bare_40px"] == 1.0
    assert figures["recall_masked"] == 0.0
    assert figures["recall_40px"] == 0.5
    assert figures["false_per_picture"] == 1.0


def test_recall_by_size_puts_a_face_on_the_limit_into_the_larger_class() -> None:
    judged = judge([truth(LEFT, (0.0, 100, 39, 139))], [found((LEFT, 0.9))])
    assert recall_by_size(judged, 0.5) == {"20-40px": (0.0, 1), "40-80px": (1.0, 1)}


def test_mean_average_precision_asks_for_exact_boxes() -> None:
    exact = mean_average_precision([truth(LEFT)], [found((LEFT, 0.9))])
    loose = mean_average_precision([truth(LEFT)], [found(((0.0, 0, 40, 48), 0.9))])  # IoU 0.833: right in 7 of 10
    assert exact == 1.0
    assert loose == pytest.approx(0.7)
