"""Experiment: faces of a wished age and gender. The generator's batch normalisation has a scale and a shift for each
age band and gender (Dumoulin et al. 2017); the discriminator adds the dot product of the face's features with a vector
for what was wished, its projection (Miyato & Koyama 2018, equation 4).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot
from torch.nn.utils.parametrizations import spectral_norm

from engine.networks.faces import BANDS, GENDERS, FaceGenerator, Wish
from training.ladder.dcgan import dcgan_start, doublings
from training.ladder.layers import leaky


def wishes_of(labels: Tensor) -> Tensor:
    """labels (N, 2) int: band, gender -> wishes (N, 12) for exactly these."""
    return torch.cat([one_hot(labels[:, 0], len(BANDS)), one_hot(labels[:, 1], GENDERS)], 1).float()


class Generator(FaceGenerator):
    """The one that ships, wished by labels."""

    def __init__(self, size: int, latent: int, width: int) -> None:
        super().__init__(latent, [width << level for level in reversed(range(doublings(size)))])
        self.apply(dcgan_start)

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        """latent (N, Z), labels (N, 2) int -> image (N, 3, S, S) in -1..1."""
        return super().forward(latent[:, :, None, None], wishes_of(labels)[:, :, None, None])


class Discriminator(nn.Module):
    """Spectrally normalised; its score is how real the face looks, plus how well it fits the wish."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for level in range(doublings(size)):
            layers += [spectral_norm(nn.Conv2d(before, width << level, 4, 2, 1).apply(dcgan_start)), leaky()]
            before = width << level
        self.body = nn.Sequential(*layers)  # (N, 8W, 4, 4)
        self.judge = spectral_norm(nn.Linear(before, 1))
        self.wish = Wish(before)

    def forward(self, image: Tensor, labels: Tensor) -> Tensor:
        """image (N, 3, S, S) in -1..1, labels (N, 2) int -> scores (N,)."""
        features = self.body(image).sum((2, 3))  # (N, 8W)
        return self.judge(features)[:, 0] + (features * self.wish(wishes_of(labels))).sum(1)
