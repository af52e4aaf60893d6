"""What a session would have seen of somebody before the camera, made up look by look."""

from __future__ import annotations

from dataclasses import replace

from engine.recognition.gate import Measures
from engine.recognition.guided import Observation
from engine.types import Embedding
from tests.fakes.people import MODEL, crop, vector

SIZE = (1280, 720)
GOOD = Measures(
    width_px=200,
    inside=1,
    highlight=150,
    clipped=0,
    contrast=40,
    balance=1.1,
    blur=0.6,
    blur_in_noise=0.8,
    yaw_degrees=0,
    pitch_degrees=0,
    roll_degrees=0,
    eyes=0.3,
)
POSES: tuple[dict[str, float], ...] = ({}, {"yaw_degrees": 20}, {"yaw_degrees": -20}, {"width_px": 260})
"""What the four steps ask for, in their order."""


def seen(time_s: float, *, person: int = 1, look: int = 0, faces: int = 1, **measures: float) -> Observation:
    """One look at a face that passes the gate, except for ``measures``."""
    embedding = Embedding(vector(person, look), MODEL)
    return Observation(
        round(time_s * 1e9), faces, SIZE, replace(GOOD, **measures), crop(person, look), embedding, track_id=7
    )


def nobody(time_s: float) -> Observation:
    return Observation(round(time_s * 1e9), 0, SIZE)
