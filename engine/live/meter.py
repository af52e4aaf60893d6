"""Measures what comes out: the estimated age of the changed face, and how alike it is to the face that went in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np

from engine.geometry.align import ARCFACE, crop_affine, warp_crop
from engine.live.protocol import Chore
from engine.types import AgeEstimate, FloatArray, Frame, Image, Outcome

if TYPE_CHECKING:
    from engine.live.identity import EmbedderLike
    from engine.live.work import Work

EVERY_S = 0.3
"""From one measurement to the next; each is an age and two embeddings, some 10 ms on the slow worker."""
FRESH_SHARE = 0.35
"""Of a new measurement in what is shown, so that it does not flicker."""
JUMP_YEARS = 25.0
"""A result this far off belongs to another target: it is taken as it is."""
_STILL_LOOKS = 8


class RunningOutcome:
    """The smoothed outcome of one face. Belongs to the fast worker's thread."""

    def __init__(self) -> None:
        self.value: Outcome | None = None

    def update(self, new: Outcome) -> None:
        """An exponential mean; after a jump the new one as it is."""
        before = self.value
        if before is None or abs(new.years - before.years) > JUMP_YEARS:
            self.value = new
            return
        years = before.years + FRESH_SHARE * (new.years - before.years)
        likeness = new.likeness
        if likeness is not None and before.likeness is not None:
            likeness = before.likeness + FRESH_SHARE * (likeness - before.likeness)
        self.value = Outcome(years, likeness)


class AgeReader(Protocol):
    """What is needed of engine.age.estimator.AgeEstimator."""

    @property
    def size(self) -> int: ...

    def estimate(self, crops: Sequence[Image]) -> tuple[AgeEstimate, ...]: ...


@dataclass(frozen=True, slots=True, eq=False)
class _Sight:
    """The largest changed face of one frame: before and after, and where it is (5, 2)."""

    track_id: int
    landmarks: FloatArray
    before: Image
    after: Image


class OutputMeter:
    """Looks at the largest changed face a few times a second, while it is on; the picture never waits for it.

    embedder: gives the network for likeness, or None; asked on the slow worker only, because it may load it.
    """

    def __init__(self, estimator: AgeReader, embedder: Callable[[], EmbedderLike | None]) -> None:
        self._estimator = estimator
        self._embedder = embedder
        self._answers: deque[tuple[int, Outcome]] = deque()
        self._sight: _Sight | None = None
        self._seen_ns = self._asked_ns = 0
        self._asked = False
        self._looks = 0
        self._target = 0.0

    # --- the paint worker's part; ``take_in`` is the fast worker's ---------------------------------------------------

    def see(self, frame: Frame, after: Image, changed: Sequence[Work], *, on: bool) -> None:
        """The newest frame with its changed faces, largest first, and the picture with them."""
        self._seen_ns = frame.captured_ns
        if not on or not changed:
            self._sight, self._asked, self._looks = None, False, 0
            return
        work = changed[0]
        if work.target != self._target:
            self._target, self._looks = work.target, 0
        self._sight = _Sight(work.seen.track_id, work.landmarks, frame.image, after)

    def chore(self) -> Chore | None:
        """A measurement, if one is due."""
        sight = self._sight
        if sight is None or (self._asked and self._seen_ns - self._asked_ns < EVERY_S * 1e9):
            return None
        self._asked, self._asked_ns, self._sight = True, self._seen_ns, None
        self._looks += 1
        return partial(self._measure, sight)

    def take_in(self, find: Callable[[int], RunningOutcome | None]) -> None:
        """Hands the answers out to their faces."""
        while self._answers:
            track_id, outcome = self._answers.popleft()
            running = find(track_id)
            if running is not None:
                running.update(outcome)

    @property
    def settled(self) -> bool:
        """Whether another look at a picture that stands still would tell nothing new."""
        return (self._sight is None and not self._asked) or self._looks >= _STILL_LOOKS

    def reset(self) -> None:
        """Another source begins."""
        self._answers.clear()
        self._sight, self._asked, self._looks = None, False, 0

    # --- the slow worker's part --------------------------------------------------------------------------------------

    def _measure(self, sight: _Sight) -> None:
        size = self._estimator.size
        (age,) = self._estimator.estimate([warp_crop(sight.after, crop_affine(sight.landmarks, size), size)])
        self._answers.append((sight.track_id, Outcome(age.years, self._likeness(sight))))

    def _likeness(self, sight: _Sight) -> float | None:
        embedder = self._embedder()
        if embedder is None:
            return None
        to_crop = crop_affine(sight.landmarks, embedder.size, ARCFACE)
        one, other = embedder.embed([warp_crop(each, to_crop, embedder.size) for each in (sight.before, sight.after)])
        return float(np.clip(np.dot(one, other), -1, 1))
