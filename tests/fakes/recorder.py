"""A recorder that keeps the pictures instead of writing them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.types import Image


@dataclass(frozen=True)
class Recorded:
    path: Path
    seconds: float
    dropped: int = 0


class FakeRecorder:
    """See engine.output.recorder.Recorder. ``trouble`` is raised by ``finish``."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.pictures: list[Image] = []
        self.times_ns: list[int] = []
        self.finished = 0
        self.ended = False
        self.dropped = 0
        self.trouble = trouble

    def add(self, make: Callable[[], Image], time_ns: int) -> bool:
        self.pictures.append(make())
        self.times_ns.append(time_ns)
        return True

    @property
    def seconds(self) -> float:
        return (self.times_ns[-1] - self.times_ns[0]) / 1e9 if self.times_ns else 0.0

    def finish(self) -> Recorded:
        self.finished += 1
        if self.trouble is not None:
            raise self.trouble
        return Recorded(Path.home() / "Videos" / "2031-02-03 14.15.16.mp4", 7.0, self.dropped)
