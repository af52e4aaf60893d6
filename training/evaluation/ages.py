"""The labelled pictures on which the age estimate is measured; none of them may be learned from."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.data.sets import UNKNOWN, DataError, Label, all_age_faces, fairface, utkface

_FGNET = re.compile(r"(\d{3})a(\d{2})[a-z]?\.jpe?g", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pictured:
    """One picture of someone whose age lies in low..high years; ``person`` numbers people within a collection."""

    path: Path
    low: int
    high: int
    gender: int = UNKNOWN
    group: int = UNKNOWN
    person: int = UNKNOWN


@dataclass(frozen=True, slots=True)
class AgeSet:
    """A collection: its title, how it is read, the error the project aims for at most, and what the error is of."""

    title: str
    read: Callable[[Path], list[Pictured]]
    goal_years: float
    bands: bool = False


def fgnet(folder: Path) -> list[Pictured]:
    """FG-NET (Lanitis et al. 2002): 001A02.JPG is person 1 aged 2; a letter tells pictures of one age apart.

    Looked for in the folder and in those below it. Raises DataError without any.
    """
    found = []
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if match := _FGNET.fullmatch(path.name):
            found.append(Pictured(path, int(match[2]), int(match[2]), person=int(match[1])))
    if not found:
        raise DataError(f"{folder} holds no FG-NET pictures: their names are like 001A02.JPG.")
    return found


def _tested(read: Callable[[Path], list[Label]]) -> Callable[[Path], list[Pictured]]:
    def tested(folder: Path) -> list[Pictured]:
        labels = [label for label in read(folder) if label.split == "test"]
        if not labels:
            raise DataError(f"{folder} holds no pictures of the test part.")
        missing = next((label.file for label in labels if not (folder / label.file).is_file()), None)
        if missing is not None:
            raise DataError(f"{folder / missing} is missing: unpack all pictures before measuring.")
        return [
            Pictured(folder / label.file, label.low, label.high, label.gender, label.group, number)
            for number, label in enumerate(labels)
        ]

    return tested


SETS = {
    "utkface": AgeSet("UTKFace test", _tested(utkface), 4.8),
    "fairface": AgeSet("FairFace val", _tested(fairface), 3.0, bands=True),
    "aaf": AgeSet("All-Age-Faces val", _tested(all_age_faces), 5.5),
    "fgnet": AgeSet("FG-NET", fgnet, 6.5),
}


def sample(pictures: list[Pictured], limit: int, seed: int = 0) -> list[Pictured]:
    """All of them, or ``limit`` drawn at random, always the same ones, in their order."""
    if not 0 < limit < len(pictures):
        return pictures
    rows = np.sort(np.random.default_rng(seed).permutation(len(pictures))[:limit])
    return [pictures[row] for row in rows]
