"""Look inside: what the stages of one frame made, for a window that shows how the mirror works.

Nothing is kept, copied or computed while nobody looks. While somebody does, the newest value lies in a mailbox of one
place, a few times a second; the picture never waits for whoever reads it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from engine.geometry.align import crop_affine, transform
from engine.types import Affine, AgedPatch, AgeEstimate, Detections, FloatArray, Frame, Image, Match, checked

if TYPE_CHECKING:
    from engine.live.work import Work

EVERY_S = 0.25
"""Time between two values in the mailbox."""
SIDE_PX = 224
"""Side of the crops: as large as a drawer shows them on a screen of high density."""
PICTURE_PX = 640
"""Longer side of the whole picture."""
MOST_CANDIDATES = 200


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """One look of the detector: the picture it looked at, its boxes before suppression, and those that were left."""

    image: Image
    candidates: Detections
    kept: Detections


@dataclass(frozen=True, slots=True, eq=False)
class InsideFace:
    """The stages of one face.

    crop (S, S, 3) uint8 BGR and mesh (478, 2) float32 in its pixels. age: what the mirror goes by; distribution (Y,)
    float32: the newest guess, a chance for each year, or None before the first. likeness: the most similar people,
    best first; None while nobody looked. residual (S, S, 3) float32 BGR in 8-bit units and mask (S, S) in 0..1: None
    where nothing is changed. aged: the crop as it is shown. target_age in years, or None for "as you are".
    """

    track_id: int
    crop: Image
    mesh: FloatArray | None
    age: AgeEstimate | None
    distribution: FloatArray | None
    likeness: tuple[Match, ...] | None
    residual: FloatArray | None
    mask: FloatArray | None
    aged: Image
    target_age: float | None

    def __post_init__(self) -> None:
        side = len(self.crop)
        for name, shape, dtype in (
            ("crop", (side, side, 3), np.uint8), ("aged", (side, side, 3), np.uint8), ("mesh", (478, 2), np.float32),
            ("distribution", (None,), np.float32), ("residual", (side, side, 3), np.float32),
            ("mask", (side, side), np.float32),
        ):  # fmt: skip
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, checked(name, value, shape, dtype))


@dataclass(frozen=True, slots=True, eq=False)
class Inside:
    """What one frame looked like inside. sighting: the newest look of the detector, which rests in most frames.

    people: how many samples of enrolled people faces are compared with; identify: the similarity that makes a name.
    """

    index: int
    time_ns: int
    sighting: Sighting | None
    face: InsideFace | None
    faces: int = 0
    people: int = 0
    identify: float = 0.0


class Tap:
    """The mailbox. ``open``, ``shut`` and ``latest`` are for any thread, the rest for those that make frames."""

    def __init__(self) -> None:
        self.on = False
        self.owes = False
        self.distributions: dict[int, FloatArray | None] = {}  # by track id; the slow worker lays a new one down
        self._just_opened = False
        self._value: Inside | None = None
        self._put_ns: int | None = None

    def open(self) -> None:
        """Somebody looks from now on."""
        self._just_opened = self.owes = True
        self._put_ns = None
        self.on = True

    def shut(self) -> None:
        """Nobody looks any more: what was kept is let go of."""
        self.on = self.owes = self._just_opened = False
        self.forget()

    def forget(self) -> None:
        """Another source begins."""
        self._value, self._put_ns, self.distributions = None, None, {}

    def latest(self) -> Inside | None:
        """The newest value; never waits."""
        return self._value

    def just_opened(self) -> bool:
        """Whether somebody began to look since this was asked last."""
        fresh, self._just_opened = self._just_opened, False
        return fresh

    def due(self, time_ns: int) -> bool:
        """Whether it is time for another value; what is passed over now is owed."""
        if not self.on:
            return False
        self.owes = self._put_ns is not None and 0 <= time_ns - self._put_ns < EVERY_S * 1e9
        return not self.owes

    def put(self, value: Inside, *, whole: bool) -> None:
        """Lays a value down in the place of the last; whole: nothing of it is still being computed."""
        self._put_ns = value.time_ns
        self.owes = not whole
        if self.on:
            self._value = value

    def learn(self, distributions: dict[int, FloatArray | None]) -> None:
        """The newest guesses by track id; from the slow worker."""
        self.distributions = {**self.distributions, **distributions}


def look_at(work: Work, frame: Frame, aged: Image, patch: AgedPatch | None, tap: Tap,
            likeness: tuple[Match, ...] | None) -> InsideFace:  # fmt: skip
    """The stages of this face, cut out small. patch: what was added to it; aged: the whole picture that is shown."""
    to_crop = crop_affine(work.landmarks, SIDE_PX)
    crop = _cut(frame.image, to_crop)
    return InsideFace(
        track_id=work.seen.track_id,
        crop=crop,
        mesh=None if work.mesh is None else transform(to_crop, work.mesh),
        age=work.memory.age.value,
        distribution=tap.distributions.get(work.seen.track_id),
        likeness=likeness,
        residual=None if patch is None else _shrunk(patch.residual),
        mask=None if patch is None else _shrunk(patch.mask),
        aged=crop if patch is None else _cut(aged, to_crop),
        target_age=None if patch is None else patch.target_age,
    )


def _cut(image: Image, to_crop: Affine) -> Image:
    """The crop (SIDE_PX, SIDE_PX, 3): cut larger where the face is large, then averaged. For the eye; it takes a
    hundredth of the time of shrinking the whole picture first.
    """
    scale = float(np.hypot(to_crop[0, 0], to_crop[1, 0]))
    times = min(max(1, math.ceil(0.5 / scale)), 4)
    # Pixel centres: x_large = (x_small + 0.5) * times - 0.5
    larger = to_crop * times + np.array([[0, 0, (times - 1) / 2], [0, 0, (times - 1) / 2]])
    side = SIDE_PX * times
    crop = cv2.warpAffine(image, larger, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if times > 1:
        crop = cv2.resize(crop, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(crop, np.uint8)


def _shrunk(plane: FloatArray) -> FloatArray:
    """A copy (SIDE_PX, SIDE_PX, ...) of a square array."""
    small = cv2.resize(plane, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_LINEAR)
    return np.asarray(small, np.float32)


def shrunk(sighting: Sighting) -> Sighting:
    """The same look on a smaller copy of its picture, with its best candidates only."""
    height, width = sighting.image.shape[:2]
    factor = min(1.0, PICTURE_PX / max(height, width))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    image = np.asarray(cv2.resize(sighting.image, size, interpolation=cv2.INTER_AREA), np.uint8)
    scale = np.array([size[0] / width, size[1] / height], np.float32)

    def scaled(found: Detections) -> Detections:
        best = found.take(np.argsort(-found.scores, kind="stable")[:MOST_CANDIDATES])
        # Pixel centres: x_small = (x + 0.5) * scale - 0.5
        boxes = ((best.boxes.reshape(-1, 2, 2) + 0.5) * scale - 0.5).reshape(-1, 4)
        return Detections(boxes.astype(np.float32), best.scores, ((best.landmarks + 0.5) * scale - 0.5))

    return Sighting(image, scaled(sighting.candidates), scaled(sighting.kept))
