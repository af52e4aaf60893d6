"""The age network: a small ResNet over an aligned face that returns a distribution over years."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from engine.networks.blocks import ResidualBlock

YEARS = 101


class AgeNet(nn.Module):
    """Dense-convolution residual network (He et al. 2016) with a label-distribution head over 0..100 years
    (Gao et al. 2017, "Deep Label Distribution Learning").
    """

    def __init__(self, width: int = 32, multiples: Sequence[int] = (1, 2, 4, 6), blocks: int = 2) -> None:
        super().__init__()
        channels = [width * m for m in multiples]
        self.stem = nn.Sequential(
            nn.Conv2d(3, width, 5, 2, 2, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        )
        stages = []
        before = width
        for level, after in enumerate(channels):
            for block in range(blocks):
                stages.append(ResidualBlock(before, after, 2 if block == 0 and level > 0 else 1))
                before = after
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(before, YEARS)

    def features(self, image: Tensor, depth: int | None = None) -> list[Tensor]:
        """Activations after the stem and after each residual block, finest first; ``depth``: only so many."""
        x = self.stem((image - 0.45) / 0.25)
        found = [x]
        for block in list(self.stages)[: None if depth is None else depth - 1]:
            x = block(x)
            found.append(x)
        return found

    def logits(self, image: Tensor) -> Tensor:
        """image (N, 3, S, S) RGB in 0..1 -> (N, 101), before the softmax."""
        logits: Tensor = self.head(self.features(image)[-1].mean((2, 3)))
        return logits

    def forward(self, image: Tensor) -> Tensor:
        """image (N, 3, S, S) RGB in 0..1 -> probabilities (N, 101) of being 0, 1, ... 100 years old."""
        return torch.softmax(self.logits(image), dim=1)
