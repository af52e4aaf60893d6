"""Does an aged face that stands still shimmer? The change is followed over time where the picture itself does not move.

usage: python tests/speed/shimmer.py CLIP ... [--target-age 70] [--size 256|384|512] [--seconds 8]
Not part of the test suite: it takes minutes and wants real clips.

What is added to a frame is the aged frame less the frame. Over windows of 8 frames the standard deviation of that is
taken at every pixel of a face where the optical flow (Farneback) stayed below half a pixel from frame to frame all the
while; the figure is the mean of these, in units of 1/255. Beside it the same of the frame itself: the camera's noise.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.capture.video_reader import VideoReader
from engine.live.build import build_pipeline
from engine.live.protocol import Pace
from engine.settings import SIZES, Settings
from engine.types import Frame

WINDOW = 8
STILL_PX = 0.5
CHANGED = 2.0
SETTLE_S = 2.0


def flow_px(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Length of the optical flow (H, W) between two grey pictures, smoothed a little."""
    flow = cv2.calcOpticalFlowFarneback(before, after, None, 0.5, 3, 21, 3, 5, 1.2, 0)  # type: ignore[call-overload]
    return np.asarray(np.linalg.norm(flow, axis=2), np.float32)


def measure(clip: Path, target_age: float, size: int, seconds: float) -> tuple[float, float, float]:
    """Deviation of the change and of the picture in 1/255 where it stands still, and the share of face that does."""
    settings = Settings(target_age=target_age, size=size)
    pipeline = build_pipeline(settings)
    reader = VideoReader(clip)
    changes: list[NDArray[np.float32]] = []
    pictures: list[NDArray[np.float32]] = []
    flows: list[NDArray[np.float32]] = []
    sums = np.zeros(4)
    grey_before = None
    for index, picture in enumerate(reader):
        image = np.ascontiguousarray(picture[0] if isinstance(picture, tuple) else picture)
        at_s = index / float(reader.rate)
        if at_s > seconds + SETTLE_S:
            break
        result = pipeline.process(Frame(image, index, round(at_s * 1e9)), settings, Pace())
        if (chore := pipeline.chore()) is not None:
            chore()
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        if at_s >= SETTLE_S and grey_before is not None:
            changes.append((result.aged.astype(np.float32) - image).mean(2))
            pictures.append(grey.astype(np.float32))
            flows.append(flow_px(np.asarray(grey_before), np.asarray(grey)))
        grey_before = grey
        if len(changes) == WINDOW:
            stack = np.stack(changes)
            face = np.abs(stack).mean(0) > CHANGED
            still = face & (np.stack(flows).max(0) < STILL_PX)
            sums += stack.std(0)[still].sum(), np.stack(pictures).std(0)[still].sum(), still.sum(), face.sum()
            changes, pictures, flows = [], [], []
    pipeline.close()
    return sums[0] / max(sums[2], 1), sums[1] / max(sums[2], 1), sums[2] / max(sums[3], 1)


def main() -> None:
    parser = argparse.ArgumentParser(description="Temporal deviation of the change on faces that stand still.")
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIP")
    parser.add_argument("--target-age", type=float, default=70)
    parser.add_argument("--size", type=int, choices=SIZES, default=256)
    parser.add_argument("--seconds", type=float, default=8)
    options = parser.parse_args()
    for clip in options.clips:
        change, picture, share = measure(clip, options.target_age, options.size, options.seconds)
        print(f"{clip.name}: change {change:.2f}/255, picture {picture:.2f}/255, {share:.0%} of the face stood still")


if __name__ == "__main__":
    main()
