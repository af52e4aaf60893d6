"""Distance between two faces in the features of our own age network (Johnson et al. 2016, with our network for VGG)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.networks.age import AgeNet


class PerceptualLoss(nn.Module):
    """Mean absolute difference of channel-normalised early features; ``depth`` counts the stem and its blocks."""

    def __init__(self, network: AgeNet, depth: int = 3) -> None:
        super().__init__()
        self.network, self.depth = network, depth
        self.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> PerceptualLoss:
        """Stays in evaluation mode: its batch statistics are part of the measure."""
        return super().train(False)

    def forward(self, made: Tensor, wanted: Tensor) -> Tensor:
        """Two pictures (N, 3, S, S) RGB in 0..1 -> a scalar."""
        with torch.no_grad():
            goals = self.network.features(wanted, self.depth)
        total = made.new_zeros(())
        for mine, goal in zip(self.network.features(made, self.depth), goals, strict=True):
            scale = goal.float().std((0, 2, 3), keepdim=True) + 1e-3
            total = total + ((mine.float() - goal.float()) / scale).abs().mean()
        return total / self.depth
