"""Hands a frame's second half to another thread, and says when the next frame's first half should begin."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from engine.runtime.device import usable_cores

Job = Callable[[], None]

FRESH_SHARE = 0.1
"""Of a new duration in what is expected of the next."""
MARGIN_S = 0.002
"""The first half is begun this much earlier than it must be: an idle painter costs more than a short wait."""
CORES = 4
"""With fewer, the halves take the processor from one another: measured on two, that gave 5 % more pictures, and the
slowest of them came a third later."""


class Relay:
    """Two threads at two frames: one prepares (``wait_until_due``, ``hand``), the other finishes (``work``).

    There is no queue. A frame is begun so late that its first half ends when the second half of the one before does;
    begun earlier, it would only grow old in between.

    two: whether to take two threads (None: where there are cores for it); else who hands a job does it.
    """

    def __init__(self, two: bool | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._two = usable_cores() >= CORES if two is None else two
        self._clock = clock
        self._changed = threading.Condition()
        self._job: Job | None = None
        self._busy = False
        self._began_s = 0.0
        self._finishes_s = self._prepares_s = 0.0  # what the halves take, by experience
        self._closed = False

    def wait_until_due(self) -> bool:
        """Until it is time to begin with the next frame; False if the relay is closed."""
        with self._changed:
            while not self._closed and (self._job is not None or self._busy):
                # A job that waits has still all of its time before it.
                left_s = None
                if self._job is None:
                    left_s = self._began_s + self._finishes_s - self._prepares_s - MARGIN_S - self._clock()
                    if left_s <= 0:
                        break
                self._changed.wait(left_s)
            return not self._closed

    def hand(self, job: Job, prepared_s: float) -> bool:
        """Gives this to be done, once what was given before is being done; False if the relay is closed.

        prepared_s: how long it took to prepare. Where one thread does both, it is done when this returns, and what it
        raises is raised.
        """
        if not self._two:
            if not self._closed:
                job()
            return not self._closed
        with self._changed:
            self._prepares_s = _blended(self._prepares_s, prepared_s)
            while self._job is not None and not self._closed:
                self._changed.wait()
            if self._closed:
                return False
            self._job = job
            self._changed.notify_all()
            return True

    def wait_until_idle(self) -> bool:
        """Until all that was given is done; False if the relay is closed."""
        with self._changed:
            while not self._closed and (self._job is not None or self._busy):
                self._changed.wait()
            return not self._closed

    def work(self) -> None:
        """Does what is given, one after the other, until the relay is closed. What a job raises is raised."""
        while (job := self._taken()) is not None:
            begin_s = self._clock()
            try:
                job()
            finally:
                with self._changed:
                    self._finishes_s = _blended(self._finishes_s, self._clock() - begin_s)
                    self._busy = False
                    self._changed.notify_all()

    def _taken(self) -> Job | None:
        with self._changed:
            while self._job is None and not self._closed:
                self._changed.wait()
            if self._closed:
                return None
            job, self._job, self._busy = self._job, None, True
            self._began_s = self._clock()
            self._changed.notify_all()
            return job

    def close(self) -> None:
        """Wakes everybody; what was not begun is left undone. Twice is safe."""
        with self._changed:
            self._closed, self._job = True, None
            self._changed.notify_all()


def _blended(before_s: float, new_s: float) -> float:
    return new_s if before_s == 0 else before_s + FRESH_SHARE * (new_s - before_s)
