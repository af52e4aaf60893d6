"""Merging what several looks at one image found."""

from __future__ import annotations

import numpy as np
import pytest

from engine.detection.merge import add_unseen, concatenate, suppress
from engine.types import Detections
from tests.builders import boxes


def faces(*rows: tuple[float, float, float, float, float]) -> Detections:
    """x1 y1 x2 y2 score each; all five landmarks in the box's top left corner."""
    found = boxes(*(row[:4] for row in rows))
    scores = np.array([row[4] for row in rows], np.float32)
    return Detections(found, scores, np.repeat(found[:, None, :2], 5, axis=1))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([(0, 0, 9, 9, 0.5)], [0.5], id="one"),
        pytest.param([(0, 0, 9, 9, 0.5), (1, 0, 10, 9, 0.8)], [0.8], id="one face seen twice"),
        pytest.param([(0, 0, 9, 9, 0.5), (20, 0, 29, 9, 0.8)], [0.8, 0.5], id="two faces, best first"),
        pytest.param([(0, 0, 40, 40, 0.9), (2, 2, 14, 14, 0.6)], [0.9], id="an eye taken for a face"),
        pytest.param([(0, 0, 40, 40, 0.6), (2, 2, 14, 14, 0.9)], [0.9, 0.6], id="the better one inside: both stay"),
        pytest.param([(0, 0, 20, 20, 0.9), (14, 0, 34, 20, 0.8)], [0.9, 0.8], id="cheek to cheek"),
    ],
)
def test_suppress(found: list[tuple[float, float, float, float, float]], expected: list[float]) -> None:
    kept = suppress(faces(*found))
    np.testing.assert_allclose(kept.scores, expected)
    np.testing.assert_array_equal(kept.landmarks[:, 0], kept.boxes[:, :2])


def test_a_chain_of_insides_drops_only_by_survivors() -> None:
    """The middle one lies in the best and is dropped; the smallest lies in both and is dropped by the best alone."""
    kept = suppress(faces((0, 0, 100, 100, 0.9), (10, 10, 50, 50, 0.8), (20, 20, 30, 30, 0.7)))
    np.testing.assert_allclose(kept.scores, [0.9])


def test_soft_suppression_lowers_instead_of_dropping() -> None:
    two = faces((0, 0, 20, 20, 0.9), (7, 0, 27, 20, 0.9))
    assert len(suppress(two)) == 1
    kept = suppress(two, soft=True)
    assert len(kept) == 2
    assert kept.scores[0] == pytest.approx(0.9)
    assert 0.3 < kept.scores[1] < 0.7


def test_soft_suppression_still_forgets_a_double() -> None:
    assert len(suppress(faces((0, 0, 20, 20, 0.9), (0, 1, 20, 21, 0.6)), soft=True)) == 1


def test_add_unseen_keeps_the_known_and_adds_the_new() -> None:
    known = faces((0, 0, 20, 20, 0.5))
    found = faces((1, 1, 21, 21, 0.99), (40, 0, 60, 20, 0.8), (4, 4, 10, 10, 0.7))
    both = add_unseen(known, found)
    np.testing.assert_array_equal(both.boxes, boxes((0, 0, 20, 20), (40, 0, 60, 20)))


def test_add_unseen_to_nothing_and_nothing_to_add() -> None:
    one = faces((0, 0, 20, 20, 0.5))
    assert add_unseen(Detections.empty(), one).scores.tolist() == [0.5]
    assert add_unseen(one, Detections.empty()).scores.tolist() == [0.5]


def test_concatenate_of_nothing() -> None:
    assert len(concatenate()) == 0
    assert len(concatenate(Detections.empty(), faces((0, 0, 1, 1, 0.5)))) == 1
