"""Time for sources that are not cameras: when a frame is due, and how many really come."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

Clock = Callable[[], int]
NS = 1_000_000_000


class Pacer:
    """Maps the time inside a clip onto the clock, so that frames come out when they are due.

    A reader that is late gets its frame at once. One later than ``patience_ns`` moves the whole schedule: the clip
    goes on from there instead of racing to catch up.
    """

    def __init__(self, patience_ns: int = 100_000_000, clock: Clock = time.monotonic_ns) -> None:
        self._patience_ns = patience_ns
        self._clock = clock
        self._start_ns: int | None = None

    def wait(self, media_ns: int, stop: threading.Event) -> int | None:
        """Wait until the frame at ``media_ns`` is due; the time it came out, or None if stopped."""
        now = self._clock()
        if self._start_ns is None or now - (self._start_ns + media_ns) > self._patience_ns:
            self._start_ns = now - media_ns
        while True:
            if stop.is_set():
                return None
            left_ns = self._start_ns + media_ns - self._clock()
            if left_ns <= 0:
                return self._clock()
            stop.wait(left_ns / NS)


class RateMeter:
    """Frames a second over a sliding window, from the times at which they came."""

    def __init__(self, window_ns: int = 2 * NS, clock: Clock = time.monotonic_ns) -> None:
        self._window_ns = window_ns
        self._clock = clock
        self._times: deque[int] = deque(maxlen=1024)
        self._lock = threading.Lock()

    def add(self, time_ns: int) -> None:
        with self._lock:
            self._times.append(time_ns)

    def clear(self) -> None:
        with self._lock:
            self._times.clear()

    @property
    def fps(self) -> float:
        """Over the last window; 0 with fewer than two frames in it, so a stalled source falls to 0."""
        with self._lock:
            oldest = self._clock() - self._window_ns
            while self._times and self._times[0] < oldest:
                self._times.popleft()
            span_ns = self._times[-1] - self._times[0] if len(self._times) > 1 else 0
            return (len(self._times) - 1) * NS / span_ns if span_ns > 0 else 0.0
