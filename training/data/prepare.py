"""From the download of a face collection to prepared faces: aligned, cleaned, split, with a manifest and shards.

Writes into the folder ``out``:

- crops.npy and facts.npz: the arrays of a FaceSet, mapped from disk by whoever learns from them;
- manifest.csv: one line a face, in the same order, for people and other programs;
- prepared.json: how many faces there are, and how many were left out and why;
- shards/SET-000000.tar and so on, if asked for: the same once more, to be streamed. They do without the other files.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from training.data.aligning import Aligned, align_files
from training.data.cleaning import clean
from training.data.faces import CROP_SIZE, load, spread
from training.data.sets import LICENCES, READERS, DataError, Label
from training.data.shards import write_shards

MANIFEST = (
    "file", "low", "high", "gender", "group", "identity", "split", "licence", "sharpness", "yaw", "grey", "sha256",
)  # fmt: skip
_PART = 500


@dataclass(frozen=True)
class PrepareConfig:
    """set: which collection; source: its folder; out: where the faces go; shards: write these too; limit: only so many
    pictures.
    """

    name: str = "prepare"
    set: str = "utkface"
    source: str = "data/utkface"
    out: str = "data/faces"
    shards: bool = False
    processes: int = 2
    limit: int = 0


@dataclass(frozen=True)
class _Face:
    """A face as it was found: its label, and all but its crop."""

    label: Label
    aligned: Aligned


def prepare(config: PrepareConfig) -> dict[str, int]:
    """Aligns every labelled picture of the source, cleans, splits and writes; returns what was counted.

    Files that are no pictures are left out and told in one line. Raises DataError.
    """
    source, target = Path(config.source), Path(config.out)
    if config.set not in READERS:
        raise DataError(f"{config.set!r} is no known collection: give {', '.join(READERS)}.")
    if not source.is_dir():
        raise DataError(f"{source} is missing: give the folder of the unpacked {config.set}.")
    labels = READERS[config.set](source)[: config.limit or None]
    if not labels:
        raise DataError(f"{source} has no labelled pictures of {config.set}.")
    target.mkdir(parents=True, exist_ok=True)
    partial = target / "crops.partial.npy"
    try:
        crops = np.lib.format.open_memmap(  # type: ignore[no-untyped-call]
            partial, mode="w+", dtype=np.uint8, shape=(len(labels), CROP_SIZE, CROP_SIZE, 3)
        )
        found, counts = _found(config, labels, crops)
        faces, cleaned = _cleaned(config, found, crops)
        crops.flush()
        _write(config, faces, target, counts | cleaned)
    finally:
        partial.unlink(missing_ok=True)
    if config.shards:
        write_shards(load(target), target, config.set)
    return {"faces": len(faces), **counts, **cleaned}


def _parts(folder: Path, names: list[str]) -> Iterator[tuple[Path, list[str]]]:
    for start in range(0, len(names), _PART):
        yield folder, names[start : start + _PART]


def _found(config: PrepareConfig, labels: list[Label], crops: NDArray[np.uint8]) -> tuple[list[_Face], dict[str, int]]:
    """The faces that were found, their crops in the first places of ``crops``, and the counts."""
    faces: list[_Face] = []
    faults: list[str] = []
    files = iter(labels)
    with tqdm(total=len(labels), unit="face", desc=config.set, disable=None) as bar:
        jobs = _parts(Path(config.source), [label.file for label in labels])
        for part in spread(align_files, jobs, config.processes):
            for aligned, label in zip(part, files, strict=False):
                bar.update()
                if aligned.fault:
                    faults.append(aligned.fault)
                if aligned.crop is not None:
                    crops[len(faces)] = aligned.crop
                    faces.append(_Face(label, Aligned(aligned.sha256, None, aligned.thumbnail, aligned.facts)))
    if faults:
        print(f"training: {len(faults)} of {len(labels)} files left out, the first: {faults[0]}", file=sys.stderr)
    if not faces:
        raise DataError(f"no face was found in any picture of {config.source}.")
    return faces, {"of": len(labels), "no_pictures": len(faults), "no_face": len(labels) - len(faults) - len(faces)}


def _cleaned(
    config: PrepareConfig, faces: list[_Face], crops: NDArray[np.uint8]
) -> tuple[list[tuple[_Face, str]], dict[str, int]]:
    """The faces that stay, each with its split, their crops in the first places of ``crops``, and the counts."""
    thumbnails = np.stack([face.aligned.thumbnail for face in faces if face.aligned.thumbnail is not None])
    digests = [face.aligned.sha256 for face in faces]
    kept = clean([face.label for face in faces], digests, thumbnails, config.set)
    rows = np.flatnonzero(kept.keep)
    if not len(rows):
        raise DataError(f"the labels of all faces in {config.source} contradict each other.")
    for place, row in enumerate(rows):
        if place != row:
            crops[place] = crops[row]
    return [(faces[row], kept.split[row]) for row in rows], kept.counts


def _write(config: PrepareConfig, faces: list[tuple[_Face, str]], target: Path, counts: dict[str, int]) -> None:
    """All files of the prepared folder; prepared.json, which says that it is whole, last."""
    licence = LICENCES[config.set]
    facts = [face.aligned.facts or {} for face, _ in faces]
    labels = [face.label for face, _ in faces]
    columns: dict[str, Any] = {
        "meshes": np.stack([each["mesh"] for each in facts]),
        "corners": np.stack([each["corners"] for each in facts]),
        "sharpness": np.array([each["sharpness"] for each in facts], np.float32),
        "yaw": np.array([each["yaw"] for each in facts], np.float32),
        "grey": np.array([each["grey"] for each in facts]),
        "years": np.array([(label.low + label.high) // 2 for label in labels]),
        "split": np.array([split for _, split in faces]),
        "files": np.array([label.file for label in labels]),
        "licence": np.full(len(faces), licence),
        **{key: np.array([getattr(label, key) for label in labels]) for key in ("low", "high", "gender", "group")},
        "identity": np.array([label.identity for label in labels]),
    }
    with suppress(FileNotFoundError):
        (target / "prepared.json").unlink()
    os.replace(target / "crops.partial.npy", target / "crops.npy")
    np.savez(target / "facts.partial.npz", **columns)
    os.replace(target / "facts.partial.npz", target / "facts.npz")
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(MANIFEST)
    for row, (face, split) in enumerate(faces):
        label = face.label
        writer.writerow(
            [label.file, label.low, label.high, label.gender, label.group, label.identity, split, licence]
            + [round(float(columns[key][row]), 3) for key in ("sharpness", "yaw")]
            + [int(columns["grey"][row]), face.aligned.sha256]
        )
    (target / "manifest.csv").write_text(table.getvalue(), newline="")
    about = {"faces": len(faces), "set": config.set, "licence": licence, "crop": "wide", **counts}
    (target / "prepared.json").write_text(json.dumps(about))
