"""Losses that pull faces of one person together and push people apart. Convention: points (N, D) have length one."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


def distillation_loss(points: Tensor, wanted: Tensor, relations: float = 1.0) -> Tensor:
    """How far points are from a teacher's points (N, D): one minus the cosine, and the squared difference of all
    cosines between two faces of the batch (relational distillation, Park et al. 2019).
    """
    cosine = (points * wanted).sum(1)
    mine, its = points @ points.T, wanted @ wanted.T
    return (1 - cosine).mean() + relations * len(points) ** 0.5 * (mine - its).square().mean()


def contrastive_loss(points: Tensor, people: Tensor, margin: float = 0.9) -> Tensor:
    """Pairs of a siamese network (Hadsell et al. 2006): the squared distance of two pictures of one person, and for
    two people the square of what is missing to ``margin``. Both halves weigh the same, however many pairs they have.
    """
    distance = (2 - 2 * points @ points.T).clamp_min(1e-8).sqrt()
    same = people[:, None] == people[None, :]
    pairs = torch.ones_like(same).triu(1)
    near, far = same & pairs, ~same & pairs
    pull = distance[near].square().sum() / near.sum().clamp_min(1)
    push = (margin - distance[far]).clamp_min(0).square().sum() / far.sum().clamp_min(1)
    return pull + push


def triplet_loss(points: Tensor, people: Tensor, margin: float = 0.2) -> Tensor:
    """FaceNet's triplets with semi-hard negatives (Schroff et al. 2015, section 3.2): for every pair of one person the
    nearest stranger who is further than the pair's other half, or, where there is none, the furthest stranger.
    """
    squared = (2 - 2 * points @ points.T).clamp_min(0)
    same = people[:, None] == people[None, :]
    itself = torch.eye(len(points), dtype=torch.bool, device=points.device)
    anchors, positives = torch.nonzero(same & ~itself, as_tuple=True)
    if not len(anchors):
        return points.sum() * 0
    near = squared[anchors, positives]
    stranger = squared[anchors].masked_fill(same[anchors], math.inf)
    semi_hard = stranger.masked_fill(stranger <= near[:, None], math.inf).amin(1)
    furthest = stranger.masked_fill(stranger.isinf(), -math.inf).amax(1)
    negative = torch.where(semi_hard.isinf(), furthest, semi_hard)
    known = negative.isfinite()  # a batch of one person has no strangers
    return (near - negative + margin)[known].clamp_min(0).sum() / known.sum().clamp_min(1)


class MarginSoftmax(nn.Module):
    """Classification of people with a margin on the sphere, for training only.

    kind "arcface" (Deng et al. 2019, equation 3): the angle to the own person's centre counts ``margin`` more than it
    is; "cosface" (Wang et al. 2018, equation 4): the cosine counts ``margin`` less; "softmax": no margin.
    """

    def __init__(self, dimensions: int, people: int, kind: str, scale: float = 32.0) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.randn(people, dimensions) * 0.05)
        self.kind = kind
        self.scale = scale
        self.margin = {"arcface": 0.4, "cosface": 0.3, "softmax": 0.0}[kind]

    def forward(self, points: Tensor, people: Tensor) -> Tensor:
        """points (N, D), people (N,) int -> the mean cross-entropy."""
        cosine = points @ functional.normalize(self.centres, dim=1).T
        own = cosine.gather(1, people[:, None]).clamp(-1 + 1e-6, 1 - 1e-6)
        if self.kind == "arcface":
            moved = torch.cos((torch.arccos(own) + self.margin).clamp_max(math.pi))
        else:
            moved = own - self.margin
        return functional.cross_entropy(self.scale * cosine.scatter(1, people[:, None], moved), people)
