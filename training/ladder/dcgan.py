"""Rung 2: DCGAN (Radford et al. 2016), 64x64: transposed convolutions up, strided convolutions down, batch
normalisation, ReLU in the generator, LeakyReLU in the discriminator, weights from N(0, 0.02), Adam 2e-4 / 0.5.

The discriminator also serves WGAN-GP and spectral normalisation, which differ from it in their layers' wrapping only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from training.ladder.layers import leaky


def doublings(size: int) -> int:
    """How often 4 is doubled to give ``size``. Raises ValueError where it never does."""
    count = round(math.log2(size / 4)) if size >= 8 else 0
    if count < 1 or 4 * 2**count != size:
        raise ValueError(f"size: expected 8, 16, 32, 64, 128 ..., got {size}")
    return count


def dcgan_start(module: nn.Module) -> None:
    """Weights as the paper draws them, layer by layer: for ``Module.apply``."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d) and module.affine:
        nn.init.normal_(module.weight, 1.0, 0.02)


class Generator(nn.Module):
    """Latent -> 4x4 -> doubled by transposed convolutions, halving the channels -> RGB."""

    def __init__(self, size: int, latent: int, width: int) -> None:
        super().__init__()
        channels = [width << level for level in reversed(range(doublings(size)))]  # 64 px: 8W, 4W, 2W, W
        layers: list[nn.Module] = [nn.ConvTranspose2d(latent, channels[0], 4, 1, 0, bias=False)]  # (N, 8W, 4, 4)
        for before, after in pairwise(channels):
            layers += [nn.BatchNorm2d(before), nn.ReLU()]
            layers += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False)]  # 8x8, 16x16, 32x32
        layers += [nn.BatchNorm2d(width), nn.ReLU(), nn.ConvTranspose2d(width, 3, 4, 2, 1), nn.Tanh()]  # (N, 3, 64, 64)
        self.body = nn.Sequential(*layers).apply(dcgan_start)

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        """latent (N, Z), labels (N, 2) not used -> image (N, 3, S, S) in -1..1."""
        return self.body(latent[:, :, None, None])


class Discriminator(nn.Module):
    """Halved by strided convolutions, doubling the channels -> one score.

    norm: the normalisation after a convolution of so many channels, none after the first; bias: of the convolutions it
    follows (batch normalisation takes it away again); wrap: around each convolution.
    """

    def __init__(
        self,
        size: int,
        width: int,
        norm: Callable[[int], nn.Module] = nn.BatchNorm2d,
        bias: bool = False,
        wrap: Callable[[nn.Module], nn.Module] = lambda layer: layer,
    ) -> None:
        super().__init__()
        channels = [width << level for level in range(doublings(size))]  # 64 px: W, 2W, 4W, 8W
        first = nn.Conv2d(3, width, 4, 2, 1).apply(dcgan_start)
        layers: list[nn.Module] = [wrap(first), leaky()]  # (N, W, 32, 32)
        for before, after in pairwise(channels):
            conv = nn.Conv2d(before, after, 4, 2, 1, bias=bias).apply(dcgan_start)
            layers += [wrap(conv), norm(after).apply(dcgan_start), leaky()]  # 16x16, 8x8, 4x4
        self.body = nn.Sequential(*layers)
        self.judge = wrap(nn.Conv2d(channels[-1], 1, 4, 1, 0).apply(dcgan_start))  # (N, 1, 1, 1)

    def forward(self, image: Tensor, labels: Tensor) -> Tensor:
        """image (N, 3, S, S) in -1..1, labels (N, 2) not used -> scores (N,)."""
        return torch.flatten(self.judge(self.body(image)))
