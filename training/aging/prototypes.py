"""What changes on average with age: mean colour and mean shape of faces by age and gender, in mesh space.

Source: Rowland & Perrett 1995, "Manipulating facial appearance through shape and color", with a smooth kernel over
age instead of two groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from engine.landmarks.topology import FACE_OVAL, FOREHEAD_TOP
from training.aging import meshspace
from training.aging.meshspace import SIZE, MeshSpace
from training.data.faces import FaceSet

AGES = np.array([1, 3, 6, 10, 14, 18, 22, 26, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90], np.float32)
MALE, FEMALE = 0, 1
# Differences of light wider than this (standard deviation in pixels) are hair, fringe and flash, not age; half of those
# in colour, too.
_WIDEST_PX = 24.0
_WIDE_KEPT = np.array([0.0, 0.5, 0.5], np.float32)
# Children differ by their shape more than by anything else, adults hardly: how much of each year's change is taken.
_SHAPE_AGES, _SHAPE_STRENGTHS = (10.0, 22.0), (2.2, 0.55)
_BROWS = (105, 334)


@dataclass(frozen=True)
class Prototypes:
    """By gender (2) and age (len(AGES)): ``colour`` (2, A, 256, 256, 3) float32 CIE Lab relative to the face's mean
    skin, of middling detail (see ``localised``); ``shape`` (2, A, 478, 2) float32 mesh in crop pixels.
    """

    space: MeshSpace
    colour: NDArray[np.float32]
    shape: NDArray[np.float32]

    def _at(self, table: NDArray[np.float32], gender: int, years: float) -> NDArray[np.float32]:
        position = float(np.interp(years, AGES, np.arange(len(AGES))))
        below = min(int(position), len(AGES) - 2)
        part = np.float32(position - below)
        return table[gender, below] * (1 - part) + table[gender, below + 1] * part

    def colour_change(self, gender: int, source: float, target: float) -> NDArray[np.float32]:
        """(256, 256, 3) Lab to add in mesh space."""
        return self._at(self.colour, gender, target) - self._at(self.colour, gender, source)

    def shape_change(self, gender: int, source: float, target: float) -> NDArray[np.float32]:
        """(478, 2) pixels to add to a mesh."""
        return self._at(self.shape, gender, target) - self._at(self.shape, gender, source)


def to_lab(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """BGR 8-bit to CIE Lab float32 (L 0..100)."""
    return np.asarray(cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_BGR2Lab), np.float32)


def to_bgr(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """CIE Lab to BGR float32 in 0..255, clipped."""
    return np.asarray(np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2BGR), 0, 1) * 255, np.float32)


def validity(corners: NDArray[np.float32], margin_px: float = 3.0) -> NDArray[np.float32]:
    """(S, S) 1 where the crop shows the picture, falling to 0 at its edge, 0 where the edge is repeated."""
    canvas = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillConvexPoly(canvas, np.round(corners * 16).astype(np.int32), 255, cv2.LINE_8, 4)
    distance = cv2.distanceTransform(np.pad(canvas, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    # Picture edges that coincide with the crop's edge are no border of the data.
    return np.clip((distance - margin_px) / 6, 0, 1).astype(np.float32)


def build(faces: FaceSet, rows: NDArray[np.int64], bandwidth_years: float = 4.0) -> Prototypes:
    """Prototypes of the given faces; children get a narrower kernel, because they change faster."""
    known = rows[(faces.gender[rows] >= 0) & (faces.yaw[rows] < 0.3)]
    frontal = known[(faces.yaw[known] < 0.12) & (faces.years[known] >= 20)]
    space = meshspace.build(faces.meshes[frontal].mean(0))
    widths = np.minimum(bandwidth_years, 0.5 + AGES * 0.15)
    colour = np.zeros((2, len(AGES), SIZE, SIZE, 3), np.float64)
    weight = np.zeros((2, len(AGES), SIZE, SIZE, 1), np.float64)
    shape = np.zeros((2, len(AGES), 478, 2), np.float64)
    count = np.zeros((2, len(AGES)), np.float64)
    for row in tqdm(known, desc="prototypes", unit="face", disable=None):
        gender = int(faces.gender[row])
        chance = np.exp(-((faces.years[row] - AGES) ** 2) / (2 * widths**2))
        use = np.flatnonzero(chance > 0.05)
        shape[gender, use] += chance[use, None, None] * faces.meshes[row]
        count[gender, use] += chance[use]
        # Many young adults, few of any other age: a part of them is enough for the colours.
        if faces.grey[row] or faces.sharpness[row] < 4.5 or (20 <= faces.years[row] <= 40 and row % 4):
            continue
        points = meshspace.with_ring(faces.meshes[row])
        lab = to_lab(faces.crops[row])
        layers = np.dstack([lab, validity(faces.corners[row])])
        flat = space.onto_mean(layers, points)
        good = flat[..., 3:]
        skin = flat[96:200, 64:192, :3].reshape(-1, 3).mean(0)
        relative = (flat[..., :3] - skin) * good
        for k in use:
            colour[gender, k] += chance[k] * relative
            weight[gender, k] += chance[k] * good
    # Where hardly any picture reaches (above the forehead) there is nothing to tell: fade to no change.
    mean = colour / np.maximum(weight, 1e-6) * np.clip(weight / 20, 0, 1)
    # Light comes from everywhere on average; what asymmetry is left is chance.
    mean = (mean + mean[:, :, :, ::-1]) / 2
    soft = np.stack([[cv2.GaussianBlur(m, (0, 0), 1.5) for m in per] for per in mean]).astype(np.float32)
    shapes = (shape / np.maximum(count, 1e-6)[..., None, None]).astype(np.float32)
    return Prototypes(space, localised(soft, space.mean), weighted(shapes))


def localised(colour: NDArray[np.float32], mean: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of mean colours (2, A, 256, 256, 3) what belongs to the skin of the face: without wide differences of light, and
    without the upper forehead, where fringes of the young would become a dark band.
    """
    outline = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillPoly(outline, [np.round(mean[list(FACE_OVAL)]).astype(np.int32)], (255,))
    inner = np.asarray(cv2.erode(outline, np.ones((7, 7))), np.uint8)
    top, brows = float(mean[FOREHEAD_TOP, 1]), float(mean[list(_BROWS), 1].mean())
    rows = np.arange(SIZE, dtype=np.float32)[:, None]
    below = np.clip((rows - (0.75 * top + 0.25 * brows)) / (0.35 * (brows - top)), 0, 1)
    skin = (cv2.GaussianBlur(inner, (0, 0), 3) / np.float32(255) * below).astype(np.float32)
    share = cv2.GaussianBlur(skin, (0, 0), _WIDEST_PX)[..., None] + 1e-3

    def one(picture: NDArray[np.float32]) -> NDArray[np.float32]:
        wide = cv2.GaussianBlur(picture * skin[..., None], (0, 0), _WIDEST_PX) / share
        return np.asarray((picture - wide * (1 - _WIDE_KEPT)) * skin[..., None], np.float32)

    return np.stack([[one(picture) for picture in ages] for ages in colour])


def weighted(shape: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean meshes (2, A, 478, 2) whose steps from age to age are stretched for children and shortened for adults."""
    middle = (AGES[1:] + AGES[:-1]) / 2
    strength = np.interp(middle, _SHAPE_AGES, _SHAPE_STRENGTHS).astype(np.float32)
    steps = np.diff(shape, axis=1) * strength[:, None, None]
    return np.concatenate([shape[:, :1], shape[:, :1] + np.cumsum(steps, axis=1)], axis=1)


def save(prototypes: Prototypes, path: Path) -> None:
    np.savez(path, mean=prototypes.space.mean[:478], colour=prototypes.colour, shape=prototypes.shape)


def load(path: Path) -> Prototypes:
    with np.load(path) as data:
        return Prototypes(meshspace.build(data["mean"]), data["colour"], data["shape"])
