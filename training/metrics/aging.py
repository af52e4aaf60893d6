"""Does the age follow the dial? Pure functions of estimates, no pictures and no networks.

Convention: ``targets`` (T,) are the dialled ages in years, ascending; ``reached`` (N, T) the estimated ages of N people
at each of them; ``before`` (N,) their estimates as they are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.metrics.age import bootstrap

Years = NDArray[np.float64]

TOLERANCE_YEARS = 0.5
"""An estimate may fall by this much from one target to the next and still count as following the dial."""


class Mean(NamedTuple):
    """A mean with the interval (95 %, bootstrap over people) and of how many people."""

    value: float
    low: float
    high: float
    people: int


def mean_of(values: Years) -> Mean:
    """The mean of values (N,), one a person; NaN all over for nobody.

    >>> mean_of(np.array([2.0, 2.0]))
    Mean(value=2.0, low=2.0, high=2.0, people=2)
    """
    if not len(values):
        return Mean(float("nan"), float("nan"), float("nan"), 0)
    low, high = bootstrap(values.astype(np.float64), np.arange(len(values)))
    return Mean(float(values.mean()), low, high, len(values))


def slope(targets: Years, reached: Years) -> float:
    """Years of estimate for a year of dial: the least-squares slope of the people's mean. 1 is perfect, 0 is deaf.

    >>> slope(np.array([20.0, 40, 60]), np.array([[30.0, 40, 50], [20.0, 30, 40]]))
    0.5
    """
    _checked(targets, reached)
    middle = targets - targets.mean()
    return float(round((middle @ reached.mean(0)) / (middle @ middle), 9))


def monotonic(reached: Years, tolerance_years: float = TOLERANCE_YEARS) -> NDArray[np.bool_]:
    """(N,) whether a person's estimate never falls by more than the tolerance from one target to the next.

    >>> monotonic(np.array([[20.0, 30, 40], [20, 19.6, 40], [20, 30, 29]])).tolist()
    [True, True, False]
    """
    return np.asarray((np.diff(reached, axis=1) >= -tolerance_years).all(1), np.bool_)


def dial_figures(targets: Years, reached: Years) -> dict[str, float]:
    """mae_years and bias_years of the reached age against the target, over all people and targets; slope; the part of
    the spread between people that is left at a target, spread_years (0 would be the same age for everybody).
    """
    _checked(targets, reached)
    error = reached - targets
    return {
        "mae_years": float(np.abs(error).mean()),
        "bias_years": float(error.mean()),
        "slope": slope(targets, reached),
        "spread_years": float(reached.std(0).mean()),
    }


def _checked(targets: Years, reached: Years) -> None:
    if targets.ndim != 1 or reached.ndim != 2 or reached.shape[1] != len(targets):
        raise ValueError(f"reached: expected (N, {len(targets)}), got {reached.shape}")
    if len(targets) < 2 or not len(reached):
        raise ValueError("at least two targets and one person are needed")
