"""Work that may wait (cameras, disk, joining threads) runs on threads of its own; answers come back to the window.

Answers are fetched by the timer of the window with ``drain``: no Qt object is touched from another thread, and a
thread that never ends can hold up neither the window nor the end of the program.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

log = logging.getLogger(__name__)
T = TypeVar("T")


class Background:
    """Starts work on daemon threads and keeps their answers until they are fetched."""

    def __init__(self) -> None:
        self._answers: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._running = 0

    def submit(
        self,
        work: Callable[[], T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Run ``work`` on a thread; its value goes to ``done``, its exception to ``failed``, both during ``drain``."""
        with self._lock:
            self._running += 1
        threading.Thread(target=self._run, args=(work, done, failed), name="desktop-worker", daemon=True).start()

    def _run(self, work: Callable[[], Any], done: Callable[[Any], None] | None, failed: Any) -> None:
        try:
            value = work()
        except Exception as error:
            log.warning("background work failed: %s", error)
            problem = error
            self._answers.put(lambda: failed(problem) if failed else None)
        else:
            self._answers.put(lambda: done(value) if done else None)

    def drain(self) -> None:
        """Deliver the answers that have arrived; called on the thread of the window."""
        while True:
            try:
                answer = self._answers.get_nowait()
            except queue.Empty:
                return
            with self._lock:
                self._running -= 1
            answer()

    @property
    def busy(self) -> bool:
        """True while work runs or an answer waits."""
        with self._lock:
            return self._running > 0

    def finish(self, timeout_s: float) -> bool:
        """Wait for the work in hand and deliver its answers; False when the time was up first."""
        until = time.monotonic() + timeout_s
        while self.busy and time.monotonic() < until:
            self.drain()
            time.sleep(0.002)
        return not self.busy


class InOrder:
    """Work that must not overtake: one piece at a time, in the order in which it was given."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self._waiting: deque[tuple[Callable[[], Any], Callable[[Any], None], Callable[[Exception], None]]] = deque()
        self._working = False

    @property
    def idle(self) -> bool:
        """Nothing works and nothing waits."""
        return not self._working and not self._waiting

    def submit(
        self, work: Callable[[], T], done: Callable[[T], None], failed: Callable[[Exception], None]
    ) -> None:  # fmt: skip
        """As ``Background.submit``, after what was given before."""
        self._waiting.append((work, done, failed))
        self._next()

    def _next(self) -> None:
        if self._working or not self._waiting:
            return
        work, done, failed = self._waiting.popleft()
        self._working = True
        self._background.submit(work, lambda value: self._after(done, value), lambda error: self._after(failed, error))

    def _after(self, tell: Callable[[Any], None], value: Any) -> None:
        self._working = False
        try:
            tell(value)
        finally:
            self._next()
