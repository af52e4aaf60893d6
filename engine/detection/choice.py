"""Which detector looks for faces: MediaPipe's, our own, or both, their answers merged."""

from __future__ import annotations

from pathlib import Path

from engine.detection import merge
from engine.detection.mediapipe_faces import Effort, MediaPipeDetector
from engine.detection.protocol import FaceDetector, candidates_of
from engine.errors import SettingsError
from engine.settings import DETECTORS
from engine.types import Detections, Image


class CombinedDetector:
    """Several detectors as one: each face once, the best score of all. For one thread at a time."""

    def __init__(self, *detectors: FaceDetector) -> None:
        self._detectors: tuple[FaceDetector, ...] | None = detectors
        self.name = " and ".join(detector.name for detector in detectors)

    def detect(self, image: Image) -> Detections:
        """The faces of the image (H, W, 3) uint8 BGR, best first."""
        if self._detectors is None:
            raise ValueError("this detector is closed")
        return merge.suppress(merge.concatenate(*(detector.detect(image) for detector in self._detectors)))

    @property
    def candidates(self) -> Detections:
        """What all of them said of the last image before suppression."""
        parts = [candidates_of(detector) for detector in self._detectors or ()]
        return merge.concatenate(*(part for part in parts if part is not None))

    def close(self) -> None:
        detectors, self._detectors = self._detectors or (), None
        for detector in detectors:
            detector.close()


def make_detector(
    choice: str, effort: Effort, *, device: str = "auto", weights: Path | None = None, precision: str = "auto"
) -> FaceDetector:
    """The detector of this name, one of engine.settings.DETECTORS.

    effort: how hard MediaPipe looks; ours looks once, or for THOROUGH at several scales. device, weights (a folder) and
    precision are our network's. Raises SettingsError for another name, WeightsError and DeviceError.
    """
    if choice not in DETECTORS:
        raise SettingsError(f"detector {choice!r} is unknown: choose one of {', '.join(DETECTORS)}.")
    if choice == "mediapipe":
        return MediaPipeDetector(effort)
    from engine.detection.anchor_faces import LIVE_PX, PICTURE_PX, AnchorDetector

    sides_px = PICTURE_PX if effort is Effort.THOROUGH else LIVE_PX
    own = AnchorDetector.load(device, folder=weights, sides_px=sides_px, precision=precision)
    return own if choice == "anchor" else CombinedDetector(MediaPipeDetector(effort), own)
