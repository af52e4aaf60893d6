"""Several faces of one frame at once, where there are cores for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from engine.runtime.device import usable_cores

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST = 4
_CORES_FOR_OTHERS = 2
"""What capture, the window and the slow worker need."""


class Hands:
    """Does the same to several things, side by side. Pictures are worked on outside of Python's lock.

    count: how many at once (None: as this machine's cores allow; with fewer than two everything is done in turn).
    """

    def __init__(self, count: int | None = None) -> None:
        count = min(_MOST, usable_cores() - _CORES_FOR_OTHERS) if count is None else count
        self._pool = ThreadPoolExecutor(count, "face") if count > 1 else None

    def __call__(self, work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """What ``work`` gives for each item, in their order. What it raises is raised."""
        found = list(items)
        if self._pool is None or len(found) < 2:
            return [work(item) for item in found]
        return list(self._pool.map(work, found))

    def close(self) -> None:
        """Lets the threads end; twice is safe. Afterwards everything is done in turn."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown()
