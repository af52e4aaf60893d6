"""Anchors, matching and losses of the detector."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.geometry import anchors as anchor_math
from engine.geometry.boxes import iou
from tests.builders import boxes
from training.data.anchors import anchors_by_kmeans, mean_best_iou, size_iou
from training.losses.detection import (
    BACKGROUND,
    LEFT_ALONE,
    decode_boxes,
    detection_losses,
    match,
    paired_iou,
    quality_focal,
    wanted,
)

GRID = anchor_math.make(64, 64, [8, 16], [[14.0], [30.0]])


def test_size_iou_of_equal_inner_and_crossing_boxes() -> None:
    found = size_iou(np.array([[4.0, 4]]), np.array([[4.0, 4], [2, 2], [8, 2]]))
    assert found[0].tolist() == pytest.approx([1, 4 / 16, 8 / 24])


def test_kmeans_finds_the_sizes_that_are_there_smallest_first() -> None:
    rng = np.random.default_rng(0)
    sizes = np.concatenate([side * rng.uniform(0.95, 1.05, (50, 2)) for side in (100.0, 12.0, 40.0)])
    anchors = anchors_by_kmeans(sizes, 3)
    assert anchors[:, 0].tolist() == pytest.approx([12, 40, 100], rel=0.05)
    assert mean_best_iou(sizes, anchors) > 0.9


def test_kmeans_gives_the_same_anchors_for_another_order_of_the_boxes() -> None:
    sizes = np.random.default_rng(1).uniform(10, 200, (300, 2)).astype(np.float32)
    mixed = sizes[np.random.default_rng(2).permutation(300)]
    np.testing.assert_array_equal(anchors_by_kmeans(sizes, 6), anchors_by_kmeans(mixed, 6))


def test_more_anchors_serve_better_and_too_few_boxes_are_refused() -> None:
    sizes = np.random.default_rng(1).uniform(10, 200, (300, 2)).astype(np.float32)
    served = [mean_best_iou(sizes, anchors_by_kmeans(sizes, count)) for count in (1, 3, 9)]
    assert served == sorted(served)
    with pytest.raises(ValueError, match="too few"):
        anchors_by_kmeans(sizes[:2], 3)


def none(count: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.zeros(count, bool)


def test_without_faces_all_is_background() -> None:
    assert (match(GRID, boxes(), none(0)) == BACKGROUND).all()


def test_a_face_on_an_anchor_is_answered_for_by_it() -> None:
    answer = match(GRID, boxes((5.0, 5, 19, 19)), none(1))
    centres = GRID[answer == 0][:, :2].tolist()
    assert [12.0, 12.0] in centres
    assert (answer == LEFT_ALONE).sum() + (answer == 0).sum() < 12


def test_every_face_has_an_anchor_however_odd_it_is() -> None:
    odd = boxes((3.0, 3, 6, 6), (0.0, 0, 64, 64), (0.0, 10, 60, 14))
    answer = match(GRID, odd, none(3))
    assert set(answer[answer >= 0]) == {0, 1, 2}


def test_each_of_two_neighbours_keeps_its_best_anchor() -> None:
    two = boxes((5.0, 5, 19, 19), (13.0, 5, 27, 19))
    answer = match(GRID, two, none(2))
    assert (answer == 0).any() and (answer == 1).any()
    overlaps = iou(anchor_math.to_boxes(GRID), two)
    for face in (0, 1):
        rows = np.flatnonzero(answer == face)
        assert overlaps[rows, face].max() == pytest.approx(overlaps[:, face].max())


def test_anchors_over_an_ignored_face_are_left_alone() -> None:
    answer = match(GRID, boxes((0.0, 0, 40, 40)), np.array([True]))
    inside = (GRID[:, 0] < 30) & (GRID[:, 1] < 30) & (GRID[:, 2] < 20)
    assert (answer[inside] == LEFT_ALONE).all()
    assert not (answer >= 0).any()
    assert (answer[(GRID[:, 0] > 50) & (GRID[:, 2] < 20)] == BACKGROUND).all()


def test_decoding_tensors_is_what_the_engine_does() -> None:
    offsets = np.random.default_rng(0).normal(0, 3, (len(GRID), 4)).astype(np.float32)
    offsets[0] = 100  # further than the largest scale
    expected = anchor_math.decode(offsets, GRID)
    np.testing.assert_allclose(decode_boxes(torch.from_numpy(offsets), torch.from_numpy(GRID)), expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "other", "overlap", "generalised"),
    [
        ("the same", (0.0, 0, 2, 2), 1.0, 1.0),
        ("a half", (0.0, 0, 2, 4), 0.5, 0.5),
        ("side by side", (2.0, 0, 4, 2), 0.0, 0.0),
        ("apart by their width", (4.0, 0, 6, 2), 0.0, -1 / 3),
    ],
)
def test_generalised_iou(name: str, other: tuple[float, ...], overlap: float, generalised: float) -> None:
    plain, general = paired_iou(torch.tensor([[0.0, 0, 2, 2]]), torch.tensor([other]))
    assert float(plain) == pytest.approx(overlap), name
    assert float(general) == pytest.approx(generalised, abs=1e-6), name


def test_quality_focal_forgives_what_is_right_and_counts_what_is_not() -> None:
    wrong, unsure, right = (
        float(quality_focal(torch.tensor([logit]), torch.tensor([0.0]))) for logit in (4.0, 0.0, -4.0)
    )
    assert wrong > unsure > right
    assert right < 1e-4
    exact = torch.logit(torch.tensor([0.7]))
    assert float(quality_focal(exact, torch.tensor([0.7]))) == pytest.approx(0, abs=1e-6)


def test_the_perfect_answer_has_no_box_and_landmark_loss_and_unknown_points_count_nothing() -> None:
    face = boxes((5.0, 5, 21, 19))
    points = np.array([[[8.0, 9], [16, 9], [12, 12], [np.nan, np.nan], [15, 16]]], np.float32)
    target = wanted(GRID, [(face, points, none(1)), (boxes(), np.zeros((0, 5, 2), np.float32), none(0))])
    raw = torch.zeros(2, len(GRID), 15)
    raw[..., 0] = -10
    rows = target.faces.numpy()
    own = GRID[rows]
    offsets = anchor_math.encode(np.repeat(face, len(rows), 0), own)
    flat = raw.reshape(-1, 15)
    flat[rows, 0] = 10
    flat[rows, 1:5] = torch.from_numpy(offsets)
    flat[rows, 5:] = torch.nan_to_num(target.points.reshape(-1, 10), nan=77.0)
    raw.requires_grad_(True)
    losses = detection_losses(raw, target)
    assert losses["boxes"].item() == pytest.approx(0, abs=1e-3)
    assert losses["landmarks"].item() == pytest.approx(0, abs=1e-5)
    assert losses["objectness"].item() < 0.01
    sum(losses.values(), torch.zeros(())).backward()  # type: ignore[no-untyped-call]
    assert raw.grad is not None and bool(torch.isfinite(raw.grad).all())


def test_a_batch_without_any_face_gives_finite_losses_and_gradients() -> None:
    target = wanted(GRID, [(boxes(), np.zeros((0, 5, 2), np.float32), none(0))])
    raw = torch.zeros(1, len(GRID), 15, requires_grad=True)
    losses = detection_losses(raw, target)
    sum(losses.values(), torch.zeros(())).backward()  # type: ignore[no-untyped-call]
    assert raw.grad is not None and bool(torch.isfinite(raw.grad).all())
    assert float(raw.grad[..., 0].abs().sum()) > 0
