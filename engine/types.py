"""Every value that travels between the rooms of the engine.

Convention:
    image      (H, W, 3) uint8, BGR, C-contiguous; the picture as displayed (EXIF orientation applied).
    tensor     (N, 3, H, W) float, RGB; used only next to a network.
    boxes      (N, 4) float32, ``x1 y1 x2 y2`` in pixels of the image, x2 > x1 and y2 > y1, not clipped to the image.
    points     (..., 2) float32, ``x y`` in pixels; (0, 0) is the centre of the top left pixel.
    landmarks  five points a face: eye, eye (image left first), nose tip, mouth corner, mouth corner (image left first).
    affine     (2, 3) float64, maps points as ``affine @ [x, y, 1]``; the name says from where to where.
    ages       years, float, 0 to 100.  Times: ``_ns`` is time.monotonic_ns(), ``_ms`` a duration.

All values are frozen; arrays are checked at birth and made read-only. They compare by identity, because arrays
have no single truth value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.errors import ModelsDifferError

Image = NDArray[np.uint8]
FloatArray = NDArray[np.float32]
Affine = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]  # any precision: what geometry accepts; it returns FloatArray


def checked(name: str, value: Any, shape: tuple[int | None, ...], dtype: DTypeLike) -> NDArray[Any]:
    """The array itself, read-only, after its shape and type were checked; ``None`` in ``shape`` admits any length.

    Raises ValueError naming what was expected and what came.
    """
    array = np.asarray(value)
    fits = array.ndim == len(shape) and all(
        want is None or want == have for want, have in zip(shape, array.shape, strict=True)
    )
    if not fits or array.dtype != np.dtype(dtype):
        want_text = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
        raise ValueError(f"{name}: expected shape {want_text} of {np.dtype(dtype)}, got {array.shape} of {array.dtype}")
    view = array.view()
    view.flags.writeable = False
    return view


def _check(instance: object, name: str, shape: tuple[int | None, ...], dtype: DTypeLike) -> None:
    object.__setattr__(instance, name, checked(name, getattr(instance, name), shape, dtype))


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture from a source. ``index`` counts from 0 in its source and never repeats."""

    image: Image
    index: int
    captured_ns: int

    def __post_init__(self) -> None:
        _check(self, "image", (None, None, 3), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Faces found in one image: boxes (N, 4), scores (N,) in 0..1, landmarks (N, 5, 2), all float32."""

    boxes: FloatArray
    scores: FloatArray
    landmarks: FloatArray

    def __post_init__(self) -> None:
        count = len(self.boxes)
        _check(self, "boxes", (count, 4), np.float32)
        _check(self, "scores", (count,), np.float32)
        _check(self, "landmarks", (count, 5, 2), np.float32)

    def __len__(self) -> int:
        return len(self.boxes)

    def take(self, keep: NDArray[Any]) -> Detections:
        """The rows that ``keep`` selects (indices or a mask), in that order."""
        return Detections(self.boxes[keep], self.scores[keep], self.landmarks[keep])

    @staticmethod
    def empty() -> Detections:
        return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32))


class TrackState(Enum):
    """TENTATIVE until seen often enough, CONFIRMED while seen, LOST while missing and still remembered."""

    TENTATIVE = "tentative"
    CONFIRMED = "confirmed"
    LOST = "lost"


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """Faces followed through time; row i of every field and of ``detections`` is one track.

    ids (N,) int64, never reused; states; hits and misses (N,) int64: frames seen in all, frames missed in a row.
    """

    ids: NDArray[np.int64]
    states: tuple[TrackState, ...]
    hits: NDArray[np.int64]
    misses: NDArray[np.int64]
    detections: Detections

    def __post_init__(self) -> None:
        count = len(self.detections)
        for name in ("ids", "hits", "misses"):
            _check(self, name, (count,), np.int64)
        if len(self.states) != count:
            raise ValueError(f"states: expected {count} entries, got {len(self.states)}")

    def __len__(self) -> int:
        return len(self.detections)


@dataclass(frozen=True, slots=True, eq=False)
class AlignedFace:
    """A square crop (S, S, 3) of one face, upright and centred; ``to_frame`` maps crop points to the frame."""

    crop: Image
    to_frame: Affine
    track_id: int
    frame_index: int

    def __post_init__(self) -> None:
        size = self.crop.shape[0]
        _check(self, "crop", (size, size, 3), np.uint8)
        _check(self, "to_frame", (2, 3), np.float64)

    @property
    def size(self) -> int:
        return int(self.crop.shape[0])


@dataclass(frozen=True, slots=True)
class AgeEstimate:
    """Years, and the spread (one standard deviation) the model itself gives.

    distribution (Y,) float32: the chance of each year 0, 1, ... as one look gave it; None where several made the age.
    """

    years: float
    spread_years: float
    model: str
    distribution: FloatArray | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, eq=False)
class HairSpread:
    """How the hair around an aligned crop changes with the hair in it.

    place (2, H, W) float32 on a coarse grid: of a pixel with grey value y the share clip(place[0] * y + place[1], 0, 1)
    changes; ``to_frame`` maps points of the grid to the frame. What is
    added to it: added (3,) float32 BGR + slope * y + gain * (y - m), in 8-bit units, where m is the mean grey of the
    square of side strand_px around it.
    """

    place: FloatArray
    to_frame: Affine
    added: FloatArray
    slope: float
    gain: float
    strand_px: int

    def __post_init__(self) -> None:
        _check(self, "place", (2, None, None), np.float32)
        _check(self, "to_frame", (2, 3), np.float64)
        _check(self, "added", (3,), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class AgedPatch:
    """What is to be added to the frame at one face.

    residual (S, S, 3) float32, BGR, in units of 8-bit pixel values (-255..255); mask (S, S) float32 in 0..1;
    ``to_frame`` as in the AlignedFace it was made from. hair: what is done to the hair around it, or None. growth: how
    the picture moves afterwards, (G, G, 2) float32 as a field of geometry.growth.Growth, or None: not at all.
    """

    residual: FloatArray
    mask: FloatArray
    to_frame: Affine
    target_age: float
    frame_index: int
    hair: HairSpread | None = None
    growth: FloatArray | None = None

    def __post_init__(self) -> None:
        size = self.residual.shape[0]
        _check(self, "residual", (size, size, 3), np.float32)
        _check(self, "mask", (size, size), np.float32)
        _check(self, "to_frame", (2, 3), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """A face as a direction: vector (D,) float32 of unit length, and the model that made it.

    Raises ValueError where the vector is not finite or its length is off by more than a thousandth.
    """

    vector: FloatArray
    model: str

    def __post_init__(self) -> None:
        _check(self, "vector", (None,), np.float32)
        length = float(np.linalg.norm(self.vector))
        if not abs(length - 1) < 1e-3:
            raise ValueError(f"vector: expected unit length, got {length:g}")

    def similarity(self, other: Embedding) -> float:
        """The cosine of the two, -1..1. Raises ModelsDifferError (a ValueError) where two models made them."""
        if self.model != other.model or self.vector.shape != other.vector.shape:
            raise ModelsDifferError(
                f"vectors of two models cannot be compared ({self.model}, {other.model}): embed both with one model."
            )
        return float(np.clip(np.dot(self.vector, other.vector), -1, 1))


@dataclass(frozen=True, slots=True)
class Match:
    """A person of the gallery and how similar the face is (cosine, -1..1)."""

    person: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of a face after it was changed: the age it is estimated at, and its likeness to the face before (cosine -1..1),
    None where there is no network for that."""

    years: float
    likeness: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """What is known of one face in one picture.

    box (4,), score 0..1, landmarks (5, 2); mesh (478, 2) or None; quality 0..1 (size, sharpness, light, pose);
    yaw_degrees: head turned left or right, 0 looks into the camera. ``aged`` tells whether the picture that comes
    with this face shows it aged, ``target_age`` to which age; ``preferred_age`` is that which its person prefers, while
    it and not the common target is in force. ``result``: what was measured of the face as the picture shows it, if that
    was asked for.
    """

    box: FloatArray
    score: float
    landmarks: FloatArray
    mesh: FloatArray | None = None
    track_id: int | None = None
    age: AgeEstimate | None = None
    quality: float = 0.0
    yaw_degrees: float = 0.0
    embedding: FloatArray | None = None
    person: Match | None = None
    aged: bool = False
    target_age: float | None = None
    preferred_age: float | None = None
    result: Outcome | None = None

    def __post_init__(self) -> None:
        _check(self, "box", (4,), np.float32)
        _check(self, "landmarks", (5, 2), np.float32)
        if self.mesh is not None:
            _check(self, "mesh", (478, 2), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class FrameResult:
    """The frame **and** what was made of it: never draw one without the other.

    ``aged`` is the picture to show (H, W, 3); it is ``frame.image`` itself where nothing was changed.
    ``stages_ms`` maps a stage ("detect", "track", "align", "ager", "blend", ...) to what it took.
    """

    frame: Frame
    aged: Image
    faces: tuple[Face, ...]
    stages_ms: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    size: int = 256

    def __post_init__(self) -> None:
        _check(self, "aged", self.frame.image.shape, np.uint8)


class SessionState(Enum):
    """Life of a live session; the legal transitions stand in engine.live.session."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    RECOVERING = "recovering"
    ENDED = "ended"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """A snapshot for the screen. ``message`` is one plain sentence for the user, or empty.

    ``devices`` maps a network to where it runs, for example ``{"ager": "cpu/openvino/bf16"}``; ``stages_ms`` are
    medians; ``fps_captured`` and ``fps_shown`` are measured over the last seconds; ``latency_ms`` has p50, p95, max.
    ``recovering`` states say in ``message`` what is being waited for. ``kind`` names the class of the error that the
    message comes from (see engine.errors), so that a window can say it in its own language.
    """

    state: SessionState
    source: str = ""
    message: str = ""
    devices: Mapping[str, str] = field(default_factory=dict)
    captured: int = 0
    shown: int = 0
    dropped: int = 0
    fps_captured: float = 0.0
    fps_shown: float = 0.0
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    size: int = 256
    faces_mean: float = 0.0
    aged_share: float = 0.0
    errors: tuple[str, ...] = ()
    kind: str = ""
