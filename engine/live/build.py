"""Builds the live pipeline from the engine's rooms; loads networks, so it takes a second or two."""

from __future__ import annotations

from pathlib import Path

from engine.live.pipeline import LivePipeline
from engine.settings import SIZES, Settings


def build_pipeline(settings: Settings, *, weights: Path | None = None) -> LivePipeline:
    """The pipeline on the device of these settings, warmed up.

    weights: folder of the networks (default: those that ship). Raises WeightsError, DeviceError.
    """
    from engine.age.estimator import AgeEstimator
    from engine.aging.ager import Ager
    from engine.detection.mediapipe_faces import Effort, MediaPipeDetector
    from engine.landmarks.mesh import FaceMesher
    from engine.live.follow import FaceFollower

    size = settings.size or SIZES[0]
    ager = Ager.load(settings.device, folder=weights, size=size)
    for other in () if settings.size else SIZES[1:]:
        ager.warm_up(other)  # so that climbing the quality ladder does not stop the picture
    estimator = AgeEstimator.load(settings.device, folder=weights)
    follower = FaceFollower(MediaPipeDetector(Effort.LIVE), FaceMesher())
    return LivePipeline(follower, ager, estimator)
