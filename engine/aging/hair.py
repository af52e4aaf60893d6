"""What happened to the hair: its colour before, and the simple function of a pixel that changed it.

The network says which hair changes, and how, inside its crop. There its change is summed up in a few numbers, so that
the rest of the same hair can follow: the mean of what it added, a slope over luminance, and a gain for strands. It is
the colour transfer of Reinhard et al. 2001 (means and spreads) with the slope learned from pairs of pixels, and with
the fine part of the luminance scaled on its own: black hair that turns white shows strands that were hardly to be seen
before. (A slope over chroma was tried: it came out as 0, +- 0.07, for the dark hair of twelve portraits.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.types import FloatArray, Image, checked

# A pixel's noise squared, in pixel values: a slope or a gain that rests on less spread means nothing.
_PRIOR_VARIANCE = 30.0
_SLOPE, _GAIN = (-0.35, 0.5), (0.0, 2.0)
_ROWS = 64
STRAND = 0.028
"""Strands are what differs from the mean of a square of this side, in sides of the crop."""


@dataclass(frozen=True, slots=True, eq=False)
class HairLook:
    """The colour of hair in 8-bit Lab (OpenCV's: L 0..255, a and b around 128): mean (3,), variance (3,), float32."""

    mean: FloatArray
    variance: FloatArray

    def __post_init__(self) -> None:
        for name in ("mean", "variance"):
            object.__setattr__(self, name, checked(name, getattr(self, name), (3,), np.float32))

    def likeness(self, lab: FloatArray) -> FloatArray:
        """How much cells (H, W, 3) in Lab look like it: 0..1 (H, W), a Gaussian."""
        off = (lab - self.mean) * (1 / np.sqrt(2 * self.variance))
        return np.asarray(cv2.exp(cv2.transform(off * off, np.full((1, 3), -1, np.float32))), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class HairChange:
    """What hair got, in 8-bit units: a pixel with grey value y got added + slope * (y - grey) + gain * (y - m).

    added (3,) float32 BGR and grey: means over the hair; m is the mean grey of the pixels around (see ``strand_px``).
    """

    added: FloatArray
    grey: float
    slope: float
    gain: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "added", checked("added", self.added, (3,), np.float32))

    @property
    def size(self) -> float:
        """Root mean square of what is added on average, in pixel values."""
        return float(np.sqrt((self.added**2).mean()))

    @property
    def at_black(self) -> FloatArray:
        """What a black pixel gets (3,), without its neighbours: the line's value at y = 0."""
        return np.asarray(self.added - np.float32(self.slope * self.grey), np.float32)

    def towards(self, other: HairChange, share: float) -> HairChange:
        """This share of the way to another change."""
        return HairChange(
            mixed(self.added, other.added, share),
            self.grey + share * (other.grey - self.grey),
            self.slope + share * (other.slope - self.slope),
            self.gain + share * (other.gain - self.gain),
        )


def mixed(one: FloatArray, other: FloatArray, share: float) -> FloatArray:
    """This share of the way from one array to another of its shape."""
    return np.asarray(one + np.float32(share) * (other - one), np.float32)


def learn_change(crop: Image, residual: FloatArray, hair: NDArray[np.bool_]) -> HairChange:
    """The change of the hair in a crop (S, S, 3) with its residual (S, S, 3); hair (N, N): its cells, at least one."""
    # Some of the rows in which there is hair are enough, and strands are looked at along them.
    size, used = crop.shape[0], np.flatnonzero(hair.any(axis=1))
    rows = np.arange(int(used[0]) * size // len(hair), (int(used[-1]) + 1) * size // len(hair), max(1, size // _ROWS))
    where = (
        cv2.resize(hair[rows * len(hair) // size].astype(np.uint8), (size, len(rows)), interpolation=cv2.INTER_NEAREST)
        > 0
    )
    crop, residual = crop[rows], residual[rows]
    grey, more = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), cv2.cvtColor(residual, cv2.COLOR_BGR2GRAY)
    side = (strand_px(size), 1)
    luma, added_luma = grey[where].astype(np.float32), more[where]
    fine, added_fine = luma - cv2.blur(grey, side)[where], added_luma - cv2.blur(more, side)[where]
    mean, spread = float(luma.mean()), float(luma.var())
    slope = float(((luma - mean) * added_luma).mean()) / (spread + _PRIOR_VARIANCE)
    slope = min(max(slope, _SLOPE[0]), _SLOPE[1])
    # The slope scales strands too; the gain is what is missing to the spread that they have in the end.
    before, after = float(fine.var()), float((fine + added_fine).var())
    gain = math.sqrt((after + _PRIOR_VARIANCE) / (before + _PRIOR_VARIANCE)) - 1 - slope
    added = np.asarray(residual[where].mean(axis=0), np.float32)
    return HairChange(added, mean, slope, min(max(gain, _GAIN[0]), _GAIN[1]))


def strand_px(side_px: float) -> int:
    """The odd side of the square that strands are compared with, for a crop of this side."""
    return 2 * max(1, round(STRAND * side_px / 2)) + 1
