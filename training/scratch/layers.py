"""Layers that know their own derivative. NumPy alone.

Convention:
    x, y       a batch: row n (first axis) is example n; pictures are (N, C, H, W).
    dL/dy      what ``backward`` is given: the derivative of the loss for every number of the last output.
    dL/dx      what ``backward`` returns, of the shape of the last input; it leaves dL/dw in ``Parameter.gradient``.

Sources: Rumelhart, Hinton & Williams 1986 (backpropagation: ``Linear.backward`` is equations 6 and 7);
He et al. 2015, equation 10 (initial weights of standard deviation sqrt(2 / inputs) before a ReLU).
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

Floats = NDArray[np.floating[Any]]


class Parameter:
    """A learned array and the derivative of the loss for it; ``decays``: L2 pulls it to zero (weights, not biases)."""

    def __init__(self, value: Floats, decays: bool) -> None:
        self.value, self.decays = value, decays
        self.gradient = np.zeros_like(value)


class Layer(Protocol):
    """Forward, then backward for the same batch."""

    @property
    def parameters(self) -> list[Parameter]: ...

    def forward(self, x: Floats) -> Floats: ...

    def backward(self, dy: Floats) -> Floats: ...


def he_normal(rng: np.random.Generator, inputs: int, shape: tuple[int, ...], dtype: DTypeLike) -> Floats:
    """Initial weights for a layer whose every output sums over ``inputs`` numbers."""
    return rng.normal(0, np.sqrt(2 / inputs), shape).astype(dtype)


class Linear:
    """y = x W + b: (N, I) -> (N, O) with W (I, O), b (O,)."""

    def __init__(self, inputs: int, outputs: int, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> None:
        self.weight = Parameter(he_normal(rng, inputs, (inputs, outputs), dtype), decays=True)
        self.bias = Parameter(np.zeros(outputs, dtype), decays=False)
        self.parameters = [self.weight, self.bias]
        self._x: Floats = np.empty(0)

    def forward(self, x: Floats) -> Floats:
        self._x = x
        return x @ self.weight.value + self.bias.value

    def backward(self, dy: Floats) -> Floats:
        """dL/dW = x^T dL/dy, dL/db = its column sums, dL/dx = dL/dy W^T."""
        self.weight.gradient = self._x.T @ dy
        self.bias.gradient = dy.sum(0)
        return dy @ self.weight.value.T


class ReLU:
    """y = max(x, 0), any shape; at 0 the derivative is taken as 0."""

    def __init__(self) -> None:
        self.parameters: list[Parameter] = []
        self._positive: NDArray[np.bool_] = np.empty(0, bool)

    def forward(self, x: Floats) -> Floats:
        self._positive = x > 0
        return x * self._positive

    def backward(self, dy: Floats) -> Floats:
        return dy * self._positive


class Flatten:
    """(N, C, H, W) -> (N, C * H * W)."""

    def __init__(self) -> None:
        self.parameters: list[Parameter] = []
        self._shape: tuple[int, ...] = ()

    def forward(self, x: Floats) -> Floats:
        self._shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy: Floats) -> Floats:
        return dy.reshape(self._shape)
