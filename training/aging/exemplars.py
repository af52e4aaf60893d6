"""The old faces whose wrinkles are lent: named by file, chosen by eye from the sharpest frontal pictures over 68
without glasses, beards, watermarks or strong expressions.

Light, medium and dark skin have their own, so that not everybody grows old in the same way; between them they are mixed
by the skin's lightness, which the generator sees too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from training.aging.prototypes import FEMALE, MALE, Prototypes
from training.aging.transfer import Exemplar, compose, exemplar_of
from training.data.faces import FaceSet
from training.data.sets import DataError

TONES = (72.0, 60.0, 46.0)
"""CIE lightness of the skin at which each composition counts alone."""

# By gender, from light to dark skin: file -> weight in the composition.
CHOSEN: dict[int, tuple[dict[str, float], ...]] = {
    MALE: (
        {
            "85_0_0_20170111210640890.jpg.chip.jpg": 0.6,
            "85_0_0_20170111210017033.jpg.chip.jpg": 0.35,
            "86_0_0_20170111210757200.jpg.chip.jpg": 0.3,
        },
        {
            "original images/13303A80.jpg": 0.55,
            "original images/13061A71.jpg": 0.35,
            "85_0_2_20170112224655914.jpg.chip.jpg": 0.45,
        },
        {
            "80_0_0_20170111210128898.jpg.chip.jpg": 0.35,
            "90_0_1_20170111210246547.jpg.chip.jpg": 0.25,
            "86_0_0_20170111210757200.jpg.chip.jpg": 0.35,
        },
    ),
    FEMALE: (
        {
            "85_1_0_20170110181956588.jpg.chip.jpg": 0.55,
            "88_1_0_20170110183704246.jpg.chip.jpg": 0.3,
            "original images/07269A76.jpg": 0.45,
        },
        {
            "69_1_2_20170111210824053.jpg.chip.jpg": 0.35,
            "95_1_2_20170110182531150.jpg.chip.jpg": 0.3,
            "original images/07369A80.jpg": 0.5,
        },
        {
            "85_1_2_20170110175723033.jpg.chip.jpg": 0.35,
            "88_1_1_20170110183118502.jpg.chip.jpg": 0.35,
            "70_1_1_20170117171523132.jpg.chip.jpg": 0.35,
        },
    ),
}


@dataclass(frozen=True)
class Cast:
    """Composed exemplars by gender, one for each of TONES."""

    by_gender: Mapping[int, Sequence[Exemplar]]

    def for_face(self, gender: int, lightness: float) -> Exemplar:
        """The mixture for a face whose skin has this CIE lightness (0..100)."""
        cast = self.by_gender[gender]
        shares = [float(np.interp(lightness, TONES[::-1], row[::-1])) for row in np.eye(len(TONES))]
        return compose([(share, part) for share, part in zip(shares, cast, strict=True) if share > 0])


def composed(sets: Sequence[FaceSet], prototypes: Prototypes, which: str = "chosen") -> Cast:
    """The exemplars of all chosen files, or ("oldest") everywhere the oldest face there is.

    Raises DataError if a chosen picture is not among the prepared faces.
    """
    if which == "oldest":
        oldest = compose([(1.0, exemplar_of(sets[0], int(np.argmax(sets[0].years)), prototypes))])
        return Cast({gender: [oldest] * len(TONES) for gender in CHOSEN})
    return Cast(
        {
            gender: [compose([(w, _named(sets, file, prototypes)) for file, w in files.items()]) for files in tones]
            for gender, tones in CHOSEN.items()
        }
    )


def _named(sets: Sequence[FaceSet], file: str, prototypes: Prototypes) -> Exemplar:
    for faces in sets:
        rows = np.flatnonzero(faces.files == file)
        if len(rows) == 1:
            return exemplar_of(faces, int(rows[0]), prototypes)
    raise DataError(f"{file} is not among the prepared faces: prepare the whole of UTKFace and All-Age-Faces first.")
