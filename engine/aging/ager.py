"""Asks the aging network what to add to an aligned face.

Faces larger than the network's own side (256 pixels) are asked about at that side, and its answer is drawn on them as
large as they are (engine/geometry/scales.py): so large faces become as old as small ones, in the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engine.geometry.scales import drawn_large, shrunk
from engine.runtime import Network, load_network, on_many_pictures, on_pictures
from engine.types import AlignedFace, FloatArray
from engine.weights.store import find

# Below the first number of years nothing is changed at all; the change fades in until the second.
FADE_YEARS = (0.5, 3.0)

Each = Callable[[Callable[[Any], FloatArray], Iterable[Any]], list[FloatArray]]


def in_turn(work: Callable[[Any], FloatArray], items: Iterable[Any]) -> list[FloatArray]:
    """What ``work`` gives for each item."""
    return [work(item) for item in items]


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

    def __init__(self, network: Network, size: int = 0) -> None:
        """size: side of the faces it is meant for (default: the network's)."""
        self._network = network
        self._size = size or network.size
        self._quick = on_pictures(network)
        self._many = on_many_pictures(network)
        self._kept_maps: tuple[tuple[float, float], int, FloatArray] | None = None

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
        own = find("ager", folder).card.size
        side = min(size or own, own)
        network = load_network("ager", device, folder=folder, size=side, precision=precision, threads=threads)
        ager = cls(network, size)
        ager.warm_up(ager.size)
        return ager

    @property
    def size(self) -> int:
        """Side in pixels it is meant for; others work, too, the first time more slowly."""
        return self._size

    @property
    def device(self) -> str:
        return self._network.device

    def warm_up(self, size: int) -> None:
        """Runs once on an empty crop of this side, so that the first face does not wait for the preparation."""
        self.residuals([AlignedFace(np.zeros((size, size, 3), np.uint8), np.eye(2, 3), 0, 0)], [20], [60])

    def residuals(
        self,
        faces: Sequence[AlignedFace],
        source_ages: Sequence[float],
        target_ages: Sequence[float],
        *,
        each: Each = in_turn,
    ) -> FloatArray:
        """What to add to each crop: (N, S, S, 3) float32 BGR in units of 8-bit pixel values.

        faces: wide-aligned crops of one side S: a multiple of 32, or larger than the network's own. Where source and
        target age are less than half a year apart the answer is exactly zero and the network is not asked. each: what
        does the same to several faces, where there are cores for it.
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
        gains = [change_gain(s, t) for s, t in zip(source_ages, target_ages, strict=True)]
        due = [i for i, gain in enumerate(gains) if gain > 0]
        answers = self._answers([faces[i] for i in due], [(source_ages[i], target_ages[i]) for i in due], each)
        if len(due) == len(faces) == 1 and gains[0] == 1:  # as mostly: nothing to be copied
            return answers[0][None]
        result = np.zeros((len(faces), size, size, 3), np.float32)
        for i, answer in zip(due, answers, strict=True):
            np.multiply(answer, np.float32(gains[i]), out=result[i])
        return result

    def _answers(self, faces: list[AlignedFace], ages: list[tuple[float, float]], each: Each) -> list[FloatArray]:
        """What is added to each face: (S, S, 3) BGR in units of 8-bit pixel values."""
        own = self._network.size
        if not faces or faces[0].size <= own:
            return self._asked(faces, ages)
        small = [replace(face, crop=shrunk(face.crop, own)) for face in faces]
        found = zip(self._asked(small, ages), small, faces, strict=True)
        return each(lambda one: drawn_large(one[0], one[1].crop, one[2].crop), found)

    def _asked(self, faces: list[AlignedFace], ages: list[tuple[float, float]]) -> list[FloatArray]:
        """What the network adds to each face, whatever its side: (S, S, 3) BGR in units of 8-bit pixel values."""
        if not faces:
            return []
        if self._many is not None:
            own, wanted = np.array(ages, np.float32).T / 100
            return list(self._many(np.stack([face.crop for face in faces]), own, wanted))
        if self._quick is not None:
            return [
                self._quick(face.crop, *self._maps_of(pair, face.size)) for face, pair in zip(faces, ages, strict=True)
            ]
        found: list[FloatArray] = []
        for start in range(0, len(faces), many := len(faces) if self._network.batches else 1):
            part = slice(start, start + many)
            image = np.asarray(cv2.dnn.blobFromImages([f.crop for f in faces[part]], 1 / 255, swapRB=True), np.float32)
            found += map(_pixels, self._network(image, *_maps(ages[part], image.shape[-1])))
        return found

    def _maps_of(self, ages: tuple[float, float], size: int) -> FloatArray:
        """As ``_maps``; while the dial stands still they are those of the frame before."""
        kept = self._kept_maps
        if kept is None or kept[:2] != (ages, size):
            kept = self._kept_maps = ages, size, _maps([ages], size)
        return kept[2]

    def close(self) -> None:
        """Lets go of the network; twice is safe."""
        self._network.close()


def _maps(ages: list[tuple[float, float]], size: int) -> FloatArray:
    """Own and wanted ages as the network takes them, (2, N, 1, S, S) in hundreds of years."""
    maps = np.empty((2, len(ages), 1, size, size), np.float32)
    maps[:] = np.array(ages, np.float32).T[:, :, None, None, None] / 100
    return maps


def _pixels(planes: FloatArray) -> FloatArray:
    """(3, S, S) RGB in units of 0..1 -> (S, S, 3) BGR in 8-bit units."""
    merged = np.asarray(cv2.merge([planes[2], planes[1], planes[0]]), np.float32)
    merged *= 255
    return merged
