"""The faces of a run, resized once and kept in memory as bytes, and the order in which they come."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.networks.faces import BANDS, GENDERS
from training.data.faces import FaceSet, load
from training.data.sets import DataError
from training.ladder.config import DataConfig

_CENTRE = (0.5, 0.55)


def labels_of(faces: FaceSet, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N, 2): age band and gender of these rows."""
    bands = np.searchsorted(BANDS, faces.years[rows], side="right") - 1
    gender = np.where(faces.gender[rows] < 0, GENDERS - 1, faces.gender[rows])
    return np.stack([bands, gender], 1).astype(np.int64)


def face_part(crop: NDArray[np.uint8], part: float, size: int) -> NDArray[np.uint8]:
    """The square around the face, ``part`` of the crop's side, as (size, size, 3).

    Around it many crops show the repeated edge of a photograph that was cut too close: streaks worth no learning.
    """
    side = crop.shape[0]
    half = part * side / 2
    left = round(np.clip(_CENTRE[0] * side - half, 0, side - 2 * half))
    top = round(np.clip(_CENTRE[1] * side - half, 0, side - 2 * half))
    square = crop[top : top + round(2 * half), left : left + round(2 * half)]
    return np.asarray(cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


class Faces:
    """images (N, S, S, 3) uint8 BGR and labels (N, 2) of one part of a set."""

    def __init__(self, config: DataConfig, split: str, size: int, set_: FaceSet | None = None) -> None:
        """Frontal faces in colour, ``config.limit`` at most. Raises DataError where there are fewer than two."""
        faces = load(Path(config.data)) if set_ is None else set_
        rows = faces.rows(split)
        rows = rows[(faces.yaw[rows] <= config.yaw_limit) & ~faces.grey[rows]]
        rows = rows[(faces.years[rows] >= config.youngest) & (faces.years[rows] <= config.oldest)]
        rows = rows[: config.limit or None]
        if len(rows) < 2:
            raise DataError(f"{config.data} has {len(rows)} fit faces in its part {split!r}: at least two are needed.")
        self.images = np.stack([face_part(faces.crops[row], config.face_part, size) for row in rows])
        self.labels = labels_of(faces, rows)
        self._order: tuple[tuple[int, int], NDArray[np.int64]] = ((-1, -1), rows)

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, number: int, count: int, seed: int) -> tuple[Tensor, Tensor]:
        """The ``number``-th batch of a run: images (count, 3, S, S) RGB in -1..1, half of them mirrored, and labels.

        Every face comes once before any comes twice; the same seed and number give the same batch.
        """
        places = np.arange(number * count, (number + 1) * count)
        rows = np.array([self._shuffled(int(place) // len(self), seed)[int(place) % len(self)] for place in places])
        flips = np.random.default_rng((seed, number, 1)).random(count) < 0.5
        images = self.images[rows]
        images[flips] = images[flips, :, ::-1]
        return as_tensor(images), torch.from_numpy(self.labels[rows])

    def _shuffled(self, epoch: int, seed: int) -> NDArray[np.int64]:
        """The order of one epoch; the last one asked for is kept."""
        if self._order[0] != (seed, epoch):
            order = np.random.default_rng((seed, epoch, 0)).permutation(len(self))
            self._order = ((seed, epoch), order)
        return self._order[1]


def as_tensor(images: NDArray[np.uint8]) -> Tensor:
    """(N, S, S, 3) uint8 BGR -> (N, 3, S, S) RGB in -1..1, channels last."""
    tensor = torch.from_numpy(np.ascontiguousarray(images[..., ::-1])).permute(0, 3, 1, 2)
    return tensor.float().div_(127.5).sub_(1).contiguous(memory_format=torch.channels_last)


def as_images(tensor: Tensor) -> NDArray[np.uint8]:
    """(N, 3, S, S) RGB, clipped to -1..1 -> (N, S, S, 3) uint8 BGR."""
    bytes_ = tensor.detach().float().clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8)
    return np.ascontiguousarray(bytes_.permute(0, 2, 3, 1).flip(3).cpu().numpy())
