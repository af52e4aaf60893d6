"""Convolution as a matrix product (im2col), and max pooling. NumPy alone; the convention of ``layers``.

Source: Chellapilla, Puri & Simard 2006 (the input is unfolded, so that the convolution is one matrix product).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike, NDArray

from training.scratch.layers import Floats, Parameter, he_normal


def im2col(x: Floats, size: int) -> Floats:
    """Every size x size window as a column: (N, C, H, W) -> (N, C * size * size, P), P = (H-size+1) * (W-size+1).

    >>> im2col(np.arange(9.0).reshape(1, 1, 3, 3), 2)[0].T
    array([[0., 1., 3., 4.],
           [1., 2., 4., 5.],
           [3., 4., 6., 7.],
           [4., 5., 7., 8.]])
    """
    N, C, H, W = x.shape
    rows, columns = H - size + 1, W - size + 1
    windows = np.empty((N, C, size, size, rows, columns), x.dtype)
    for i in range(size):
        for j in range(size):
            windows[:, :, i, j] = x[:, :, i : i + rows, j : j + columns]
    return windows.reshape(N, C * size * size, rows * columns)


def col2im(columns: Floats, shape: tuple[int, ...], size: int) -> Floats:
    """The transpose of ``im2col``: what stands in several columns for one pixel is added up; -> ``shape``."""
    N, C, H, W = shape
    rows, cols = H - size + 1, W - size + 1
    windows = columns.reshape(N, C, size, size, rows, cols)
    x = np.zeros(shape, columns.dtype)
    for i in range(size):
        for j in range(size):
            x[:, :, i : i + rows, j : j + cols] += windows[:, :, i, j]
    return x


class Convolution:
    """Cross-correlation of stride 1: (N, C, H, W) -> (N, F, H + 2p - s + 1, W + 2p - s + 1).

    Kernels W (F, C, s, s), bias b (F,); ``padding`` p zeros are put around the picture.
    """

    def __init__(
        self,
        channels: int,
        filters: int,
        size: int,
        rng: np.random.Generator,
        padding: int = 0,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.weight = Parameter(he_normal(rng, channels * size**2, (filters, channels, size, size), dtype), decays=True)
        self.bias = Parameter(np.zeros(filters, dtype), decays=False)
        self.parameters = [self.weight, self.bias]
        self.size, self.padding = size, padding
        self._columns: Floats = np.empty(0)
        self._padded: tuple[int, ...] = ()

    def forward(self, x: Floats) -> Floats:
        p, s = self.padding, self.size
        x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        self._columns, self._padded = im2col(x, s), x.shape
        y = self._kernels() @ self._columns + self.bias.value[:, None]  # (F, C s s) @ (N, C s s, P) = (N, F, P)
        return y.reshape(len(x), -1, x.shape[2] - s + 1, x.shape[3] - s + 1)

    def backward(self, dy: Floats) -> Floats:
        """``Linear.backward`` on the columns, summed over the pictures."""
        dy = dy.reshape(*dy.shape[:2], -1)  # (N, F, P)
        gradient = (dy @ self._columns.transpose(0, 2, 1)).sum(0)
        self.weight.gradient = gradient.reshape(self.weight.value.shape)
        self.bias.gradient = dy.sum((0, 2))
        padded = col2im(self._kernels().T @ dy, self._padded, self.size)
        p, (H, W) = self.padding, self._padded[2:]
        return padded[:, :, p : H - p, p : W - p]

    def _kernels(self) -> Floats:
        return self.weight.value.reshape(len(self.weight.value), -1)


class MaxPool:
    """The greatest number of each size x size tile: (N, C, H, W) -> (N, C, H / size, W / size).

    Of equal ones the first in reading order gets the whole gradient, as in torch. Raises ValueError if the tiles do
    not fill the picture.
    """

    def __init__(self, size: int) -> None:
        self.parameters: list[Parameter] = []
        self.size = size
        self._winners: NDArray[np.intp] = np.empty(0, np.intp)

    def forward(self, x: Floats) -> Floats:
        N, C, H, W = x.shape
        s = self.size
        if H % s or W % s:
            raise ValueError(f"MaxPool({s}): a picture of {H} x {W} cannot be tiled; give multiples of {s}.")
        tiles = x.reshape(N, C, H // s, s, W // s, s).swapaxes(3, 4).reshape(N, C, H // s, W // s, s * s)
        self._winners = tiles.argmax(-1)[..., None]
        return np.take_along_axis(tiles, self._winners, -1)[..., 0]

    def backward(self, dy: Floats) -> Floats:
        N, C, rows, columns = dy.shape
        s = self.size
        tiles = np.zeros((*dy.shape, s * s), dy.dtype)
        np.put_along_axis(tiles, self._winners, dy[..., None], -1)
        return tiles.reshape(N, C, rows, columns, s, s).swapaxes(3, 4).reshape(N, C, rows * s, columns * s)
