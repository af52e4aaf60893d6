"""Rung 1: the first GAN (Goodfellow et al. 2014), 28x28. Fully connected: no layer knows what pixels are neighbours."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from training.ladder.layers import leaky


class Generator(nn.Module):
    """Latent -> two hidden layers -> all pixels. Batch normalisation, which the first paper did not know yet."""

    def __init__(self, size: int, latent: int, width: int) -> None:
        super().__init__()
        self.size = size
        self.body = nn.Sequential(
            nn.Linear(latent, width, bias=False), nn.BatchNorm1d(width), leaky(),  # (N, W)
            nn.Linear(width, 2 * width, bias=False), nn.BatchNorm1d(2 * width), leaky(),  # (N, 2W)
            nn.Linear(2 * width, 3 * size * size), nn.Tanh(),  # (N, 3 * 28 * 28)
        )  # fmt: skip

    def forward(self, latent: Tensor, labels: Tensor) -> Tensor:
        """latent (N, Z), labels (N, 2) not used -> image (N, 3, S, S) in -1..1."""
        return self.body(latent).unflatten(1, (3, self.size, self.size))


class Discriminator(nn.Module):
    """All pixels -> two hidden layers -> one score. Dropout, as in the first paper."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(3 * size * size, 2 * width), leaky(), nn.Dropout(0.3),  # (N, 2W)
            nn.Linear(2 * width, width), leaky(), nn.Dropout(0.3),  # (N, W)
            nn.Linear(width, 1),
        )  # fmt: skip

    def forward(self, image: Tensor, labels: Tensor) -> Tensor:
        """image (N, 3, S, S) in -1..1, labels (N, 2) not used -> scores (N,)."""
        return torch.flatten(self.body(image.flatten(1)))
