"""What the user can choose, frozen and checked on creation; merged once: defaults < file < command line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from engine.errors import SettingsError

SIZES = (256, 384, 512)
DEVICES = ("auto", "cpu", "cuda", "mps")
DETECTORS = ("mediapipe", "anchor", "both")
NO_STYLE = "none"
STYLES = (NO_STYLE, "oil", "ink", "glass")
AGE_RANGE_YEARS = (0.0, 100.0)


@dataclass(frozen=True, slots=True)
class Settings:
    """One snapshot of everything a live session reads; a frame is made with exactly one snapshot.

    target_age: years 0..100, or None for "as you are" (nothing is changed). size: side of the aligned face in
    pixels, or 0 to follow ``latency_target_ms`` by itself. strength: 0..1 of the change. keep_eyes: nothing changes
    between the lids. face_targets: pairs (track id, target age) for faces that were given a target of their own; all
    others follow ``target_age``. meter: measure what comes out, its age and its likeness to what went in. sweeping:
    these targets are those of a pass through the ages, which is for everybody and ends nobody's preferred age.
    detector: what finds faces: MediaPipe, our own network, or both. style: what the finished picture is painted as.
    """

    source: str = "0"
    loop: bool = False
    enabled: bool = True
    target_age: float | None = None
    strength: float = 1.0
    keep_eyes: bool = False
    size: int = 0
    device: str = "auto"
    detector: str = "mediapipe"
    latency_target_ms: float = 80.0
    camera_width: int = 1280
    camera_height: int = 720
    face_targets: tuple[tuple[int, float | None], ...] = ()
    meter: bool = False
    sweeping: bool = False
    style: str = NO_STYLE

    def __post_init__(self) -> None:
        low, high = AGE_RANGE_YEARS
        for target in (self.target_age, *(years for _, years in self.face_targets)):
            if target is not None and not low <= target <= high:
                raise SettingsError(f"target age {target:g} is out of range: give years from 0 to 100.")
        if self.size not in (0, *SIZES):
            raise SettingsError(f"size {self.size} is not offered: choose 256, 384 or 512 (0: automatic).")
        if self.device not in DEVICES:
            raise SettingsError(f"device {self.device!r} is unknown: choose one of {', '.join(DEVICES)}.")
        if self.detector not in DETECTORS:
            raise SettingsError(f"detector {self.detector!r} is unknown: choose one of {', '.join(DETECTORS)}.")
        if self.style not in STYLES:
            raise SettingsError(f"style {self.style!r} is unknown: choose one of {', '.join(STYLES)}.")
        if not 0.0 <= self.strength <= 1.0:
            raise SettingsError(f"strength {self.strength:g} is out of range: give 0 to 1.")
        if not 10.0 <= self.latency_target_ms <= 1000.0:
            raise SettingsError(f"latency target {self.latency_target_ms:g} ms is out of range: give 10 to 1000.")
        if not (16 <= self.camera_width <= 7680 and 16 <= self.camera_height <= 4320):
            raise SettingsError(f"camera size {self.camera_width}x{self.camera_height} is out of range.")

    def target_for(self, track_id: int | None) -> float | None:
        """The target of one face: its own if it was given one, else the common one."""
        return dict(self.face_targets).get(track_id, self.target_age) if track_id is not None else self.target_age

    def merged(self, values: dict[str, Any]) -> Settings:
        """These settings with ``values`` on top. Raises SettingsError for an unknown key or a wrong type."""
        unknown = sorted(set(values) - set(self.__slots__))
        if unknown:
            raise SettingsError(f"unknown setting {unknown[0]!r}: known are {', '.join(self.__slots__)}.")
        try:
            return replace(self, **values)
        except TypeError as error:
            raise SettingsError(f"a setting has the wrong type: {error}.") from error
