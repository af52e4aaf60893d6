"""Why a network says what it says of a picture: four maps, from covering up to slopes.

Convention: ``answer`` is what a network says of pictures, (N, 3, S, S) -> (N,); image (3, S, S) RGB 0..1. Maps are
signed: where they are positive, what is there makes the answer larger.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from engine.types import FloatArray

Answer = Callable[[Tensor], Tensor]
_BATCH = 32


def occlusion(answer: Answer, image: Tensor, patch: int, stride: int, fill: Tensor) -> FloatArray:
    """(S, S): how much the answer falls when a square of this side is covered, at each pixel the mean of all squares
    over it (Zeiler & Fergus 2014, section 4.2). fill (3,): what covers it; stride: at most ``patch``.
    """
    side = image.shape[-1]
    edges = sorted({*range(0, side - patch, stride), side - patch})
    corners = [(top, left) for top in edges for left in edges]
    falls = []
    with torch.no_grad():
        whole = answer(image[None])
        for start in range(0, len(corners), _BATCH):
            covered = image.repeat(len(corners[start : start + _BATCH]), 1, 1, 1)
            for one, (top, left) in zip(covered, corners[start : start + _BATCH], strict=True):
                one[:, top : top + patch, left : left + patch] = fill[:, None, None]
            falls.append(whole - answer(covered))
    total, times = np.zeros((side, side)), np.zeros((side, side))
    for (top, left), fall in zip(corners, torch.cat(falls).tolist(), strict=True):
        total[top : top + patch, left : left + patch] += fall
        times[top : top + patch, left : left + patch] += 1
    return np.asarray(total / times, np.float32)


def gradient(answer: Answer, images: Tensor) -> Tensor:
    """The slope of the answer at each colour of each pixel of (N, 3, S, S) (Simonyan et al. 2014)."""
    images = images.detach().clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(answer(images).sum(), images)
    return slope.detach()


def smooth_gradient(answer: Answer, image: Tensor, noise: float = 0.1, samples: int = 24, seed: int = 0) -> Tensor:
    """The mean slope (3, S, S) over noisy copies of the picture (Smilkov et al. 2017): single slopes of a network with
    kinks jump from pixel to pixel. noise: standard deviation, in parts of the picture's range.
    """
    generator = torch.Generator().manual_seed(seed)
    sigma = noise * float(image.max() - image.min())
    total = torch.zeros_like(image)
    for start in range(0, samples, _BATCH):
        count = min(_BATCH, samples - start)
        total += gradient(answer, image + sigma * torch.randn(count, *image.shape, generator=generator)).sum(0)
    return total / samples


def integrated_gradients(answer: Answer, image: Tensor, baseline: Tensor, steps: int = 32) -> Tensor:
    """What each colour of each pixel adds (3, S, S) on the straight way from the baseline to the picture; all of it
    together is the difference of the two answers (Sundararajan et al. 2017, equation 1 and proposition 1).
    """
    total = torch.zeros_like(image)
    for start in range(0, steps, _BATCH):
        shares = (torch.arange(start, min(start + _BATCH, steps)) + 0.5) / steps
        total += gradient(answer, baseline + shares[:, None, None, None] * (image - baseline)).sum(0)
    return (image - baseline) * total / steps


def grad_cam(features: Tensor, answer: Answer) -> FloatArray:
    """(H, W): the maps (1, C, H, W) of a layer added up, each as strongly as the answer depends on it on average.

    answer: what the rest of the network says of such maps. Selvaraju et al. 2017, equations 1 and 2, without its
    cutting off of what speaks against: for an age there are two directions.
    """
    slope = gradient(answer, features)
    strength = slope.mean((2, 3), keepdim=True)
    return np.asarray((strength * features.detach()).sum(1)[0].numpy(), np.float32)
