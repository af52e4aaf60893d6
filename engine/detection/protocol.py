"""What every face detector offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from engine.types import Detections, Image

GLANCES = 3
"""How many partial looks make a whole one."""
Look = Callable[[Image], Detections]


class FaceDetector(Protocol):
    """Finds faces in one image. Used by one thread at a time; ``close()`` may be called twice."""

    @property
    def name(self) -> str:
        """What finds the faces, for logs and ``doctor``."""

    def detect(self, image: Image) -> Detections:
        """The faces of the image (H, W, 3) uint8 BGR, best first. Boxes run from forehead to chin, cheek to cheek."""

    def close(self) -> None:
        """Free what is held; calling it again does nothing."""


def candidates_of(detector: FaceDetector) -> Detections | None:
    """What the last ``detect`` found before suppression, in pixels of its image; None where a detector does not tell.

    It tells by a property ``candidates``, which computes nothing that was not there anyway.
    """
    found: Detections | None = getattr(detector, "candidates", None)
    return found


def glances_of(detector: FaceDetector) -> Look | None:
    """A quicker, partial look of this detector, if it has one: each call does another part of what ``detect`` does.

    ``GLANCES`` calls running do all of it, so a face is found by one of them. It is a method ``glance``.
    """
    glance: Look | None = getattr(detector, "glance", None)
    return glance
