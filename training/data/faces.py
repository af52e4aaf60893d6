"""The prepared form of a face collection: aligned crops, their meshes and labels, as arrays mapped from disk."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from training.data.sets import OLDEST, UNKNOWN, DataError

Job = TypeVar("Job")
Result = TypeVar("Result")

CROP_SIZE = 256


@dataclass(frozen=True)
class FaceSet:
    """Prepared faces; row i of every array is one picture.

    crops (N, 256, 256, 3) uint8 BGR aligned to the WIDE template; meshes (N, 478, 2) float32 in crop pixels;
    corners (N, 4, 2) float32: where the source picture's corners fall in the crop (outside is repeated edge);
    years (N,) int, the middle of low..high (N,), which are the same where the age is known exactly, and 0..100 where
    nothing is known of it; gender (N,) 0 male 1 female; group (N,) 0..4 as UTKFace (-1: not told); split (N,) of
    "train", "val", "test"; sharpness (N,): standard deviation of the Laplacian over the face; yaw (N,): 0 frontal,
    about 1 full profile; grey (N,) True for black-and-white pictures. What older folders do not tell has defaults:
    identity (N,) int, the same for all pictures of one person (-1: not told); licence (N,) of the picture; shard (N,)
    the file of a stream that holds it (-1: an array, of which any row is as near as any other).
    """

    crops: NDArray[np.uint8]
    meshes: NDArray[np.float32]
    corners: NDArray[np.float32]
    years: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    gender: NDArray[np.int64]
    group: NDArray[np.int64]
    split: NDArray[np.str_]
    sharpness: NDArray[np.float32]
    yaw: NDArray[np.float32]
    grey: NDArray[np.bool_]
    files: NDArray[np.str_]
    identity: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    licence: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, "U1"))
    shard: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def __post_init__(self) -> None:
        unknown = np.full(len(self), UNKNOWN)
        defaults = {"identity": unknown, "licence": np.full(len(self), ""), "shard": unknown}
        for name, default in defaults.items():
            if len(getattr(self, name)) != len(self):
                object.__setattr__(self, name, default)
        if self.identity.dtype.kind != "i":  # names
            _, numbers = np.unique(self.identity, return_inverse=True)
            object.__setattr__(self, "identity", numbers.astype(np.int64))

    def __len__(self) -> int:
        return len(self.years)

    @property
    def age_known(self) -> NDArray[np.bool_]:
        """(N,) whether anything is known of the age."""
        return (self.low > 0) | (self.high < OLDEST)

    def rows(self, split: str) -> NDArray[np.int64]:
        return np.flatnonzero(self.split == split)


def spread(
    work: Callable[[Job], Result],
    jobs: Iterable[Job],
    processes: int,
    start: Callable[..., None] | None = None,
    arguments: tuple[Any, ...] = (),
) -> Iterator[Result]:
    """``work`` over ``jobs`` in order, in this process or in several; ``start`` is called once in each.

    Fresh processes instead of forks: a fork would inherit locks that the network libraries' threads may hold.
    """
    if processes == 1:
        if start is not None:
            start(*arguments)
        yield from map(work, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, start, arguments) as pool:
        yield from pool.map(work, jobs)


def load(folder: Path) -> FaceSet:
    """The prepared faces in ``folder``; crops stay on disk until they are read. Raises DataError.

    Where the folder holds shards only, they are read from these.
    """
    if not (folder / "prepared.json").is_file():
        from training.data.shards import load_shards, shard_files

        if shard_files(folder):
            return load_shards(folder)
        raise DataError(f"{folder} holds no prepared faces: run `python -m training prepare SET SRC {folder}` first.")
    with np.load(folder / "facts.npz") as facts:
        columns = {name: facts[name] for name in facts.files}
    crops = np.load(folder / "crops.npy", mmap_mode="r")[: len(columns["years"])]
    return FaceSet(crops=crops, **columns)
