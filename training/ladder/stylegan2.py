"""Experiment: a compact StyleGAN2 (Karras et al. 2019, 2020), 64x64. A mapping network turns the latent into a style;
the style scales the channels of every convolution (modulation), whose outputs are brought back to unit size
(demodulation); noise adds what is random; each level adds its part of the picture. R1 on real faces; the path length
penalty is there but off. Left out: style mixing, and the low-pass filters (bilinear doubling stands for them).
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.ladder.dcgan import doublings
from training.ladder.layers import HE, EqualConv, EqualLinear, MinibatchDeviation, PixelNorm, halved, leaky

MAPPING_LAYERS = 4
MAPPING_RATE = 0.01
# As for the mapping: strengths are single numbers, which the others' rate would carry far in a few hundred steps.
NOISE_RATE = 0.1


def _smooth(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class ModulatedConv(nn.Module):
    """A convolution whose input channels the style scales (Karras et al. 2020, equations 1 to 3).

    The scales are applied to the pictures before and after instead of to the kernel: the same function, and all
    pictures of a batch share one kernel.
    """

    def __init__(self, before: int, after: int, kernel: int, style: int, demodulate: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(after, before, kernel, kernel))
        self.scale, self.padding = 1 / math.sqrt(before * kernel * kernel), kernel // 2
        self.style = EqualLinear(style, before, bias=1.0)
        self.demodulate = demodulate

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """x (N, before, S, S), style (N, D) -> (N, after, S, S)."""
        scales = self.style(style).float()  # (N, before)
        weight = self.weight * self.scale
        # Pictures keep the type they come in: in half precision a factor of full precision would double their bytes.
        x = functional.conv2d(x * scales.to(x.dtype)[:, :, None, None], weight, padding=self.padding)
        if self.demodulate:
            power = scales.square() @ weight.square().sum((2, 3)).T  # (N, after)
            x = x * (power + 1e-8).rsqrt().to(x.dtype)[:, :, None, None]
        return x


class StyledLayer(nn.Module):
    """Modulated 3x3 convolution, noise of a learned strength, bias, leaky ReLU."""

    def __init__(self, before: int, after: int, style: int) -> None:
        super().__init__()
        self.conv = ModulatedConv(before, after, 3, style)
        self.strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(1, after, 1, 1))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        x = self.conv(x, style)
        noise = torch.randn(x.shape[0], 1, *x.shape[2:], device=x.device, dtype=x.dtype)
        x = x + (NOISE_RATE * self.strength * noise + self.bias.to(x.dtype))
        return functional.leaky_relu(x, 0.2) * math.sqrt(2)


class Generator(nn.Module):
    """Latent -> style; a learned 4x4 constant, doubled level by level under that style; the levels' RGB summed up."""

    def __init__(self, size: int, latent: int, width: int) -> None:
        super().__init__()
        levels = doublings(size)
        channels = [max(width >> max(level - 2, 0), 4) for level in range(levels + 1)]
        layers: list[nn.Module] = [PixelNorm()]
        for _ in range(MAPPING_LAYERS):
            layers += [EqualLinear(latent, latent, rate=MAPPING_RATE, gain=HE), leaky()]
        self.mapping = nn.Sequential(*layers)  # (N, Z) -> (N, Z)
        self.start = nn.Parameter(torch.randn(1, channels[0], 4, 4))
        befores = [channels[0], *channels[:-1]]
        self.ups = nn.ModuleList(StyledLayer(b, a, latent) for b, a in zip(befores, channels, strict=True))
        self.same = nn.ModuleList(StyledLayer(a, a, latent) for a in channels[1:])
        self.to_rgb = nn.ModuleList(ModulatedConv(a, 3, 1, latent, demodulate=False) for a in channels)

    def synthesis(self, style: Tensor) -> Tensor:
        """style (N, Z) -> image (N, 3, S, S), about -1..1."""
        x = self.ups[0](self.start.expand(len(style), -1, -1, -1), style)  # (N, W, 4, 4)
        image = self.to_rgb[0](x, style)
        for up, same, to_rgb in zip(list(self.ups)[1:], self.same, list(self.to_rgb)[1:], strict=True):
            x = same(up(_smooth(x), style), style)  # 8x8 ... 64x64
            image = _smooth(image) + to_rgb(x, style)
        return image

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        """latent (N, Z), labels (N, 2) not used -> image (N, 3, S, S), about -1..1."""
        return self.synthesis(self.mapping(latent))


class ResidualDown(nn.Module):
    """Two 3x3 convolutions and a halving beside a 1x1 convolution and a halving, added."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.body = nn.Sequential(EqualConv(before, before, 3), leaky(), EqualConv(before, after, 3), leaky())
        self.skip = EqualConv(before, after, 1, gain=1.0)

    def forward(self, x: Tensor) -> Tensor:
        """(N, before, 2S, 2S) -> (N, after, S, S)."""
        return (halved(self.body(x)) + self.skip(halved(x))) / math.sqrt(2)


class Discriminator(nn.Module):
    """Residual, with minibatch deviation at 4x4 (Karras et al. 2020, figure 7c)."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        channels = [max(width >> max(level - 2, 0), 4) for level in reversed(range(doublings(size) + 1))]
        downs = (ResidualDown(b, a) for b, a in pairwise(channels))
        self.body = nn.Sequential(EqualConv(3, channels[0], 1), leaky(), *downs)  # (N, W, 4, 4)
        self.last = nn.Sequential(MinibatchDeviation(), EqualConv(width + 1, width, 3), leaky(), nn.Flatten())
        self.judge = nn.Sequential(EqualLinear(width * 16, width, gain=HE), leaky(), EqualLinear(width, 1))

    def forward(self, image: Tensor, labels: Tensor) -> Tensor:
        """image (N, 3, S, S) in -1..1, labels (N, 2) not used -> scores (N,)."""
        return torch.flatten(self.judge(self.last(self.body(image))))
