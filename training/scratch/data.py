"""Prepared faces as small grey pictures, and people by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.sets import DataError
from training.scratch.layers import Floats

SIDE = 48
# The part of the 256 px crop from forehead to chin; 4 x 4 of its pixels make one of ours.
WINDOW = slice(32, 224)
TILE = 4
LUMA_BGR = np.array([0.114, 0.587, 0.299], np.float32)  # ITU-R BT.601


def grey_faces(crops: NDArray[np.uint8], rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Crops (N, 256, 256, 3) BGR of these rows -> (n, 48, 48) in 0..255, each pixel the mean of 4 x 4."""
    made = np.empty((len(rows), SIDE, SIDE), np.float32)
    for number, row in enumerate(rows):
        grey = crops[row, WINDOW, WINDOW].astype(np.float32) @ LUMA_BGR
        made[number] = grey.reshape(SIDE, TILE, SIDE, TILE).mean((1, 3))
    return made


def standardised(pictures: Floats) -> Floats:
    """Every picture (N, H, W) with mean 0 and standard deviation 1: the light of the room is not the face."""
    centred = pictures - pictures.mean((1, 2), keepdims=True)
    return centred / (centred.std((1, 2), keepdims=True) + 1e-6)


@dataclass(frozen=True)
class People:
    """Pictures of some people, and which are held out.

    crops (N, 256, 256, 3) uint8 BGR; train, val: rows; label (N,) 0..len(names)-1, -1 for people left out.
    """

    crops: NDArray[np.uint8]
    names: tuple[str, ...]
    label: NDArray[np.int64]
    train: NDArray[np.int64]
    val: NDArray[np.int64]


def load_people(folder: Path, people: int, held_out: float, seed: int) -> People:
    """The ``people`` with the most pictures of a prepared folder whose facts.npz has a column ``identity`` (N,).

    Of each, the part ``held_out`` of the pictures (at least one, never all) is drawn by lot for val.
    Raises DataError.
    """
    if not (folder / "prepared.json").is_file():
        raise DataError(f"{folder} holds no prepared faces: give a folder that `python -m training faces` has filled.")
    with np.load(folder / "facts.npz") as facts:
        if "identity" not in facts.files:
            raise DataError(f"{folder} does not tell who is who: its facts.npz needs a column `identity`.")
        identity = facts["identity"].astype(str)
    names, count = np.unique(identity[identity != "-1"], return_counts=True)  # -1: nobody knows who
    chosen = names[np.lexsort((names, -count))][:people]
    if len(chosen) < people or count[np.isin(names, chosen)].min() < 2:
        raise DataError(f"{folder} has too few people with two pictures or more: {people} are wanted.")
    rng = np.random.default_rng(seed)
    label = np.full(len(identity), -1)
    train, val = [], []
    for number, name in enumerate(chosen):
        rows = rng.permutation(np.flatnonzero(identity == name))
        label[rows] = number
        some = min(max(1, round(held_out * len(rows))), len(rows) - 1)
        val.append(rows[:some])
        train.append(rows[some:])
    crops = np.load(folder / "crops.npy", mmap_mode="r")
    return People(crops, tuple(map(str, chosen)), label, np.sort(np.concatenate(train)), np.sort(np.concatenate(val)))
