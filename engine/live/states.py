"""The life of a session as data: which state may follow which, and one place that moves from one to the next."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import MappingProxyType

from engine.errors import SessionError
from engine.types import SessionState as S

TRANSITIONS: Mapping[S, frozenset[S]] = MappingProxyType(
    {
        S.IDLE: frozenset({S.STARTING, S.STOPPED}),
        S.STARTING: frozenset({S.STARTING, S.RUNNING, S.RECOVERING, S.ENDED, S.FAILED, S.STOPPING}),
        S.RUNNING: frozenset({S.STARTING, S.RECOVERING, S.ENDED, S.FAILED, S.STOPPING}),
        S.RECOVERING: frozenset({S.STARTING, S.RUNNING, S.RECOVERING, S.ENDED, S.FAILED, S.STOPPING}),
        S.ENDED: frozenset({S.STARTING, S.FAILED, S.STOPPING}),
        S.FAILED: frozenset({S.STARTING, S.STOPPING}),
        S.STOPPING: frozenset({S.STOPPED}),
        S.STOPPED: frozenset({S.STARTING}),
    }
)
"""STARTING to STARTING is another source chosen meanwhile; RECOVERING to RECOVERING new words on the same trouble."""

ACTIVE = frozenset({S.STARTING, S.RUNNING, S.RECOVERING})


class Lifecycle:
    """The present state and its message. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state = S.IDLE
        self._message = ""

    def read(self) -> tuple[S, str]:
        with self._lock:
            return self._state, self._message

    @property
    def state(self) -> S:
        return self._state

    def to(self, state: S, message: str = "") -> None:
        """Move on. Raises SessionError if the present state does not allow it."""
        if not self.try_to(state, message):
            raise SessionError(f"a session that is {self._state.value} cannot become {state.value}.")

    def try_to(self, state: S, message: str = "") -> bool:
        """Move on if the present state allows it; False and no change otherwise."""
        with self._lock:
            if state not in TRANSITIONS[self._state]:
                return False
            self._state, self._message = state, message
            return True

    def say(self, message: str) -> None:
        """Change the message and keep the state."""
        with self._lock:
            self._message = message
