"""Estimates how old aligned faces look."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.geometry.align import crop_affine, warp_crop
from engine.runtime import Network, load_network
from engine.types import Affine, AgeEstimate, FloatArray, Image
from engine.weights.store import find

LOOKS = (1.0, 0.88, 1.12)
"""How much larger than the template shows them faces of still pictures are looked at; chosen on UTKFace val."""


class AgeEstimator:
    """An age network with its pictures prepared and its answer read as years."""

    def __init__(self, network: Network, spread_scale: float = 1.0) -> None:
        self._network = network
        self._spread_scale = spread_scale

    @classmethod
    def load(
        cls, device: str = "auto", *, folder: Path | None = None, precision: str = "auto", threads: int = 1
    ) -> AgeEstimator:
        """The estimator on the network "age". It needs one thread only, so that it never holds up the live picture.

        The card may say how much wider or narrower the true errors were than the network thinks (``spread_scale``).
        Raises WeightsError, DeviceError.
        """
        network = load_network("age", device, folder=folder, precision=precision, threads=threads)
        return cls(network, float(find("age", folder).card.figures.get("spread_scale", 1.0)))

    @property
    def size(self) -> int:
        """Side in pixels that the crops must have."""
        return self._network.size

    @property
    def device(self) -> str:
        return self._network.device

    def estimate(self, crops: Sequence[Image] | Image, *, each: int = 1) -> tuple[AgeEstimate, ...]:
        """The age of each crop (S, S, 3), aligned to the wide template; S is ``size``.

        Each crop is seen as it is and mirrored, and the two distributions are averaged: a face is as old as its
        mirror image. each: so many crops in a row show one face, and are averaged likewise (``looks`` makes them).
        Raises ValueError for a wrong size.
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
        chances = (plain + mirrored) / 2
        chances = chances.reshape(-1, each, chances.shape[1]).mean(1)
        years, spread = read_distribution(chances)
        spread = spread * self._spread_scale
        name = self._network.name
        rows = zip(years, spread, chances, strict=True)
        return tuple(AgeEstimate(float(y), float(s), name, row) for y, s, row in rows)

    def estimate_still(self, image: Image, landmarks: Sequence[FloatArray]) -> tuple[AgeEstimate, ...]:
        """The age of each face of a picture (H, W, 3), by its five landmarks (5, 2), looked at from LOOKS distances.

        A live face is seen again and again and its estimates are fused; a still picture has to be looked at longer.
        """
        crops = [warp_crop(image, _nearer(crop_affine(points, self.size), look, self.size), self.size)
                 for points in landmarks for look in LOOKS]  # fmt: skip
        return self.estimate(crops, each=len(LOOKS))

    def close(self) -> None:
        """Lets go of the network; twice is safe."""
        self._network.close()


def _nearer(to_crop: Affine, scale: float, size: int) -> Affine:
    """The affine of a crop of this side that shows everything larger by ``scale``, about its middle."""
    nearer = to_crop * scale
    nearer[:, 2] += (1 - scale) * (size - 1) / 2
    return nearer


def read_distribution(probabilities: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Median and standard deviation (N,), in years, of distributions (N, Y) over 0, 1, ... Y - 1 years.

    The median, because it is what keeps the mean absolute error small; the chance of a year is spread evenly over it,
    and where the middle falls between two peaks it is halfway.

    >>> [float(x[0]) for x in read_distribution(np.array([[0, 0.5, 0, 0.5]], np.float32))]
    [2.0, 1.0]
    """
    weights = probabilities.astype(np.float64)
    totals = weights.sum(1, keepdims=True)
    weights = np.where(totals > 1e-12, weights / np.maximum(totals, 1e-12), 1 / weights.shape[1])
    grid = np.arange(weights.shape[1])
    middle = weights @ grid
    variance = ((grid - middle[:, None]) ** 2 * weights).sum(1)
    from_below = _half(weights)
    from_above = weights.shape[1] - 1 - _half(weights[:, ::-1])
    median = np.clip((from_below + from_above) / 2, 0, weights.shape[1] - 1)
    return median.astype(np.float32), np.sqrt(variance).astype(np.float32)


def _half(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where the running sum along (N, Y) first reaches one half; year y fills y - 0.5 .. y + 0.5."""
    sums = np.cumsum(weights, axis=1)
    year = np.argmax(sums >= 0.5 - 1e-9, axis=1)
    rows = np.arange(len(weights))
    own = np.maximum(weights[rows, year], 1e-12)
    return np.asarray(year - 0.5 + (0.5 - (sums[rows, year] - weights[rows, year])) / own)
