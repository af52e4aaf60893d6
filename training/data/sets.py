"""Reads the labels of public face collections into one form: file, age or age band, gender, group, split."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MALE, FEMALE, UNKNOWN = 0, 1, -1
OLDEST = 100


class DataError(Exception):
    """The data folder is not what the task needs; the message says what is missing."""


@dataclass(frozen=True)
class Label:
    """One picture: ``file`` below the source folder; its age lies in low..high years, both included."""

    file: str
    low: int
    high: int
    gender: int
    group: int
    split: str


def _rows(path: Path, what: str) -> list[dict[str, str]]:
    if not path.is_file():
        raise DataError(f"{path} is missing: {what}.")
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


def utkface(folder: Path) -> list[Label]:
    """UTKFace: utkface.csv with file, age, gender, race, split beside the unpacked pictures (Zhang et al. 2017)."""
    rows = _rows(folder / "utkface.csv", "put utkface.csv and the unpacked UTKFace pictures into one folder")
    return [
        Label(r["file"], int(r["age"]), int(r["age"]), int(r["gender"] or UNKNOWN), int(r["race"] or UNKNOWN), r["split"])
        for r in rows
    ]


# A spreadsheet took "3-9" and "10-19" for dates; both spellings are in circulation.
FAIRFACE_BANDS = {
    "0-2": (0, 2), "3-9": (3, 9), "03-Sep": (3, 9), "10-19": (10, 19), "Oct-19": (10, 19), "20-29": (20, 29),
    "30-39": (30, 39), "40-49": (40, 49), "50-59": (50, 59), "60-69": (60, 69), "more than 70": (70, OLDEST),
}  # fmt: skip
# UTKFace's numbers for the same words (0 white, 1 black, 2 Asian, 3 Indian, 4 others).
FAIRFACE_GROUPS = {
    "White": 0, "Black": 1, "East Asian": 2, "Southeast Asian": 2, "Indian": 3, "Latino_Hispanic": 4, "Middle Eastern": 4,
}  # fmt: skip


def fairface(folder: Path) -> list[Label]:
    """FairFace (Karkkainen & Joo 2021): its own val part is kept for measuring, as split "test"."""
    labels = []
    for part, split in (("train", "train"), ("val", "test")):
        table = folder / f"fairface_label_{part}.csv"
        for row in _rows(table, "unpack FairFace's pictures and both tables into one folder"):
            if row["age"] not in FAIRFACE_BANDS:
                continue  # tables joined from parts repeat their heading
            name = row["file"]
            file = name if (folder / name).is_file() else f"fair_face/{name}"
            if (folder / file).is_file():
                low, high = FAIRFACE_BANDS[row["age"]]
                gender = MALE if row["gender"] == "Male" else FEMALE
                labels.append(Label(file, low, high, gender, FAIRFACE_GROUPS.get(row["race"], UNKNOWN), split))
    return labels


def all_age_faces(folder: Path) -> list[Label]:
    """All-Age-Faces (Cheng et al. 2019): 00000A02.jpg is 2 years old; official lists; val is split "test"."""
    labels = []
    for part, split in (("train", "train"), ("val", "test")):
        table = folder / "image sets" / f"{part}.txt"
        if not table.is_file():
            raise DataError(f"{table} is missing: give the folder that holds `image sets` and `original images`.")
        for line in table.read_text().splitlines():
            name, _, gender = line.partition(" ")
            years = int(name[6:8])
            sex = {"0": FEMALE, "1": MALE}.get(gender.strip(), UNKNOWN)
            labels.append(Label(f"original images/{name}", years, years, sex, UNKNOWN, split))
    return labels


READERS: dict[str, Callable[[Path], list[Label]]] = {
    "utkface": utkface,
    "fairface": fairface,
    "all-age-faces": all_age_faces,
}
