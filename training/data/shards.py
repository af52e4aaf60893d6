"""Prepared faces as tar files that can be streamed: NAME-000000.tar with a .jpg and a .json for every face.

The form is that of WebDataset (members of one sample follow each other and share their name up to the first dot), so
that its tools read them too. Here they are read through the operating system's page cache, and an epoch visits a few
files at a time: from a far disk every file is fetched once, from front to back.
"""

from __future__ import annotations

import io
import json
import mmap
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.faces import FaceSet
from training.data.sets import DataError

FOLDER = "shards"
LARGEST_BYTES = 50_000_000
QUALITY = 95
OPEN_AT_ONCE = 8
"""How many shards an epoch mixes with each other: with fewer in all, it is a plain shuffle."""

_BLOCK = 512  # tar pads headers and members to blocks, and ends with two empty ones in a record of twenty
_NUMBERS = {
    "years": np.int64, "low": np.int64, "high": np.int64, "gender": np.int64, "group": np.int64, "identity": np.int64,
    "sharpness": np.float32, "yaw": np.float32, "grey": np.bool_,
}  # fmt: skip
_WORDS = {"split": "split", "licence": "licence", "file": "files"}
_POINTS = ("meshes", "corners")


def shard_files(folder: Path) -> list[Path]:
    """The finished shards of a prepared folder, in order."""
    return sorted((folder / FOLDER).glob("*-[0-9][0-9][0-9][0-9][0-9][0-9].tar"))


def write_shards(faces: FaceSet, folder: Path, name: str, largest_bytes: int = LARGEST_BYTES) -> list[Path]:
    """Writes all faces as folder/shards/NAME-000000.tar and so on, none larger than ``largest_bytes``; returns them.

    The order is by lot, so that every shard is a fair sample. Shards of an earlier time are replaced.
    """
    target = folder / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    for old in (*shard_files(folder), *target.glob("*.partial")):
        old.unlink()
    written: list[Path] = []
    pending, size = _Pending(), 2 * _BLOCK
    for row in np.random.default_rng(0).permutation(len(faces)):
        members = _sample(faces, int(row))
        more = sum(_BLOCK + -(-len(data) // _BLOCK) * _BLOCK for _, data in members)
        if pending.members and -(-(size + more) // tarfile.RECORDSIZE) * tarfile.RECORDSIZE > largest_bytes:
            written.append(pending.write(target / f"{name}-{len(written):06}.tar"))
            pending, size = _Pending(), 2 * _BLOCK
        pending.members += members
        size += more
    if pending.members:
        written.append(pending.write(target / f"{name}-{len(written):06}.tar"))
    return written


class _Pending:
    """The members of a shard that is not written yet."""

    def __init__(self) -> None:
        self.members: list[tuple[str, bytes]] = []

    def write(self, path: Path) -> Path:
        partial = path.with_name(path.name + ".partial")
        with tarfile.open(partial, "w", format=tarfile.USTAR_FORMAT) as tar:
            for name, data in self.members:
                header = tarfile.TarInfo(name)
                header.size = len(data)
                tar.addfile(header, io.BytesIO(data))
        os.replace(partial, path)
        return path


def _sample(faces: FaceSet, row: int) -> list[tuple[str, bytes]]:
    """The two members of one face."""
    done, picture = cv2.imencode(".jpg", faces.crops[row], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert done
    facts: dict[str, Any] = {name: getattr(faces, name)[row].item() for name in _NUMBERS}
    facts |= {key: str(getattr(faces, column)[row]) for key, column in _WORDS.items()}
    facts |= {name: np.round(getattr(faces, name)[row].astype(np.float64), 2).tolist() for name in _POINTS}
    return [(f"{row:08}.jpg", picture.tobytes()), (f"{row:08}.json", json.dumps(facts).encode())]


def read_shard(path: Path) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Every face of a shard in order: where its JPEG begins, how many bytes it has, and its facts. Raises DataError."""
    pictures: dict[str, tuple[int, int]] = {}
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                key, _, kind = member.name.partition(".")
                if kind == "jpg":
                    pictures[key] = (member.offset_data, member.size)
                elif kind == "json":
                    content = tar.extractfile(member)
                    assert content is not None
                    yield (*pictures.pop(key), json.load(content))
    except (tarfile.TarError, KeyError, ValueError, EOFError) as error:
        raise DataError(f"{path} is damaged or no shard of ours: prepare the faces again, or remove it.") from error


class ShardedCrops:
    """Crops (N, S, S, 3) uint8 BGR in JPEGs inside shards; reads like an array whose first axis is the face."""

    dtype = np.dtype(np.uint8)

    def __init__(self, files: list[Path], places: NDArray[np.int64]) -> None:
        """places (N, 3): number of the file, offset and length in bytes."""
        self._files, self._places = files, places
        self._maps: dict[int, mmap.mmap] = {}
        self.shape = (len(places), *self[0].shape) if len(places) else (0, 0, 0, 3)

    def __len__(self) -> int:
        return len(self._places)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_maps": {}}  # open files do not travel to other processes

    def __getitem__(self, key: Any) -> NDArray[np.uint8]:
        row, *rest = key if isinstance(key, tuple) else (key,)
        if isinstance(row, (int, np.integer)):
            found = self._one(int(row))
        else:
            found = np.stack([self._one(int(each)) for each in np.arange(len(self))[row]])
            rest = [slice(None), *rest] if rest else rest
        return found[tuple(rest)] if rest else found

    def _one(self, row: int) -> NDArray[np.uint8]:
        file, start, length = (int(value) for value in self._places[row])
        content = np.frombuffer(self._map(file), np.uint8, length, start)
        picture = cv2.imdecode(content, cv2.IMREAD_COLOR)
        if picture is None:
            raise DataError(f"{self._files[file]} is damaged: prepare the faces again, or remove it.")
        return np.asarray(picture, np.uint8)

    def _map(self, file: int) -> mmap.mmap:
        if file not in self._maps:
            while len(self._maps) >= 2 * OPEN_AT_ONCE:
                self._maps.pop(next(iter(self._maps)))
            with self._files[file].open("rb") as handle:
                self._maps[file] = mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
        return self._maps[file]


def load_shards(folder: Path) -> FaceSet:
    """The faces of a folder that holds shards only. Raises DataError."""
    files = shard_files(folder)
    found = [(number, *sample) for number, path in enumerate(files) for sample in read_shard(path)]
    if not found:
        raise DataError(f"the shards in {folder} are empty: prepare the faces again.")
    facts = [each for _, _, _, each in found]
    columns: dict[str, Any] = {name: np.array([each[name] for each in facts], kind) for name, kind in _NUMBERS.items()}
    columns |= {column: np.array([each[key] for each in facts]) for key, column in _WORDS.items()}
    columns |= {name: np.array([each[name] for each in facts], np.float32) for name in _POINTS}
    places = np.array([place[:3] for place in found])
    return FaceSet(crops=cast(NDArray[np.uint8], ShardedCrops(files, places)), shard=places[:, 0], **columns)


def reading_order(shards: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """An order (N,) in which to read faces that lie in these shards (N,), so that only a few files are read at a time.

    Faces keep their order within each group of ``OPEN_AT_ONCE`` shards. Those of no shard (-1) are strewn among the
    groups; where there are no others, nothing changes.
    """
    files = rng.permutation(np.unique(shards[shards >= 0])) if (shards >= 0).any() else np.empty(0, np.int64)
    groups = -(-len(files) // OPEN_AT_ONCE)
    if groups < 2:
        return np.arange(len(shards))
    group = rng.integers(0, groups, len(shards))
    for number in range(groups):
        group[np.isin(shards, files[number * OPEN_AT_ONCE : (number + 1) * OPEN_AT_ONCE])] = number
    return np.argsort(group, kind="stable")
