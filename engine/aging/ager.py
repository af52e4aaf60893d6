"""Asks the aging network what to add to an aligned face."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from engine.runtime import Network, load_network
from engine.types import AlignedFace, FloatArray

# Below the first number of years nothing is changed at all; the change fades in until the second.
FADE_YEARS = (0.5, 3.0)


def change_gain(source_age: float, target_age: float) -> float:
    """How much of the residual to use: exactly 0 where source and target are the same, 1 a few years apart.

    A smooth step (3 t^2 - 2 t^3), so that a target that glides away from the own age starts without a jerk.

    >>> change_gain(30, 30.4), change_gain(30, 70), round(change_gain(30, 31.75), 3)
    (0.0, 1.0, 0.5)
    """
    low, high = FADE_YEARS
    t = min(1.0, max(0.0, (abs(target_age - source_age) - low) / (high - low)))
    return t * t * (3 - 2 * t)


class Ager:
    """The aging network with its inputs prepared and its answer in 8-bit units."""

    def __init__(self, network: Network) -> None:
        self._network = network

    @classmethod
    def load(
        cls,
        device: str = "auto",
        *,
        folder: Path | None = None,
        size: int = 0,
        precision: str = "auto",
        threads: int = 0,
    ) -> Ager:
        """The ager on the network "ager", warmed up for crops of this side. Raises WeightsError, DeviceError."""
        return cls(load_network("ager", device, folder=folder, size=size, precision=precision, threads=threads))

    @property
    def size(self) -> int:
        """Side in pixels it was warmed up for; other multiples of 32 work, the first time more slowly."""
        return self._network.size

    @property
    def device(self) -> str:
        return self._network.device

    def warm_up(self, size: int) -> None:
        """Runs once on an empty crop of this side, so that the first face does not wait for the preparation."""
        image = np.zeros((1, 3, size, size), np.float32)
        self._network(image, image[:, :1], image[:, :1])

    def residuals(
        self, faces: Sequence[AlignedFace], source_ages: Sequence[float], target_ages: Sequence[float]
    ) -> FloatArray:
        """What to add to each crop: (N, S, S, 3) float32 BGR in units of 8-bit pixel values.

        faces: wide-aligned crops of one side S, a multiple of 32. Where source and target age are less than half a
        year apart the answer is exactly zero and the network is not asked.
        Raises ValueError if lengths or sides differ.
        """
        if not len(faces) == len(source_ages) == len(target_ages):
            raise ValueError(f"ages: expected {len(faces)} of each, got {len(source_ages)} and {len(target_ages)}")
        sizes = {face.size for face in faces}
        if len(sizes) > 1:
            raise ValueError(f"faces: expected crops of one size, got {sorted(sizes)}")
        if not faces:
            return np.zeros((0, self.size, self.size, 3), np.float32)
        size = sizes.pop()
        result = np.zeros((len(faces), size, size, 3), np.float32)
        gains = [change_gain(s, t) for s, t in zip(source_ages, target_ages, strict=True)]
        due = [i for i, gain in enumerate(gains) if gain > 0]
        for group in [due] if self._network.batches else [[i] for i in due]:
            if group:
                raw = self._run([faces[i] for i in group], [(source_ages[i], target_ages[i]) for i in group])
                for i, planes in zip(group, raw, strict=True):
                    result[i] = _to_pixels(planes, gains[i])
        return result

    def _run(self, faces: list[AlignedFace], ages: list[tuple[float, float]]) -> FloatArray:
        tensor = cv2.dnn.blobFromImages([face.crop for face in faces], 1 / 255, swapRB=True)
        image = np.asarray(tensor, np.float32)  # (N, 3, S, S) RGB 0..1
        maps = np.empty((2, len(faces), 1, *image.shape[2:]), np.float32)
        maps[:] = np.array(ages, np.float32).T[:, :, None, None, None] / 100
        return self._network(image, maps[0], maps[1])

    def close(self) -> None:
        """Lets go of the network; twice is safe."""
        self._network.close()


def _to_pixels(planes: FloatArray, gain: float) -> FloatArray:
    """(3, S, S) RGB in units of 0..1 -> (S, S, 3) BGR in 8-bit units, times the gain."""
    merged = np.asarray(cv2.merge([planes[2], planes[1], planes[0]]), np.float32)
    return merged * np.float32(255 * gain)
