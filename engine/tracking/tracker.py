"""Detections in, tracks out: by overlap with where each face should be by now, with ids that stay."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.geometry import boxes as box_math
from engine.tracking.association import nearness, pairs
from engine.tracking.motion import Motion
from engine.types import Detections, FloatArray, Tracks, TrackState

# After more misses than this a face that is only near, without overlap, is rather somebody else.
_NEAR_MISSES = 2


@dataclass(frozen=True, slots=True, eq=False)
class _Track:
    """One face as the tracker remembers it."""

    number: int
    motion: Motion
    landmarks: FloatArray
    score: float
    hits: int = 1
    misses: int = 0
    confirmed: bool = False

    def state(self) -> TrackState:
        if not self.confirmed:
            return TrackState.TENTATIVE
        return TrackState.LOST if self.misses else TrackState.CONFIRMED


class Tracker:
    """Follows faces. Confident detections are matched first; doubtful ones (below ``start_score``) only keep known
    faces alive and never start one (after Zhang et al. 2022, ByteTrack).

    A track is TENTATIVE until seen ``confirm_hits`` times (and forgotten at its first miss until then), CONFIRMED while
    seen, LOST for up to ``remember_s`` seconds after. Time comes from the caller: the same input gives the same ids.
    """

    def __init__(
        self,
        *,
        iou_threshold: float = 0.25,
        start_score: float = 0.6,
        confirm_hits: int = 2,
        remember_s: float = 1.0,
    ) -> None:
        self._iou_threshold = iou_threshold
        self._start_score = start_score
        self._confirm_hits = confirm_hits
        self._remember_ns = int(remember_s * 1e9)
        self._tracks: list[_Track] = []
        self._next = 1

    def update(self, detections: Detections, time_ns: int) -> Tracks:
        """The tracks after one more frame, by rising id; a LOST track's box and points are where it should be by now.

        ``time_ns`` is when the frame was captured; a time that runs backwards counts as no time.
        """
        self._tracks = [track for track in self._tracks if self._remembered(track, time_ns)]
        matched = self._match(detections, time_ns)
        tracks = [
            self._seen(track, detections, matched[row], time_ns) if row in matched else _missed(track)
            for row, track in enumerate(self._tracks)
        ]
        tracks = [track for track in tracks if track.confirmed or not track.misses]
        taken = set(matched.values())
        for column in range(len(detections)):
            if column not in taken and detections.scores[column] >= self._start_score:
                tracks.append(self._started(detections, column, time_ns))
        self._tracks = tracks
        return self._answer(time_ns)

    def reset(self) -> None:
        """Forget every track; ids are not used again."""
        self._tracks = []

    def _match(self, detections: Detections, time_ns: int) -> dict[int, int]:
        """Track row to detection row: confident by overlap, then doubtful by overlap, then the rest by nearness."""
        if not self._tracks or not len(detections):
            return {}
        expected = np.stack([track.motion.predicted(time_ns) for track in self._tracks])
        overlap = box_math.iou(expected, detections.boxes)
        confident = detections.scores >= self._start_score
        near = nearness(expected, detections.boxes)
        near[[track.misses > _NEAR_MISSES for track in self._tracks]] = 0
        matched: dict[int, int] = {}
        for affinity, threshold, columns in (
            (overlap, self._iou_threshold, confident),
            (overlap, self._iou_threshold, ~confident),
            (near, 0.0, confident),
        ):
            free = np.where(columns[None, :], affinity, 0)
            free[list(matched), :] = 0
            free[:, list(matched.values())] = 0
            matched.update(pairs(free, threshold))
        return matched

    def _seen(self, track: _Track, detections: Detections, column: int, time_ns: int) -> _Track:
        hits = track.hits + 1
        return replace(
            track,
            motion=track.motion.seen(detections.boxes[column], time_ns),
            landmarks=detections.landmarks[column],
            score=float(detections.scores[column]),
            hits=hits,
            misses=0,
            confirmed=track.confirmed or hits >= self._confirm_hits,
        )

    def _remembered(self, track: _Track, time_ns: int) -> bool:
        return time_ns - track.motion.time_ns <= self._remember_ns

    def _started(self, detections: Detections, column: int, time_ns: int) -> _Track:
        number, self._next = self._next, self._next + 1
        motion = Motion.begin(detections.boxes[column], time_ns)
        score = float(detections.scores[column])
        return _Track(number, motion, detections.landmarks[column], score, confirmed=self._confirm_hits <= 1)

    def _answer(self, time_ns: int) -> Tracks:
        if not self._tracks:
            none = np.zeros(0, np.int64)
            return Tracks(none, (), none, none, Detections.empty())
        boxes = [track.motion.predicted(time_ns) if track.misses else track.motion.box for track in self._tracks]
        points = [moved(track.landmarks, track.motion.box, box) for track, box in zip(self._tracks, boxes, strict=True)]
        return Tracks(
            ids=np.array([track.number for track in self._tracks], np.int64),
            states=tuple(track.state() for track in self._tracks),
            hits=np.array([track.hits for track in self._tracks], np.int64),
            misses=np.array([track.misses for track in self._tracks], np.int64),
            detections=Detections(
                np.stack(boxes), np.array([track.score for track in self._tracks], np.float32), np.stack(points)
            ),
        )


def _missed(track: _Track) -> _Track:
    """The track after a frame in which it was not seen."""
    return replace(track, misses=track.misses + 1)


def moved(points: FloatArray, before: FloatArray, after: FloatArray) -> FloatArray:
    """Points (K, 2) carried along as their box (4,) moves and grows."""
    if before is after:
        return points
    factor = (after[2:] - after[:2]) / np.maximum(before[2:] - before[:2], 1e-6)
    return np.asarray((points - before[:2]) * factor + after[:2], np.float32)
