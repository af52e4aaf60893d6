"""What the window needs from the engine and the computer, as functions to be called on a worker.

Kept in one place so that tests can put others in their place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from desktop.presenters.cameras import CameraInfo
from engine.live import computer
from engine.live.computer import Stored
from engine.live.inside import Inside
from engine.live.people import ClosingEngine, Observation, People, Searchable
from engine.settings import Settings
from engine.types import FrameResult, Image, SessionStatus

__all__ = ["STOP_TIMEOUT_S", "Recorder", "Recording", "Services", "Session", "Stored", "make_session"]

STOP_TIMEOUT_S = 5.0


class Session(Protocol):
    """The public methods of engine.live.session.MirrorSession that the window uses."""

    def start(self) -> None: ...
    def restart(self) -> None: ...
    def apply(self, settings: Settings) -> None: ...
    def latest(self, after_index: int = -1) -> FrameResult | None: ...
    def shown(self, result: FrameResult, painted_ns: int, paint_ms: float | None = None) -> None: ...
    def status(self) -> SessionStatus: ...
    def know(self, people: Searchable | None) -> None: ...
    def watch(self, on: bool, track_id: int | None = None) -> None: ...
    def observation(self, after_ns: int = -1) -> Observation | None: ...
    def look_inside(self, on: bool) -> None: ...
    def inside(self, after_ns: int = -1) -> Inside | None: ...
    @property
    def style_problem(self) -> Exception | None: ...
    @property
    def names_problem(self) -> str: ...
    def report(self, gui_stall_ms_max: float = 0.0) -> dict[str, Any]: ...
    def stop(self, timeout_s: float = 5.0) -> bool: ...


class Recording(Protocol):
    """What is told of a finished recording; see engine.output.recorder."""

    @property
    def path(self) -> Path: ...
    @property
    def seconds(self) -> float: ...
    @property
    def dropped(self) -> int: ...


class Recorder(Protocol):
    """The public methods of engine.output.recorder.Recorder that the window uses."""

    def add(self, make: Callable[[], Image], time_ns: int) -> bool: ...
    @property
    def seconds(self) -> float: ...
    @property
    def ended(self) -> bool: ...
    def finish(self) -> Recording: ...


def make_session(settings: Settings) -> Session:
    """The real one."""
    from engine.live.session import MirrorSession

    return MirrorSession(settings)


def make_picture_engine() -> ClosingEngine:
    """What looks at picture files; loads networks when it is first used."""
    from engine.still import FaceEngine

    return FaceEngine()


@dataclass(frozen=True, slots=True)
class Services:
    """The functions, replaceable one by one."""

    list_cameras: Callable[[], Sequence[CameraInfo]] = computer.list_cameras
    save_snapshot: Callable[[Image], Path] = computer.save_snapshot
    look_what_is_stored: Callable[[], Stored] = computer.look_what_is_stored
    erase_what_is_stored: Callable[[], None] = computer.erase_what_is_stored
    start_recording: Callable[[], Recorder] = computer.start_recording
    people: People = field(default_factory=lambda: People(make_picture_engine))
