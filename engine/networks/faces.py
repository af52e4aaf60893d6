"""A generator of faces that nobody has, of a wished age and gender."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

BANDS = (0, 3, 10, 20, 30, 40, 50, 60, 70)
"""The first year of every age band that faces can be wished by: FairFace's."""
GENDERS = 3
"""Male, female, not told."""
WISHES = len(BANDS) + GENDERS
"""Numbers in a wish: the share of each age band, then of each gender."""
_LAST_YEARS = 20
"""The last band has no end; it is taken for as long as two others."""


def wish(years: float, gender: int = GENDERS - 1) -> Tensor:
    """(12,) the wish for an age in years and a gender (0 male, 1 female, 2 not told). Between the middles of two bands
    it is a mixture of both, so that faces grow old evenly as the years grow.

    >>> wish(25, 0)[:9].tolist()
    [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    >>> wish(30)[3:5].tolist()
    [0.5, 0.5]
    """
    ends = [*BANDS[1:], BANDS[-1] + _LAST_YEARS]
    middles = [(first + end) / 2 for first, end in zip(BANDS, ends, strict=True)]
    shares = torch.zeros(WISHES)
    after = next((number for number, middle in enumerate(middles) if middle >= years), len(middles) - 1)
    before = max(after - 1, 0)
    gap = middles[after] - middles[before]
    share = min(max((years - middles[before]) / gap, 0.0), 1.0) if gap else 1.0
    shares[before] += 1 - share
    shares[after] += share
    shares[len(BANDS) + gender] = 1
    return shares


class Wish(nn.Module):
    """A learned vector for an age band plus one for a gender; zero at the start."""

    def __init__(self, dimensions: int) -> None:
        super().__init__()
        self.bands, self.genders = nn.Embedding(len(BANDS), dimensions), nn.Embedding(GENDERS, dimensions)
        nn.init.zeros_(self.bands.weight)
        nn.init.zeros_(self.genders.weight)

    def forward(self, wishes: Tensor) -> Tensor:
        """wishes (N, 12) -> (N, D)."""
        vectors = torch.cat([self.bands.weight, self.genders.weight])
        mixed: Tensor = wishes.to(vectors.dtype) @ vectors
        return mixed


class ConditionalNorm(nn.Module):
    """Batch normalisation whose scale and shift depend on the wish (Dumoulin et al. 2017)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.scale, self.shift = Wish(channels), Wish(channels)

    def forward(self, x: Tensor, wishes: Tensor) -> Tensor:
        """(N, C, S, S), (N, 12) -> the same shape as x."""
        scale, shift = self.scale(wishes)[:, :, None, None], self.shift(wishes)[:, :, None, None]
        normal: Tensor = self.norm(x) * (1 + scale) + shift
        return normal


class FaceGenerator(nn.Module):
    """DCGAN's generator (Radford et al. 2016) with a wish in every normalisation.

    latent: its dimensions; channels: of the maps at 4, 8, 16 ... pixels; the picture has twice the side of the last.
    """

    def __init__(self, latent: int, channels: Sequence[int]) -> None:
        super().__init__()
        self.latent = latent
        self.first = nn.ConvTranspose2d(latent, channels[0], 4, 1, 0, bias=False)
        pairs = zip(channels, [*channels[1:], 3], strict=True)
        # All but the last are followed by a normalisation, which would take a bias away again.
        self.ups = nn.ModuleList(nn.ConvTranspose2d(b, a, 4, 2, 1, bias=a == 3) for b, a in pairs)
        self.norms = nn.ModuleList(ConditionalNorm(count) for count in channels)

    def forward(self, latent: Tensor, wishes: Tensor) -> Tensor:
        """latent (N, Z, 1, 1) from N(0, 1), wishes (N, 12, 1, 1) as of ``wish`` -> image (N, 3, S, S) in -1..1."""
        x, shares = self.first(latent), wishes[:, :, 0, 0]
        for norm, up in zip(self.norms, self.ups, strict=True):
            x = up(torch.relu(norm(x, shares)))
        image: Tensor = torch.tanh(x)
        return image
