"""Carries the change of the hair beyond the crop that the network sees, so that no seam is left in the hair.

Where hair is found (engine.aging.hair_place) and how it changes (engine.aging.hair) is steadied over time in aligned
space. The soft edge of the place is fitted to the picture by a guided filter (He et al. 2013, in the fast form of He
and Sun 2015, arXiv 1505.00996): its two coefficients are enlarged instead of the place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.aging import surroundings
from engine.aging.hair import HairChange, HairLook, mixed, strand_px
from engine.aging.hair_place import HairSample, find_hair, plausible, sample_hair
from engine.aging.surroundings import CELLS, INSIDE, Surroundings
from engine.geometry.align import invert, transform
from engine.types import Affine, AlignedFace, FloatArray, Floats, HairSpread, Image

# Hair is looked for anew after this time; what was found follows the face until then.
_LOOK_EVERY_S = 0.1
_CHANGE_S, _COLOUR_S, _PLACE_S = 0.1, 0.5, 0.1
# Trust is lost soon and comes back slowly, or hair before a bookcase would come and go.
_DOUBT_S, _TRUST_S = 0.3, 1.5
_LONGEST_GAP_S = 0.5
_EDGE_CELLS, _EDGE_NOISE = 5, 6.0**2
# Pixel values: smaller changes of the hair are not carried on, larger ones fully.
_VISIBLE = (3.0, 7.0)
_NOTHING = 0.02  # of a place or a change of it: less than a grey level or two


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Hair that was found: its change, its place (HEIGHT, WIDTH) in 0..1, and the trust in each sector."""

    change: HairChange
    place: FloatArray
    trust: FloatArray


class HairFollower:
    """The hair of one face that is followed; a fresh one for a single picture. Not thread-safe."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the hair."""
        self._sample: HairSample | None = None
        self._newest: _Found | None = None
        self._steady: _Found | None = None
        self._time_ns = self._looked_ns = 0

    @property
    def settled(self) -> bool:
        """Whether the same picture would give the same again."""
        if self._newest is None or self._steady is None:
            return True
        steady, newest = self._steady, self._newest
        change = float(np.abs(steady.change.added - newest.change.added).max())
        place = float(np.abs(steady.place - newest.place).max())
        return change < 0.25 and place < _NOTHING and float(np.abs(steady.trust - newest.trust).max()) < _NOTHING

    def update(
        self,
        image: Image,
        face: AlignedFace,
        residual: FloatArray,
        mask: FloatArray,
        mesh_in_crop: Floats,
        *,
        weight: float = 1.0,
        cover: FloatArray | None = None,
        others: FloatArray | None = None,
        around: Surroundings | None = None,
        time_ns: int = 0,
    ) -> HairSpread | None:
        """How the hair around the crop of this face changes, or None: not at all.

        image: the frame; residual (S, S, 3) and mask (S, S) of the patch, without ``weight`` (0..1: how much of the
        change is to be seen); mesh_in_crop (478, 2) in pixels of the crop; cover: what stands before the face, see
        engine.aging.occlusion; others (N, 4): boxes of the other faces, whose hair is their own; around: what
        ``look_around_face`` gave for this frame, if it was asked already.
        """
        gap_s = (time_ns - self._time_ns) / 1e9
        changes = weight > 0 and bool(residual.any())
        if not changes or not 0 <= gap_s < _LONGEST_GAP_S:
            self.reset()
        self._time_ns = time_ns
        if not changes:
            return None
        to_crop = surroundings.cells_to_crop(face.size)
        around = around or look_around_face(image, face)
        inner = surroundings.from_crop(mask)
        if self._newest is None or time_ns - self._looked_ns >= _LOOK_EVERY_S * 1e9:
            mesh = transform(invert(to_crop), mesh_in_crop)
            self._look(face.crop, residual, inner, around, mesh, others, (time_ns - self._looked_ns) / 1e9)
            self._looked_ns = time_ns
        found = self._steadied(gap_s)
        if found is None or float(found.place.max()) < _NOTHING:
            return None
        weight *= min(1.0, max(0.0, (found.change.size - _VISIBLE[0]) / (_VISIBLE[1] - _VISIBLE[0])))
        if weight == 0:
            return None
        rest = np.full(found.place.shape, weight, np.float32)
        rest[INSIDE] *= 1 - inner
        if cover is not None:
            rest *= _free(cover)
        place, change = _guided(found.place, around.cells) * rest, found.change
        side_px = CELLS * float(np.hypot(around.to_frame[0, 0], around.to_frame[1, 0]))
        return HairSpread(place, around.to_frame, change.at_black, change.slope, change.gain, strand_px(side_px))

    def _look(
        self, crop: Image, residual: FloatArray, inner: FloatArray, around: Surroundings, mesh: FloatArray,
        others: FloatArray | None, gap_s: float,
    ) -> None:  # fmt: skip
        """Looks for hair in this frame."""
        places = surroundings.face_places(mesh)
        fresh = sample_hair(crop, residual, inner, around, places)
        if fresh is None:
            # What is remembered fades.
            if self._newest is not None:
                self._newest = _Found(self._newest.change, 0 * self._newest.place, 0 * self._newest.trust)
            return
        self._sample = fresh if self._sample is None else _towards(self._sample, fresh, _share(gap_s, _COLOUR_S))
        found, trust = find_hair(self._sample, around, places)
        steady = trust if self._steady is None else self._steady.trust
        place = found * plausible(places, steady)
        if others is not None and len(others):
            place *= _nearest(mesh, others, around.to_frame)
        self._newest = _Found(fresh.change, place, trust)

    def _steadied(self, gap_s: float) -> _Found | None:
        """The hair as a running mean: in aligned space it stands still."""
        newest, steady = self._newest, self._steady
        if newest is None or steady is None:
            self._steady = newest
        else:
            self._steady = _Found(
                steady.change.towards(newest.change, _share(gap_s, _CHANGE_S)),
                mixed(steady.place, newest.place, _share(gap_s, _PLACE_S)),
                _trusted(steady.trust, newest.trust, gap_s),
            )
        return self._steady


def look_around_face(image: Image, face: AlignedFace) -> Surroundings:
    """What is around the crop of a face in its frame."""
    return surroundings.look_around(image, surroundings.chained(surroundings.cells_to_crop(face.size), face.to_frame))


def _trusted(before: FloatArray, fresh: FloatArray, gap_s: float) -> FloatArray:
    """The steadied trust of each sector."""
    share = np.where(fresh > before, _share(gap_s, _TRUST_S), _share(gap_s, _DOUBT_S))
    return np.asarray(before + share * (fresh - before), np.float32)


def _towards(sample: HairSample, fresh: HairSample, share: float) -> HairSample:
    """The fresh sample with colours that have come this share of the way."""
    look = HairLook(
        mixed(sample.look.mean, fresh.look.mean, share), mixed(sample.look.variance, fresh.look.variance, share)
    )
    skin = HairLook(mixed(sample.skin.mean, fresh.skin.mean, share), fresh.skin.variance)
    return HairSample(look, skin, fresh.change, fresh.sure, fresh.seeds, fresh.alone)


def _nearest(mesh_in_cells: FloatArray, boxes: FloatArray, to_frame: Affine) -> NDArray[np.bool_]:
    """Which cells (HEIGHT, WIDTH) are nearer to this face than to others with boxes (N, 4) in the frame, in widths."""
    corners = transform(invert(to_frame), np.asarray(boxes, np.float64).reshape(-1, 2, 2))
    low, high = mesh_in_cells.min(axis=0), mesh_in_cells.max(axis=0)
    own = _distance((low + high) / 2, float(high[0] - low[0]))
    free = np.ones((surroundings.HEIGHT, surroundings.WIDTH), np.bool_)
    for first, second in corners:
        free &= own <= _distance((first + second) / 2, float(np.linalg.norm(second - first)) / math.sqrt(2))
    return free


def _distance(middle: FloatArray, width: float) -> FloatArray:
    """Of each cell (HEIGHT, WIDTH) from a face with this middle, in widths of this face."""
    x = np.arange(surroundings.WIDTH, dtype=np.float32)[None, :] - middle[0]
    y = np.arange(surroundings.HEIGHT, dtype=np.float32)[:, None] - middle[1]
    return np.asarray(np.sqrt(x * x + y * y) / max(width, 1.0), np.float32)


def _free(cover: FloatArray) -> FloatArray:
    """How free each cell (HEIGHT, WIDTH) is of what covers the crop; beyond the crop as on its edge."""
    inside = cv2.resize(cover, (CELLS, CELLS), interpolation=cv2.INTER_LINEAR)
    wide = cv2.copyMakeBorder(
        inside, surroundings.ABOVE, surroundings.BELOW, surroundings.ASIDE, surroundings.ASIDE, cv2.BORDER_REPLICATE
    )
    return np.asarray(1 - np.clip(wide, 0, 1), np.float32)


def _guided(place: FloatArray, cells: Image) -> FloatArray:
    """Slope and offset (2, HEIGHT, WIDTH) with which the picture's grey (0..255) gives the place with fine edges."""
    grey = np.asarray(cv2.cvtColor(cells, cv2.COLOR_BGR2GRAY), np.float32)
    side = (_EDGE_CELLS, _EDGE_CELLS)
    mean, part, squares, products = cv2.split(cv2.blur(cv2.merge([grey, place, grey * grey, grey * place]), side))
    slope = (products - mean * part) / (squares - mean * mean + _EDGE_NOISE)
    offset = part - slope * mean
    return np.asarray(np.stack([cv2.blur(slope, side), cv2.blur(offset, side)]), np.float32)


def _share(gap_s: float, time_constant_s: float) -> float:
    """How much of the way to a new value is done in this time."""
    return 1 - math.exp(-gap_s / time_constant_s)
