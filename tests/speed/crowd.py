"""How many frames a second does the engine make of several faces at once, without a window?

usage: python tests/speed/crowd.py [--faces 1|2|4] [--size 256|384|512] [--device auto|cpu|cuda|mps] [--frames 200]
                                   [--detector anchor|mediapipe|both] [--threads 1|2] [--json FILE]
Not part of the test suite: it is a measurement. The scene is 1920x1080, the built-in demo beside itself, each face at a
moment of its own. Frames are made as the engine does it: one after the other, or, with four cores and more, the faces
of one are found while the one before is painted. Ages are guessed beforehand. Beside it: how many faces a second the
generator alone makes at 256 pixels.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine.aging.ager import Ager
from engine.capture.demo import DemoSource
from engine.live.build import build_pipeline
from engine.live.protocol import Pace, Painting
from engine.live.relay import Relay
from engine.runtime.device import choose
from engine.settings import DEVICES, SIZES, Settings
from engine.types import AlignedFace, Frame, Image

HEIGHT_PX, WIDTH_PX = 1080, 1920
APART = 45  # frames between the moments of two neighbours
WARM = 60  # frames until every buffer, graph and age is there
PERIOD_S = 1 / 30
TOGETHER = (1, 4, 16, 64)


def scene(source: DemoSource, index: int, faces: int) -> Image:
    """The frame of this number (1080, 1920, 3): so many faces on a grid of four places."""
    picture = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    height, width = HEIGHT_PX // 2, WIDTH_PX // 2
    for place in range(4):
        top, left = place // 2 * height, place % 2 * width
        whole = source.picture(index + APART * place)
        above, beside = (whole.shape[0] - height) // 2, (whole.shape[1] - width) // 2
        part = whole[above : above + height, beside : beside + width]
        picture[top : top + height, left : left + width] = part if place < faces else part[:, :1]
    return picture


def frames_a_second(options: argparse.Namespace) -> dict[str, float]:
    """Milliseconds from begun to made and of the stages, medians over ``options.frames`` frames; frames a second."""
    settings = Settings(target_age=70, size=options.size, device=options.device, detector=options.detector)
    pipeline = build_pipeline(settings)
    source = DemoSource()
    pictures = [scene(source, index, options.faces) for index in range(60)]

    def frame(index: int) -> Frame:
        turn = index % 118
        return Frame(pictures[min(turn, 118 - turn)].copy(), index, round(index * PERIOD_S * 1e9))

    for index in range(WARM):
        pipeline.process(frame(index), settings, Pace())
        if (chore := pipeline.chore()) is not None:
            chore()
    relay = Relay(None if options.threads is None else options.threads == 2)
    painter = threading.Thread(target=relay.work, daemon=True)
    painter.start()
    spent: list[float] = []
    aged: list[int] = []
    stages: list[dict[str, float]] = []

    def finish(painting: Painting, begin: float) -> None:
        result = painting()
        spent.append(1e3 * (time.perf_counter() - begin))
        aged.append(sum(face.aged for face in result.faces))
        stages.append(dict(result.stages_ms))

    start = time.perf_counter()
    for index in range(WARM, WARM + options.frames):
        relay.wait_until_due()
        begin = time.perf_counter()
        painting = pipeline.begin(frame(index), settings, Pace())
        relay.hand(partial(finish, painting, begin), time.perf_counter() - begin)
    relay.wait_until_idle()
    spent_s = time.perf_counter() - start
    relay.close()
    painter.join()
    devices = dict(pipeline.devices)
    pipeline.close()
    ms = np.array(spent)
    print(f"{options.faces} faces at {options.size} px in 1920x1080: {devices}")
    found = {
        "faces_aged": float(np.mean(aged)),
        "ms_median": float(np.median(ms)),
        "ms_p95": float(np.percentile(ms, 95)),
        "frames_per_s": options.frames / spent_s,
    }
    for name in sorted({name for each in stages for name in each} - {"wait", "age", "name"}):
        found[f"{name}_ms"] = float(np.median([each.get(name, 0.0) for each in stages]))
    return found


def faces_a_second(device: str, runs: int = 30) -> dict[str, float]:
    """What the generator alone makes at 256 px, from picture to change, by how many faces it gets at once."""
    ager = Ager.load(device, size=SIZES[0])
    found = {}
    for together in TOGETHER:
        crops = np.random.default_rng(0).integers(0, 256, (together, SIZES[0], SIZES[0], 3), np.uint8)
        faces = [AlignedFace(crop, np.eye(2, 3), number, 0) for number, crop in enumerate(crops)]
        ages = [30.0] * together, [70.0] * together
        for _ in range(5):
            ager.residuals(faces, *ages)
        begin = time.perf_counter()
        for _ in range(runs):
            ager.residuals(faces, *ages)
        found[f"faces_per_s_by_{together}"] = together * runs / (time.perf_counter() - begin)
    ager.close()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Frames a second of several faces, without a window.")
    parser.add_argument("--faces", type=int, choices=(1, 2, 4), default=4)
    parser.add_argument("--size", type=int, choices=SIZES, default=512)
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.add_argument("--detector", choices=("anchor", "mediapipe", "both"), default="anchor")
    parser.add_argument("--threads", type=int, choices=(1, 2), help="default: as the mirror does it on this machine")
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures here")
    options = parser.parse_args()
    found = frames_a_second(options) | faces_a_second(choose(options.device).device)
    for name, value in found.items():
        print(f"{name:>24} {value:10.2f}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
