"""How well ages are told, and to whom less well: pure functions of estimates and labels, no pictures and no networks.

Convention: an age label is a band ``low``..``high`` in years, both included, of one year where the age is known
exactly. An error is estimate minus label, 0 inside a band. A row without an estimate is NaN: counted, never averaged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Years = NDArray[np.float64]
Numbers = NDArray[np.int64]

CLOSE_YEARS = 5.0
"""The cumulative score counts errors up to this."""
LEAST_PICTURES = 30
"""A group with fewer pictures says too little to be called the worst."""
UNKNOWN = -1
GENDERS = MappingProxyType({0: "male", 1: "female"})
GROUPS = MappingProxyType({0: "White", 1: "Black", 2: "Asian", 3: "Indian", 4: "other"})
"""As UTKFace numbers them."""


@dataclass(frozen=True, slots=True, eq=False)
class AgeTable:
    """One row a labelled picture: low, high (N,) the label; years, spread_years (N,) the estimate, NaN where there is
    none; gender and group (N,), -1 where not told; person (N,) numbers people, all different where not known.
    """

    low: Numbers
    high: Numbers
    years: Years
    spread_years: Years
    gender: Numbers
    group: Numbers
    person: Numbers

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value.shape != (len(self.low),):
                raise ValueError(f"{field.name}: expected ({len(self.low)},), got {value.shape}")

    def __len__(self) -> int:
        return len(self.low)

    @property
    def exact(self) -> bool:
        """Whether every age is known to the year."""
        return bool((self.low == self.high).all())

    @property
    def error_years(self) -> Years:
        """Estimate minus label (N,); 0 inside a band; NaN without an estimate."""
        return np.asarray(self.years - np.clip(self.years, self.low, self.high), np.float64)

    def take(self, rows: NDArray[np.bool_]) -> AgeTable:
        """Only these rows (a mask (N,))."""
        return AgeTable(*(getattr(self, field.name)[rows] for field in fields(self)))

    @property
    def estimated(self) -> AgeTable:
        """Only the rows that have an estimate."""
        return self.take(np.isfinite(self.years))


class Interval(NamedTuple):
    """The range in which 95 % of the means of like samples fall."""

    low: float
    high: float


class Part(NamedTuple):
    """A part of a table by what its people share: how many estimates, mean absolute error and mean error in years."""

    name: str
    faces: int
    mae_years: float
    bias_years: float


def figures(table: AgeTable) -> dict[str, float]:
    """Count, misses and the errors of a table. mae_years is the mean distance outside the band where ages are bands.

    within_5_years: share of errors of at most five years (cumulative score). within_spread: share of faces whose label
    is no further away than the spread that was stated with the estimate; 0.68 is right for one standard deviation.
    Raises ValueError for a table without any estimate.
    """
    found = table.estimated
    if not len(found):
        raise ValueError("ages: no picture has an estimate")
    error = found.error_years
    size = np.abs(error)
    low, high = bootstrap(size, found.person)
    return {
        "pictures": float(len(table)),
        "missed": float(len(table) - len(found)),
        "mae_years": float(size.mean()),
        "mae_low_years": low,
        "mae_high_years": high,
        "rmse_years": float(np.sqrt((error**2).mean())),
        "bias_years": float(error.mean()),
        "within_5_years": float((size <= CLOSE_YEARS).mean()),
        "within_spread": float((size <= found.spread_years).mean()),
    }


def bootstrap(values: Years, clusters: Numbers, *, rounds: int = 1000, seed: int = 0) -> Interval:
    """The interval of the mean of values (N,) when their clusters (N,), people for example, are drawn again.

    Pictures of one person are not independent, so whole people are drawn (cluster bootstrap, Davison & Hinkley 1997).
    """
    _, places = np.unique(clusters, return_inverse=True)
    sums, counts = np.bincount(places, values), np.bincount(places)
    draws = np.random.default_rng(seed).integers(0, len(counts), (rounds, len(counts)))
    low, high = np.percentile(sums[draws].sum(1) / counts[draws].sum(1), (2.5, 97.5))
    return Interval(float(low), float(high))


def by_decade(table: AgeTable) -> tuple[Part, ...]:
    """The parts of a table by the decade of the true age, or by its bands where ages are known by bands."""
    if table.exact:
        return _parts(table, table.low // 10, lambda k: f"{10 * k}-{10 * k + 9}")
    high = dict(zip(table.low.tolist(), table.high.tolist(), strict=True))
    return _parts(table, table.low, lambda low: f"{low}-{high[low]}")


def by_gender(table: AgeTable) -> tuple[Part, ...]:
    return _parts(table, table.gender, _named(GENDERS))


def by_group(table: AgeTable) -> tuple[Part, ...]:
    return _parts(table, table.group, _named(GROUPS))


def worst(parts: tuple[Part, ...], mae_years: float) -> tuple[str, float]:
    """The part with the greatest error of those with at least LEAST_PICTURES, and how many times the mean that is.

    ("", 1.0) where there are not two such parts.

    >>> worst((Part("a", 90, 4.0, 0.0), Part("b", 90, 6.0, 0.0), Part("c", 3, 20.0, 0.0)), 5.0)
    ('b', 1.2)
    """
    large = [part for part in parts if part.faces >= LEAST_PICTURES]
    if len(large) < 2 or mae_years <= 0:
        return "", 1.0
    last = max(large, key=lambda part: part.mae_years)
    return last.name, last.mae_years / mae_years


def _named(names: Mapping[int, str]) -> Callable[[int], str]:
    return lambda key: names.get(key, str(key))


def _parts(table: AgeTable, keys: Numbers, name: Callable[[int], str]) -> tuple[Part, ...]:
    found = np.isfinite(table.years)
    error = table.error_years
    parts = []
    for key in np.unique(keys[keys != UNKNOWN]):
        mine = error[found & (keys == key)]
        if len(mine):
            parts.append(Part(name(int(key)), len(mine), float(np.abs(mine).mean()), float(mine.mean())))
    return tuple(parts)
