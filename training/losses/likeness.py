"""How much of a person's likeness a changed face loses beyond what the years explain, as embedders see it.

A face that becomes forty years older is allowed to be less like itself than one that becomes four years older, so the
likeness that has to be kept falls with the gap; above it nothing is gained. As with the years (training/losses/years),
several embedders that look at copies shifted, enlarged and lit by chance are fooled less easily than one.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.geometry.align import ARCFACE, WIDE
from engine.networks.embedder import EmbedderNet

FULL_GAP = 40.0
"""Years from which on no more likeness may be lost."""
_LOOKED_AT = 112  # side in pixels of what the networks see
_SHIFT, _ZOOM, _LIGHT = 0.015, 0.02, 0.06  # parts of the side, and parts: standard deviations


class LikenessLost(nn.Module):
    """kept: cosine similarity that a face has to keep when its age changes by ``FULL_GAP`` years or more."""

    def __init__(self, networks: Sequence[EmbedderNet], kept: float) -> None:
        super().__init__()
        self.networks, self.kept = nn.ModuleList(networks), kept
        self.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> LikenessLost:
        """Stays in evaluation mode."""
        return super().train(False)

    def floor(self, source: Tensor, target: Tensor) -> Tensor:
        """The similarity (N,) that has to be kept between these ages (N,) in years; 1 where they are the same."""
        return 1 - (1 - self.kept) * ((target - source).abs() / FULL_GAP).clamp(max=1)

    def similarity(self, before: Tensor, after: Tensor) -> Tensor:
        """Faces on the wide template (N, 3, S, S) RGB in 0..1 -> what each network thinks, (K, N)."""
        look = _ChanceLook(before)
        with torch.no_grad():
            seen = look(before)
            known = [network(seen).float() for network in self.networks]
        changed = look(after)
        found = [network(changed).float() for network in self.networks]
        return torch.stack([(one * other).sum(1) for one, other in zip(known, found, strict=True)])

    def forward(self, before: Tensor, after: Tensor, source: Tensor, target: Tensor) -> Tensor:
        """Faces on the wide template (N, 3, S, S) RGB in 0..1 before and after, ages (N,) in years -> a scalar: the
        similarity that is missing, on average over faces and networks.
        """
        return functional.relu(self.floor(source, target) - self.similarity(before, after)).mean()


class _ChanceLook:
    """The same chance look at any picture of a batch: (N, 3, S, S) on the wide template -> (N, 3, 112, 112) on the
    embedder's.
    """

    def __init__(self, like: Tensor) -> None:
        count, device = len(like), like.device
        scale, shift = _wide_in_arcface()
        zoom = scale * (1 + _ZOOM * torch.randn(count, device=device))
        side = torch.where(torch.rand(count, device=device) < 0.5, -1.0, 1.0)
        place = torch.tensor(shift, device=device) + 2 * _SHIFT * torch.randn(count, 2, device=device)
        none = torch.zeros_like(zoom)
        rows = [torch.stack([zoom * side, none, place[:, 0]], 1), torch.stack([none, zoom, place[:, 1]], 1)]
        self._grid = functional.affine_grid(
            torch.stack(rows, 1), [count, 3, 2 * _LOOKED_AT, 2 * _LOOKED_AT], align_corners=False
        )
        self._light = 1 + _LIGHT * torch.randn(count, 1, 1, 1, device=device)

    def __call__(self, faces: Tensor) -> Tensor:
        seen = functional.grid_sample(faces, self._grid, padding_mode="border", align_corners=False)
        return (functional.avg_pool2d(seen, 2) * self._light).clamp(0, 1)


def _wide_in_arcface() -> tuple[float, tuple[float, float]]:
    """Scale and shift that take a place on the embedder's crop to one on the wide crop, both from -1 to 1."""
    scale = float((WIDE[1, 0] - WIDE[0, 0]) / (ARCFACE[1, 0] - ARCFACE[0, 0]))
    x, y = (float(value) for value in 2 * (WIDE[2] - scale * ARCFACE[2]) + scale - 1)
    return scale, (x, y)
