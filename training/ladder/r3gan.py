"""Experiment: R3GAN (Huang et al. 2024), 64x64. Its loss is what counts: each fake face is judged against one real
face (relativistic pairing), and the discriminator's slope is held down on real faces (R1) and on fake ones (R2). That
alone keeps the game steady, so the networks are plain residual ones: no normalisation, no minibatch deviation, no
style. Smaller than the paper's, and with dense instead of grouped 3x3 convolutions, which are faster on a CPU.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from training.ladder.dcgan import doublings
from training.ladder.layers import doubled, halved, leaky


class Block(nn.Module):
    """1x1, 3x3, 1x1 beside the identity. The last begins at zero and the others small, so that without normalisation
    the sum neither fades nor explodes (Fixup, Zhang et al. 2019). depth: how many blocks the network has.
    """

    def __init__(self, channels: int, depth: int) -> None:
        super().__init__()
        first = nn.Conv2d(channels, channels, 1)
        middle = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        last = nn.Conv2d(channels, channels, 1, bias=False)
        for layer in (first, middle):
            nn.init.kaiming_normal_(layer.weight, 0.2)
            layer.weight.data.mul_(depth**-0.25)
        nn.init.zeros_(last.weight)
        self.body = nn.Sequential(first, leaky(), middle, leaky(), last)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, S, S) -> the same shape."""
        return x + self.body(x)


def _channels(size: int, width: int) -> list[int]:
    """From 4x4 up to half the picture's side: four times the width up to 8x8, then half as many with each level.

    Blocks at the full side would cost a CPU as much as all others together.
    """
    return [max((4 * width) >> max(level - 1, 0), width, 4) for level in range(doublings(size))]


class Generator(nn.Module):
    """Latent scales a learned 4x4 picture -> blocks and doublings -> RGB."""

    def __init__(self, size: int, latent: int, width: int) -> None:
        super().__init__()
        channels = _channels(size, width)
        depth = 2 * len(channels)
        self.start = nn.Parameter(torch.randn(1, channels[0], 4, 4))
        self.first = nn.Linear(latent, channels[0], bias=False)
        self.blocks = nn.ModuleList(nn.Sequential(Block(c, depth), Block(c, depth)) for c in channels)
        self.changes = nn.ModuleList(nn.Conv2d(b, a, 1) for b, a in pairwise(channels))
        # Four RGB pixels from each place (sub-pixel convolution, Shi et al. 2016).
        self.to_rgb = nn.Sequential(nn.Conv2d(channels[-1], 12, 3, padding=1), nn.PixelShuffle(2))

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        """latent (N, Z), labels (N, 2) not used -> image (N, 3, S, S), about -1..1."""
        x = self.blocks[0](self.start * self.first(latent)[:, :, None, None])  # (N, 4W, 4, 4)
        for change, block in zip(self.changes, list(self.blocks)[1:], strict=True):
            x = block(doubled(change(x)))  # 8x8 ... 32x32
        return self.to_rgb(x)


class Discriminator(nn.Module):
    """The generator's mirror."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        channels = _channels(size, width)[::-1]
        depth = 2 * len(channels)
        self.from_rgb = nn.Conv2d(3, channels[0], 4, 2, 1)
        self.blocks = nn.ModuleList(nn.Sequential(Block(c, depth), Block(c, depth)) for c in channels)
        self.changes = nn.ModuleList(nn.Conv2d(b, a, 1) for b, a in pairwise(channels))
        self.judge = nn.Linear(channels[-1] * 16, 1)

    def forward(self, image: Tensor, labels: Tensor) -> Tensor:
        """image (N, 3, S, S) in -1..1, labels (N, 2) not used -> scores (N,)."""
        x = self.blocks[0](self.from_rgb(image))  # (N, W, 32, 32)
        for change, block in zip(self.changes, list(self.blocks)[1:], strict=True):
            x = block(change(halved(x)))  # 16x16 ... 4x4
        return torch.flatten(self.judge(x.flatten(1)))
