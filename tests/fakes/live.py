"""A source and a pipeline that obey the test: for the live session without camera or networks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import numpy as np

from engine.live.inside import Inside
from engine.live.protocol import Chore, Pace, Painting
from engine.recognition.guided import Observation
from engine.recognition.identify import Searchable
from engine.settings import Settings
from engine.types import Face, Frame, FrameResult

SIZE = (32, 24)


def make_image(value: int) -> np.ndarray:
    """A small picture of one grey value."""
    return np.full((SIZE[1], SIZE[0], 3), value % 256, np.uint8)


def make_face(track_id: int = 1, *, aged: bool = True, yaw_degrees: float = 0.0) -> Face:
    return Face(
        box=np.array([4, 4, 16, 16], np.float32),
        score=0.9,
        landmarks=np.zeros((5, 2), np.float32),
        track_id=track_id,
        aged=aged,
        yaw_degrees=yaw_degrees,
    )


class FakeSource:
    """Gives ``frames`` pictures (None: no end), one every ``period_s``. ``script`` may raise at a read's number."""

    def __init__(
        self,
        *,
        frames: int | None = None,
        live: bool = True,
        period_s: float = 0.002,
        script: Callable[[int], None] = lambda number: None,
        open_error: Exception | None = None,
        name: str = "fake",
    ) -> None:
        self.name = name
        self.live = live
        self.size = SIZE
        self.fps_measured = 0.0
        self.notice = ""
        self.closed = 0
        self.opened = 0
        self._frames = frames
        self._period_s = period_s
        self._script = script
        self._open_error = open_error
        self._stop = threading.Event()
        self._reads = 0
        self._given = 0

    def open(self) -> None:
        self.opened += 1
        if self._open_error is not None:
            raise self._open_error

    def read(self) -> Frame | None:
        if self._stop.wait(self._period_s):
            return None
        self._reads += 1
        self._script(self._reads - 1)
        if self._frames is not None and self._given >= self._frames:
            return None
        self._given += 1
        return Frame(make_image(self._given - 1), self._given - 1, time.monotonic_ns())

    def interrupt(self) -> None:
        self._stop.set()

    def close(self) -> None:
        self.closed += 1


class StuckSource(FakeSource):
    """Its read never returns until the test releases it, whatever anybody asks."""

    def __init__(self) -> None:
        super().__init__(name="stuck")
        self.release = threading.Event()

    def read(self) -> Frame | None:
        self.release.wait(30)
        return None


class FakePipeline:
    """Adds one to every pixel and notes what it was given."""

    def __init__(self, *, work_s: float = 0.0, error_at: int | None = None) -> None:
        self.devices: Mapping[str, str] = {"ager": "fake"}
        self.seen: list[Frame] = []
        self.settings: list[Settings] = []
        self.chores_done = threading.Event()
        self.resets = 0
        self.closed = 0
        self.people: list[Searchable | None] = []
        self.watched: list[tuple[bool, int | None]] = []
        self.observed: Observation | None = None
        self.names_problem = ""
        self.style_problem: Exception | None = None
        self.looked_inside: list[bool] = []
        self.inner: Inside | None = None
        self._work_s = work_s
        self._error_at = error_at
        self._chore_due = True

    def begin(self, frame: Frame, settings: Settings, pace: Pace) -> Painting:
        return lambda: self.process(frame, settings, pace)

    def process(self, frame: Frame, settings: Settings, pace: Pace) -> FrameResult:
        time.sleep(self._work_s)
        if self._error_at is not None and len(self.seen) >= self._error_at:
            raise RuntimeError("the fake breaks here")
        self.seen.append(frame)
        self.settings.append(settings)
        size = settings.size or 256
        return FrameResult(frame, frame.image + np.uint8(1), (make_face(),), {"ager": 2.0, "detect": 1.0}, size)

    def settled(self, settings: Settings) -> bool:
        return bool(self.settings) and self.settings[-1] is settings

    def chore(self) -> Chore | None:
        due, self._chore_due = self._chore_due, False
        return self.chores_done.set if due else None

    def know(self, people: Searchable | None) -> None:
        self.people.append(people)

    def watch(self, on: bool, track_id: int | None = None) -> None:
        self.watched.append((on, track_id))

    def observation(self) -> Observation | None:
        return self.observed

    def look_inside(self, on: bool) -> None:
        self.looked_inside.append(on)

    def inside(self) -> Inside | None:
        return self.inner

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None:
        self.closed += 1
