"""What the finer network learns from: large faces as the mirror might cut them out, by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.landmarks.mask import head_mask
from training.aging.retouch import frown_mask
from training.aging.skin import skin_mask
from training.aging.windows import known_part, webcam
from training.data.faces import FaceSet, load
from training.data.sets import DataError
from training.house import Samples

SIDE = 512
"""Side of the faces in pixels."""


@dataclass(frozen=True)
class LargeBatch:
    """faces (N, 3, SIDE, SIDE) RGB 0..1; mask, skin, frown (N, 1, SIDE, SIDE): where a face and its hair are, its skin,
    and what is between its brows; ages (N,) in years.
    """

    faces: Tensor
    mask: Tensor
    skin: Tensor
    frown: Tensor
    ages: Tensor

    @staticmethod
    def of(columns: list[Tensor]) -> LargeBatch:
        """From collated samples: pictures become channels first."""
        faces, mask, skin, frown = (
            t.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last) for t in columns[:-1]
        )
        return LargeBatch(faces, mask, skin, frown, columns[-1])


class LargeFaces:
    """Draws augmented faces; the same seed and number give the same one. Raises DataError for small crops."""

    def __init__(self, folders: Sequence[str], seed: int) -> None:
        self.seed = seed
        self.sets: list[tuple[FaceSet, NDArray[np.int64]]] = []
        for folder in folders:
            faces = load(Path(folder))
            if faces.crops.shape[1] != SIDE:
                raise DataError(f"{folder} holds no faces of {SIDE} pixels: run `python -m training large` first.")
            self.sets.append((faces, faces.rows("train")))
        self.ends = np.cumsum([len(rows) for _, rows in self.sets])

    def sample(self, number: int) -> tuple[NDArray[np.float32], ...]:
        """The picture (SIDE, SIDE, 3) RGB 0..1, its three masks (SIDE, SIDE, 1), and the age, as in ``LargeBatch``."""
        rng = np.random.default_rng((self.seed, number))
        place = int(rng.integers(0, self.ends[-1]))
        which = int(np.searchsorted(self.ends, place, "right"))
        faces, rows = self.sets[which]
        row = int(rows[place - int(self.ends[which])])
        mesh = faces.meshes[row]
        masks = [make(mesh, SIDE) for make in (head_mask, skin_mask, frown_mask)]
        masks[0] = masks[0] * known_part(faces.corners[row], SIDE)
        turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), rng.normal(0, 4), rng.uniform(0.85, 1.15))
        matrix = np.asarray(turn, np.float64)
        matrix[:, 2] += rng.uniform(-12, 12, 2)
        picture = cv2.warpAffine(faces.crops[row], matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
        gain = (rng.uniform(0.7, 1.2) * rng.uniform(0.93, 1.07, 3)).astype(np.float32)
        seen = np.clip((picture.astype(np.float32) / 255) ** rng.uniform(0.8, 1.25) * gain, 0, 1)
        seen = np.clip(webcam(np.asarray(seen, np.float32), rng), 0, 1)
        moved = cv2.warpAffine(np.dstack(masks), matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
        stack = [seen[..., ::-1], *np.split(moved, moved.shape[2], axis=2)]
        if rng.random() < 0.5:
            stack = [each[:, ::-1] for each in stack]
        age = np.array(faces.years[row], np.float32)
        return (*(np.ascontiguousarray(each, np.float32) for each in stack), age)

    def samples(self, count: int) -> Samples:
        """Those of a whole run."""
        return Samples(count, self.sample)
