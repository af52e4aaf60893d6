"""Where hair is around an aligned crop, and how far to trust it: on the grid of engine.aging.surroundings.

In the crop, hair is what the network changed outside the face and what is not skin. What looks like that hair, hangs
together with it and lies near the head is hair too.

When in doubt nothing is: where cells that look like the hair were left alone by the network, or where they go on to the
end of the grid or the side of the frame, it is the background that looks like this.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.aging.hair import HairChange, HairLook, learn_change
from engine.aging.surroundings import INSIDE, FacePlaces, Surroundings, from_crop
from engine.types import FloatArray, Image

# The network's word counts where the mask is at least this.
_HEARD = 0.35
# Pixel values: where the hair changes by less, nothing is learned from it.
_VISIBLE = 3.0
# Of what the most changed cells got (a quantile): changed is what got at least the first part, left alone what got
# less than the second.
_MOST, _CHANGED, _LEFT_ALONE = 0.85, 0.5, 0.25
_LEAST_CELLS = 20
_SKIN_VARIANCE = np.array([400.0, 14.0, 18.0], np.float32)
_LEAST_VARIANCE, _MORE_VARIANCE = np.array([230.0, 8.0, 8.0], np.float32), 3.0
_BALD = (0.8, 1.6)  # how far hair is from skin, in spreads of skin: too near, far enough
_LIKE = (0.15, 0.5)
# Of the cells that look like the hair, those that the network left alone: a few, too many.
_CONFUSED = (0.12, 0.30)
# Cells found at one end of the grid, in parts of the hair in the crop: a few, too many. And in how many of the three
# upper directions hair must end for the others to be trusted: too few, enough.
_LEAKING, _CLOSED = (0.03, 0.12), (0.35, 0.65)
# Part of the frame's border that is hair: fine, too much; fewer cells of a border are none.
_BORDERED, _SHORT_BORDER = (0.25, 0.5), 8
_KERNEL, _BRIDGE = np.ones((3, 3), np.uint8), np.ones((5, 5), np.uint8)

SECTORS = ("top", "left", "right", "lower left", "lower right")
"""Directions that are trusted each on their own, as seen in the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class HairSample:
    """What a crop tells about its hair.

    look and skin: their colours; change: what the hair got; sure: 0..1, whether this is hair and no bald skin.
    seeds, alone (CELLS, CELLS): cells of the crop that the network changed as hair, and those that it left alone.
    """

    look: HairLook
    skin: HairLook
    change: HairChange
    sure: float
    seeds: NDArray[np.bool_]
    alone: NDArray[np.bool_]


def sample_hair(
    crop: Image, residual: FloatArray, mask: FloatArray, around: Surroundings, places: FacePlaces
) -> HairSample | None:
    """What this crop (S, S, 3) with its residual (S, S, 3) tells; None where no hair changed.

    mask (CELLS, CELLS): how much of the residual is added in each cell.
    """
    along, lab, shown = places.along[INSIDE], around.lab[INSIDE], around.shown[INSIDE]
    oval = cv2.dilate(places.oval, _KERNEL)[INSIDE] > 0
    cheeks = oval & (along > 0.3) & (along < 0.6) & shown
    beside = ~oval & (mask >= _HEARD) & (along > 0.35) & shown
    if cheeks.sum() < _LEAST_CELLS or beside.sum() < _LEAST_CELLS:
        return None
    skin = HairLook(_quantile(lab[cheeks], 0.5), _SKIN_VARIANCE)
    size = np.sqrt(cv2.transform(from_crop(residual) ** 2, np.full((1, 3), 1 / 3, np.float32)))
    no_skin = beside & (skin.likeness(lab) < 0.5)
    if no_skin.sum() < _LEAST_CELLS:
        return None
    most = float(_quantile(size[no_skin], _MOST))
    if most < _VISIBLE:
        return None
    seeds = no_skin & (size > _CHANGED * most)
    look = _look(lab[seeds])
    seeds &= look.likeness(lab) > _LIKE[0]
    if seeds.sum() < _LEAST_CELLS:
        return None
    apart = float(np.sqrt(((look.mean - skin.mean) ** 2 / _SKIN_VARIANCE).sum()))
    change = learn_change(crop, residual, seeds)
    return HairSample(look, skin, change, _ramp(apart, *_BALD), seeds, beside & (size < _LEFT_ALONE * most))


def _look(lab: FloatArray) -> HairLook:
    """The look of cells (N, 3) in Lab. The network's own mistakes, a wall beside the hair, do not count: medians."""
    mean = _quantile(lab, 0.5)
    spread = 1.48 * _quantile(np.abs(lab - mean), 0.5)
    return HairLook(mean, np.asarray(np.maximum(spread * spread, _LEAST_VARIANCE) * _MORE_VARIANCE, np.float32))


def _quantile(values: FloatArray, share: float) -> FloatArray:
    """Of values (N, ...), the one that this share of them lies below; ten times faster than NumPy's."""
    rank = min(int(share * len(values)), len(values) - 1)
    return np.asarray(np.partition(values, rank, axis=0)[rank], np.float32)


def find_hair(sample: HairSample, around: Surroundings, places: FacePlaces) -> tuple[FloatArray, FloatArray]:
    """How much each cell (HEIGHT, WIDTH) is such hair, 0..1, and how far to trust that in each of SECTORS, 0..1."""
    like = sample.look.likeness(around.lab) * (1 - sample.skin.likeness(around.lab))
    like = np.asarray(like * around.shown * (1 - places.oval), np.float32)
    found = _connected(like, sample.seeds)
    return found, _trust(sample, like, found, around.shown, places)


def _connected(like: FloatArray, seeds: NDArray[np.bool_]) -> FloatArray:
    """What looks like hair and hangs together with the hair in the crop (HEIGHT, WIDTH), 0..1."""
    able = (like > _LIKE[0]).astype(np.uint8)
    # A strand that only touches a dark thing is no bridge, but an ear or a clip in the hair is no end.
    parts = cv2.dilate(cv2.morphologyEx(able, cv2.MORPH_OPEN, _KERNEL), _BRIDGE)
    _, labels = cv2.connectedComponents(parts, connectivity=4)
    counts = np.bincount(labels[INSIDE][seeds], minlength=1)
    counts[0] = 0
    wanted = np.zeros(int(labels.max()) + 1, np.uint8)
    wanted[: len(counts)] = counts >= 4
    found = np.clip((like - _LIKE[0]) / (_LIKE[1] - _LIKE[0]), 0, 1) * (wanted[labels] & able)
    # Shine within the hair belongs to it.
    return np.asarray(cv2.morphologyEx(found, cv2.MORPH_CLOSE, _BRIDGE), np.float32)


def _trust(
    sample: HairSample, like: FloatArray, found: FloatArray, shown: NDArray[np.bool_], places: FacePlaces
) -> FloatArray:
    """How far to trust what was found in each of SECTORS, 0..1."""
    similar = like[INSIDE] > 0.5 * (_LIKE[0] + _LIKE[1])
    alone, changed = int((similar & sample.alone).sum()), int((similar & sample.seeds).sum())
    sure = sample.sure * (1 - _ramp(alone / max(alone + changed, 1), *_CONFUSED))
    along, across = places.along, places.across
    high, left, right = along > 0.45, across < -1.05, across > 1.05
    chest = (along < -0.3) & (np.abs(across) < 0.3)
    ends = (along > 1.78, high & left, high & right, ~high & left | chest, ~high & right | chest)
    least = max(float(sample.seeds.sum()), 1.0)
    free = [1 - _ramp(float(found[end].sum()) / least, *_LEAKING) for end in ends]
    # Hair of a close face may reach the frame's border over the head, but not all along its other parts.
    border = (cv2.erode(shown.astype(np.uint8), _KERNEL) == 0) & shown
    if border.any():
        parts = (
            (along > 1.0) & (np.abs(across) > 0.7), high & (across < -0.6), high & (across > 0.6),
            ~high & (across < -0.6), ~high & (across > 0.6),
        )  # fmt: skip
        free = [min(one, _open_border(found, border & part)) for one, part in zip(free, parts, strict=True)]
    top, left_side, right_side, lower_left, lower_right = free
    sure *= _ramp((top + left_side + right_side) / 3, *_CLOSED)
    lower = min(left_side, lower_left), min(right_side, lower_right)
    return np.array([top, left_side, right_side, *lower], np.float32) * np.float32(sure)


def _open_border(found: FloatArray, border: NDArray[np.bool_]) -> float:
    """1 where little of this part of the frame's border is hair, 0 where half of it is."""
    count = int(border.sum())
    return 1.0 if count < _SHORT_BORDER else 1 - _ramp(float(found[border].sum()) / count, *_BORDERED)


def plausible(places: FacePlaces, trust: FloatArray) -> FloatArray:
    """Where hair may be (HEIGHT, WIDTH), 0..1, by the trust in SECTORS; never on the neck, less and less far below."""
    along, across = places.along, places.across
    beside = np.abs(across)
    reach = np.clip((1.9 - along) / 0.2, 0, 1) * np.clip((1.25 - beside) / 0.2, 0, 1)
    reach *= np.clip((along + 0.65) / 0.4, 0, 1)
    reach *= np.clip((along - 0.1) / 0.1 + np.maximum(beside - 0.3, 0) / 0.12, 0, 1)
    top, left, right, lower_left, lower_right = (float(value) for value in trust)
    if trust.min() == trust.max():
        return np.asarray(reach * top, np.float32)
    # From one sector to the next softly.
    to_right, to_upper = np.clip(0.5 + across / 0.3, 0, 1), np.clip((along - 0.1) / 0.35, 0, 1)
    to_top = np.clip((along - 1.1) / 0.25, 0, 1) * np.clip((0.8 - beside) / 0.2, 0, 1)
    upper, lower = left + (right - left) * to_right, lower_left + (lower_right - lower_left) * to_right
    side = lower + (upper - lower) * to_upper
    return np.asarray(reach * (side + (top - side) * to_top), np.float32)


def _ramp(value: float, low: float, high: float) -> float:
    """0 up to low, 1 from high on."""
    return min(1.0, max(0.0, (value - low) / (high - low)))
