"""Finds faces once and then follows their meshes: the mesh of one frame says where to look in the next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from engine.detection.protocol import GLANCES, FaceDetector, Look, candidates_of, glances_of
from engine.geometry import boxes as box_math
from engine.landmarks.faces import FoundFace, as_detections, from_mesh
from engine.landmarks.mesh import Mesh
from engine.landmarks.pose import yaw_degrees
from engine.live.beside import Beside
from engine.live.inside import Sighting
from engine.live.stages import Stages
from engine.tracking.tracker import Tracker
from engine.types import Detections, FloatArray, Image, TrackState

EVERY = 6
"""Frames from one detection to the next while every known face is followed."""
EVERY_GLANCE = 3
"""The same where the detector can look at a part at a time: what comes often should cost little."""
EVERY_SEARCHING = 2
"""The same while nobody is there or somebody was lost."""
MOST_FACES = 8
SAME_FACE_IOU = 0.35
_SCORE_WITHOUT_MESH = 0.75
_DOUBTS = 3 * GLANCES
"""A followed face that so many glances, or a third as many detections, do not confirm was a slip of the mesh."""
_NOSE_DEPTH = 0.7  # how far the nose tip stands out before the eyes, in eye distances


class Mesher(Protocol):
    """What is needed of engine.landmarks.mesh.FaceMesher."""

    def mesh(
        self, image: Image, box: FloatArray, *, landmarks: FloatArray | None = None, passes: int = 1
    ) -> Mesh | None: ...

    def follow_all(self, image: Image, previous: Sequence[FloatArray]) -> list[Mesh | None]: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One confirmed face of this frame: box (4,), landmarks (5, 2), mesh (478, 2) or None, as measured."""

    track_id: int
    box: FloatArray
    score: float
    landmarks: FloatArray
    mesh: FloatArray | None
    yaw_degrees: float

    @property
    def width_px(self) -> float:
        return float(self.box[2] - self.box[0])

    @property
    def area_px(self) -> float:
        return float((self.box[2] - self.box[0]) * (self.box[3] - self.box[1]))


@dataclass(slots=True, eq=False)
class _Known:
    """A face as it was found in the frame before."""

    face: FoundFace
    doubts: int = 0


class FaceFollower:
    """Detector, mesh and tracker as one: an image in, the faces with stable ids out, largest first.

    The detector runs on every sixth frame, on every other while somebody is missing, and at once when a face is lost;
    one that can glance does a third of its work on every third frame instead of all of it on every sixth, if it may
    and nobody looks inside. Somebody new is then found within nine frames. Faces without a mesh (profiles) keep their
    place between two detections, and there are no glances meanwhile. For one thread.

    glances: False where evenness is worth nothing, as in a video that is written to a file. beside: where to glance, so
    that no frame waits for it: what it saw counts for the frame in which it is ready, mostly the next. Closed with the
    follower.
    """

    def __init__(
        self,
        detector: FaceDetector,
        mesher: Mesher,
        tracker: Tracker | None = None,
        *,
        glances: bool = True,
        beside: Beside[Detections] | None = None,
    ) -> None:
        self._detector = detector
        self._mesher = mesher
        self._tracker = tracker or Tracker()
        self._beside = beside
        self._glance = glances_of(detector) if glances else None
        self._keeps = False
        self.sighting: Sighting | None = None
        self.reset()

    def reset(self) -> None:
        """Forget all faces."""
        if self._beside is not None:
            self._beside.drop()
        self._tracker.reset()
        self._known: list[_Known] = []
        self._since_detection = EVERY
        self._searching = True
        self.sighting = None

    def look_inside(self, on: bool) -> None:
        """Keep the detector's newest look as ``sighting``, or no longer."""
        self._keeps = on
        if not on:
            self.sighting = None

    def close(self) -> None:
        if self._beside is not None:
            self._beside.close()
        self._detector.close()
        self._mesher.close()

    def follow(self, image: Image, time_ns: int, stages: Stages) -> tuple[Seen, ...]:
        """The faces of this image; stages "detect", "mesh" and "track" are timed."""
        known, lost = self._followed(image, stages)
        self._since_detection += 1
        whole = lost or self._searching or self._keeps or any(k.face.mesh is None for k in known)
        glance = None if whole else self._glance
        rest = EVERY_SEARCHING if self._searching else EVERY if glance is None else EVERY_GLANCE
        due = lost or self._since_detection >= rest
        if glance is not None and self._beside is not None:
            known = self._glanced(image, known, glance, self._beside, due, stages)
        elif due:
            known = self._looked_around(image, known, glance, stages)
            self._since_detection = 0
        with stages("track"):
            return self._tracked(known, time_ns)

    def _followed(self, image: Image, stages: Stages) -> tuple[list[_Known], bool]:
        """The known faces in this image, and whether one was lost."""
        without = [known for known in self._known if known.face.mesh is None]
        followed = [(known, known.face.mesh) for known in self._known if known.face.mesh is not None]
        if not followed:
            return _without_doubles(without), False
        with stages("mesh"):
            meshes = self._mesher.follow_all(image, [points for _, points in followed])
        found = [
            _Known(from_mesh(mesh.points, mesh.score), known.doubts)
            for (known, _), mesh in zip(followed, meshes, strict=True)
            if mesh is not None
        ]
        return _without_doubles(found + without), None in meshes

    def _glanced(
        self, image: Image, known: list[_Known], glance: Look, beside: Beside[Detections], due: bool, stages: Stages
    ) -> list[_Known]:
        """Confirm the faces by the glance that has ended, if one has, and begin the next when it is due."""
        seen = beside.take()
        if seen is not None:
            detections, spent_ms = seen
            stages.add("detect", spent_ms)
            known = self._confirmed(image, known, detections, 1, stages)
        if due and beside.begin(partial(glance, image)):
            self._since_detection = 0
        return known

    def _looked_around(self, image: Image, known: list[_Known], glance: Look | None, stages: Stages) -> list[_Known]:
        """Confirm the faces by a detection or a glance that is made now."""
        if self._beside is not None:
            self._beside.drop()  # the detector is for one thread at a time, and sees more now
        with stages("detect"):
            detections = (glance or self._detector.detect)(image)
        if self._keeps:
            candidates = candidates_of(self._detector)
            self.sighting = Sighting(image, detections if candidates is None else candidates, detections)
        return self._confirmed(image, known, detections, GLANCES if glance is None else 1, stages)

    def _confirmed(
        self, image: Image, known: list[_Known], detections: Detections, doubt: int, stages: Stages
    ) -> list[_Known]:
        """The followed faces, doubted by so much where they were not detected, and those that are new or have no mesh
        yet.
        """
        followed = [k for k in known if k.face.mesh is not None]
        matched = _overlaps(followed, detections)
        for row, one in enumerate(followed):
            one.doubts = 0 if matched[row].any() else one.doubts + doubt
        fresh = np.nonzero(~matched.any(axis=0))[0][: max(0, MOST_FACES - len(followed))]
        with stages("mesh"):
            added = [self._new(image, detections, int(column)) for column in fresh]
        sure = [k for k in followed if k.doubts < _DOUBTS]
        return _without_doubles(sure + [k for k in added if k is not None])

    def _new(self, image: Image, detections: Detections, column: int) -> _Known | None:
        box, score = detections.boxes[column], float(detections.scores[column])
        landmarks = detections.landmarks[column]
        mesh = self._mesher.mesh(image, box, landmarks=landmarks)
        if mesh is not None:
            return _Known(from_mesh(mesh.points, max(score, mesh.score)))
        return _Known(FoundFace(box, score, landmarks, None)) if score >= _SCORE_WITHOUT_MESH else None

    def _tracked(self, known: list[_Known], time_ns: int) -> tuple[Seen, ...]:
        self._known = known
        tracks = self._tracker.update(as_detections(tuple(k.face for k in known)), time_ns)
        self._searching = not known or TrackState.LOST in tracks.states
        seen = []
        for row, state in enumerate(tracks.states):
            if state is TrackState.CONFIRMED:
                face = _origin(tracks.detections.boxes[row], known)
                if face is not None:
                    seen.append(_seen(int(tracks.ids[row]), face))
        return tuple(sorted(seen, key=lambda s: -s.area_px))


def yaw_from_landmarks(landmarks: FloatArray) -> float:
    """A rough yaw in degrees from five points (5, 2): how far the nose tip stands beside the middle of the eyes.

    >>> yaw_from_landmarks(np.array([[0, 0], [10, 0], [5, 6], [2, 10], [8, 10]], np.float32))
    0.0
    """
    eyes = landmarks[1].astype(np.float64) - landmarks[0]
    length = float(np.hypot(*eyes))
    if length < 1e-6:
        return 90.0
    beside = float((landmarks[2] - (landmarks[0] + landmarks[1]) / 2) @ eyes) / length**2
    return math.degrees(math.atan(beside / _NOSE_DEPTH))


def _seen(track_id: int, face: FoundFace) -> Seen:
    yaw = yaw_degrees(face.mesh) if face.mesh is not None else yaw_from_landmarks(face.landmarks)
    return Seen(track_id, face.box, face.score, face.landmarks, face.mesh, yaw)


def _origin(box: FloatArray, known: list[_Known]) -> FoundFace | None:
    """The face that a track was given in this frame: the tracker hands its box through unchanged."""
    return next((k.face for k in known if np.array_equal(k.face.box, box)), None)


def _overlaps(known: list[_Known], detections: Detections) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Which face is which detection (N, M)."""
    if not known:
        return np.zeros((0, len(detections)), bool)
    return box_math.iou(np.stack([k.face.box for k in known]), detections.boxes) >= SAME_FACE_IOU


def _without_doubles(known: list[_Known]) -> list[_Known]:
    """Where two have slid onto one face, the one known for longer, which stands first; meshes before boxes."""
    kept: list[_Known] = []
    for one in sorted(known, key=lambda k: k.face.mesh is None):
        others = np.array([k.face.box for k in kept], np.float32).reshape(-1, 4)
        if not (box_math.iou(one.face.box[None], others) >= SAME_FACE_IOU).any():
            kept.append(one)
    return kept
