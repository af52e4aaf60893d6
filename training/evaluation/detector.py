"""Measures detectors side by side on held-out scenes: ours, MediaPipe's at each effort, and YuNet from a file."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.detection.anchor_faces import LIVE_PX, PICTURE_PX, AnchorDetector
from engine.detection.mediapipe_faces import Effort, MediaPipeDetector
from engine.detection.protocol import FaceDetector
from engine.types import Detections, FloatArray, Image
from engine.weights.files import write_bytes
from training.data.scenes import Scenes, load_scenes
from training.data.sets import DataError
from training.evaluation.report import table, write_report
from training.metrics.detection import (
    Judged,
    Truth,
    judge,
    mean_average_precision,
    precision_recall,
    recall_by_size,
    summary,
    threshold_at,
)  # fmt: skip

# Ours is measured down to this score, so that the whole curve is seen.
LOWEST_SCORE = 0.02


@dataclass(frozen=True)
class EvaluateDetectorConfig:
    """detectors: of "anchor", "anchor thorough", "mediapipe fast", "mediapipe live", "mediapipe thorough"; yunet: an
    ONNX file of the detector YuNet to measure beside them; weights: folder of ours; split: "test", or "val" to choose
    by: on val the score to work at is chosen, where our detector has ``false_per_picture`` false positives a picture.
    """

    name: str = "evaluate-detector"
    data: str = "data/detector"
    out: str = "runs/evaluate-detector"
    weights: str = ""
    detectors: tuple[str, ...] = ("anchor", "anchor thorough", "mediapipe fast", "mediapipe live", "mediapipe thorough")
    yunet: str = ""
    split: str = "test"
    false_per_picture: float = 0.25
    precision: str = "f32"
    threads: int = 1
    limit: int = 0


class YuNet:
    """OpenCV's small detector (Wu et al. 2023) from a file of the user's, to compare with; it never ships."""

    name = "YuNet"

    def __init__(self, path: Path, min_score: float = LOWEST_SCORE) -> None:
        if not path.is_file():
            raise DataError(f"{path} does not exist: give YuNet's ONNX file, or leave yunet empty.")
        self._model: Any = cv2.FaceDetectorYN.create(str(path), "", (320, 320), min_score, 0.4, 5000)

    def detect(self, image: Image) -> Detections:
        self._model.setInputSize((image.shape[1], image.shape[0]))
        rows = self._model.detect(image)[1]
        if rows is None:
            return Detections.empty()
        rows = np.asarray(rows, np.float32)
        corner = rows[:, :2]
        return Detections(np.hstack([corner, corner + rows[:, 2:4]]), rows[:, 14], rows[:, 4:14].reshape(-1, 5, 2))

    def close(self) -> None:
        self._model = None


def made(name: str, config: EvaluateDetectorConfig) -> FaceDetector:
    """The detector of this name. Raises DataError for an unknown one."""
    if name.startswith("anchor"):
        sides = PICTURE_PX if name == "anchor thorough" else LIVE_PX
        folder = Path(config.weights) if config.weights else None
        return AnchorDetector.load(
            "cpu", folder=folder, sides_px=sides, precision=config.precision, min_score=LOWEST_SCORE
        )
    efforts = {f"mediapipe {effort.value}": effort for effort in Effort}
    if name not in efforts:
        raise DataError(f"{name!r} is no detector: give anchor, anchor thorough, {', '.join(efforts)}.")
    return MediaPipeDetector(efforts[name])


def measure(detector: FaceDetector, scenes: Scenes, rows: NDArray[np.int64]) -> tuple[list[Detections], float]:
    """What it finds in these pictures, and the median time of one in ms (decoding the file is not counted)."""
    found, times = [], []
    for row in rows:
        image = scenes.picture(int(row))
        begin = time.perf_counter()
        found.append(detector.detect(image))
        times.append(1e3 * (time.perf_counter() - begin))
    return found, float(np.median(times)) if times else float("nan")


def draw_curves(curves: dict[str, tuple[FloatArray, FloatArray]], path: Path, side_px: int = 640) -> None:
    """Writes a PNG of precision (up) over recall (right), both 0..1, one colour a detector."""
    edge = 50
    sheet = np.full((side_px + 2 * edge, side_px + 2 * edge, 3), 255, np.uint8)
    for tick in range(11):
        at = edge + round(side_px * tick / 10)
        cv2.line(sheet, (at, edge), (at, edge + side_px), (225, 225, 225), 1)
        cv2.line(sheet, (edge, at), (edge + side_px, at), (225, 225, 225), 1)
        cv2.putText(sheet, f"{tick / 10:.1f}", (at - 10, side_px + edge + 18), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 0)
        cv2.putText(sheet, f"{1 - tick / 10:.1f}", (12, at + 4), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 0)
    cv2.putText(sheet, "precision over recall", (edge, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 0)
    for index, (name, (precision, recalls)) in enumerate(curves.items()):
        hue = np.array([[[index * 180 // max(len(curves), 1), 220, 190]]], np.uint8)
        colour = [int(value) for value in cv2.cvtColor(hue, cv2.COLOR_HSV2BGR)[0, 0]]
        points = np.stack([edge + recalls * side_px, edge + (1 - precision) * side_px], 1).round().astype(np.int32)
        cv2.polylines(sheet, [points], False, colour, 2, cv2.LINE_AA)
        place = (edge + 20, edge + side_px - 20 * (len(curves) - index))
        cv2.putText(sheet, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
    cv2.imwrite(str(path), sheet)


def figures_of(truths: Sequence[Truth], found: Sequence[Detections], milliseconds: float) -> dict[str, float]:
    """Everything that is told of one detector."""
    judged = judge(truths, found)
    figures = summary(judged) | {"map": mean_average_precision(truths, found), "ms": milliseconds}
    for name, (share, count) in recall_by_size(judged, figures["score_threshold"]).items():
        figures[f"recall_{name}"], figures[f"faces_{name}"] = share, float(count)
    # A face that the labels leave out is held against every detector above; here it is not counted.
    lenient = summary(judge(truths, found, count_ignored=False))
    return figures | {f"{key}_lenient": lenient[key] for key in ("ap50", "recall_bare_40px") if key in lenient}


def write_card_figures(path: Path, judged: Judged, map_: float, config: EvaluateDetectorConfig) -> None:
    """Adds the figures of our detector on this part to those in the file, for `publish`.

    On val also ``score_threshold``, the score to work at; on test what that score gives there.
    """
    known: dict[str, float] = json.loads(path.read_text())["figures"] if path.is_file() else {}
    name = f"maskon_{config.split}"
    known |= {f"{name}_{key}": value for key, value in (summary(judged) | {"map": map_}).items()}
    if config.split == "val":
        known["score_threshold"] = threshold_at(judged, config.false_per_picture)
    if "score_threshold" in known:
        at = summary(judged, known["score_threshold"])
        for key in ("false_per_picture", "recall_40px", "recall_bare_40px", "recall"):
            if key in at:
                known[f"{name}_at_work_{key}"] = at[key]
    write_bytes(path, json.dumps({"figures": {k: round(v, 4) for k, v in known.items()}}, indent=1).encode())


def evaluate_detector(config: EvaluateDetectorConfig) -> dict[str, dict[str, float]]:
    """Measures all detectors on the same pictures; writes tables, figures and curves into ``out``."""
    cv2.setNumThreads(config.threads)
    scenes = load_scenes(Path(config.data))
    rows = scenes.rows(config.split, "maskon")[: config.limit or None]
    if not len(rows):
        raise DataError(f"{config.data} holds no scenes of the part {config.split!r}: give test, val or train.")
    truths = [Truth(*scenes.labels(int(row))[:2]) for row in rows]
    out = Path(config.out)
    report: dict[str, dict[str, float]] = {}
    curves: dict[str, tuple[FloatArray, FloatArray]] = {}
    for name in (*config.detectors, *(("yunet",) if config.yunet else ())):
        detector = YuNet(Path(config.yunet)) if name == "yunet" else made(name, config)
        found, milliseconds = measure(detector, scenes, rows)
        detector.close()
        judged: Judged = judge(truths, found)
        curves[name] = precision_recall(judged)
        report[name] = {key: round(value, 4) for key, value in figures_of(truths, found, milliseconds).items()}
        if name == "anchor":
            out.mkdir(parents=True, exist_ok=True)
            write_card_figures(out / "figures.json", judged, report[name]["map"], config)
        print(json.dumps({"detector": name, **report[name]}), flush=True)
    keys = ("ap50", "map", "recall_bare_40px", "recall_masked_40px", "recall", "false_per_picture", "ms")
    lines = [(name, *(f"{figures.get(key, float('nan')):.3f}" for key in keys)) for name, figures in report.items()]
    page = f"{len(rows)} scenes of the part {config.split}; recall where there is one false positive a picture.\n\n"
    write_report(out, f"detectors-{config.split}", page + table(("detector", *keys), lines), {"figures": report})
    draw_curves(curves, out / f"curves-{config.split}.png")
    return report
