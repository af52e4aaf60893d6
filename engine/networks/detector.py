"""The face detector: a small one-stage network that answers for every anchor of three grids at once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.networks.blocks import ResidualBlock

STRIDES = (8, 16, 32)
# What is said of each anchor: one objectness, four box offsets, two offsets for each of five landmarks.
ANSWERS = 1 + 4 + 2 * 5
# Chance of a face that a fresh network states for every anchor (Lin et al. 2017, section 4.1).
PRIOR = 0.01


def _conv(inputs: int, outputs: int, kernel: int, stride: int, padding: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class DetectorNet(nn.Module):
    """Single-shot detector (Liu et al. 2016) with a light top-down path (Lin et al. 2017, "Feature Pyramid Networks").

    sizes_px: anchor sides of each stride in pixels, as many for one as for another; the network only counts them, the
    geometry is in engine.geometry.anchors. Dense 3x3 convolutions at reduced resolution: on processors faster than
    depthwise ones with the same accuracy.
    """

    def __init__(
        self,
        sizes_px: Sequence[Sequence[float]] = ((16.0, 28.0), (48.0, 84.0), (150.0, 280.0)),
        stem: int = 24,
        widths: Sequence[int] = (32, 64, 96),
        blocks: Sequence[int] = (1, 1, 2),
        pyramid: int = 32,
    ) -> None:
        super().__init__()
        counts = {len(sizes) for sizes in sizes_px}
        if len(sizes_px) != len(STRIDES) or len(counts) != 1 or not min(counts):
            raise ValueError(f"sizes_px: expected {len(STRIDES)} lists of one length, got {list(map(len, sizes_px))}")
        # One 6x6 convolution at stride 4 sees what two at stride 2 would, without the large picture between them.
        self.stem = _conv(3, stem, 6, 4, 1)
        stages = []
        before = stem
        for width, count in zip(widths, blocks, strict=True):
            down = _conv(before, width, 3, 2, 1)
            stages.append(nn.Sequential(down, *(ResidualBlock(width, width, 1) for _ in range(count))))
            before = width
        self.stages = nn.ModuleList(stages)
        self.laterals = nn.ModuleList(nn.Conv2d(width, pyramid, 1) for width in widths)
        self.heads = nn.ModuleList(_conv(pyramid, pyramid, 3, 1, 1) for _ in widths)
        anchors = counts.pop()
        self.answers = nn.ModuleList(nn.Conv2d(pyramid, anchors * ANSWERS, 1) for _ in widths)
        for answer in self.answers:
            assert isinstance(answer, nn.Conv2d)
            assert answer.bias is not None
            nn.init.normal_(answer.weight, std=0.01)
            nn.init.zeros_(answer.bias)
            with torch.no_grad():
                answer.bias[::ANSWERS] = -torch.log(torch.tensor((1 - PRIOR) / PRIOR))

    def raw(self, image: Tensor) -> Tensor:
        """image (N, 3, H, W) RGB in 0..1, H and W multiples of 32 -> (N, A, 15): objectness before the sigmoid, box
        offsets, landmark offsets; anchors in the order of engine.geometry.anchors.make.
        """
        x = self.stem((image - 0.45) / 0.25)
        levels = []
        for stage, lateral in zip(self.stages, self.laterals, strict=True):
            x = stage(x)
            levels.append(lateral(x))
        for finer in (1, 0):  # what the coarse grids know of the surroundings helps the fine ones
            levels[finer] = levels[finer] + functional.interpolate(levels[finer + 1], scale_factor=2.0, mode="nearest")
        rows = []
        for level, head, answer in zip(levels, self.heads, self.answers, strict=True):
            said = answer(head(torch.relu(level)))  # (N, K * 15, H / stride, W / stride)
            rows.append(said.permute(0, 2, 3, 1).reshape(said.shape[0], -1, ANSWERS))
        return torch.cat(rows, 1)

    def forward(self, image: Tensor) -> Tensor:
        """As ``raw``, with the objectness in 0..1."""
        raw = self.raw(image)
        return torch.cat([torch.sigmoid(raw[..., :1]), raw[..., 1:]], -1)
