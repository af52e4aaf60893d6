"""What every face detector offers."""

from __future__ import annotations

from typing import Protocol

from engine.types import Detections, Image


class FaceDetector(Protocol):
    """Finds faces in one image. Used by one thread at a time; ``close()`` may be called twice."""

    @property
    def name(self) -> str:
        """What finds the faces, for logs and ``doctor``."""

    def detect(self, image: Image) -> Detections:
        """The faces of the image (H, W, 3) uint8 BGR, best first. Boxes run from forehead to chin, cheek to cheek."""

    def close(self) -> None:
        """Free what is held; calling it again does nothing."""
