"""A steady age for a face that is followed: single estimates jump by years, the shown and used one must not."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from engine.types import AgeEstimate

WINDOW = 41
# Estimates this many robust standard deviations away count less (Huber 1964; 1.345 keeps 95 % efficiency).
HUBER = 1.345
# The first estimates are looked at in quick succession; from then on the published age creeps.
SETTLED = 5
# It stays where it is while the location is within this many years, far less than the error of an estimate, so that the
# whole number on the screen does not flicker. Beyond, it moves by a step each time: a year in ten seconds, unless it is
# so far off that it must have begun with a mistake; then by a share of what is too far, too.
BAND_YEARS = 1.5
STEP_YEARS = 0.1
FAR_YEARS = 6.0
FAR_SHARE = 0.08
_LEAST_SPREAD_YEARS = 2.0


class RunningAge:
    """The robust location of the last estimates, weighted by how sure and how good each was.

    Starts at the first estimate, follows the first few, then settles: it rests while new estimates mean about the same
    and creeps towards them if they go on meaning something else. Not thread-safe: one owner updates it.
    """

    def __init__(self) -> None:
        self._years: deque[float] = deque(maxlen=WINDOW)
        self._weights: deque[float] = deque(maxlen=WINDOW)
        self._count = 0
        self._value: AgeEstimate | None = None

    @property
    def value(self) -> AgeEstimate | None:
        """The running estimate, or None before the first one."""
        return self._value

    @property
    def shown(self) -> AgeEstimate | None:
        """The running estimate once it has settled, about half a second after the first; None before: the first guesses
        may be years off, and a number that jumps is worse than none.
        """
        return self._value if self._count >= SETTLED else None

    @property
    def count(self) -> int:
        """How many estimates it has seen; early ones deserve fresh ones soon."""
        return self._count

    def update(self, estimate: AgeEstimate, quality: float = 1.0) -> AgeEstimate:
        """Takes one more estimate of this face, with the quality 0..1 of the picture it was made from."""
        spread = max(estimate.spread_years, _LEAST_SPREAD_YEARS)
        self._years.append(estimate.years)
        self._weights.append(max(quality, 0.05) / spread**2)
        self._count += 1
        years, weights = np.array(self._years), np.array(self._weights)
        location = huber_location(years, weights)
        shown = location if self._value is None else published(self._value.years, location, self._count > SETTLED)
        self._value = AgeEstimate(shown, self._spread(shown, years, weights, spread), estimate.model)
        return self._value

    def _spread(self, location: float, years: NDArray[np.float64], weights: NDArray[np.float64], own: float) -> float:
        """The model's own spread: averaging many pictures of one face does not remove the model's error on it."""
        before = self._value.spread_years if self._value else own
        scatter = float(np.sqrt((weights * (years - location) ** 2).sum() / weights.sum()))
        return max(before + 0.2 * (own - before), scatter)


def published(before: float, location: float, settled: bool) -> float:
    """The age to show after ``before`` years, now that the estimates lie around ``location``.

    >>> [published(30.0, location, True) for location in (30.9, 32.0, 50.0)], published(30.0, 50.0, False)
    ([30.0, 30.1, 31.22], 50.0)
    """
    away = location - before
    if abs(away) <= BAND_YEARS:
        return before
    if not settled:
        return location
    step = STEP_YEARS + FAR_SHARE * max(0.0, abs(away) - FAR_YEARS)
    return before + float(np.copysign(step, away))


def weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """The value with half of the weight on either side; between two values, their mean.

    >>> weighted_median(np.array([1.0, 9.0, 2.0]), np.ones(3))
    2.0
    >>> weighted_median(np.array([1.0, 2.0]), np.ones(2))
    1.5
    """
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order])
    half = below[-1] / 2
    lower = int(np.searchsorted(below, half * (1 - 1e-9)))
    upper = int(np.searchsorted(below, half * (1 + 1e-9)))
    return float((values[order[lower]] + values[order[upper]]) / 2)


def huber_location(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """The weighted Huber location: a mean near the middle, a median against outliers.

    Iteratively reweighted from the weighted median, with the weighted median absolute deviation as the scale.
    """
    location = weighted_median(values, weights)
    scale = 1.4826 * weighted_median(np.abs(values - location), weights)
    if scale < 1e-9:
        return location
    for _ in range(10):
        distance = np.maximum(np.abs(values - location) / (HUBER * scale), 1e-9)
        shares = weights * np.minimum(1.0, 1.0 / distance)
        location = float((shares * values).sum() / shares.sum())
    return location
