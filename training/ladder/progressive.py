"""Rung 3: progressive growing (Karras et al. 2018), 128x128. Both networks begin with 4x4 pixels; each new level is
faded in, so that what was learned is not shaken. Equalised learning rates, pixel normalisation, minibatch deviation.

``progress`` says how far they are grown: 2 is 16x16, 2.25 is 32x32 faded in by a quarter, 3 is 32x32. So 2 and the
very start of the next fade are the same function. The paper's loss is WGAN-GP; ours is the non-saturating one with R1
(Mescheder et al. 2018), which needs one slope in several steps instead of one in each.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from training.ladder.dcgan import doublings
from training.ladder.layers import HE, EqualConv, EqualLinear, MinibatchDeviation, PixelNorm, doubled, halved, leaky


def progress_at(step: int, steps: int, levels: int) -> float:
    """How far networks of ``levels`` doublings are grown: hold 4x4, then fade and hold each level, all equally long;
    after ``steps`` they stay as they are.
    """
    phase, share = divmod((2 * levels + 1) * step / steps, 1.0)
    held = min(int(phase + 1) // 2, levels)
    return held - 1 + share if int(phase) % 2 and phase < 2 * levels + 1 else float(held)


def channels_at(level: int, width: int) -> int:
    """All channels up to 16x16, then half as many with each level."""
    return max(width >> max(level - 2, 0), 4)


class Grown(nn.Module):
    """What both networks share: how many levels work, and how much of the newest one counts."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.levels = doublings(size)
        self.progress = float(self.levels)

    def fade(self) -> tuple[int, float]:
        """The newest level and its share in 0..1; a share of 1 is a level that stands."""
        level = math.ceil(self.progress)
        return level, 1 - (level - self.progress)


def _block(before: int, after: int, norm: bool) -> nn.Sequential:
    """Two 3x3 convolutions; pixel normalisation in the generator only."""
    layers: list[nn.Module] = []
    for first, last in ((before, after), (after, after)):
        layers += [EqualConv(first, last, 3), leaky(), *([PixelNorm()] if norm else [])]
    return nn.Sequential(*layers)


class Generator(Grown):
    """Latent on the unit sphere -> 4x4 -> doubled as often as ``progress`` says -> RGB, without tanh."""

    def __init__(self, size: int, latent: int, width: int) -> None:
        super().__init__(size)
        self.norm = PixelNorm()
        self.first = EqualLinear(latent, width * 16)
        self.blocks = nn.ModuleList([_block(width, width, True)])  # (N, W, 4, 4)
        for level in range(1, self.levels + 1):
            self.blocks.append(_block(channels_at(level - 1, width), channels_at(level, width), True))
        self.to_rgb = nn.ModuleList(
            EqualConv(channels_at(level, width), 3, 1, gain=1.0) for level in range(self.levels + 1)
        )

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        """latent (N, Z), labels (N, 2) not used -> image (N, 3, S, S), about -1..1; S = 4 * 2^ceil(progress)."""
        level, share = self.fade()
        x = self.blocks[0](self.first(self.norm(latent)).unflatten(1, (-1, 4, 4)))
        before = x
        for block in list(self.blocks)[1 : level + 1]:
            before, x = x, block(doubled(x))  # (N, C, 8, 8) ... (N, C, 128, 128)
        image = self.to_rgb[level](x)
        if share < 1:
            image = torch.lerp(doubled(self.to_rgb[level - 1](before)), image, share)
        return image


class Discriminator(Grown):
    """The generator's mirror, with minibatch deviation at 4x4."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__(size)
        self.from_rgb = nn.ModuleList(EqualConv(3, channels_at(level, width), 1) for level in range(self.levels + 1))
        self.blocks = nn.ModuleList(
            _block(channels_at(level, width), channels_at(level - 1, width), False)
            for level in range(1, self.levels + 1)
        )
        self.deviation = MinibatchDeviation()
        self.last = nn.Sequential(EqualConv(width + 1, width, 3), leaky())  # (N, W, 4, 4)
        self.judge = nn.Sequential(EqualLinear(width * 16, width, gain=HE), leaky(), EqualLinear(width, 1))

    def forward(self, image: Tensor, labels: Tensor) -> Tensor:
        """image (N, 3, S, S) in -1..1 of the present size, labels (N, 2) not used -> scores (N,)."""
        level, share = self.fade()
        x = nn.functional.leaky_relu(self.from_rgb[level](image), 0.2)
        for step in range(level, 0, -1):
            x = halved(self.blocks[step - 1](x))
            if step == level and share < 1:
                small = nn.functional.leaky_relu(self.from_rgb[level - 1](halved(image)), 0.2)
                x = torch.lerp(small.to(x.dtype), x, share)
        return torch.flatten(self.judge(self.last(self.deviation(x)).flatten(1)))


def faded(image: Tensor, share: float) -> Tensor:
    """Real faces (N, 3, S, S) as sharp as the generator can paint while its newest level is faded in by ``share``."""
    return image if share >= 1 else torch.lerp(doubled(halved(image)), image, share)
