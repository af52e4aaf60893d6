"""What stands before a face (a hand, a cup): found by what the face looked like a moment ago, so that it is not aged.

Method: the colour of the face is read at the points of its mesh, where it stays the same whatever the pose and the
expression; a robust running mean and spread of every point are kept (an appearance model as in Stauffer and Grimson
1999, one Gaussian a point). Light that changes is taken out first: an offset and a slope across the face, fitted by
iteratively reweighted least squares. Points far from their memory are the seed of what covers the face, and it grows
over neighbours that are a little off (hysteresis, as in Canny 1986). What stays is taken for the face in the end.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.landmarks import topology
from engine.types import FloatArray, Floats, Image

GRID = 32
"""Side of the map of what is covered; it spans the aligned crop."""
_SMALL_PX = 64  # colours are read from a crop of this side, so that pores, noise and lashes do not count
_WARM_UP_S = 0.4
_LONGEST_GAP_S = 2.0
_FLOOR = np.array([3.0, 1.6, 1.6], np.float32)  # Lab: what a point may be off without meaning anything
_FIRST_SPREAD = np.array([4.0, 2.0, 2.0], np.float32)
# Distances in spreads: from where on a point may belong to what covers, and from where on it is a seed.
_WEAK, _SEED = (1.15, 1.8), (2.2, 3.1)
_SHARE = (0.35, 0.6)  # of the points around a cell
_GROWTH_CELLS = 5
# A head turned this far from where it was learned halves a distance, so does one turned this far beyond a half profile
# (points of its far side see what is behind), and so does a face this small.
_TURN_DEGREES, _HALF_PROFILE_DEGREES, _SMALL_FACE_PX = 20.0, 34.0, 10.0
_LEARN_S, _SPREAD_S, _LIGHT_S, _ABSORB_S = 1.5, 2.5, 0.3, 12.0
_CAUTION = 0.8  # so much slower everything is learned while something covers the face: its edge is never sharp
_APPEAR_S, _VANISH_S = 0.05, 0.3
# More than this share of the points at once is another light or another look, no hand.
_ALL, _MOST, _MOST_S = 0.75, 0.55, 2.0
_MORE_LIKE_SKIN = 8.0  # Lab, a and b: something went away and there is skin
_KERNEL = np.ones((3, 3), np.uint8)

_LEFT_OUT = {*topology.LIPS_INNER, *topology.RIGHT_EYE, *topology.LEFT_EYE}
USED = np.array([i for i in range(topology.POINTS_WITHOUT_IRISES) if i not in _LEFT_OUT])
"""Points of the mesh that are looked at: not those that blink and speak."""
_FEATURES = {*topology.LIPS_OUTER, *topology.RIGHT_EYEBROW, *topology.LEFT_EYEBROW}
_SKIN = np.array([i not in _FEATURES for i in USED])


class OcclusionGuard:
    """Of one face that is followed. It needs half a second to learn the face; not thread-safe."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the face."""
        self._mean: FloatArray | None = None
        self._spread = np.tile(_FIRST_SPREAD, (len(USED), 1))
        self._covered = np.zeros(len(USED), np.float32)
        self._map = np.zeros((GRID, GRID), np.float32)
        self._known_s = self._most_s = 0.0
        self._yaw = 0.0
        self._time_ns = 0

    def update(
        self, crop: Image, mesh_in_crop: Floats, *, yaw_degrees: float, width_px: float, time_ns: int
    ) -> FloatArray | None:
        """How much is covered (GRID, GRID) float32, 0 face to 1 something else; None where nothing is covered.

        crop: the aligned face (S, S, 3); mesh_in_crop (478, 2) in its pixels; width_px of the face in the frame; when
        the frame was captured. Starts afresh after a gap of two seconds.
        """
        points = np.asarray(mesh_in_crop[USED], np.float32) * (_SMALL_PX / crop.shape[0])
        seen = _colours(crop, points)
        gap_s = (time_ns - self._time_ns) / 1e9
        self._time_ns = time_ns
        if self._mean is None or not 0 <= gap_s < _LONGEST_GAP_S:
            self.reset()
            self._mean, self._yaw, self._time_ns = seen, yaw_degrees, time_ns
            return None
        gap_s = min(gap_s, 0.2)
        light = _light(seen - self._mean, points / _SMALL_PX - 0.5, 1.02 - self._covered)
        off = seen - self._mean - light
        distance = self._distances(off, yaw_degrees, width_px, gap_s)
        appeared = self._uncovered(seen - light)
        distance[appeared] = 0.0
        cells = np.clip(points * (GRID / _SMALL_PX), 0, GRID - 1).astype(np.intp)
        self._follow(distance, cells[:, 1] * GRID + cells[:, 0], gap_s)
        if self._is_another_look(distance, gap_s):
            self.reset()
            return None
        self._learn(off, light, appeared, gap_s)
        return self._map.copy() if float(self._map.max()) > 0.02 else None

    def _distances(self, off: FloatArray, yaw_degrees: float, width_px: float, gap_s: float) -> FloatArray:
        """How far each point is from its memory, in spreads (N,); none while the face is being learned."""
        turned = abs(yaw_degrees - self._yaw)
        self._yaw += (yaw_degrees - self._yaw) * _share(gap_s, 2.0)
        self._known_s += gap_s
        if self._known_s < _WARM_UP_S:
            return np.zeros(len(USED), np.float32)
        beyond = max(abs(yaw_degrees) - _HALF_PROFILE_DEGREES, 0.0)
        scale = (1 + (turned + beyond) / _TURN_DEGREES) * (1 + _SMALL_FACE_PX / max(width_px, 1.0))
        return np.asarray(np.sqrt(((off / (_FLOOR + self._spread)) ** 2).sum(axis=1)) / scale, np.float32)

    def _uncovered(self, seen: FloatArray) -> NDArray[np.bool_]:
        """Points that look more like this person's skin than their memory does (N,): a cup was there from the start."""
        assert self._mean is not None
        skin = np.median(self._mean[_SKIN, 1:], axis=0)
        before = np.linalg.norm(self._mean[:, 1:] - skin, axis=1)
        now = np.linalg.norm(seen[:, 1:] - skin, axis=1)
        return np.asarray(_SKIN & (before - now > _MORE_LIKE_SKIN), np.bool_)

    def _follow(self, distance: FloatArray, cell: NDArray[np.intp], gap_s: float) -> None:
        """Brings the map up to date: seeds, growth, time."""
        weak, seed = _ramp(distance, *_WEAK), _ramp(distance, *_SEED)
        if not seed.any() and float(self._map.max()) < 0.01:
            self._map[:] = 0
            self._covered = weak
            return
        sums = np.dstack([_on_grid(weight, cell) for weight in (None, weak, seed)])
        # Near each point its own word counts; between and beyond the points that of those farther away.
        near = cv2.GaussianBlur(sums, (0, 0), 1.2) + 0.05 * cv2.GaussianBlur(sums, (0, 0), 3.5)
        total = near[..., 0] + 1e-5
        able, sure = _ramp(near[..., 1] / total, *_SHARE), _ramp(near[..., 2] / total, *_SHARE)
        # What was covered stays so for as long as it is a little off.
        grown = np.maximum(sure, np.minimum(1.2 * self._map, 1.0) * able)
        able = np.maximum(able, sure)
        for _ in range(_GROWTH_CELLS):
            grown = np.minimum(cv2.dilate(grown, _KERNEL), able)
        soft = cv2.GaussianBlur(cv2.dilate(grown, _KERNEL), (0, 0), 0.8)
        rate = np.where(soft > self._map, _share(gap_s, _APPEAR_S), _share(gap_s, _VANISH_S))
        self._map = np.asarray(self._map + rate * (soft - self._map), np.float32)
        self._covered = np.maximum(weak, self._map.ravel()[cell])

    def _is_another_look(self, distance: FloatArray, gap_s: float) -> bool:
        most = float(self._covered.mean()) > _MOST
        self._most_s = self._most_s + gap_s if most else 0.0
        return float((distance > _WEAK[1]).mean()) > _ALL or self._most_s > _MOST_S

    def _learn(self, off: FloatArray, light: FloatArray, appeared: NDArray[np.bool_], gap_s: float) -> None:
        """The face as it looks now becomes its memory: soon where it is free, late where something covers it."""
        assert self._mean is not None
        free = 1 - self._covered
        caution = 1 - _CAUTION * min(1.0, float(self._map.mean()) / 0.05)
        learn_s = min(max(self._known_s, 0.1), _LEARN_S)
        rate = caution * free * _share(gap_s, learn_s) + self._covered * _share(gap_s, _ABSORB_S)
        rate[appeared] = _share(gap_s, _LEARN_S / 3)
        self._mean = self._mean + light * np.float32(_share(gap_s, _LIGHT_S)) + rate[:, None] * off
        slow = (caution * free * _share(gap_s, _SPREAD_S))[:, None]
        self._spread = np.asarray(self._spread + slow * (np.abs(off) - self._spread), np.float32)


def uncovered_mask(mask: FloatArray, cover: FloatArray | None) -> FloatArray:
    """A mask (S, S) without what is covered (GRID, GRID); the mask itself where nothing is."""
    if cover is None:
        return mask
    wide = cv2.resize(cover, (mask.shape[1], mask.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(mask * (1 - np.clip(wide, 0, 1)), np.float32)


def _colours(crop: Image, points: FloatArray) -> FloatArray:
    """The colour (N, 3) in CIE Lab (L 0..100) around points (N, 2) of the crop made small."""
    small = cv2.resize(crop, (_SMALL_PX, _SMALL_PX), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(cv2.blur(small.astype(np.float32) * np.float32(1 / 255), (3, 3)), cv2.COLOR_BGR2Lab)
    x, y = (np.ascontiguousarray(points[None, :, axis]) for axis in (0, 1))
    return np.asarray(cv2.remap(lab, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0], np.float32)


def _light(change: FloatArray, places: FloatArray, weights: FloatArray) -> FloatArray:
    """The part (N, 3) of a change that light explains: an offset and a slope over places (N, 2), outliers left out."""
    basis = np.column_stack([np.ones(len(places), np.float32), places])
    # A slope wants more evidence than an offset: half a face in a hand is no slope.
    prior = np.diag(np.array([0.01, 4.0, 4.0], np.float32))
    fit, weight = np.zeros_like(change), weights
    for _ in range(2):
        weighted = basis * weight[:, None]
        fit = np.asarray(basis @ np.linalg.solve(weighted.T @ basis + prior, weighted.T @ change), np.float32)
        weight = weights / (1 + ((change - fit)[:, 0] / 6) ** 2)  # Cauchy's weights
    return np.asarray(fit, np.float32)


def _on_grid(weight: FloatArray | None, cell: NDArray[np.intp]) -> FloatArray:
    """Sums (GRID, GRID) of the points' weights, or their number."""
    return np.bincount(cell, weight, GRID * GRID).reshape(GRID, GRID).astype(np.float32)


def _ramp(value: FloatArray, low: float, high: float) -> FloatArray:
    """0 up to low, 1 from high on."""
    return np.asarray(np.clip((value - low) / (high - low), 0, 1), np.float32)


def _share(gap_s: float, time_constant_s: float) -> float:
    """How much of the way to a new value is done in this time."""
    return 1 - math.exp(-gap_s / time_constant_s)
