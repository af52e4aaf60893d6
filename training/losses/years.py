"""How many years a changed face falls short of what was asked of it, as age networks see it.

One network can be fooled by a pattern that nobody sees. Several of different training, each looking at a copy that is
turned, shifted, lit, blurred and strewn with noise by chance (as in Karras et al. 2020, "Training generative
adversarial networks with limited data"), are fooled less easily, and past the wish nothing is gained.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.networks.age import YEARS, AgeNet

_LOOKED_AT = 112  # side in pixels of what the networks see
_TURN, _SHIFT, _ZOOM = 0.07, 0.03, 0.06  # radians, parts of the side, parts: standard deviations
_NOISE = 0.03


class YearsShort(nn.Module):
    """asked: share of the way from the source to the target age that the networks have to see."""

    ages: Tensor

    def __init__(self, networks: Sequence[AgeNet], asked: float) -> None:
        super().__init__()
        self.networks, self.asked = nn.ModuleList(networks), asked
        self.register_buffer("ages", torch.arange(YEARS, dtype=torch.float32), persistent=False)
        self.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> YearsShort:
        """Stays in evaluation mode."""
        return super().train(False)

    def years(self, faces: Tensor) -> Tensor:
        """Faces (N, 3, S, S) RGB in 0..1 -> what each network thinks, (K, N) in years."""
        return torch.stack([network(faces).float() @ self.ages for network in self.networks])

    def forward(self, before: Tensor, after: Tensor, source: Tensor, target: Tensor) -> Tensor:
        """Faces on the wide template (N, 3, S, S) RGB in 0..1 before and after, ages (N,) in years -> a scalar: the
        years that are missing, on average over faces and networks.
        """
        look = _ChanceLook(before)
        with torch.no_grad():
            seen = self.years(look(before))
        way = target - source
        moved = (self.years(look(after)) - seen) * way.sign()
        return functional.relu(self.asked * way.abs() - moved).mean()


class _ChanceLook:
    """The same chance look at any picture of a batch: (N, 3, S, S) -> (N, 3, 112, 112)."""

    def __init__(self, like: Tensor) -> None:
        count, device = len(like), like.device
        turn, zoom = torch.randn(2, count, device=device) * torch.tensor([[_TURN], [_ZOOM]], device=device)
        shift = torch.randn(count, 2, 1, device=device) * 2 * _SHIFT
        side = torch.where(torch.rand(count, device=device) < 0.5, -1.0, 1.0)
        cos, sin = turn.cos() * (1 + zoom), turn.sin() * (1 + zoom)
        turned = torch.stack([torch.stack([cos * side, -sin], 1), torch.stack([sin * side, cos], 1)], 1)
        self._grid = functional.affine_grid(
            torch.cat([turned, shift], 2), [count, 3, 2 * _LOOKED_AT, 2 * _LOOKED_AT], align_corners=False
        )
        self._light = (
            1 + 0.12 * torch.randn(count, 1, 1, 1, device=device) + 0.04 * torch.randn(count, 3, 1, 1, device=device)
        )
        self._soft = torch.rand(count, 1, 1, 1, device=device)
        self._noise = _NOISE * torch.randn(count, 3, _LOOKED_AT, _LOOKED_AT, device=device)

    def __call__(self, faces: Tensor) -> Tensor:
        seen = functional.grid_sample(faces, self._grid, padding_mode="border", align_corners=False)
        seen = functional.avg_pool2d(seen, 2)
        blurred = functional.avg_pool2d(functional.pad(seen, (2, 2, 2, 2), mode="replicate"), 3, 1)
        blurred = functional.avg_pool2d(blurred, 3, 1)
        seen = seen + self._soft * (blurred - seen)
        return (seen * self._light + self._noise).clamp(0, 1)
