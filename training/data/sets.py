"""Reads the labels of public face collections into one form: file, age or band, gender, group, person, split."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MALE, FEMALE, UNKNOWN = 0, 1, -1
OLDEST = 100


class DataError(Exception):
    """The data folder is not what the task needs; the message says what is missing."""


@dataclass(frozen=True)
class Label:
    """One picture: ``file`` below the source folder; its age lies in low..high years, both included (0..100: unknown).

    split: "train", "val" or "test" of the collection's own lists, "" where it has none; identity: the same number for
    all pictures of one person (-1: unknown).
    """

    file: str
    low: int
    high: int
    gender: int
    group: int
    split: str
    identity: int = UNKNOWN


def _rows(path: Path, what: str) -> list[dict[str, str]]:
    if not path.is_file():
        raise DataError(f"{path} is missing: {what}.")
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


def _pictures(folder: Path) -> list[Path]:
    """All pictures below a folder, in the order of their names; folders may be links."""
    paths = (Path(above) / name for above, _, names in os.walk(folder, followlinks=True) for name in names)
    return sorted(path for path in paths if path.suffix.lower() in (".jpg", ".jpeg", ".png"))


UTKFACE_NAME = re.compile(r"(\d{1,3})_([01])_([0-4])_\d+")


def utkface(folder: Path) -> list[Label]:
    """UTKFace (Zhang et al. 2017): utkface.csv with file, age, gender, race, split beside the unpacked pictures.

    Where there is no such table, the names are read: 31_1_2_20170116174525125.jpg is 31 years, female, Asian. Ages
    over 100 and names that lack a part are left out.
    """
    if not (folder / "utkface.csv").is_file():
        named = [(path, UTKFACE_NAME.match(path.name)) for path in _pictures(folder)]
        found = [(path.relative_to(folder).as_posix(), match) for path, match in named if match]
        labels = [Label(file, int(m[1]), int(m[1]), int(m[2]), int(m[3]), "") for file, m in found]
        if labels:
            return [label for label in labels if label.high <= OLDEST]
    rows = _rows(folder / "utkface.csv", "put utkface.csv and the unpacked UTKFace pictures into one folder")
    return [
        Label(
            r["file"], int(r["age"]), int(r["age"]), int(r["gender"] or UNKNOWN), int(r["race"] or UNKNOWN), r["split"]
        )
        for r in rows
    ]


# A spreadsheet took "3-9" and "10-19" for dates; both spellings are in circulation.
FAIRFACE_BANDS = {
    "0-2": (0, 2), "3-9": (3, 9), "03-Sep": (3, 9), "10-19": (10, 19), "Oct-19": (10, 19), "20-29": (20, 29),
    "30-39": (30, 39), "40-49": (40, 49), "50-59": (50, 59), "60-69": (60, 69), "more than 70": (70, OLDEST),
}  # fmt: skip
# UTKFace's numbers for the same words (0 white, 1 black, 2 Asian, 3 Indian, 4 others).
FAIRFACE_GROUPS = {
    "White": 0, "Black": 1, "East Asian": 2, "Southeast Asian": 2, "Indian": 3, "Latino_Hispanic": 4,
    "Middle Eastern": 4,
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


CELEBA_SPLITS = {"0": "train", "1": "val", "2": "test"}


def celeba(folder: Path) -> list[Label]:
    """CelebA (Liu et al. 2015), or any part of it: pictures in one folder anywhere below, and identity_CelebA.txt.

    list_eval_partition.txt and list_attr_celeba.txt add the official split and the gender. No ages are known.
    """
    people = _pairs(folder / "identity_CelebA.txt", "put it and the folder of CelebA's pictures into one folder")
    split, attributes = folder / "list_eval_partition.txt", folder / "list_attr_celeba.txt"
    official = _pairs(split, "") if split.is_file() else {}
    sex = _celeba_genders(attributes) if attributes.is_file() else {}
    return [
        Label(
            path.relative_to(folder).as_posix(), 0, OLDEST, sex.get(path.name, UNKNOWN), UNKNOWN,
            CELEBA_SPLITS.get(official.get(path.name, ""), ""), int(people[path.name]),
        )
        for path in _pictures(folder)
        if path.name in people
    ]  # fmt: skip


def _pairs(path: Path, what: str) -> dict[str, str]:
    """A table of two words a line; a heading does no harm."""
    if not path.is_file():
        raise DataError(f"{path} is missing: {what}.")
    lines = (line.split() for line in path.read_text().splitlines())
    return {words[0]: words[1] for words in lines if len(words) == 2 and words[1].isdecimal()}


def _celeba_genders(path: Path) -> dict[str, int]:
    lines = path.read_text().replace(",", " ").splitlines()
    heading = next((line.split() for line in lines if "Male" in line.split()), None)
    if heading is None:
        raise DataError(f"{path} has no column Male: use CelebA's own list.")
    # The heading has no name for the column of the files, or one that a spreadsheet gave it.
    column = heading.index("Male") - len(heading)
    rows = (line.split() for line in lines)
    return {words[0]: MALE if words[column] == "1" else FEMALE for words in rows if words and "." in words[0]}


# CFP's people whose names are among LFW's too, also where CFP spells them in its own way (Albert Pujol, Recep Erdogen):
# nobody may learn from them, so that LFW stays a set of strangers, and CFP's own figures are theirs.
CFP_KEPT = frozenset((
    6, 9, 12, 13, 14, 18, 19, 20, 21, 22, 31, 33, 34, 35, 37, 39, 40, 42, 47, 49, 52, 54, 55, 57, 58, 59, 62, 63,
    66, 67, 73, 74, 76, 78, 79, 87, 90, 91, 94, 103, 107, 110, 112, 113, 116, 118, 120, 126, 127, 128, 131, 135,
    139, 141, 143, 145, 146, 150, 151, 154, 156, 158, 160, 162, 168, 169, 170, 171, 174, 177, 178, 179, 180, 181,
    182, 183, 184, 188, 192, 195, 196, 198, 201, 203, 208, 209, 213, 216, 218, 219, 221, 222, 225, 227, 228, 229,
    230, 232, 233, 237, 238, 239, 240, 242, 243, 247, 250, 256, 260, 262, 267, 268, 272, 278, 283, 284, 285, 286,
    287, 289, 291, 292, 295, 296, 299, 301, 305, 312, 315, 320, 323, 324, 326, 328, 335, 338, 339, 340, 341, 342,
    348, 351, 352, 353, 355, 356, 357, 358, 361, 362, 364, 366, 367, 371, 374, 380, 381, 382, 386, 389, 390, 391,
    394, 403, 404, 405, 407, 408, 412, 414, 415, 418, 420, 422, 425, 428, 429, 430, 433, 440, 446, 447, 450, 451,
    454, 455, 462, 463, 464, 465, 467, 469, 470, 471, 474, 477, 482, 483, 486, 487, 488, 493, 494, 498, 499,
))  # fmt: skip


def cfp(folder: Path) -> list[Label]:
    """CFP (Sengupta et al. 2016): Data/Images/001/frontal/01.jpg and .../profile/01.jpg. No ages, no genders.

    Its people are known: those of ``CFP_KEPT`` are for measuring only, split "test"; the others are "train".
    """
    labels = []
    for path in _pictures(folder):
        person, side = path.parent.parent.name, path.parent.name
        if side in ("frontal", "profile") and person.isdecimal():
            file = path.relative_to(folder).as_posix()
            split = "test" if int(person) in CFP_KEPT else "train"
            labels.append(Label(file, 0, OLDEST, UNKNOWN, UNKNOWN, split, int(person)))
    return _some(labels, folder, "Data/Images/001/frontal/01.jpg")


# UTKFace's numbers; hispanic and mideastern are among its "others".
MEBEAUTY_GROUPS = {"caucasian": 0, "black": 1, "asian": 2, "indian": 3, "hispanic": 4, "mideastern": 4}


def mebeauty(folder: Path) -> list[Label]:
    """MEBeauty (Lebedeva et al. 2022): original_images/female/asian/NAME.jpg. No ages."""
    labels = []
    for path in _pictures(folder):
        sex = {"male": MALE, "female": FEMALE}.get(path.parent.parent.name)
        if sex is not None:
            group = MEBEAUTY_GROUPS.get(path.parent.name, UNKNOWN)
            labels.append(Label(path.relative_to(folder).as_posix(), 0, OLDEST, sex, group, ""))
    return _some(labels, folder, "original_images/female/asian/NAME.jpg")


SCUT_NAME = re.compile(r"([AC])([FM])\d+\.jpg")


def scut_fbp5500(folder: Path) -> list[Label]:
    """SCUT-FBP5500 (Liang et al. 2018): Images/AF1.jpg is Asian and female, CM750.jpg Caucasian and male. No ages.

    Its own lists are for its ratings, which are not read; the split goes by content.
    """
    labels = []
    for path in _pictures(folder):
        match = SCUT_NAME.fullmatch(path.name)
        if match:
            group, sex = {"A": 2, "C": 0}[match[1]], {"F": FEMALE, "M": MALE}[match[2]]
            labels.append(Label(path.relative_to(folder).as_posix(), 0, OLDEST, sex, group, ""))
    return _some(labels, folder, "Images/AF1.jpg")


def _some(labels: list[Label], folder: Path, example: str) -> list[Label]:
    if not labels:
        raise DataError(f"{folder} is missing its pictures: something like {example} must lie in it.")
    return labels


READERS: dict[str, Callable[[Path], list[Label]]] = {
    "utkface": utkface,
    "fairface": fairface,
    "all-age-faces": all_age_faces,
    "celeba": celeba,
    "cfp": cfp,
    "mebeauty": mebeauty,
    "scut-fbp5500": scut_fbp5500,
}

# What each collection may be used for; stands with every prepared face and on the cards.
LICENCES = {
    "utkface": "non-commercial research",
    "fairface": "CC BY 4.0",
    "all-age-faces": "research, cite the paper",
    "celeba": "non-commercial research",
    "cfp": "research",
    "mebeauty": "research; pictures from stock-photo sites",
    "scut-fbp5500": "non-commercial research",
}
