"""Experiment: CycleGAN (Zhu et al. 2017) between young and old faces, 64x64, without a single pair. Two generators, one
each way; two discriminators; what went there and back must be the face it was. Least-squares loss, L1 for the cycle and
for faces that are already where they should be. Smaller than the paper's, and without its memory of older pictures.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from training.ladder.layers import leaky


def _conv(before: int, after: int, kernel: int, stride: int = 1) -> nn.Sequential:
    layer = nn.Conv2d(before, after, kernel, stride, kernel // 2, padding_mode="reflect", bias=False)
    return nn.Sequential(layer, nn.InstanceNorm2d(after, affine=True), nn.ReLU())


class Residual(nn.Module):
    """Two 3x3 convolutions beside the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        last = nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect", bias=False)
        self.body = nn.Sequential(_conv(channels, channels, 3), last, nn.InstanceNorm2d(channels, affine=True))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, S, S) -> the same shape."""
        return x + self.body(x)


class Translator(nn.Module):
    """Two halvings, residual blocks, two doublings."""

    def __init__(self, width: int, blocks: int = 4) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _conv(3, width, 7),  # (N, W, 64, 64)
            _conv(width, 2 * width, 3, 2), _conv(2 * width, 4 * width, 3, 2),  # (N, 4W, 16, 16)
            *(Residual(4 * width) for _ in range(blocks)),
            nn.Upsample(scale_factor=2), _conv(4 * width, 2 * width, 3),  # (N, 2W, 32, 32)
            nn.Upsample(scale_factor=2), _conv(2 * width, width, 3),  # (N, W, 64, 64)
            nn.Conv2d(width, 3, 7, padding=3, padding_mode="reflect"), nn.Tanh(),
        )  # fmt: skip

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, S, S) in -1..1 -> the same shape and range."""
        return self.body(image)


class PatchCritic(nn.Module):
    """Scores overlapping patches of 34 pixels, so that detail counts and not the whole picture's layout."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, width, 4, 2, 1), leaky(),  # (N, W, 32, 32)
            nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False), nn.InstanceNorm2d(2 * width, affine=True), leaky(),
            nn.Conv2d(2 * width, 4 * width, 4, 1, 1, bias=False), nn.InstanceNorm2d(4 * width, affine=True), leaky(),
            nn.Conv2d(4 * width, 1, 4, 1, 1),  # (N, 1, 14, 14)
        )  # fmt: skip

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, S, S) in -1..1 -> scores (N, P) of all patches."""
        return self.body(image).flatten(1)


class Translators(nn.Module):
    """Both ways."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.older, self.younger = Translator(width), Translator(width)

    def forward(self, young: Tensor, old: Tensor) -> tuple[Tensor, Tensor]:
        """Young faces made older, and old ones made younger."""
        return self.older(young), self.younger(old)


class PatchCritics(nn.Module):
    """A judge of old faces and one of young ones."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.old, self.young = PatchCritic(width), PatchCritic(width)

    def forward(self, old: Tensor, young: Tensor) -> tuple[Tensor, Tensor]:
        return self.old(old), self.young(young)


def there_and_back(networks: Translators, young: Tensor, old: Tensor) -> tuple[Tensor, ...]:
    """(aged, rejuvenated, young again, old again, old left as old, young left as young)."""
    aged, rejuvenated = networks(young, old)
    left = networks.older(old), networks.younger(young)
    return (aged, rejuvenated, networks.younger(aged), networks.older(rejuvenated), *left)


def kept(pairs: list[tuple[Tensor, Tensor]]) -> Tensor:
    """Mean absolute difference of the pictures that should be the same."""
    return torch.stack([(one.float() - other.float()).abs().mean() for one, other in pairs]).sum()
