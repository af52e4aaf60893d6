"""How the shape of a head changes while it grows up: what no residual can show, because it moves.

A child has larger eyes, a shorter nose and chin and fuller cheeks than the adult it becomes, in parts of the distance
between its eyes and mouth. The mean meshes of children of each age, beside that of young adults, tell how (the shape
half of Rowland & Perrett 1995); training/aging/growth.py makes fields over the wide crop of them, which the pictures of
faces follow. Adults keep their shape.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from engine.types import Affine, FloatArray, Image

# The network smooths the skin of the young, but children's shapes it can only paint over adult ones, with ghosts. So
# it is asked for less: from the first of these ages on for what is wished, and for the second at a wish of 0.
_PAINTED = (15.0, 12.0)
# Faces that are children's already get from the network what is wished; faces of the second age or older, as above.
_GROWN_UP = (10.0, 18.0)
_COARSE = 4  # fields are smooth: they are turned into the frame at this part of its pixels, and then enlarged
_LEAST = 1e-4  # sides of the crop: a fortieth of a pixel


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """ages (K,) in years, rising, the last the age from which on nothing moves; fields (K, G, G, 2) float32: from where
    an adult's picture comes to each point of a child's, as (x, y) to be subtracted, in sides of the wide crop; the
    G x G points lie evenly over it, edges included.
    """

    ages: FloatArray
    fields: FloatArray

    def __post_init__(self) -> None:
        count, size = len(self.ages), self.fields.shape[1] if self.fields.ndim == 4 else 0
        if self.ages.ndim != 1 or count < 2 or self.fields.shape != (count, size, size, 2) or size < 2:
            raise ValueError(f"growth: expected fields (K, G, G, 2) for K ages, got {self.fields.shape}")
        if (np.diff(self.ages) <= 0).any() or not np.isfinite(self.fields).all():
            raise ValueError("growth: ages must rise, and fields be finite")

    def field(self, source_age: float, target_age: float) -> FloatArray | None:
        """(G, G, 2) for a face of this age that is to have that one; None where nothing moves."""
        moved = self._at(target_age) - self._at(source_age)
        return moved if np.abs(moved).max() > _LEAST else None

    def painted_age(self, source_age: float, target_age: float) -> float:
        """The age to ask the network for, while the field does the rest.

        >>> growth = Growth(np.array([1, 20], np.float32), np.zeros((2, 2, 2, 2), np.float32))
        >>> growth.painted_age(30, 40), growth.painted_age(30, 5), growth.painted_age(8, 6)
        (40.0, 13.0, 6.0)
        """
        whole, least = _PAINTED
        if target_age >= whole:
            return float(target_age)
        painted = least + (whole - least) * target_age / whole
        young, grown = _GROWN_UP
        share = min(1.0, max(0.0, (source_age - young) / (grown - young)))
        return float(target_age + (painted - target_age) * share)

    def _at(self, years: float) -> FloatArray:
        place = float(np.interp(years, self.ages, np.arange(len(self.ages))))
        below = min(int(place), len(self.ages) - 2)
        part = np.float32(place - below)
        return np.asarray(self.fields[below] * (1 - part) + self.fields[below + 1] * part, np.float32)


def grow(image: Image, field: FloatArray, to_frame: Affine, size: int, *, fine: bool = False) -> None:
    """Moves one face in the picture (H, W, 3) by a field (G, G, 2) over its crop of this side in pixels.

    Beyond the crop nothing moves; the crop may reach beyond the picture. fine: cubic instead of linear interpolation.
    """
    corners = np.array([[0, 0], [size, 0], [0, size], [size, size]], np.float64) @ to_frame[:, :2].T + to_frame[:, 2]
    left, top = np.maximum(np.floor(corners.min(0)).astype(int), 0)
    right, bottom = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, image.shape[1::-1])
    if right <= left or bottom <= top:
        return
    step = (size - 1) / (field.shape[0] - 1)
    grid = to_frame @ np.array([[step, 0, 0], [0, step, 0], [0, 0, 1]])
    grid[:, 2] -= (left, top)
    grid = np.array([[1, 0, (1 - _COARSE) / 2], [0, 1, (1 - _COARSE) / 2]]) @ np.vstack([grid, [0, 0, 1]]) / _COARSE
    moves = np.asarray(field @ (to_frame[:, :2].T * size), np.float32)
    width, height = int(right - left), int(bottom - top)
    box = (-(-width // _COARSE), -(-height // _COARSE))
    coarse = cv2.split(cv2.warpAffine(moves, grid, box))
    full = (box[0] * _COARSE, box[1] * _COARSE)
    across, down = (cv2.resize(each, full, interpolation=cv2.INTER_LINEAR)[:height, :width] for each in coarse)
    columns = np.subtract(np.arange(left, right, dtype=np.float32), across, dtype=np.float32)
    rows = np.subtract(np.arange(top, bottom, dtype=np.float32)[:, None], down, dtype=np.float32)
    way = cv2.INTER_CUBIC if fine else cv2.INTER_LINEAR
    image[top:bottom, left:right] = cv2.remap(image, columns, rows, way, borderMode=cv2.BORDER_REPLICATE)
