"""A patch discriminator that compares made faces with real ones of that age, and never sees what they were made of.

It is shown real faces with their own ages, made faces with the ages they were made for, and real faces with other ages
(matching-aware, Reed et al. 2016, "Generative adversarial text to image synthesis"): so a face must look real and of
its age. R1 (Mescheder et al. 2018) keeps it from knowing a few faces by heart.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class RealFaceDiscriminator(nn.Module):
    """Scores overlapping patches of about 110 pixels."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3 + 1
        for after in (width, 2 * width, 4 * width, 6 * width):
            layers += [nn.Conv2d(before, after, 4, 2, 1), nn.LeakyReLU(0.2)]
            before = after
        layers += [nn.Conv2d(before, before, 3, 1, 1), nn.LeakyReLU(0.2), nn.Conv2d(before, 1, 3, 1, 1)]
        self.body = nn.Sequential(*layers)

    def forward(self, faces: Tensor, ages: Tensor) -> Tensor:
        """faces (N, 3, S, S) RGB 0..1; ages (N, 1, S, S) years / 100 -> scores (N, 1, S/16, S/16)."""
        scores: Tensor = self.body(torch.cat([faces - 0.5, ages - 0.4], 1))
        return scores


def within(scores: Tensor, mask: Tensor) -> Tensor:
    """The mean (N,) of scores (N, 1, h, w) where the mask (N, 1, H, W) of the face is."""
    weight = functional.adaptive_avg_pool2d(mask, (scores.shape[2], scores.shape[3]))
    return (scores * weight).sum((1, 2, 3)) / weight.sum((1, 2, 3)).clamp(min=1e-3)


def hinged(real: Tensor, fake: Tensor, wrong: Tensor, mask: Tensor) -> Tensor:
    """The discriminator's loss for score maps of real faces, made faces, and real faces of another age: a scalar."""
    terms = functional.relu(1 - real), functional.relu(1 + fake), functional.relu(1 + wrong)
    seen = [within(term, mask).mean() for term in terms]
    return seen[0] + 0.5 * (seen[1] + seen[2])
