"""Losses on the sphere, against cases worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from training.losses.metric import MarginSoftmax, contrastive_loss, distillation_loss, triplet_loss


def at(*degrees: float) -> Tensor:
    """Points on the unit circle."""
    angle = torch.tensor([math.radians(d) for d in degrees])
    return torch.stack([angle.cos(), angle.sin()], 1)


def chord(degrees: float) -> float:
    return 2 * math.sin(math.radians(degrees) / 2)


def test_distillation_is_nothing_where_the_teacher_is_met() -> None:
    points = at(0, 50, 200)
    assert float((distillation_loss(points, points)).detach()) == pytest.approx(0, abs=1e-6)


def test_distillation_counts_one_minus_the_cosine() -> None:
    assert float((distillation_loss(at(60), at(0), relations=0)).detach()) == pytest.approx(0.5, abs=1e-6)


def test_relations_do_not_see_a_common_turn() -> None:
    turned, there = at(90, 130, 20), at(0, 40, -70)
    alone = float(distillation_loss(turned, there, relations=0))
    assert float((distillation_loss(turned, there, relations=5)).detach()) == pytest.approx(alone, abs=1e-5)


def test_contrastive_pulls_one_person_and_pushes_two() -> None:
    points, people = at(0, 10, 30), torch.tensor([0, 0, 1])
    pull = chord(10) ** 2
    push = ((0.9 - chord(30)) ** 2 + (0.9 - chord(20)) ** 2) / 2
    assert float((contrastive_loss(points, people, 0.9)).detach()) == pytest.approx(pull + push, abs=1e-5)


def test_contrastive_lets_distant_strangers_be() -> None:
    assert float((contrastive_loss(at(0, 180), torch.tensor([0, 1]))).detach()) == pytest.approx(0, abs=1e-6)


def test_triplets_take_the_nearest_stranger_beyond_the_own_pair() -> None:
    # From 0 and from 20 the own pair is 20 degrees away. Beyond it: 26 (from 0), and 60 (40 away from 20).
    points, people = at(0, 20, 26, 60), torch.tensor([0, 0, 1, 2])
    own = chord(20) ** 2
    expected = ((own - chord(26) ** 2 + 0.2) + max(0.0, own - chord(40) ** 2 + 0.2)) / 2
    assert float((triplet_loss(points, people, 0.2)).detach()) == pytest.approx(expected, abs=1e-5)


def test_triplets_fall_back_to_the_furthest_stranger() -> None:
    points, people = at(0, 90, 30, 50), torch.tensor([0, 0, 1, 2])
    own = chord(90) ** 2
    expected = ((own - chord(50) ** 2 + 0.2) + (own - chord(60) ** 2 + 0.2)) / 2
    assert float((triplet_loss(points, people, 0.2)).detach()) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("people", [[0, 1, 2], [0, 0, 0]], ids=["nobody twice", "one person only"])
def test_triplets_without_triplets_are_zero_and_differentiable(people: list[int]) -> None:
    points = at(0, 40, 80).requires_grad_()
    loss = triplet_loss(points, torch.tensor(people))
    loss.backward()
    assert float(loss.detach()) == 0
    assert points.grad is not None and torch.isfinite(points.grad).all()


def with_centres(kind: str) -> MarginSoftmax:
    head = MarginSoftmax(2, 2, kind, scale=4.0)
    head.centres.data = at(0, 90) * 7  # their length must not count
    return head


@pytest.mark.parametrize(
    ("kind", "own"),
    [
        ("softmax", math.cos(math.radians(30))),
        ("cosface", math.cos(math.radians(30)) - 0.3),
        ("arcface", math.cos(math.radians(30) + 0.4)),
    ],
)
def test_margin_softmax_moves_only_the_own_person(kind: str, own: float) -> None:
    other = math.cos(math.radians(60))
    expected = -math.log(math.exp(4 * own) / (math.exp(4 * own) + math.exp(4 * other)))
    loss = with_centres(kind)(at(30), torch.tensor([0]))
    assert float((loss).detach()) == pytest.approx(expected, abs=1e-5)


def test_margin_softmax_has_finite_gradients_at_its_own_centre() -> None:
    head = with_centres("arcface")
    points = functional.normalize(at(0), dim=1).requires_grad_()
    head(points, torch.tensor([0])).backward()
    assert points.grad is not None and torch.isfinite(points.grad).all()
