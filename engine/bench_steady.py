"""``bench --steady``: how still the age under a face stands that hardly changes itself.

The live pipeline runs over a clip, or over one picture that a simulated webcam looks at, frame by frame in the time of
the clip; the slow worker's estimates arrive with the next frame. Same input, same numbers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from engine.capture.demo import DemoSource
from engine.capture.factory import DEMO, is_picture, open_path
from engine.capture.media import VideoSource
from engine.errors import AgeMirrorError
from engine.images import read_picture, write_atomically
from engine.live.build import build_pipeline
from engine.live.pipeline import LivePipeline
from engine.live.protocol import Pace
from engine.settings import Settings
from engine.terminal import Terminal
from engine.types import Frame, Image

WEBCAM_FPS = 30
SENSOR_NOISE = 4.0
SEEN_SHARE = 0.5
"""A track that is there for less of the time than this says nothing about stillness."""


@dataclass(frozen=True, slots=True)
class Steadiness:
    """The age shown under one face, whole years, over the time it was shown.

    deviation_years: standard deviation; changes: how often the number changed; low, high: its extremes.
    estimate_deviation_years: of the running estimate behind it, before it is rounded.
    """

    track: int
    seconds: float
    deviation_years: float
    changes: int
    low_years: int
    high_years: int
    estimate_deviation_years: float


def webcam(picture: Image, seconds: float, seed: int = 0) -> Iterator[tuple[Image, int]]:
    """The picture as a webcam sees someone who tries to hold still, with the time in ns of each frame.

    The head sways by 1 % of the picture's height, turns by a degree and comes 1 % nearer; the light breathes by 3 %;
    every pixel has sensor noise. All of it starts from the same seed.
    """
    rng = np.random.default_rng(seed)
    height, width = picture.shape[:2]
    middle = ((width - 1) / 2, (height - 1) / 2)
    for index in range(round(seconds * WEBCAM_FPS)):
        time_s = index / WEBCAM_FPS
        x, y, turn, near, light = (np.sin(2 * np.pi * time_s / period_s) for period_s in (3.1, 4.3, 5.9, 7.1, 2.3))
        matrix = cv2.getRotationMatrix2D(middle, float(turn), 1 + 0.01 * float(near))
        matrix[:, 2] = matrix[:, 2] + [0.01 * height * x, 0.005 * height * y]
        moved = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
        seen = moved * (1 + 0.03 * float(light)) + rng.normal(0, SENSOR_NOISE, picture.shape).astype(np.float32)
        yield np.clip(seen, 0, 255).astype(np.uint8), round(1e9 * time_s)


def clip_frames(clip: str, seconds: float) -> Iterator[tuple[Image, int]]:
    """The frames of a video (once, up to the time given), or of a picture before a simulated webcam.

    "demo" is the demo's first picture. Raises InputError for a file that cannot be used.
    """
    path = Path(clip)
    if clip == DEMO:
        yield from webcam(DemoSource().picture(0), seconds)
    elif is_picture(path):
        yield from webcam(read_picture(path), seconds)
    else:
        with VideoSource(path, paced=False) as video:
            for frame in video:
                if frame.captured_ns > seconds * 1e9:
                    return
                yield frame.image, frame.captured_ns


def watch(pipeline: LivePipeline, frames: Iterator[tuple[Image, int]]) -> tuple[Steadiness, ...]:
    """What the pipeline showed under every face that was there for half of the time, the longest shown first."""
    settings = Settings(enabled=False)
    shown: dict[int, list[float]] = {}
    times: list[int] = []
    for index, (image, time_ns) in enumerate(frames):
        result = pipeline.process(Frame(image, index, time_ns), settings, Pace())
        chore = pipeline.chore()
        if chore is not None:
            chore()
        times.append(time_ns)
        for face in result.faces:
            if face.track_id is not None and face.age is not None:
                shown.setdefault(face.track_id, []).append(face.age.years)
    if not times:
        return ()
    per_frame_s = (times[-1] - times[0]) / 1e9 / max(len(times) - 1, 1)
    found = [
        _steadiness(track, np.array(years), per_frame_s)
        for track, years in shown.items()
        if len(years) >= SEEN_SHARE * len(times)
    ]
    return tuple(sorted(found, key=lambda each: -each.seconds))


def _steadiness(track: int, years: np.ndarray[tuple[int], np.dtype[np.float64]], per_frame_s: float) -> Steadiness:
    whole = np.array([round(value) for value in years.tolist()])  # as the window rounds
    return Steadiness(
        track,
        round(len(years) * per_frame_s, 2),
        round(float(whole.std()), 3),
        int(np.count_nonzero(np.diff(whole))),
        int(whole.min()),
        int(whole.max()),
        round(float(years.std()), 3),
    )


def run_steady(clip: str, json_file: Path | None, *, device: str = "auto", seconds: float = 10.0) -> int:
    """Measures, prints a line a face, writes ``json_file``; 0. Raises AgeMirrorError if no face stays in the clip."""
    if clip != DEMO:
        open_path(Path(clip))  # says at once if there is no such file
    terminal = Terminal()
    pipeline = build_pipeline(Settings(device=device, size=256))
    try:
        found = watch(pipeline, clip_frames(clip, seconds))
    finally:
        pipeline.close()
    if not found:
        raise AgeMirrorError(f"{clip}: no face was shown for half of the time: choose another clip.")
    for each in found:
        terminal.show(line(each))
    if json_file is not None:
        report = {"clip": clip, "faces": [asdict(each) for each in found]}
        write_atomically(json_file, (json.dumps(report, indent=1, ensure_ascii=False) + "\n").encode())
    return 0


def line(face: Steadiness) -> str:
    return (
        f"face {face.track}: {face.low_years} to {face.high_years} years in {face.seconds:.1f} s, standard deviation "
        f"{face.deviation_years:.2f} years (running estimate {face.estimate_deviation_years:.2f}), "
        f"{face.changes} changes of the number"
    )
