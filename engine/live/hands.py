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
        cores = usable_cores()
        self._count = min(_MOST, cores - _CORES_FOR_OTHERS) if count is None else count
        helps = cores > 1 if count is None else count > 0
        self._pool = ThreadPoolExecutor(max(1, self._count), "face") if helps else None

    def __call__(self, work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """What ``work`` gives for each item, in their order. What it raises is raised."""
        found = list(items)
        if self._pool is None or self._count < 2 or len(found) < 2:
            return [work(item) for item in found]
        return list(self._pool.map(work, found))

    def beside(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Callable[[], list[Result]]:
        """Begins with the same while the caller goes on; what it gives waits for the end and tells what was found.

        For work that is short beside what the caller does meanwhile, most of it outside of Python's lock. Without a
        second core it is done before this returns.
        """
        if self._pool is None:
            found = [work(item) for item in items]
            return lambda: found
        begun = [self._pool.submit(work, item) for item in items]
        return lambda: [each.result() for each in begun]

    def close(self) -> None:
        """Lets the threads end; twice is safe. Afterwards everything is done in turn."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown()
