"""The command ``age`` for a video: every frame through the mirror's own pipeline, in order and without hurry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.capture.media import VideoSource
from engine.errors import OutputError
from engine.live.build import make_recogniser
from engine.live.pipeline import EstimatorLike, LivePipeline
from engine.live.protocol import Pace
from engine.output.video import VIDEO_SUFFIXES, VideoWriter
from engine.settings import Settings
from engine.types import AgeEstimate, Frame, FrameResult, Image

if TYPE_CHECKING:
    from engine.recognition.index import GalleryIndex
    from engine.terminal import Terminal

DEFAULT_SIZE = 384
# Before the first frame it is shown for so long, so that faces are known and aged when the clip begins.
LEAD_IN_S = 1.5
_LEAD_IN_FPS = 10
_MOST_FACES = 8


@dataclass(frozen=True, slots=True, eq=False)
class Only:
    """The one person whose face is to be aged, by their name in the gallery, and all who are told apart from them."""

    name: str
    people: GalleryIndex


class FixedAge:
    """Stands in for the age network where the source age is given; see engine.live.pipeline.EstimatorLike."""

    device = "none (age given)"
    size = 112

    def __init__(self, years: float) -> None:
        self._estimate = AgeEstimate(years, 0.0, "given")

    def estimate(self, crops: Sequence[Image]) -> tuple[AgeEstimate, ...]:
        return (self._estimate,) * len(crops)

    def close(self) -> None:
        """Nothing to let go of."""


def age_video(
    source: Path,
    target: Path,
    settings: Settings,
    terminal: Terminal,
    *,
    source_age: float | None = None,
    only: Only | None = None,
) -> None:
    """Writes the aged video: the same size, rate and sound. It appears when it is whole, else not at all.

    settings: target age, size (not 0, or the result would depend on the speed of this computer) and device. only: the
    one person whose face is aged.
    Raises InputError and VideoError for the input, OutputError for the output, WeightsError and DeviceError.
    """
    if target.suffix.lower() not in VIDEO_SUFFIXES:
        known = ", ".join(VIDEO_SUFFIXES)
        raise OutputError(f"cannot write {target}: give the video a name that ends in one of {known}.")
    frames = aged = 0
    with VideoSource(source, paced=False) as video:
        pipeline = offline_pipeline(settings, source_age, only=only)
        try:
            with (
                VideoWriter(target, size=video.size, rate=video.rate, sound_from=source) as writer,
                terminal.progress(video.frames_expected, "frames", source.name) as progress,
            ):
                for result in aged_frames(video, pipeline, settings):
                    writer.write(result.aged, result.frame.captured_ns)
                    frames += 1
                    aged += any(face.aged for face in result.faces)
                    progress.step()
        finally:
            pipeline.close()
    nobody = "no face was found to age" if only is None else f"{only.name} was not recognised"
    with_faces = f"faces aged in {aged}" if aged else nobody
    terminal.show(f"{source} -> {target}: {frames} frames, {with_faces}")


def offline_pipeline(
    settings: Settings,
    source_age: float | None = None,
    *,
    weights: Path | None = None,
    only: Only | None = None,
) -> LivePipeline:
    """The mirror's pipeline in full precision, so that the same clip gives the same result on every start.

    only: the one person whose face is changed.
    """
    from engine.age.estimator import AgeEstimator
    from engine.aging.ager import Ager
    from engine.detection.mediapipe_faces import Effort, MediaPipeDetector
    from engine.landmarks.mesh import FaceMesher
    from engine.live.follow import FaceFollower

    ager = Ager.load(settings.device, folder=weights, size=settings.size, precision="f32")
    estimator: EstimatorLike
    if source_age is None:
        estimator = AgeEstimator.load(settings.device, folder=weights, precision="f32")
    else:
        estimator = FixedAge(source_age)
    follower = FaceFollower(MediaPipeDetector(Effort.THOROUGH), FaceMesher(), glances=False)
    if only is None:
        return LivePipeline(follower, ager, estimator, most_aged=_MOST_FACES)
    recogniser = make_recogniser(settings.device, weights=weights, precision="f32")
    pipeline = LivePipeline(
        follower, ager, estimator, recogniser=recogniser, only_person=only.name, most_aged=_MOST_FACES
    )
    # The age asked for counts, not the one that somebody prefers in the mirror.
    pipeline.know(replace(only.people, target_ages=(None,) * len(only.people.names)))
    return pipeline


def aged_frames(frames: Iterable[Frame], pipeline: LivePipeline, settings: Settings) -> Iterator[FrameResult]:
    """The result of every frame, one after the other; times are the frames' own, so nothing depends on the speed."""
    lead_in_ns = round(LEAD_IN_S * 1e9)
    first = True
    for frame in frames:
        if first:
            _lead_in(frame, pipeline, settings)
            first = False
        shifted = Frame(frame.image, frame.index, frame.captured_ns + lead_in_ns)
        result = _step(shifted, pipeline, settings)
        yield FrameResult(frame, result.aged, result.faces, result.stages_ms, result.size)


def _lead_in(frame: Frame, pipeline: LivePipeline, settings: Settings) -> None:
    for i in range(round(LEAD_IN_S * _LEAD_IN_FPS)):
        _step(Frame(frame.image, frame.index, frame.captured_ns + i * round(1e9 / _LEAD_IN_FPS)), pipeline, settings)


def _step(frame: Frame, pipeline: LivePipeline, settings: Settings) -> FrameResult:
    """One frame, and after it the slow work that live runs on another thread."""
    result = pipeline.process(frame, settings, Pace())
    while (chore := pipeline.chore()) is not None:
        chore()
    return result
