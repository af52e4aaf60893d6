"""Following the dial, keeping attributes and standing still: figures against cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.landmarks import topology
from training.metrics.aging import dial_figures, mean_of, monotonic, slope
from training.metrics.attributes import attribute_change, expression
from training.metrics.recognition import unlike_pairs
from training.metrics.temporal import Shimmer, flow_between, warped

TARGETS = np.array([20.0, 40, 60])


def test_a_dial_that_reaches_half_of_every_year_has_slope_one_half() -> None:
    reached = np.array([[30.0, 40, 50], [20.0, 30, 40]])
    found = dial_figures(TARGETS, reached)
    assert found["slope"] == slope(TARGETS, reached) == 0.5
    assert found["mae_years"] == pytest.approx((10 + 0 + 10 + 0 + 10 + 20) / 6)
    assert found["bias_years"] == pytest.approx((10 + 0 - 10 + 0 - 10 - 20) / 6)
    assert found["spread_years"] == 5
    assert slope(TARGETS, np.full((3, 3), 33.0)) == 0


@pytest.mark.parametrize(
    ("ages", "follows"),
    [
        ([20, 30, 40], True),
        ([20, 19.5, 40], True),
        ([20, 19.4, 40], False),
        ([20, 20, 20], True),
        ([40, 30, 20], False),
    ],
)
def test_an_estimate_may_fall_by_half_a_year_and_no_more(ages: list[float], follows: bool) -> None:
    assert monotonic(np.array([ages], float)).tolist() == [follows]


def test_wrong_shapes_and_nobody_are_told() -> None:
    with pytest.raises(ValueError, match=r"expected \(N, 3\)"):
        slope(TARGETS, np.zeros((2, 4)))
    with pytest.raises(ValueError, match="one person"):
        slope(TARGETS, np.zeros((0, 3)))
    nobody = mean_of(np.zeros(0))
    assert nobody.people == 0
    assert np.isnan(nobody.value)


def test_a_mean_comes_with_the_interval_of_its_people() -> None:
    found = mean_of(np.repeat([0.0, 10.0], 50))
    assert found.value == 5
    assert 3 < found.low < 5 < found.high < 7


def test_pictures_of_one_person_are_no_strangers() -> None:
    own = np.eye(3, dtype=np.float32)
    own = np.vstack([own, own[:1]])  # the first and the last are one person
    pairs, left_out = unlike_pairs([own])
    assert left_out == 1
    assert np.argwhere(pairs).tolist() == [[0, 1], [0, 2], [1, 2], [1, 3], [2, 3]]
    # A second recogniser that tells them apart has its way.
    pairs, left_out = unlike_pairs([own, np.eye(4, dtype=np.float32)])
    assert left_out == 0
    assert pairs.sum() == 6


# --- attributes ---------------------------------------------------------------------------------------------------


def mesh() -> np.ndarray:
    """A head seen from the front: the pose points where they belong, eyes and lips set, the others by chance."""
    from engine.landmarks.pose import HEAD, POSE_POINTS

    points = np.random.default_rng(0).uniform(90, 160, (478, 2))
    points[POSE_POINTS] = 128 + 40 * HEAD[:, :2]
    points[[159, 145]] = [[110, 120], [110, 126]]
    points[[386, 374]] = [[146, 120], [146, 126]]
    points[[13, 14]] = [[128, 170], [128, 174]]
    return points.astype(np.float32)


def turned(points: np.ndarray, degrees: float, scale: float = 1.0) -> np.ndarray:
    angle = np.radians(degrees)
    matrix = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return ((points - 128) @ matrix.T + 128).astype(np.float32)


def test_the_same_face_keeps_everything_and_a_tilted_one_its_expression() -> None:
    face = mesh()
    assert attribute_change(face, face) == (0, 0, 0, 0)
    change = attribute_change(face, turned(face, 6, scale=1.3))
    assert change.pose_degrees == pytest.approx(6, abs=0.05)
    assert max(change[1:]) < 1e-4


def test_an_opened_mouth_and_closed_eyes_are_seen_each_by_its_own_measure() -> None:
    face, other = mesh(), mesh()
    other[14, 1] += 10
    change = attribute_change(face, other)
    width = np.linalg.norm(face[78] - face[308])
    assert change.mouth_open == pytest.approx(10 / width, rel=1e-4)
    assert (change.pose_degrees, change.eyes_open, change.smile) == (0, 0, 0)
    shut = mesh()
    shut[[145, 374]] = shut[[159, 386]]
    assert expression(shut).eyes_open == 0
    smile = mesh()
    smile[topology.LEFT_MOUTH_CORNER, 0] += 9
    assert attribute_change(face, smile).smile > 0.05


# --- time -----------------------------------------------------------------------------------------------------------


def texture(side: int = 96, seed: int = 0) -> np.ndarray:
    import cv2

    noise = np.random.default_rng(seed).normal(0, 1, (side, side))
    soft = cv2.GaussianBlur(noise, (0, 0), 3)
    return np.asarray(128 + 60 * soft / np.abs(soft).max(), np.float32)


def moved(picture: np.ndarray, x: float, y: float) -> np.ndarray:
    import cv2

    matrix = np.array([[1.0, 0, x], [0, 1, y]])
    return cv2.warpAffine(picture, matrix, picture.shape[::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def no_flow(side: int = 96) -> np.ndarray:
    return np.zeros((side, side, 2), np.float32)


def test_a_change_that_stands_still_does_not_shimmer_and_noise_is_measured_as_what_it_is() -> None:
    rng = np.random.default_rng(1)
    picture = texture().astype(np.uint8)
    quiet, noisy = Shimmer(), Shimmer()
    for _ in range(12):
        quiet.add(np.full((96, 96), 9, np.float32), picture, no_flow())
        noisy.add((9 + rng.normal(0, 1.5, (96, 96))).astype(np.float32), picture, no_flow())
    assert quiet.figures()["change_255"] == 0
    assert noisy.figures()["change_255"] == pytest.approx(1.5, rel=0.03)
    assert noisy.figures()["still_share"] == 1
    assert noisy.figures()["picture_255"] == 0


def test_a_change_that_goes_with_the_picture_is_still_and_one_that_stays_behind_is_not() -> None:
    picture, change = texture(), texture(seed=2) - 100
    with_it, behind = Shimmer(), Shimmer()
    for number in range(8):
        seen = moved(picture, 0.4 * number, 0).astype(np.uint8)
        with_it.add(moved(change, 0.4 * number, 0), seen)
        behind.add(change, seen)
    assert with_it.figures()["still_share"] > 0.8
    assert with_it.figures()["change_255"] < 0.25
    assert behind.figures()["change_255"] > 3 * with_it.figures()["change_255"]


def test_what_moves_further_or_is_not_changed_does_not_count() -> None:
    picture = texture().astype(np.uint8)
    fast = Shimmer()
    flow = no_flow()
    flow[..., 0] = 0.6
    for level in (9.0, 12.0, 9.0):
        fast.add(np.full((96, 96), level, np.float32), picture, flow)
    figures = fast.figures()
    assert figures["still_share"] == 0
    assert np.isnan(figures["change_255"])
    assert figures["moving_255"] == pytest.approx(3 / np.sqrt(2))
    untouched = Shimmer()
    for level in (0.5, 1.5, 0.5):
        untouched.add(np.full((96, 96), level, np.float32), picture, no_flow())
    assert untouched.figures()["pixels"] == 0


def test_a_lost_face_begins_anew() -> None:
    picture = texture().astype(np.uint8)
    shimmer = Shimmer()
    shimmer.add(np.full((96, 96), 9, np.float32), picture, no_flow())
    shimmer.skip()
    shimmer.add(np.full((96, 96), 90, np.float32), picture, no_flow())
    assert shimmer.figures()["pixels"] == 0


def test_the_flow_says_where_a_pixel_came_from() -> None:
    before = texture()
    after = moved(before, 2, -1)
    flow = flow_between(before.astype(np.uint8), after.astype(np.uint8))
    middle = flow[20:-20, 20:-20]
    assert np.median(middle[..., 0]) == pytest.approx(-2, abs=0.2)
    assert np.median(middle[..., 1]) == pytest.approx(1, abs=0.2)
    carried = warped(before, flow)
    assert np.abs(carried - after)[20:-20, 20:-20].mean() < 0.3 * np.abs(before - after)[20:-20, 20:-20].mean()
