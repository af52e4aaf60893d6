"""Builds the live pipeline from the engine's rooms; loads networks, so it takes a second or two."""

from __future__ import annotations

from pathlib import Path

from engine.errors import WeightsError
from engine.live.identity import EmbedderLike, Recogniser
from engine.live.pipeline import LivePipeline
from engine.live.restyle import Restyler, StylistLike
from engine.settings import SIZES, Settings
from engine.weights.growth import load_growth


def build_pipeline(settings: Settings, *, weights: Path | None = None) -> LivePipeline:
    """The pipeline on the device of these settings, warmed up.

    weights: folder of the networks (default: those that ship). Raises WeightsError, DeviceError.
    """
    from engine.age.estimator import AgeEstimator
    from engine.aging.ager import Ager
    from engine.detection.choice import make_detector
    from engine.detection.mediapipe_faces import Effort
    from engine.landmarks.mesh import FaceMesher
    from engine.live.beside import Beside
    from engine.live.follow import FaceFollower

    size = settings.size or SIZES[0]
    ager = Ager.load(settings.device, folder=weights, size=size)
    estimator = AgeEstimator.load(settings.device, folder=weights)
    detector = make_detector(settings.detector, Effort.LIVE, device=settings.device, weights=weights)
    follower = FaceFollower(detector, FaceMesher(), beside=Beside("glance"))
    recogniser = make_recogniser(settings.device, weights=weights)
    restyler = make_restyler(settings.device, weights=weights)
    growth = load_growth(weights)
    return LivePipeline(follower, ager, estimator, recogniser=recogniser, restyler=restyler, growth=growth)


def make_restyler(device: str, *, weights: Path | None = None) -> Restyler:
    """What paints the picture in a style. Its network is loaded when a style is first wanted."""

    def load() -> StylistLike:
        from engine.style.stylist import Stylist

        return Stylist.load(device, folder=weights)

    return Restyler(load)


def make_recogniser(device: str, *, weights: Path | None = None, precision: str = "auto") -> Recogniser:
    """What gives faces their names. Its network is loaded when it is first needed; without one there are no names."""
    from engine.recognition.embedder import Embedder, card_thresholds

    def load() -> EmbedderLike:
        return Embedder.load(device, folder=weights, precision=precision)

    try:
        thresholds = card_thresholds(weights)
    except WeightsError as error:
        return Recogniser(None, why=str(error))
    return Recogniser(load, thresholds)
