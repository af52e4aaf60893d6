"""Batches of pictures under affine maps, differentiably."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def inverse(matrix: Tensor) -> Tensor:
    """The way back of affines (N, 2, 3), as (N, 2, 3)."""
    return torch.linalg.inv(_square(matrix))[:, :2]


def _square(matrix: Tensor) -> Tensor:
    """(N, 2, 3) -> (N, 3, 3)."""
    last = torch.tensor([0.0, 0.0, 1.0], device=matrix.device).expand(len(matrix), 1, 3)
    return torch.cat([matrix, last], 1)


def moved(planes: Tensor, matrix: Tensor, shape: tuple[int, int]) -> Tensor:
    """Planes (N, C, h, w) under affines (N, 2, 3) of pixels, as (N, C, H, W); zero where there is nothing."""
    (height, width), (own_height, own_width) = shape, planes.shape[2:]
    # Pixel centres of both pictures as grid_sample counts them: -1 and 1 are the outer edges.
    from_grid = _centres(width, height).to(matrix)
    to_grid = torch.linalg.inv(_centres(own_width, own_height)).to(matrix)
    theta = to_grid[:2] @ _square(inverse(matrix)) @ from_grid
    grid = functional.affine_grid(theta, [len(planes), planes.shape[1], height, width], align_corners=False)
    return functional.grid_sample(planes, grid, align_corners=False)


def _centres(width: int, height: int) -> Tensor:
    """(3, 3) from -1..1 over a picture to its pixels, whose first centre is 0."""
    across, down = width / 2, height / 2
    return torch.tensor([[across, 0, across - 0.5], [0, down, down - 0.5], [0, 0, 1]])
