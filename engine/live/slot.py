"""A slot between two threads that holds one value: the latest wins, or, for files, the producer waits."""

from __future__ import annotations

import threading
import time
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestSlot(Generic[T]):
    """Holds at most one value. There is no queue anywhere: a queue of frames only adds delay.

    ``waits`` names the policy: False, a put overwrites what nobody has taken and counts it as dropped (cameras);
    True, a put waits until the slot is free (files, so that no frame is lost).
    """

    def __init__(self, *, waits: bool = False) -> None:
        self._waits = waits
        self._changed = threading.Condition()
        self._value: T | None = None
        self._fresh = False  # a value that nobody has taken or looked at
        self._dropped = 0
        self._finished = False
        self._closed = False

    @property
    def dropped(self) -> int:
        """How many values were overwritten before anybody saw them."""
        return self._dropped

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def finished(self) -> bool:
        """No more values will come, and the last one was taken."""
        with self._changed:
            return self._closed or (self._finished and not self._fresh)

    @property
    def pending(self) -> bool:
        """A value lies here that nobody has seen."""
        return self._fresh

    def set_waits(self, waits: bool) -> None:
        """Change the policy, for example once a source has said what it is."""
        with self._changed:
            self._waits = waits
            self._changed.notify_all()

    def put(self, value: T, *, patience_s: float | None = None) -> bool:
        """Lay a value down; False if the slot is closed and nobody will take it.

        ``patience_s`` limits the wait of a waiting slot, after which the older value is dropped like a camera's.
        """
        deadline = None if patience_s is None else time.monotonic() + patience_s
        with self._changed:
            while self._waits and self._fresh and not self._over():
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    break
                self._changed.wait(left)
            if self._over():
                return False
            self._dropped += self._fresh
            self._value, self._fresh = value, True
            self._changed.notify_all()
            return True

    def wait_until_free(self) -> bool:
        """Where the policy is to wait: until a put would find the slot free. False if the slot is closed.

        A producer that asks before it makes a value makes it as late, and so as fresh, as can be.
        """
        with self._changed:
            while self._waits and self._fresh and not self._over():
                self._changed.wait()
            return not self._over()

    def take(self, timeout_s: float | None = None) -> T | None:
        """The value, which leaves the slot; waits for one. None: closed, finished, or the time is over."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        with self._changed:
            while not self._fresh and not self._over():
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return None
                self._changed.wait(left)
            if self._closed or not self._fresh:
                return None
            value, self._value, self._fresh = self._value, None, False
            self._changed.notify_all()
            return value

    def peek(self) -> T | None:
        """The value, which stays but counts as seen; never waits. None: nothing was ever put, or it was taken."""
        with self._changed:
            if self._fresh:
                self._fresh = False
                self._changed.notify_all()
            return self._value

    def finish(self) -> None:
        """No more puts; what lies here may still be taken."""
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def close(self) -> None:
        """Wake everybody and forget the value. Twice is safe."""
        with self._changed:
            self._closed = True
            self._fresh = False
            self._value = None
            self._changed.notify_all()

    def _over(self) -> bool:
        return self._closed or self._finished
