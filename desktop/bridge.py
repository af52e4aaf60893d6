"""Between the session and the window: a timer that pulls the newest result, the status and the workers' answers.

Pixels never travel by signal: a queued signal would keep every picture of a window that stalls.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer

from desktop.background import Background
from desktop.services import Session
from engine.types import FrameResult, SessionStatus

PULL_MS = 6
PULLS_PER_TICK = 3
"""Nothing that moves by itself moves more often than a screen shows it."""
PULLS_PER_STATUS = 39


class Bridge(QObject):
    """Pulls every few milliseconds: looking costs a microsecond, and each millisecond of waiting is latency.

    ``on_result`` gets each new result once, ``on_status`` a snapshot about four times a second, ``on_tick`` is for what
    moves with time.
    """

    def __init__(self, session: Session, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.on_result: Callable[[FrameResult], None] = lambda result: None
        self.on_status: Callable[[SessionStatus], None] = lambda status: None
        self.on_tick: Callable[[], None] = lambda: None
        self._session = session
        self._background = background
        self._index = -1
        self._pulls = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(PULL_MS)
        self._timer.timeout.connect(self.pull)

    def start(self) -> None:
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def pull(self) -> None:
        """One look at everything."""
        self._background.drain()
        result = self._session.latest(self._index)
        if result is not None:
            self._index = result.frame.index
            self.on_result(result)
        if self._pulls % PULLS_PER_TICK == 0:
            self.on_tick()
        if self._pulls % PULLS_PER_STATUS == 0:
            self.on_status(self._session.status())
        self._pulls += 1

    def look_at_status(self) -> None:
        """Ask for the status at the next pull instead of within a quarter of a second."""
        self._pulls = 0
