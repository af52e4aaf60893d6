"""Does an aged face that stands still shimmer? The change is followed over time where the picture itself does not move.

usage: python tests/speed/shimmer.py CLIP ... [--target-age 70] [--size 256|384|512] [--seconds 8] [--json FILE]
Not part of the test suite: it takes minutes and wants real clips. Exit status 1 if a clip shimmers more than LIMIT_255.

What is added to a frame is the aged frame less the frame, as the live mirror makes it with all its steadying. From each
frame to the next it is followed along the optical flow (Farneback) at every pixel that moves by less than half a pixel;
the figure is the deviation over time, in units of 1/255 (training/metrics/temporal.py). Beside it the same of the frame
itself: the camera's noise.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine.capture.video_reader import VideoReader
from engine.live.build import build_pipeline
from engine.live.protocol import Pace
from engine.settings import SIZES, Settings
from engine.types import Frame
from training.metrics.temporal import Shimmer

LIMIT_255 = 1.0
SETTLE_S = 2.0


def measure(clip: Path, target_age: float, size: int, seconds: float, weights: Path | None = None) -> dict[str, float]:
    """Figures of ``Shimmer`` over these seconds after the mirror has settled."""
    settings = Settings(target_age=target_age, size=size)
    pipeline = build_pipeline(settings, weights=weights)
    reader = VideoReader(clip)
    shimmer = Shimmer()
    for index, picture in enumerate(reader):
        image = np.ascontiguousarray(picture[0] if isinstance(picture, tuple) else picture)
        at_s = index / float(reader.rate)
        if at_s > seconds + SETTLE_S:
            break
        result = pipeline.process(Frame(image, index, round(at_s * 1e9)), settings, Pace())
        if (chore := pipeline.chore()) is not None:
            chore()
        if at_s >= SETTLE_S:
            change = (result.aged.astype(np.float32) - image).mean(2)
            shimmer.add(change, np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)))
    pipeline.close()
    return shimmer.figures()


def main() -> int:
    parser = argparse.ArgumentParser(description="Temporal deviation of the change on faces that stand still.")
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIP")
    parser.add_argument("--target-age", type=float, default=70)
    parser.add_argument("--size", type=int, choices=SIZES, default=256)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--weights", type=Path, metavar="DIR", help="the networks of this folder")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures here")
    options = parser.parse_args()
    report = {}
    for clip in options.clips:
        found = measure(clip, options.target_age, options.size, options.seconds, options.weights)
        report[clip.name] = found
        print(
            f"{clip.name}: change {found['change_255']:.2f}/255 where it stands still ({found['still_share']:.0%} of"
            f" the face), {found['moving_255']:.2f}/255 where it moves; picture {found['picture_255']:.2f}/255"
        )
    if options.json:
        options.json.write_text(json.dumps(report, indent=1))
    return int(any(not found["change_255"] <= LIMIT_255 for found in report.values()))


if __name__ == "__main__":
    sys.exit(main())
