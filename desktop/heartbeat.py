"""Measures how long the window ever stood still: a timer that should fire every few milliseconds, and its delays."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer

BEAT_MS = 10


class Heartbeat(QObject):
    """``stall_ms_max`` is the longest time beyond one beat between two beats."""

    def __init__(self, parent: QObject | None = None, clock_ns: Callable[[], int] = time.monotonic_ns) -> None:
        super().__init__(parent)
        self._clock_ns = clock_ns
        self._last_ns: int | None = None
        self.stall_ms_max = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self.beat)

    def start(self) -> None:
        """Begin (or begin again) to measure."""
        self._last_ns = None
        self.stall_ms_max = 0.0
        self._timer.start()

    @property
    def running(self) -> bool:
        return self._timer.isActive()

    def stop(self) -> None:
        self._timer.stop()

    def beat(self) -> None:
        now_ns = self._clock_ns()
        if self._last_ns is not None:
            late_ms = (now_ns - self._last_ns) / 1e6 - BEAT_MS
            self.stall_ms_max = max(self.stall_ms_max, late_ms)
        self._last_ns = now_ns
