"""Estimates how old aligned faces look."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from engine.runtime import Network, load_network
from engine.types import AgeEstimate, FloatArray, Image


class AgeEstimator:
    """An age network with its pictures prepared and its answer read as years."""

    def __init__(self, network: Network) -> None:
        self._network = network

    @classmethod
    def load(
        cls, device: str = "auto", *, folder: Path | None = None, precision: str = "auto", threads: int = 1
    ) -> AgeEstimator:
        """The estimator on the network "age". It needs one thread only, so that it never holds up the live picture.

        Raises WeightsError, DeviceError.
        """
        return cls(load_network("age", device, folder=folder, precision=precision, threads=threads))

    @property
    def size(self) -> int:
        """Side in pixels that the crops must have."""
        return self._network.size

    @property
    def device(self) -> str:
        return self._network.device

    def estimate(self, crops: Sequence[Image] | Image) -> tuple[AgeEstimate, ...]:
        """The age of each crop (S, S, 3), aligned to the wide template; S is ``size``.

        Each crop is seen as it is and mirrored, and the two distributions are averaged: a face is as old as its
        mirror image. Raises ValueError for a wrong size.
        """
        if len(crops) == 0:
            return ()
        for crop in crops:
            if crop.shape != (self.size, self.size, 3):
                raise ValueError(f"crops: expected ({self.size}, {self.size}, 3), got {crop.shape}")
        tensor = cv2.dnn.blobFromImages(list(crops), 1 / 255, swapRB=True)  # (N, 3, S, S) RGB 0..1
        both = np.asarray(tensor, np.float32), np.ascontiguousarray(tensor[:, :, :, ::-1], np.float32)
        if self._network.batches:
            plain, mirrored = np.split(self._network(np.concatenate(both)), 2)
        else:
            plain, mirrored = (np.concatenate([self._network(x[None]) for x in half]) for half in both)
        years, spread = read_distribution((plain + mirrored) / 2)
        name = self._network.name
        return tuple(AgeEstimate(float(y), float(s), name) for y, s in zip(years, spread, strict=True))

    def close(self) -> None:
        """Lets go of the network; twice is safe."""
        self._network.close()


def read_distribution(probabilities: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation (N,), in years, of distributions (N, Y) over 0, 1, ... Y - 1 years.

    >>> [float(x[0]) for x in read_distribution(np.array([[0, 0.5, 0, 0.5]], np.float32))]
    [2.0, 1.0]
    """
    weights = probabilities.astype(np.float64)
    weights /= np.maximum(weights.sum(1, keepdims=True), 1e-12)
    grid = np.arange(weights.shape[1])
    mean = weights @ grid
    variance = ((grid - mean[:, None]) ** 2 * weights).sum(1)
    return mean.astype(np.float32), np.sqrt(variance).astype(np.float32)
