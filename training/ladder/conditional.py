"""Experiment: faces of a wished age and gender. The generator's batch normalisation has a scale and a shift for each
age band and gender (Dumoulin et al. 2017); the discriminator adds the dot product of the face's features with a vector
for what was wished, its projection (Miyato & Koyama 2018, equation 4).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from training.ladder.data import BANDS, GENDERS
from training.ladder.dcgan import dcgan_start, doublings
from training.ladder.layers import leaky


class Wish(nn.Module):
    """A learned vector for an age band plus one for a gender; zero at the start."""

    def __init__(self, dimensions: int) -> None:
        super().__init__()
        self.bands, self.genders = nn.Embedding(len(BANDS), dimensions), nn.Embedding(GENDERS, dimensions)
        nn.init.zeros_(self.bands.weight)
        nn.init.zeros_(self.genders.weight)

    def forward(self, labels: Tensor) -> Tensor:
        """labels (N, 2) int: band, gender -> (N, D)."""
        return self.bands(labels[:, 0]) + self.genders(labels[:, 1])


class ConditionalNorm(nn.Module):
    """Batch normalisation whose scale and shift depend on the wish."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.scale, self.shift = Wish(channels), Wish(channels)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """(N, C, S, S) -> the same shape."""
        return self.norm(x) * (1 + self.scale(labels))[:, :, None, None] + self.shift(labels)[:, :, None, None]


class Generator(nn.Module):
    """DCGAN's, with a wish in every normalisation."""

    def __init__(self, size: int, latent: int, width: int) -> None:
        super().__init__()
        channels = [width << level for level in reversed(range(doublings(size)))]
        self.first = nn.ConvTranspose2d(latent, channels[0], 4, 1, 0, bias=False)  # (N, 8W, 4, 4)
        pairs = zip(channels, [*channels[1:], 3], strict=True)
        # All but the last are followed by a normalisation, which would take a bias away again.
        self.ups = nn.ModuleList(nn.ConvTranspose2d(b, a, 4, 2, 1, bias=a == 3) for b, a in pairs)
        self.norms = nn.ModuleList(ConditionalNorm(count) for count in channels)
        self.apply(dcgan_start)

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        """latent (N, Z), labels (N, 2) int -> image (N, 3, S, S) in -1..1."""
        x = self.first(latent[:, :, None, None])
        for norm, up in zip(self.norms, self.ups, strict=True):
            x = up(torch.relu(norm(x, labels)))  # 8x8, 16x16, 32x32, 64x64
        return torch.tanh(x)


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
        return self.judge(features)[:, 0] + (features * self.wish(labels)).sum(1)
