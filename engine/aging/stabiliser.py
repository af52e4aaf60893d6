"""Keeps a residual steady over time in aligned space, where the face stands still and only noise moves."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.types import FloatArray, Image

# Share of the fresh residual where nothing moves, for a frame of 1/30 s; elsewhere it rises to 1 with the motion.
STILL_SHARE = 0.25
# Difference of the blurred grey crops, in pixel values, that counts as standing still and as moving.
MOTION = (3.0, 14.0)
# A target that moved by the second number of years since the last frame is followed at once.
TARGET_YEARS = (0.05, 2.0)
FRAME_S = 1 / 30
LONGEST_GAP_S = 0.5
_CELLS = 8  # motion is judged on cells of this side in pixels, so that noise in single pixels does not count


class Stabiliser:
    """A motion-adaptive running mean of one face's residual. One per track, one owner; not thread-safe."""

    def __init__(self) -> None:
        self._residual: FloatArray | None = None
        self._grey: NDArray[np.float32] | None = None
        self._target = 0.0
        self._time_ns = 0

    def reset(self) -> None:
        """Forgets the face: the next residual is taken as it is."""
        self._residual = None
        self._grey = None

    def update(self, residual: FloatArray, crop: Image, target_age: float, time_ns: int) -> FloatArray:
        """The steadied residual for this frame.

        residual (S, S, 3) float32 and the crop (S, S, 3) it was made from; the years it aims at; when the frame was
        captured. Starts afresh after another size, a gap of half a second or time running backwards.
        """
        grey = _cells(crop)
        gap_s = (time_ns - self._time_ns) / 1e9
        before, before_grey = self._residual, self._grey
        fresh = before is None or before_grey is None or before.shape != residual.shape or not 0 < gap_s < LONGEST_GAP_S
        jump = abs(target_age - self._target)
        self._target, self._time_ns, self._grey = target_age, time_ns, grey
        if fresh or jump >= TARGET_YEARS[1]:
            self._residual = residual.copy()
        else:
            assert before is not None and before_grey is not None
            share = _shares(grey, before_grey, gap_s, jump)
            self._residual = _mix(before, residual, share)
        kept = self._residual.view()
        kept.flags.writeable = False
        return kept


def _cells(crop: Image) -> NDArray[np.float32]:
    """The crop in grey, averaged over cells: (S / 8, S / 8)."""
    side = max(1, crop.shape[0] // _CELLS)
    small = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.float32)


def _shares(grey: NDArray[np.float32], before: NDArray[np.float32], gap_s: float, jump: float) -> NDArray[np.float32]:
    """Share of the fresh residual in each cell, 0..1; the same smoothing per second at any frame rate."""
    difference = cv2.absdiff(grey, before)
    # Light that changes everywhere alike is not motion.
    difference = np.abs(difference - float(np.median(difference)))
    motion = np.clip((cv2.GaussianBlur(difference, (3, 3), 0) - MOTION[0]) / (MOTION[1] - MOTION[0]), 0, 1)
    low, high = TARGET_YEARS
    moved = min(1.0, max(0.0, (jump - low) / (high - low)))
    still = 1 - (1 - STILL_SHARE) ** (gap_s / FRAME_S)
    still += (1 - still) * moved
    return np.asarray(still + (1 - still) * motion, np.float32)


def _mix(before: FloatArray, fresh: FloatArray, share: NDArray[np.float32]) -> FloatArray:
    """before + share * (fresh - before), with the cells' shares spread smoothly over the pixels."""
    change = cv2.subtract(fresh, before)
    spread = share.min() < share.max()
    if spread:
        wide = cv2.resize(share, (fresh.shape[1], fresh.shape[0]), interpolation=cv2.INTER_LINEAR)
        cv2.multiply(change, cv2.merge([wide] * 3), dst=change)
        return np.asarray(cv2.add(before, change, dst=change), np.float32)
    return np.asarray(cv2.scaleAdd(change, float(share.flat[0]), before), np.float32)
