"""Layers in a row, and the two networks made of them. NumPy alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from training.scratch.convolution import Convolution, MaxPool
from training.scratch.layers import Flatten, Floats, Layer, Linear, Parameter, ReLU


class Network:
    """Layers in a row: forward from first to last, backward from last to first (the chain rule)."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = list(layers)

    @property
    def parameters(self) -> list[Parameter]:
        return [parameter for layer in self.layers for parameter in layer.parameters]

    def forward(self, x: Floats) -> Floats:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy: Floats) -> Floats:
        """dL/dx from dL/dy, for the batch of the last ``forward``; every parameter has its gradient afterwards."""
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    def predict(self, x: Floats, batch: int = 256) -> Floats:
        """``forward`` in parts that fit into the caches."""
        return np.concatenate([self.forward(x[start : start + batch]) for start in range(0, len(x), batch)])

    def save(self, path: str) -> None:
        """The parameters in order, as p0, p1, ... of an .npz file."""
        np.savez(path, **{f"p{number}": each.value for number, each in enumerate(self.parameters)})


def age_network(pixels: int, hidden: int, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> Network:
    """Flat picture (N, pixels) -> hidden ReLU units -> (N, 1), the age in standard deviations from the mean.

    The last layer starts small, so that the network starts near the constant guess.
    """
    first, last = Linear(pixels, hidden, rng, dtype), Linear(hidden, 1, rng, dtype)
    last.weight.value *= 0.1
    return Network([first, ReLU(), last])


def people_network(
    side: int, people: int, width: int, rng: np.random.Generator, dtype: DTypeLike = np.float32
) -> Network:
    """Grey picture (N, 1, side, side) -> logits (N, people); side a multiple of 8. For 48: 48 -> 24 -> 12 -> 6.

    The last layer starts small, so that the network starts near the same chance for all.
    """
    last = Linear(4 * width * (side // 8) ** 2, people, rng, dtype)
    last.weight.value *= 0.1
    return Network(
        [
            Convolution(1, width, 5, rng, 2, dtype), ReLU(), MaxPool(2),
            Convolution(width, 2 * width, 3, rng, 1, dtype), ReLU(), MaxPool(2),
            Convolution(2 * width, 4 * width, 3, rng, 1, dtype), ReLU(), MaxPool(2),
            Flatten(), last,
        ]
    )  # fmt: skip
