"""The old faces whose wrinkles are lent: named by file, chosen by eye from the sharpest frontal pictures of UTKFace
train over 80 without glasses, beards, watermarks or strong expressions.
"""

from __future__ import annotations

import numpy as np

from training.aging.prototypes import FEMALE, MALE, Prototypes
from training.aging.transfer import Exemplar, compose, exemplar_of
from training.data.faces import FaceSet
from training.data.sets import DataError

# file -> weight in the composition of its gender
CHOSEN: dict[int, dict[str, float]] = {
    MALE: {
        "80_0_0_20170111210128898.jpg.chip.jpg": 0.42,
        "86_0_0_20170111210757200.jpg.chip.jpg": 0.5,
        "85_0_0_20170111210640890.jpg.chip.jpg": 0.25,
    },
    FEMALE: {
        "85_1_0_20170110183546496.jpg.chip.jpg": 0.8,
        "95_1_2_20170110182531150.jpg.chip.jpg": 0.5,
        "85_1_3_20170110183438488.jpg.chip.jpg": 0.35,
    },
}


def composed(faces: FaceSet, prototypes: Prototypes, which: str = "chosen") -> dict[int, Exemplar]:
    """One exemplar by gender: composed of the chosen files, or ("oldest") simply the oldest face there is.

    Raises DataError if a chosen picture is not among the prepared faces.
    """
    result: dict[int, Exemplar] = {}
    if which == "oldest":
        oldest = int(np.argmax(faces.years))
        return {gender: compose([(1.0, exemplar_of(faces, oldest, prototypes))]) for gender in CHOSEN}
    for gender, chosen in CHOSEN.items():
        parts = []
        for file, weight in chosen.items():
            rows = np.flatnonzero(faces.files == file)
            if len(rows) != 1:
                raise DataError(f"{file} is not among the prepared faces: prepare the whole of UTKFace first.")
            parts.append((weight, exemplar_of(faces, int(rows[0]), prototypes)))
        result[gender] = compose(parts)
    return result
