"""The embedder: a residual network over an aligned face that returns a point on the unit sphere."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.networks.blocks import ResidualBlock

_GRID = 7  # cells a side that the last stage has for a crop of 112 pixels


class EmbedderNet(nn.Module):
    """Dense-convolution residual network (He et al. 2016) with a weighted sum over the last map instead of a mean
    (global depthwise convolution of MobileFaceNets, Chen et al. 2018: a mouth corner counts for what it is where it
    is). The output is of length one, so that the dot product of two faces is their cosine similarity.

    channels and blocks: of the stages at a quarter, an eighth, ... of the crop's side.
    """

    def __init__(
        self,
        stem: int = 32,
        channels: Sequence[int] = (64, 128, 256),
        blocks: Sequence[int] = (2, 3, 2),
        features: int = 512,
        dimensions: int = 256,
    ) -> None:
        super().__init__()
        before = channels[0]
        self.stem = nn.Sequential(
            nn.Conv2d(3, stem, 5, 2, 2, bias=False), nn.BatchNorm2d(stem), nn.ReLU(inplace=True),
            nn.Conv2d(stem, before, 3, 2, 1, bias=False), nn.BatchNorm2d(before), nn.ReLU(inplace=True),
        )  # fmt: skip
        stages = []
        for level, (after, count) in enumerate(zip(channels, blocks, strict=True)):
            for block in range(count):
                stages.append(ResidualBlock(before, after, 2 if block == 0 and level > 0 else 1))
                before = after
        self.stages = nn.Sequential(*stages)
        self.widen = nn.Sequential(
            nn.Conv2d(before, features, 1, bias=False), nn.BatchNorm2d(features), nn.ReLU(inplace=True)
        )
        self.place = nn.Parameter(torch.full((features, _GRID, _GRID), 1 / _GRID**2))
        self.head = nn.Sequential(nn.BatchNorm1d(features), nn.Linear(features, dimensions))

    def points(self, image: Tensor) -> Tensor:
        """image (N, 3, S, S) RGB in 0..1 -> (N, D), before it is brought to length one."""
        x = self.widen(self.stages(self.stem((image - 0.45) / 0.25)))
        place = self.place
        if x.shape[-1] != _GRID:  # early epochs see smaller crops
            place = functional.interpolate(place[None], x.shape[-2:], mode="bilinear")[0] * (_GRID / x.shape[-1]) ** 2
        points: Tensor = self.head((x * place).sum((2, 3)))
        return points

    def forward(self, image: Tensor) -> Tensor:
        """image (N, 3, 112, 112) RGB in 0..1, aligned to the ArcFace template -> (N, D) of length one."""
        return functional.normalize(self.points(image), dim=1)
