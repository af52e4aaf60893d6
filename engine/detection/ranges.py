"""MediaPipe's two face models (short and full range) as OpenVINO models: the same faces from the same files, sooner.

BlazeFace (Bazarevsky et al. 2019): a grid of anchors, each with a score, a box and six points. MediaPipe runs it in a
graph of threads of its own and takes three to four times the processor for it; what its graph does besides the network
is little, and done here: fitting the picture into a square, reading the anchors, and blending what overlaps.
"""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.errors import DeviceError
from engine.geometry import boxes as box_math
from engine.runtime.openvino_backend import core
from engine.types import FloatArray, Image

SHORT, FULL = 0, 1
_POINTS = 6
_BLENDED_IOU = 0.3
_CLIP = 100.0


class Found(NamedTuple):
    """boxes (N, 4) xyxy and points (N, 6, 2) in parts of the picture's sides, from its corner; scores (N,) in 0..1."""

    boxes: FloatArray
    scores: FloatArray
    points: FloatArray


class _Model(NamedTuple):
    """file in MediaPipe's package; side_px of what it reads; grids: cells a side, and anchors in each; least score."""

    file: str
    side_px: int
    grids: tuple[tuple[int, int], ...]
    least: float


# The least scores are those of MediaPipe's graphs, whatever is asked of them.
_MODELS = {
    SHORT: _Model("face_detection_short_range.tflite", 128, ((16, 2), (8, 6)), 0.5),
    FULL: _Model("face_detection_full_range_sparse.tflite", 192, ((48, 1),), 0.6),
}


class RangeModel:
    """One of the two. For one thread at a time. Raises DeviceError where its file is missing or cannot be read."""

    def __init__(self, kind: int) -> None:
        self._model = _MODELS[kind]
        path = _path(self._model.file)
        try:
            self._request: Any = _compiled(path).create_infer_request()
        except RuntimeError as error:
            raise DeviceError(f"OpenVINO cannot read {path}: run ./run again to repair the set-up.") from error
        self._anchors = _anchors(self._model.grids)

    def find(self, rgb: Image) -> Found:
        """The faces of a picture (H, W, 3) uint8 RGB, best first."""
        side = self._model.side_px
        height, width = rgb.shape[:2]
        scale = side / max(height, width)
        aside, above = (side - width * scale) / 2, (side - height * scale) / 2
        # As MediaPipe does it: corner on corner, counted from pixel centres.
        if self._request is None:
            raise ValueError("this model is closed")
        fitted = cv2.warpAffine(rgb, np.array([[scale, 0, aside], [0, scale, above]]), (side, side))
        np.multiply(fitted, np.float32(2 / 255), out=self._request.get_input_tensor().data[0])
        self._request.get_input_tensor().data[0] -= 1
        self._request.infer()
        raw, scores = (self._request.get_output_tensor(place).data[0] for place in (0, 1))
        chances = 1 / (1 + np.exp(-np.clip(scores[:, 0], -_CLIP, _CLIP).astype(np.float64)))
        sure = np.flatnonzero(chances >= self._model.least)
        values = raw[sure].reshape(-1, 2 + _POINTS, 2) / np.float32(side)  # middle, size, points
        values[:, 0] += self._anchors[sure]
        values[:, 2:] += self._anchors[sure, None]
        corners = np.stack([values[:, 0] - values[:, 1] / 2, values[:, 0] + values[:, 1] / 2], 1)
        places = np.concatenate([corners, values[:, 2:]], 1) * side
        places = (places - [aside, above]) / (scale * np.array([width, height]))
        return _blended(places.astype(np.float32), chances[sure].astype(np.float32))

    def close(self) -> None:
        """Free the network; calling it again does nothing."""
        self._request = None


def _blended(places: FloatArray, scores: FloatArray) -> Found:
    """One face of those that overlap: their mean, weighted by scores, and the best score. places (N, 8, 2): two
    corners and six points.
    """
    faces, best = [], []
    order = np.argsort(-scores, kind="stable")
    places, scores = places[order], scores[order]
    boxes = places[:, :2].reshape(-1, 4)
    left = np.arange(len(scores))
    while len(left):
        alike = box_math.iou(boxes[left[:1]], boxes[left])[0] > _BLENDED_IOU
        alike[0] = True
        chosen = left[alike]
        faces.append(np.average(places[chosen], axis=0, weights=scores[chosen]))
        best.append(scores[left[0]])
        left = left[~alike]
    found = np.array(faces, np.float32).reshape(-1, 2 + _POINTS, 2)
    return Found(found[:, :2].reshape(-1, 4), np.array(best, np.float32), found[:, 2:])


def _anchors(grids: tuple[tuple[int, int], ...]) -> NDArray[np.float32]:
    """The middles (N, 2) of all anchors in parts of the side: row by row, those of a cell one after the other."""
    parts = []
    for cells, each in grids:
        middles = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        grid = np.stack(np.meshgrid(middles, middles), -1).reshape(-1, 2)
        parts.append(np.repeat(grid, each, axis=0))
    return np.concatenate(parts)


@lru_cache(maxsize=2)
def _compiled(path: Path) -> Any:
    """Ready to run on one core; made once for all who look for faces."""
    config = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    return core().compile_model(str(path), "CPU", config)


def _path(file: str) -> Path:
    """A file of MediaPipe's. The package need not be imported for it."""
    package = importlib.util.find_spec("mediapipe")
    path = (
        Path(*(package.submodule_search_locations or [""]), "modules/face_detection", file) if package else Path(file)
    )
    if not path.is_file():
        raise DeviceError(f"{path} is missing, MediaPipe's face detection: run ./run again to repair the set-up.")
    return path
