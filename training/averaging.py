"""Exponential moving average of a network's weights and buffers."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


class ExponentialAverage(Generic[Network]):
    """Keeps ``network``: w <- d * w + (1 - d) * live, with d growing to ``decay`` so that the start does not linger."""

    def __init__(self, live: Network, decay: float) -> None:
        self.network = copy.deepcopy(live).eval().requires_grad_(False)
        self.decay = decay
        self.updates = 0

    @torch.no_grad()
    def update(self, live: nn.Module) -> None:
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        for mine, other in zip(self.network.state_dict().values(), live.state_dict().values(), strict=True):
            if mine.dtype.is_floating_point:
                mine.lerp_(other.to(mine.dtype), 1 - decay)
            else:
                mine.copy_(other)
