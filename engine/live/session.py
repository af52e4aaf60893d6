"""MirrorSession: what a window holds of the live mirror. Every method returns at once, except ``stop``."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from engine.errors import SessionError
from engine.live.inside import Inside
from engine.live.protocol import BuildEngine, OpenSource, Pipeline
from engine.live.report import build_report
from engine.live.run import Run, Tools, counter
from engine.live.states import ACTIVE, Lifecycle
from engine.live.stats import SessionStats
from engine.live.workers import WORKERS
from engine.recognition.guided import Observation
from engine.recognition.identify import Searchable
from engine.settings import Settings
from engine.types import FrameResult, SessionState, SessionStatus

_REOPENING = ("source", "loop", "camera_width", "camera_height", "device")
_ERRORS_KEPT = 20
_THREAD_WORDS = {
    "capture": "The camera or file",
    "fast": "Finding faces",
    "paint": "The picture",
    "slow": "The age estimate",
}


class MirrorSession:
    """Runs the mirror: ``start``, then pull ``latest`` on a timer and report each painting with ``shown``.

    All methods are safe from any thread; none waits for a camera or a network but ``stop``, which waits at most as
    long as it is told. Frame numbers grow through the whole session, across sources and restarts.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        open_source: OpenSource | None = None,
        build_engine: BuildEngine | None = None,
        workers: Mapping[str, Callable[[Run], None]] = WORKERS,
        patience_s: float | None = None,
    ) -> None:
        self._settings = settings
        self._open_source = open_source or _default_source
        self._build_engine = build_engine or _default_engine
        self._workers = dict(workers)
        self._patience_s = patience_s
        self._lock = threading.RLock()
        self._life = Lifecycle()
        self._stats = SessionStats()
        self._indices = counter()
        self._errors: deque[str] = deque(maxlen=_ERRORS_KEPT)
        self._run: Run | None = None
        self._troubled = False
        self._kind = ""
        self._size = settings.size or 256
        self._dropped_before = 0
        self._engine: Pipeline | None = None
        self._engine_device = ""
        self._devices: Mapping[str, str] = {}
        self._people: Searchable | None = None
        self._watching: tuple[int | None] | None = None
        self._looking_inside = False

    # --- what the window does -------------------------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        return self._settings

    def start(self) -> None:
        """Begin. Raises SessionError if the session runs already or is stopping."""
        with self._lock:
            if self._life.state in ACTIVE:
                raise SessionError("the session runs already: use restart.")
            self._begin()

    def restart(self) -> None:
        """Begin anew with the present settings: after a failure, after the end, or just to open the source again.

        Raises SessionError while stopping.
        """
        with self._lock:
            self._begin()

    def apply(self, settings: Settings) -> None:
        """Use these settings from the next frame on; another source or device is opened in the background."""
        with self._lock:
            before, self._settings = self._settings, settings
            run = self._run
            reopen = any(getattr(before, name) != getattr(settings, name) for name in _REOPENING)
            if reopen and run is not None and self._life.state not in (SessionState.STOPPING, SessionState.STOPPED):
                self._begin()
            elif run is not None:
                run.settings_changed.set()

    def know(self, people: Searchable | None) -> None:
        """Recognise these people from now on: a snapshot of the gallery, to be given anew after any change, or None."""
        with self._lock:
            self._people = people
            self._instruct(lambda engine: engine.know(people))

    def watch(self, on: bool, track_id: int | None = None) -> None:
        """Begin or end to observe a face for an enrolment, about five times a second; the picture does not wait for it.

        track_id: which face; None for the largest.
        """
        with self._lock:
            self._watching = (track_id,) if on else None
            self._instruct(lambda engine: engine.watch(on, track_id))

    def observation(self, after_ns: int = -1) -> Observation | None:
        """The newest observation if it was made of a frame captured after ``after_ns``, else None. Never waits."""
        engine = self._engine
        made = engine.observation() if engine is not None else None
        return made if made is not None and made.time_ns > after_ns else None

    def look_inside(self, on: bool) -> None:
        """Begin or end to keep what the stages make, about four times a second; costs nothing while it is off."""
        with self._lock:
            self._looking_inside = on
            self._instruct(lambda engine: engine.look_inside(on))

    def inside(self, after_ns: int = -1) -> Inside | None:
        """The newest look inside if it is of a frame captured after ``after_ns``, else None. Never waits."""
        engine = self._engine
        seen = engine.inside() if engine is not None else None
        return seen if seen is not None and seen.time_ns > after_ns else None

    @property
    def names_problem(self) -> str:
        """Why nobody can be recognised or enrolled, in one sentence; empty while no reason is known."""
        engine = self._engine
        return engine.names_problem if engine is not None else ""

    @property
    def style_problem(self) -> Exception | None:
        """Why the picture is not painted in the wanted style; None while no reason is known."""
        engine = self._engine
        return engine.style_problem if engine is not None else None

    def latest(self, after_index: int = -1) -> FrameResult | None:
        """The newest result if its frame's index is above ``after_index``, else None. Never waits."""
        run = self._run
        result = run.slots.results.peek() if run is not None else None
        return result if result is not None and result.frame.index > after_index else None

    def shown(self, result: FrameResult, painted_ns: int, paint_ms: float | None = None) -> None:
        """Tell that this result was painted at that moment (time.monotonic_ns), and how long painting took."""
        self._stats.shown(result, painted_ns, paint_ms)
        self._size = result.size

    def status(self) -> SessionStatus:
        """A snapshot of everything the window may want to say."""
        state, message = self._life.read()
        figures = self._stats.figures()
        run = self._run
        source = run.source if run is not None else None
        if not message and source is not None and state is SessionState.RUNNING:
            message = source.notice
        return SessionStatus(
            state=state,
            source=(run.source_name if run is not None else "") or self._settings.source,
            message=message,
            devices=self._devices_now(),
            captured=figures.captured,
            shown=figures.shown,
            dropped=self._dropped(),
            fps_captured=figures.fps_captured,
            fps_shown=figures.recent_fps_shown,
            latency_ms=figures.recent_latency_ms,
            stages_ms=figures.stages_ms,
            size=self._size,
            faces_mean=figures.faces_mean,
            aged_share=figures.aged_share,
            errors=tuple(self._errors),
            kind=self._kind if state in (SessionState.RECOVERING, SessionState.FAILED) else "",
        )

    def report(self, gui_stall_ms_max: float = 0.0) -> dict[str, Any]:
        """The figures of the whole session as ``--stats`` writes them."""
        return build_report(
            self._stats.figures(),
            devices=self._devices_now(),
            size=self._size,
            dropped=self._dropped(),
            errors=tuple(self._errors),
            gui_stall_ms_max=gui_stall_ms_max,
        )

    def stop(self, timeout_s: float = 5.0) -> bool:
        """End all work and wait for it. False if a thread did not come home in time: the errors name it and it is left.

        Stopping a stopped session is fine.
        """
        with self._lock:
            run, self._run = self._run, None
            if run is None:
                self._life.try_to(SessionState.STOPPED)
                return True
            self._dropped_before += _dropped_in(run)
            self._life.to(SessionState.STOPPING, "Stopping …")
        run.cancel()
        self._stats.halted()
        stuck = run.join(timeout_s)
        self.run_stuck(stuck)
        self._leave_engine(close=not stuck)
        self._life.to(SessionState.STOPPED, self._errors[-1] if stuck else "")
        return not stuck

    # --- what a run tells (Listener) --------------------------------------------------------------------------------

    def run_started(self, run: Run, message: str) -> None:
        with self._lock:
            if run is self._run and self._life.state is SessionState.STARTING:
                self._life.say(message)

    def run_flowing(self, run: Run) -> None:
        with self._lock:
            if run is self._run and not self._troubled and self._life.state is not SessionState.RUNNING:
                self._life.try_to(SessionState.RUNNING)

    def run_troubled(self, run: Run, message: str, kind: str) -> None:
        with self._lock:
            if run is self._run:
                self._troubled = True
                self._kind = kind
                self._note(message)
                self._life.try_to(SessionState.RECOVERING, message)

    def run_recovered(self, run: Run) -> None:
        with self._lock:
            if run is self._run:
                self._troubled = False

    def run_ended(self, run: Run) -> None:
        with self._lock:
            if run is self._run:
                self._life.try_to(SessionState.ENDED, f"{run.source_name} has ended.")

    def run_failed(self, run: Run, message: str, kind: str) -> None:
        with self._lock:
            if run is self._run and self._life.try_to(SessionState.FAILED, message):
                self._kind = kind
                self._note(message)
                self._engine_device = ""  # what raised may be the engine: build it anew at the next start

    def run_stuck(self, names: tuple[str, ...]) -> None:
        for name in names:
            self._note(f"{_THREAD_WORDS.get(name, name)} did not stop in time and was left behind.")

    # --- inside -------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._life.to(SessionState.STARTING, "Starting …")
        previous = self._run
        if previous is not None:
            self._dropped_before += _dropped_in(previous)
            previous.cancel()
        self._troubled = False
        self._stats.resumed()
        tools = Tools(
            settings=lambda: self._settings,
            open_source=self._open_source,
            pipeline=self._pipeline_for,
            stats=self._stats,
            indices=self._indices,
            listener=self,
        )
        self._run = Run(tools, previous, self._patience_s)
        self._run.start(self._workers)

    def _pipeline_for(self, run: Run, fresh: bool) -> Pipeline:
        """The engine for a run, made on its fast worker's thread; the one there is, if its device fits.

        ``fresh``: a stuck worker may still be inside the old one, so it is left to itself.
        """
        settings = self._settings
        with self._lock:
            kept = None if fresh else self._engine
            fits = kept is not None and self._engine_device == settings.device
            if not fits:
                self._engine = None
        if kept is not None and fits:
            kept.reset()
            return kept
        if kept is not None:
            kept.close()
        built = self._build_engine(settings)
        if not self._keep_engine(built, settings.device):
            built.close()
            raise SessionError("the session went on without this engine.")
        return built

    def _keep_engine(self, built: Pipeline, device: str) -> bool:
        """Keep it, also for a run to come; not when the session was stopped meanwhile or has another by now."""
        with self._lock:
            if self._engine is not None or self._run is None:
                return False
            self._engine, self._engine_device = built, device
            self._devices = dict(built.devices)
            if self._people is not None:
                built.know(self._people)
            if self._watching is not None:
                built.watch(True, self._watching[0])
            if self._looking_inside:
                built.look_inside(True)
            return True

    def _instruct(self, tell: Callable[[Pipeline], None]) -> None:
        """Tells the engine, if there is one by now, and wakes a run whose source has ended."""
        if self._engine is not None:
            tell(self._engine)
        if self._run is not None:
            self._run.settings_changed.set()

    def _leave_engine(self, *, close: bool) -> None:
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None and close:
            engine.close()

    def _devices_now(self) -> Mapping[str, str]:
        """Where each network runs, those that were loaded meanwhile among them; after the end as it was."""
        engine = self._engine
        if engine is not None:
            self._devices = dict(engine.devices)
        return self._devices

    def _dropped(self) -> int:
        run = self._run
        return self._dropped_before + (_dropped_in(run) if run is not None else 0)

    def _note(self, message: str) -> None:
        if not self._errors or self._errors[-1] != message:
            self._errors.append(message)


def _dropped_in(run: Run) -> int:
    return run.slots.frames.dropped + run.slots.results.dropped


def _default_source(settings: Settings) -> Any:
    from engine.capture.factory import open_source

    return open_source(settings)


def _default_engine(settings: Settings) -> Pipeline:
    from engine.live.build import build_pipeline

    return build_pipeline(settings)
