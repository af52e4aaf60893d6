"""A stopwatch for the stages of one frame."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType


class Stages:
    """Adds up the milliseconds of each named stage, in the order in which they first ran."""

    def __init__(self) -> None:
        self._spent_ms: dict[str, float] = {}
        self._begin = self._rested = time.perf_counter()

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, 1e3 * (time.perf_counter() - begin))

    def add(self, name: str, spent_ms: float) -> None:
        self._spent_ms[name] = self._spent_ms.get(name, 0.0) + spent_ms

    def rest(self) -> None:
        """The frame waits from now on, which is not work."""
        self._rested = time.perf_counter()

    def resume(self) -> None:
        """The frame is worked on again; what it waited counts as "wait"."""
        waited_s = time.perf_counter() - self._rested
        self._begin += waited_s
        self.add("wait", 1e3 * waited_s)

    def total(self, *names: str) -> float:
        """The sum of some stages, 0 for those that did not run."""
        return sum(self._spent_ms.get(name, 0.0) for name in names)

    @property
    def elapsed_ms(self) -> float:
        """Since the stopwatch was made, without rests."""
        return 1e3 * (time.perf_counter() - self._begin)

    def done(self) -> Mapping[str, float]:
        """All stages and their "total", read-only."""
        return MappingProxyType({**self._spent_ms, "total": self.elapsed_ms})
