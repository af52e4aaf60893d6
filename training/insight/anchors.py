"""How the detector comes to its boxes: anchors that answered, the boxes they became, and those that were kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from engine.detection import merge
from engine.detection.anchor_faces import LIVE_PX, STRIDES, canvas_size, read_answers
from engine.geometry import anchors as anchor_math
from engine.images import letterbox, read_picture
from engine.types import Detections, FloatArray, Image
from training.data.sets import DataError
from training.insight.common import Panel, network, over, sheet
from training.loops.age import to_tensor
from training.loops.detector import DetectorConfig, detector_arguments

# One colour a stride, finest first, BGR.
COLOURS = ((80, 200, 80), (60, 170, 250), (220, 90, 200))
_KEPT = (40, 190, 255)


@dataclass(frozen=True)
class AnchorsConfig:
    """picture: with faces; weights: of our detector ("": what ships, "fresh", a run or a file); min_score: of an answer
    that counts (where none reaches it, the best ``most`` are shown); overlap: IoU from which the weaker of two goes.
    """

    name: str = "see-anchors"
    picture: str = "scene.jpg"
    weights: str = ""
    folder: str = ""
    min_score: float = 0.3
    overlap: float = merge.SAME_FACE_IOU
    most: int = 60
    out: str = "runs/see-anchors"


@dataclass(frozen=True, eq=False)
class Answered:
    """The anchors (K, 4) xyxy that answered, the boxes they became (in pixels of the canvas, best first), the level
    (K,) of each, and the largest score of every cell of each level.
    """

    anchors: FloatArray
    found: Detections
    levels: FloatArray
    scores: tuple[FloatArray, ...]


def answered(
    answers: FloatArray, size: tuple[int, int], sizes_px: list[list[float]], config: AnchorsConfig
) -> Answered:
    """What (A, 15) answers of the network say on a canvas of this size (width, height)."""
    width, height = size
    anchors = anchor_math.make(width, height, STRIDES, sizes_px)
    cells = [(-(-height // stride), -(-width // stride)) for stride in STRIDES]
    counts = [rows * columns * len(sides) for (rows, columns), sides in zip(cells, sizes_px, strict=True)]
    level = np.repeat(np.arange(len(STRIDES)), counts)
    least = config.min_score if (answers[:, 0] >= config.min_score).any() else 0.0
    best = np.argsort(-answers[:, 0], kind="stable")
    chosen = best[answers[best, 0] >= least][: config.most]
    found = read_answers(answers[chosen], anchors[chosen], 0.0)
    # What became no box at all was left out; the order is by score in both.
    boxes = anchor_math.decode(answers[chosen, 1:5], anchors[chosen])
    whole = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    scores, start = [], 0
    for (rows, columns), count in zip(cells, counts, strict=True):
        part = answers[start : start + count, 0].reshape(rows, columns, -1)
        scores.append(np.asarray(part.max(2), np.float32))
        start += count
    shown = np.asarray(anchor_math.to_boxes(anchors[chosen][whole]) - 0.5, np.float32)
    return Answered(shown, found, np.asarray(level[chosen][whole], np.float32), tuple(scores))


def see(config: AnchorsConfig) -> dict[str, int]:
    """Writes anchors.png; returns how many anchors there are, answered, and how many boxes were kept."""
    image = np.asarray(read_picture(config.picture), np.uint8)
    if not 0 < config.overlap < 1 or config.most < 1:
        raise DataError("overlap: between 0 and 1 is wanted; most: a number above 0.")
    seer = network("detector", config.weights, config.folder)
    sizes_px = seer.arguments.get("sizes_px") or detector_arguments(DetectorConfig())["sizes_px"]
    width, height = canvas_size(image.shape[1], image.shape[0], LIVE_PX[0])
    canvas, _ = letterbox(image, width, height)
    with torch.no_grad():
        answers = seer.module(to_tensor([canvas]))[0].float().numpy()
    seen = answered(answers, (width, height), sizes_px, config)
    kept = merge.suppress(seen.found, iou_threshold=config.overlap)
    colours = [COLOURS[int(level)] for level in seen.levels]
    sides = ", ".join("/".join(f"{side:.0f}" for side in level) for level in sizes_px)
    maps = [
        Panel(_heat(scores, canvas), f"stride {stride}: best score {scores.max():.2f}")
        for stride, scores in zip(STRIDES, seen.scores, strict=True)
    ]
    steps = [
        Panel(_boxes(canvas, seen.anchors, colours), f"{len(seen.anchors)} anchors answered\n(sides {sides} px)"),
        Panel(_boxes(canvas, seen.found.boxes, colours), f"the {len(seen.found)} boxes they became"),
        Panel(_boxes(canvas, kept.boxes, [_KEPT] * len(kept), 3, kept), f"{len(kept)} after suppression"),
    ]
    sheet(Path(config.out) / "anchors.png", [maps, steps], "the detector's scores, anchors and boxes", inch=3.2)
    return {"anchors": len(answers), "answered": len(seen.found), "kept": len(kept)}


def _heat(scores: FloatArray, canvas: Image) -> Image:
    size = (canvas.shape[1], canvas.shape[0])
    return over(np.asarray(cv2.resize(scores, size, interpolation=cv2.INTER_NEAREST), np.float32), canvas, 1.0)


def _boxes(
    canvas: Image,
    boxes: FloatArray,
    colours: list[tuple[int, int, int]],
    thick: int = 1,
    marked: Detections | None = None,
) -> Image:
    drawn = canvas.copy()
    for (x1, y1, x2, y2), colour in zip(np.clip(boxes, -4096, 8192).round().astype(int), colours, strict=True):
        cv2.rectangle(drawn, (int(x1), int(y1)), (int(x2), int(y2)), colour, thick, cv2.LINE_AA)
    for points in [] if marked is None else np.clip(marked.landmarks, -4096, 8192).round().astype(int):
        for x, y in points:
            cv2.circle(drawn, (int(x), int(y)), 2, _KEPT, -1, cv2.LINE_AA)
    return drawn
