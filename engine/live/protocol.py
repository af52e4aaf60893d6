"""What the session needs from the thing that turns a frame into a result, so that tests can put a fake in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from engine.capture.protocol import Source
from engine.live.inside import Inside
from engine.recognition.guided import Observation
from engine.recognition.identify import Searchable
from engine.settings import Settings
from engine.types import Frame, FrameResult

Chore = Callable[[], None]
"""A piece of slow work: no arguments, no result; it leaves what it found where the fast path looks for it."""


Painting = Callable[[], FrameResult]
"""What is left to do of a frame that was begun: no arguments; gives the result that belongs to exactly this frame."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How the session is doing: time between two frames of the source and newest capture-to-painted, 0 if unknown."""

    period_ms: float = 0.0
    latency_ms: float = 0.0


class Pipeline(Protocol):
    """One frame in, one result out, in two halves that two threads may work on, each at a frame of its own.

    ``begin`` belongs to the fast worker's thread; what it gives, and ``chore``, to the paint worker's, in the order of
    the frames. The rest, where it is not marked otherwise, is for the fast worker while the paint worker rests.
    """

    @property
    def devices(self) -> Mapping[str, str]:
        """Where each network runs; from any thread."""
        ...

    def begin(self, frame: Frame, settings: Settings, pace: Pace) -> Painting:
        """Finds the faces of this frame and settles what is to become of them; the painting makes the picture."""
        ...

    def process(self, frame: Frame, settings: Settings, pace: Pace) -> FrameResult:
        """Both halves, one after the other: the result that belongs to exactly this frame."""
        ...

    def settled(self, settings: Settings) -> bool:
        """Whether the same frame with these settings would now give the same picture again."""
        ...

    def chore(self) -> Chore | None:
        """Slow work that has become due, to be run on another thread; each is handed out once."""
        ...

    def know(self, people: Searchable | None) -> None:
        """The people to recognise from the next frame on; from any thread."""
        ...

    def watch(self, on: bool, track_id: int | None = None) -> None:
        """Begin or end to observe a face for an enrolment, the largest if none is named; from any thread."""
        ...

    def observation(self) -> Observation | None:
        """The newest observation since watching began; from any thread."""
        ...

    def look_inside(self, on: bool) -> None:
        """Begin or end to show what the stages make; from any thread."""
        ...

    def inside(self) -> Inside | None:
        """The newest look inside; from any thread."""
        ...

    @property
    def style_problem(self) -> Exception | None:
        """Why the picture is not painted in the wanted style; None while it is, or will be."""
        ...

    @property
    def names_problem(self) -> str:
        """Why nobody can be recognised or enrolled, in one sentence; empty while there is no reason."""
        ...

    def reset(self) -> None:
        """Forget all faces: another source begins."""
        ...

    def close(self) -> None:
        """Release the networks; twice is safe."""
        ...


OpenSource = Callable[[Settings], Source]
BuildEngine = Callable[[Settings], Pipeline]
