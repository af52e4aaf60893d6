"""Asks the aging network what to add to an aligned face.

A face larger than the network's own side (256 pixels) is asked about in two scales: the network sees it made smaller,
and a second, light one ("finer") draws its answer at full size, with the lines and strands that only the large picture
shows. So large faces grow as old as small ones, for half the time that the network itself would take there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.runtime import Network, load_network, on_many_pictures, on_pictures
from engine.types import AlignedFace, FloatArray, Image
from engine.weights.store import find, names

# Below the first number of years nothing is changed at all; the change fades in until the second.
FADE_YEARS = (0.5, 3.0)

_FINER = "finer"

Picture = TypeVar("Picture", np.uint8, np.float32)


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

    def __init__(self, network: Network, size: int = 0, finer: Callable[[int], Network] | None = None) -> None:
        """size: side it is meant for (default: the network's). finer: loads the finer network for crops of a side, when
        the first larger than the network's own comes; without it the network is asked about these as they are.
        """
        self._network = network
        self._size = size or network.size
        self._quick = on_pictures(network)
        self._many = on_many_pictures(network)
        self._kept_maps: tuple[tuple[float, float], int, FloatArray] | None = None
        self._load_finer = finer
        self._finer: Network | None = None

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
        """The ager on the network "ager", warmed up for crops of this side. Raises WeightsError, DeviceError.

        Where the folder has no network "finer", larger crops are given to the other one as they are.
        """

        def load(name: str, side: int) -> Network:
            return load_network(name, device, folder=folder, size=side, precision=precision, threads=threads)

        own = find("ager", folder).card.size
        two_scales = size > own and _FINER in names(folder)
        finer = partial(load, _FINER) if _FINER in names(folder) else None
        ager = cls(load("ager", own if two_scales else size), size, finer)
        ager.warm_up(ager.size)
        return ager

    @property
    def size(self) -> int:
        """Side in pixels it was warmed up for; other multiples of 32 work, the first time more slowly."""
        return self._size

    @property
    def device(self) -> str:
        return self._network.device

    def warm_up(self, size: int) -> None:
        """Runs once on an empty crop of this side, so that the first face does not wait for the preparation."""
        self.residuals([_face(np.zeros((size, size, 3), np.uint8))], [20], [60])

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
        gains = [change_gain(s, t) for s, t in zip(source_ages, target_ages, strict=True)]
        due = [i for i, gain in enumerate(gains) if gain > 0]
        answers = self._asked([faces[i] for i in due], [(source_ages[i], target_ages[i]) for i in due])
        if len(due) == len(faces) == 1 and gains[0] == 1:  # as mostly: nothing to be copied
            return answers[0][None]
        result = np.zeros((len(faces), size, size, 3), np.float32)
        for i, answer in zip(due, answers, strict=True):
            np.multiply(answer, np.float32(gains[i]), out=result[i])
        return result

    def _asked(self, faces: list[AlignedFace], ages: list[tuple[float, float]]) -> list[FloatArray]:
        """What the networks add to each face: (S, S, 3) BGR in units of 8-bit pixel values."""
        if not faces or self._load_finer is None or faces[0].size <= self._network.size:
            return self._at_once(faces, ages)
        small = [_face(_shrunk(face.crop, self._network.size)) for face in faces]
        return self._refined([face.crop for face in faces], self._at_once(small, ages))

    def _refined(self, crops: list[Image], coarse: list[FloatArray]) -> list[FloatArray]:
        """What is added to the small faces, for the large ones: (S, S, 3) each."""
        size = crops[0].shape[0]
        if self._finer is None:
            assert self._load_finer is not None
            self._finer = self._load_finer(size)
        half = np.stack([_planes(_shrunk(each, size // 2)) for each in coarse])
        if (many := on_many_pictures(self._finer)) is not None:
            return list(many(np.stack(crops), half))
        if (quick := on_pictures(self._finer)) is not None:
            return [quick(crop, half[i : i + 1]) for i, crop in enumerate(crops)]
        return [_pixels(each) for i, crop in enumerate(crops) for each in self._finer(_blob([crop]), half[i : i + 1])]

    def _at_once(self, faces: list[AlignedFace], ages: list[tuple[float, float]]) -> list[FloatArray]:
        """What the network itself adds to each face, whatever its side."""
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
            image = _blob([face.crop for face in faces[part]])
            found += map(_pixels, self._network(image, *_maps(ages[part], image.shape[-1])))
        return found

    def _maps_of(self, ages: tuple[float, float], size: int) -> FloatArray:
        """As ``_maps``; while the dial stands still they are those of the frame before."""
        kept = self._kept_maps
        if kept is None or kept[:2] != (ages, size):
            kept = self._kept_maps = ages, size, _maps([ages], size)
        return kept[2]

    def close(self) -> None:
        """Lets go of the networks; twice is safe."""
        self._network.close()
        if self._finer is not None:
            self._finer.close()


def _face(crop: Image) -> AlignedFace:
    """A crop that lies nowhere."""
    return AlignedFace(crop, np.eye(2, 3), 0, 0)


def _shrunk(picture: NDArray[Picture], side: int) -> NDArray[Picture]:
    """A square picture (S, S, 3) with this side, by area averages; as it is if it has that already."""
    if picture.shape[0] == side:
        return picture
    return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), picture.dtype)


def _maps(ages: list[tuple[float, float]], size: int) -> FloatArray:
    """Own and wanted ages as the network takes them, (2, N, 1, S, S) in hundreds of years."""
    maps = np.empty((2, len(ages), 1, size, size), np.float32)
    maps[:] = np.array(ages, np.float32).T[:, :, None, None, None] / 100
    return maps


def _blob(crops: list[Image]) -> FloatArray:
    """(N, 3, S, S) RGB in 0..1 of crops (S, S, 3) BGR in 8 bits."""
    return np.asarray(cv2.dnn.blobFromImages(crops, 1 / 255, swapRB=True), np.float32)


def _planes(pixels: FloatArray) -> FloatArray:
    """(S, S, 3) BGR in 8-bit units -> (3, S, S) RGB in units of 0..1."""
    return np.multiply(pixels.transpose(2, 0, 1)[::-1], np.float32(1 / 255), dtype=np.float32, order="C")


def _pixels(planes: FloatArray) -> FloatArray:
    """(3, S, S) RGB in units of 0..1 -> (S, S, 3) BGR in 8-bit units."""
    merged = np.asarray(cv2.merge([planes[2], planes[1], planes[0]]), np.float32)
    merged *= 255
    return merged
