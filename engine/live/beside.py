"""One piece of work at a time on a thread of its own, begun in one frame and taken in a later one."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Beside(Generic[Result]):
    """begin, then take until there is something; used by one thread. ``name`` is that of its thread."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, name)
        self._begun: Future[tuple[Result, float]] | None = None

    def begin(self, work: Callable[[], Result]) -> bool:
        """Starts the work and says so; False while an earlier one was not taken."""
        if self._begun is not None:
            return False
        self._begun = self._pool.submit(_timed, work)
        return True

    def take(self) -> tuple[Result, float] | None:
        """What the work found, and its milliseconds; None while there is nothing. Raises what the work raised."""
        begun = self._begun
        if begun is None or not begun.done():
            return None
        self._begun = None
        return begun.result()

    def wait(self) -> None:
        """Until nothing runs: what the work uses may then be used by others."""
        if self._begun is not None:
            wait([self._begun])

    def drop(self) -> None:
        """Waits, and forgets what was found."""
        self.wait()
        self._begun = None

    def close(self) -> None:
        self.drop()
        self._pool.shutdown()


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    begin = time.perf_counter()
    found = work()
    return found, 1e3 * (time.perf_counter() - begin)
