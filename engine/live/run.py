"""One run of a session: three threads and the slots between them, from one start to one stop."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from engine.capture.protocol import Source
from engine.errors import AgeMirrorError
from engine.live.protocol import Chore, OpenSource, Pipeline
from engine.live.relay import Relay
from engine.live.slot import LatestSlot
from engine.live.stats import SessionStats
from engine.settings import Settings
from engine.types import Frame, FrameResult

log = logging.getLogger(__name__)


class Listener(Protocol):
    """What a run tells its session; a session ignores what an earlier run of it still says."""

    def run_started(self, run: Run, message: str) -> None: ...
    def run_flowing(self, run: Run) -> None: ...
    def run_troubled(self, run: Run, message: str, kind: str) -> None: ...
    def run_recovered(self, run: Run) -> None: ...
    def run_stuck(self, names: tuple[str, ...]) -> None: ...
    def run_ended(self, run: Run) -> None: ...
    def run_failed(self, run: Run, message: str, kind: str) -> None: ...


@dataclass(eq=False)
class Slots:
    """The three places where threads meet."""

    frames: LatestSlot[Frame] = field(default_factory=LatestSlot)
    results: LatestSlot[FrameResult] = field(default_factory=LatestSlot)
    chores: LatestSlot[Chore] = field(default_factory=LatestSlot)

    def close(self) -> None:
        for slot in (self.frames, self.results, self.chores):
            slot.close()


@dataclass(frozen=True, slots=True)
class Tools:
    """What a run is given by its session. ``pipeline(run, fresh)``: the engine there is, or a new one (if fresh)."""

    settings: Callable[[], Settings]
    open_source: OpenSource
    pipeline: Callable[[Run, bool], Pipeline]
    stats: SessionStats
    indices: Iterator[int]
    listener: Listener


class Run:
    """Starts the workers, cancels them, waits for them; holds what they share."""

    def __init__(self, tools: Tools, previous: Run | None = None, patience_s: float | None = None) -> None:
        self.tools = tools
        self.slots = Slots()
        self.relay = Relay()
        self.cancelled = threading.Event()
        self.engine_ready = threading.Event()
        self.settings_changed = threading.Event()
        self._patience_s = patience_s  # instead of what await_previous is told, for tests
        self._previous = previous
        self._source_lock = threading.Lock()
        self._source: Source | None = None
        self._source_name = ""
        self._threads: list[threading.Thread] = []

    def start(self, workers: dict[str, Callable[[Run], None]]) -> None:
        """One thread a worker. They are daemons: a driver that never returns must not keep the program alive."""
        self._threads = [
            threading.Thread(target=self._guarded, args=(work,), name=name, daemon=True)
            for name, work in workers.items()
        ]
        for thread in self._threads:
            thread.start()

    def _guarded(self, work: Callable[[Run], None]) -> None:
        try:
            work(self)
        except Exception as error:
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """End the run because a worker raised; a run that was cancelled anyway has nothing more to say."""
        if self.cancelled.is_set():
            log.info("after the end of a run: %s", error)
            return
        expected = isinstance(error, AgeMirrorError)
        # What a user can mend is told by the status; only a fault of the program needs its traceback here.
        log.log(
            logging.DEBUG if expected else logging.ERROR,
            "the live session failed: %s",
            error,
            exc_info=None if expected else error,
        )
        text = str(error) if expected else f"Something went wrong inside the program ({type(error).__name__}: {error})."
        self.tools.listener.run_failed(self, " ".join(text.split()), type(error).__name__)
        self.cancel()

    @property
    def source(self) -> Source | None:
        return self._source

    @property
    def source_name(self) -> str:
        """As the source calls itself now (a camera is known by name once it is open); kept after it was closed."""
        source = self._source
        return source.name if source is not None else self._source_name

    def hold_source(self, source: Source) -> bool:
        """Remember the source so that ``cancel`` can interrupt it; False if the run is over already."""
        with self._source_lock:
            self._source = source
            return not self.cancelled.is_set()

    def drop_source(self) -> None:
        with self._source_lock:
            self._source_name = self.source_name
            self._source = None

    def cancel(self) -> None:
        """Ask every worker to come home; returns at once. Twice is safe."""
        with self._source_lock:
            self.cancelled.set()
            source = self._source
        self.engine_ready.set()
        self.settings_changed.set()
        if source is not None:
            try:
                source.interrupt()
            except Exception as error:  # a driver's fault must not keep the others from stopping
                log.warning("interrupting the source failed: %s", error)
        self.slots.close()
        self.relay.close()

    def join(self, timeout_s: float, names: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Wait for the workers (those named, or all), also of the run before, at most this long together.

        Returns the names of those still busy.
        """
        deadline = time.monotonic() + timeout_s
        previous = self._previous
        stuck = previous.join(timeout_s, names) if previous is not None else ()
        mine = [t for t in self._threads if t is not threading.current_thread() and (not names or t.name in names)]
        for thread in mine:
            thread.join(max(0.0, deadline - time.monotonic()))
        return stuck + tuple(thread.name for thread in mine if thread.is_alive())

    def await_previous(self, *names: str, patience_s: float) -> tuple[str, ...]:
        """Let these workers of the run before come home first; the names of those that did not."""
        previous = self._previous
        if previous is None:
            return ()
        stuck = previous.join(patience_s if self._patience_s is None else self._patience_s, names)
        if not previous.join(0):
            self._previous = None
        return stuck


def counter() -> Iterator[int]:
    """Frame numbers of a whole session: they grow across sources and restarts."""
    return itertools.count()
