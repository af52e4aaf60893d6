"""Tells from the pictures alone whether a camera still sees: frozen and black ones, and ones that are no pictures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import cv2
import numpy as np

from engine.types import Image

_STEP_PX = 16
_DARKEST_LIT_VALUE = 24  # a covered sensor stays below, the darkest room with its noise does not


class Fault(Enum):
    """What a camera can do wrong while it goes on answering."""

    FROZEN = "frozen"
    BLACK = "black"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long what may last, in seconds. The tests use short ones."""

    opening_s: float = 8.0  # until the first word is said about a camera that does not open
    failing_s: float = 1.0  # the driver says at once that there is no picture
    missing_s: float = 2.5  # the driver says nothing
    frozen_s: float = 3.0
    black_s: float = 3.0
    black_reopen_s: float = 10.0  # then a black camera is closed and opened again
    back_off_s: tuple[float, ...] = (0.3, 0.7, 1.5, 2.0)  # before the first, second, ... reopening; the last for ever
    closing_s: float = 1.5


class Watchdog:
    """Looks at every frame of one opening of a camera.

    A frame counts as frozen only if it equals the one before it in every bit: sensors are never that quiet. Some
    virtual cameras are; ``still_is_fine`` takes them as they are.
    """

    def __init__(self, limits: Limits, *, still_is_fine: bool = False) -> None:
        self._limits = limits
        self._still_is_fine = still_is_fine
        self._last: Image | None = None
        self._same_since_ns: int | None = None
        self._black_since_ns: int | None = None

    @property
    def black(self) -> bool:
        """True if the newest frame was black."""
        return self._black_since_ns is not None

    @property
    def healthy(self) -> bool:
        """True if the newest frame was neither black nor equal to the one before it."""
        return self._last is not None and self._same_since_ns is None and not self.black

    def look(self, image: Image, time_ns: int) -> Fault | None:
        """The fault that has lasted too long with this frame, if any. Times are those of the frames."""
        black = is_black(image)
        same = self._last is not None and not black and equal(image, self._last)
        self._black_since_ns = _since(self._black_since_ns, black, time_ns)
        self._same_since_ns = _since(self._same_since_ns, same, time_ns)
        self._last = image
        if _lasted(self._black_since_ns, time_ns, self._limits.black_s):
            return Fault.BLACK
        if not self._still_is_fine and _lasted(self._same_since_ns, time_ns, self._limits.frozen_s):
            return Fault.FROZEN
        return None


def is_black(image: Image) -> bool:
    """True if nothing in the picture is brighter than a covered sensor (looked at on a grid of 16 px)."""
    return bool(image[::_STEP_PX, ::_STEP_PX].max() <= _DARKEST_LIT_VALUE)


def equal(image: Image, other: Image) -> bool:
    """True if every bit is the same; the grid is compared first, so that differing pictures cost next to nothing."""
    if image.shape != other.shape:
        return False
    step = slice(None, None, _STEP_PX)
    return np.array_equal(image[step, step], other[step, step]) and np.array_equal(image, other)


def as_image(value: Any) -> Image | None:
    """What a driver delivered as an image (H, W, 3) uint8 BGR of its own, or None if it cannot be one."""
    if not isinstance(value, np.ndarray) or value.dtype != np.uint8 or value.size == 0:
        return None
    if value.ndim == 2 and min(value.shape) >= 2:
        return np.asarray(cv2.cvtColor(value, cv2.COLOR_GRAY2BGR), np.uint8)
    if value.ndim != 3 or min(value.shape[:2]) < 2:
        return None
    if value.shape[2] == 1:
        return np.asarray(cv2.cvtColor(value, cv2.COLOR_GRAY2BGR), np.uint8)
    if value.shape[2] == 4:
        return np.asarray(cv2.cvtColor(value, cv2.COLOR_BGRA2BGR), np.uint8)
    return np.ascontiguousarray(value) if value.shape[2] == 3 else None


def _since(since_ns: int | None, holds: bool, now_ns: int) -> int | None:
    if not holds:
        return None
    return now_ns if since_ns is None else since_ns


def _lasted(since_ns: int | None, now_ns: int, limit_s: float) -> bool:
    return since_ns is not None and now_ns - since_ns >= limit_s * 1e9
