"""What is remembered of each face that is followed: its age, its gliding target, its smoothed points."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Sequence

import numpy as np

from engine.age.running import RunningAge
from engine.aging.hair_follower import HairFollower
from engine.aging.occlusion import OcclusionGuard
from engine.aging.stabiliser import Stabiliser
from engine.landmarks.mesh import five_points
from engine.landmarks.pose import frontal_weight
from engine.landmarks.smoothing import OneEuro
from engine.live.identity import FaceIdentity
from engine.live.meter import RunningOutcome
from engine.types import AgeEstimate, FloatArray

GLIDE_S = 0.3
"""After this time 95 % of the way to a new target is done."""
_ARRIVED_YEARS = 0.2
FORGET_S = 2.0
_YAW_SCALE_DEGREES = 90.0
# An age is asked for at once, again in quick succession while it is rough, so that the number has settled after half
# a second, and now and then afterwards (2 ms each, on the slow worker).
_ROUGH_UNTIL = 5
_ROUGH_EVERY_S = 0.1
_EVERY_S = 1.0


class Glide:
    """A target age that follows the dial smoothly: an exponential approach, so a dial in motion does not restart it."""

    def __init__(self) -> None:
        self.value: float | None = None
        self._time_ns = 0

    def step(self, goal: float, start: float, time_ns: int) -> float:
        """The target for this moment on the way to ``goal``; the first call begins at ``start``."""
        if self.value is None:
            self.value = start
        elif time_ns > self._time_ns:
            share = 1 - math.exp(-3 * (time_ns - self._time_ns) / 1e9 / GLIDE_S)
            self.value += share * (goal - self.value)
        self._time_ns = time_ns
        if abs(goal - self.value) < _ARRIVED_YEARS:
            self.value = goal
        return self.value


class FaceMemory:
    """One face. Belongs to the fast worker's thread; the stabiliser, the guard against hands, the hair and when to ask
    for an age belong to the paint worker's.
    """

    def __init__(self) -> None:
        self.age = RunningAge()
        self.identity = FaceIdentity()
        self.glide = Glide()
        self.stabiliser = Stabiliser()
        self.occlusion = OcclusionGuard()
        self.hair = HairFollower()
        self.quality = 0.0
        self.outcome = RunningOutcome()
        self.aged = False  # in the picture before
        self.seen_ns = 0
        self._asked_ns: int | None = None
        # Each point of the mesh on its own for the mask; the five points as one rigid thing for the alignment.
        self._mesh_filter = OneEuro()
        self._five_filter = OneEuro(together=True)
        self._yaw_filter = OneEuro()

    def smooth(self, mesh: FloatArray, width_px: float, time_ns: int) -> tuple[FloatArray, FloatArray]:
        """The steadied mesh (478, 2) and five points (5, 2) of a face this wide."""
        return (
            self._mesh_filter(mesh, time_ns, scale=width_px),
            self._five_filter(five_points(mesh), time_ns, scale=width_px),
        )

    def facing(self, yaw_degrees: float, time_ns: int) -> float:
        """How much of a change the pose allows, 0..1, by a yaw that is steadied so that its noise does not flicker."""
        (yaw,) = self._yaw_filter(np.array([yaw_degrees]), time_ns, scale=_YAW_SCALE_DEGREES)
        return frontal_weight(float(yaw))

    def age_is_due(self, time_ns: int) -> bool:
        """Whether it is time to look at this face's age again."""
        if self._asked_ns is None:
            return True
        every_s = _ROUGH_EVERY_S if self.age.count < _ROUGH_UNTIL else _EVERY_S
        return time_ns - self._asked_ns >= every_s * 1e9

    def age_was_asked(self, time_ns: int) -> None:
        self._asked_ns = time_ns


class Memories:
    """All faces by track id, and an inbox in which the slow worker leaves what it found out."""

    def __init__(self) -> None:
        self._faces: dict[int, FaceMemory] = {}
        self._lock = threading.Lock()
        self._inbox: list[tuple[int, AgeEstimate, float]] = []

    def __len__(self) -> int:
        return len(self._faces)

    def of(self, track_id: int, time_ns: int) -> FaceMemory:
        """The memory of a face that is seen now; a new one for a new face."""
        memory = self._faces.setdefault(track_id, FaceMemory())
        memory.seen_ns = time_ns
        return memory

    def identity_of(self, track_id: int) -> FaceIdentity | None:
        """Who a face is known as; None for one that is gone."""
        memory = self._faces.get(track_id)
        return None if memory is None else memory.identity

    def learn(self, track_ids: Sequence[int], estimates: Iterable[AgeEstimate], qualities: Iterable[float]) -> None:
        """Leave age estimates for faces; from any thread."""
        with self._lock:
            self._inbox.extend(zip(track_ids, estimates, qualities, strict=True))

    def take_in(self) -> None:
        """Apply what lies in the inbox; estimates of faces that are gone are thrown away."""
        with self._lock:
            inbox, self._inbox = self._inbox, []
        for track_id, estimate, quality in inbox:
            memory = self._faces.get(track_id)
            if memory is not None:
                memory.age.update(estimate, quality)
                memory.quality = quality

    def outcome_of(self, track_id: int) -> RunningOutcome | None:
        """What came out for a face; None for one that is gone."""
        memory = self._faces.get(track_id)
        return None if memory is None else memory.outcome

    def forget(self, time_ns: int) -> None:
        """Drop the faces not seen for a while."""
        gone = [i for i, memory in self._faces.items() if time_ns - memory.seen_ns > FORGET_S * 1e9]
        for track_id in gone:
            del self._faces[track_id]

    def clear(self) -> None:
        self._faces.clear()
        with self._lock:
            self._inbox.clear()
