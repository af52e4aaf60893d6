"""Starts and stops the session in order. Stopping waits for threads, so it happens on a worker."""

from __future__ import annotations

import logging

from desktop.background import Background
from desktop.services import STOP_TIMEOUT_S, Session

log = logging.getLogger(__name__)


class SessionKeeper:
    """``wanted`` is what was asked for last; the session follows as soon as it can."""

    def __init__(self, session: Session, background: Background) -> None:
        self._session = session
        self._background = background
        self._running = False
        self._stopping = False
        self.wanted = False

    @property
    def stopped(self) -> bool:
        """Nothing runs, and nothing is being stopped."""
        return not self._running and not self._stopping

    def run(self) -> None:
        self.wanted = True
        self._follow()

    def halt(self) -> None:
        self.wanted = False
        self._follow()

    def again(self) -> None:
        """Open the source once more, after a failure or an end."""
        if self._running and not self._stopping:
            self._session.restart()
        else:
            self.run()

    def _follow(self) -> None:
        if self._stopping or self.wanted == self._running:
            return
        if self.wanted:
            self._session.start()
            self._running = True
        else:
            self._stopping = True
            self._background.submit(lambda: self._session.stop(STOP_TIMEOUT_S), self._halted, self._not_halted)

    def _halted(self, clean: bool) -> None:
        if not clean:
            log.warning("the session left a thread behind")
        self._running = self._stopping = False
        self._follow()

    def _not_halted(self, error: Exception) -> None:
        log.error("the session did not stop: %s", error)
        self._halted(False)
