"""A session without threads: the test puts results and states in, and reads what the window asked for."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np

from engine.live.inside import Inside
from engine.live.people import Observation, Searchable
from engine.settings import Settings
from engine.types import AgeEstimate, Face, Frame, FrameResult, Image, SessionState, SessionStatus


def face(left: float, top: float, right: float, bottom: float, *, track: int = 1, years: float | None = 34.0) -> Face:
    """A face with five points in plausible places."""
    width, height = right - left, bottom - top
    places = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8))
    points = np.array([(left + x * width, top + y * height) for x, y in places], np.float32)
    return Face(
        box=np.array([left, top, right, bottom], np.float32),
        score=0.9,
        landmarks=points,
        track_id=track,
        age=None if years is None else AgeEstimate(years, 4.0, "fake"),
    )


def gradient(width: int = 320, height: int = 180) -> Image:
    """Left dark, right light, with another value in every channel: mirroring and channel order show."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, :, 0] = np.linspace(0, 200, width, dtype=np.uint8)
    image[:, :, 1] = 40
    image[:, :, 2] = np.linspace(0, 255, height, dtype=np.uint8)[:, None]
    return image


class FakeSession:
    """Has MirrorSession's public methods. ``push`` is a new picture, ``state`` and friends what ``status`` says."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.applied: list[Settings] = []
        self.calls: list[str] = []
        self.painted: list[tuple[int, int, float | None]] = []
        self.now = SessionStatus(SessionState.IDLE)
        self.stop_takes_s = 0.0
        self.stop_answer = True
        self.people: list[Any] = []
        self.watched = False
        self.observed: Observation | None = None
        self.names_problem = ""
        self.style_problem: Exception | None = None
        self.looking_inside: list[bool] = []
        self.inside_asked = 0
        self.inner: Inside | None = None
        self._result: FrameResult | None = None
        self._index = 0

    def push(self, image: Image | None = None, aged: Image | None = None, faces: tuple[Face, ...] = ()) -> FrameResult:
        """The next result; pictures are read-only, as the real ones are."""
        before = gradient() if image is None else image
        frame = Frame(before, self._index, time.monotonic_ns())
        self._index += 1
        self._result = FrameResult(frame, frame.image if aged is None else aged, faces, {"detect": 3.0}, 384)
        self.say(SessionState.RUNNING)
        return self._result

    def say(self, state: SessionState, message: str = "", **values: Any) -> None:
        """What ``status`` answers from now on."""
        self.now = replace(self.now, state=state, message=message, **values)

    # what the window calls

    def start(self) -> None:
        self.calls.append("start")
        self._result = None
        self.say(SessionState.STARTING, "Starting …")

    def restart(self) -> None:
        self.calls.append("restart")
        self._result = None
        self.say(SessionState.STARTING, "Starting …")

    def apply(self, settings: Settings) -> None:
        if settings.source != self.settings.source:
            self._result = None
            self.say(SessionState.STARTING, "Starting …")
        self.settings = settings
        self.applied.append(settings)

    def latest(self, after_index: int = -1) -> FrameResult | None:
        result = self._result
        return result if result is not None and result.frame.index > after_index else None

    def shown(self, result: FrameResult, painted_ns: int, paint_ms: float | None = None) -> None:
        self.painted.append((result.frame.index, painted_ns, paint_ms))

    def status(self) -> SessionStatus:
        return self.now

    def know(self, people: Searchable | None) -> None:
        self.people.append(people)

    def watch(self, on: bool, track_id: int | None = None) -> None:
        self.watched, self.observed = on, None

    def observation(self, after_ns: int = -1) -> Observation | None:
        seen = self.observed if self.watched else None
        return seen if seen is not None and seen.time_ns > after_ns else None

    def look_inside(self, on: bool) -> None:
        self.looking_inside.append(on)

    def inside(self, after_ns: int = -1) -> Inside | None:
        self.inside_asked += 1
        seen = self.inner if self.looking_inside[-1:] == [True] else None
        return seen if seen is not None and seen.time_ns > after_ns else None

    def report(self, gui_stall_ms_max: float = 0.0) -> dict[str, Any]:
        shown = len(self.painted)
        return {
            "seconds": 1.0,
            "frames": {"captured": self._index, "shown": shown, "dropped": 0},
            "gui_stall_ms_max": gui_stall_ms_max,
            "errors": list(self.now.errors),
        }

    def stop(self, timeout_s: float = 5.0) -> bool:
        self.calls.append("stop")
        time.sleep(self.stop_takes_s)
        self._result = None
        self.say(SessionState.STOPPED)
        return self.stop_answer
