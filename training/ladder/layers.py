"""Layers that more than one rung is made of."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

LEAK = 0.2
HE = math.sqrt(2 / (1 + LEAK**2))
"""What keeps a signal as large as it is through a layer and the leaky ReLU behind it (He et al. 2015, equation 15)."""


class EqualLinear(nn.Module):
    """A linear layer with an equalised learning rate: weights drawn from N(0, 1), He's constant applied at run time, so
    that Adam moves all layers alike (Karras et al. 2018, section 4.1). rate: of this layer beside the others'; gain: HE
    before a leaky ReLU, 1 else.
    """

    def __init__(self, before: int, after: int, bias: float = 0.0, rate: float = 1.0, gain: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(after, before) / rate)
        self.bias = nn.Parameter(torch.full((after,), bias / rate))
        self.scale, self.rate = gain * rate / math.sqrt(before), rate

    def forward(self, x: Tensor) -> Tensor:
        """(N, before) -> (N, after)."""
        return functional.linear(x, self.weight * self.scale, self.bias * self.rate)


class EqualConv(nn.Module):
    """A convolution of stride 1 that keeps the size, with an equalised learning rate. gain: as in EqualLinear."""

    def __init__(self, before: int, after: int, kernel: int, gain: float = HE) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(after, before, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(after))
        self.scale, self.padding = gain / math.sqrt(before * kernel * kernel), kernel // 2

    def forward(self, x: Tensor) -> Tensor:
        """(N, before, S, S) -> (N, after, S, S)."""
        return functional.conv2d(x, self.weight * self.scale, self.bias, padding=self.padding)


class PixelNorm(nn.Module):
    """Every pixel's channels to a root mean square of 1 (Karras et al. 2018, section 4.2)."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, ...) -> the same shape."""
        power = x.square().mean(1, keepdim=True, dtype=torch.float32)
        return x * (power + 1e-8).rsqrt().to(x.dtype)


class MinibatchDeviation(nn.Module):
    """One more channel that tells how different the images of a group are, so that a generator which always paints the
    same face is found out (Karras et al. 2018, section 3). The whole batch is one group where ``group`` does not
    divide it.
    """

    def __init__(self, group: int = 4) -> None:
        super().__init__()
        self.group = group

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, S, S) -> (N, C + 1, S, S)."""
        count, _, height, width = x.shape
        size = self.group if count % self.group == 0 else count
        groups = x.float().unflatten(0, (size, count // size))  # (group, N / group, C, S, S)
        # The small number keeps the slope of the root finite where all are the same.
        deviation = (groups.var(0, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))  # (N / group,)
        channel = deviation.repeat(size).view(count, 1, 1, 1).expand(-1, 1, height, width)
        return torch.cat([x, channel.to(x.dtype)], 1)


def leaky() -> nn.LeakyReLU:
    return nn.LeakyReLU(LEAK)


def doubled(x: Tensor) -> Tensor:
    """(N, C, S, S) -> (N, C, 2S, 2S), each pixel four times."""
    return functional.interpolate(x, scale_factor=2, mode="nearest")


def halved(x: Tensor) -> Tensor:
    """(N, C, 2S, 2S) -> (N, C, S, S), means of 2 x 2 pixels."""
    return functional.avg_pool2d(x, 2)
