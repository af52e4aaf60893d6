"""MediaPipe's two bundled face models, short and full range, as one detector merged by our own suppression.

MediaPipe itself does not run: see engine/detection/ranges.py.
"""

from __future__ import annotations

from enum import Enum

import cv2
import numpy as np

from engine.detection import merge, tiles
from engine.detection.protocol import GLANCES
from engine.detection.ranges import FULL, SHORT, RangeModel
from engine.types import Detections, FloatArray, Floats, Image

# Half the width of a mouth in units of the eye distance (ArcFace template): MediaPipe gives only its centre.
_HALF_MOUTH = 0.415
# The models' boxes are square, from brow to chin. These margins (left, top, right, bottom, in box widths) turn them
# into the extent of the face mesh; medians over 24 portraits, standard deviation 0.02.
_TO_FACE = {
    SHORT: np.array([0.046, -0.10, -0.046, -0.018], np.float32),
    FULL: np.array([0.068, -0.04, -0.068, -0.002], np.float32),
}
# A border of this part of each side lets the short range see faces that fill or leave the image.
_BORDER = 0.25
# The models read 192 px; one and a half times that keeps their own resampling smooth.
_SMALLEST_TILE_PX = 288


class Effort(Enum):
    """How hard to look, with the cost of a 720p image on one core.

    FAST     both models on the whole image (5 ms): faces from about 6 % of the width.
    LIVE     the same and one tile, another one at each call (8 ms): smaller faces appear after a call or two.
    THOROUGH every tile and a bordered image (12 ms and more): from 5 % of the width to larger than the image; the
             same image always gives the same answer. For pictures.
    """

    FAST = "fast"
    LIVE = "live"
    THOROUGH = "thorough"


class MediaPipeDetector:
    """Faces from about 5 % to 90 % of the image's width. For one thread at a time.

    Landmarks are the models' eyes and nose tip; the mouth corners are estimated from the mouth centre and the eyes
    (a face mesh gives the real ones).
    """

    name = "MediaPipe short + full range"

    def __init__(
        self,
        effort: Effort = Effort.FAST,
        *,
        min_score: float = 0.5,
        iou_threshold: float = merge.SAME_FACE_IOU,
        soft: bool = False,
    ) -> None:
        self.effort = effort
        self._iou_threshold = iou_threshold
        self._soft = soft
        self._turn = self._glance = 0
        self._min_score = min_score
        self._raw = Detections.empty(), 1
        self._models: tuple[RangeModel, ...] = (RangeModel(SHORT), RangeModel(FULL))

    def detect(self, image: Image) -> Detections:
        """The faces of the image (H, W, 3) uint8 BGR, best first; boxes as large as the face mesh would be."""
        rgb, factor = self._as_read(image)
        parts = [self._run(SHORT, rgb), self._run(FULL, rgb), *self._in_tiles(rgb)]
        if self.effort is Effort.THOROUGH:
            parts.append(self._in_border(rgb))
        return self._merged(parts, factor)

    def glance(self, image: Image) -> Detections:
        """What one model sees, the other one or the tiles at the next call: three calls see what ``detect`` sees, but
        for what THOROUGH finds beyond the border.
        """
        rgb, factor = self._as_read(image)
        self._glance = (self._glance + 1) % GLANCES
        if self._glance == 2:
            return self._merged(self._in_tiles(rgb) or [self._run(FULL, rgb)], factor)
        return self._merged([self._run((SHORT, FULL)[self._glance], rgb)], factor)

    def _as_read(self, image: Image) -> tuple[Image, int]:
        """The image as the models read it, and how often it was averaged down."""
        if not self._models:
            raise ValueError("this detector is closed")
        small, factor = _shrunk(image)
        return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB), np.uint8), factor

    def _merged(self, parts: list[Detections], factor: int) -> Detections:
        self._raw = merge.concatenate(*parts), factor
        found = merge.suppress(self._raw[0], iou_threshold=self._iou_threshold, soft=self._soft)
        return _enlarged(found, factor)

    @property
    def candidates(self) -> Detections:
        """What the models said of the last image, one after another, before one list was made of it."""
        return _enlarged(*self._raw)

    def close(self) -> None:
        models, self._models = self._models, ()
        for model in models:
            model.close()

    def _in_tiles(self, rgb: Image) -> list[Detections]:
        if self.effort is Effort.FAST:
            return []
        height, width = rgb.shape[:2]
        chosen = tiles.squares(width, height)
        if self.effort is Effort.LIVE and chosen:
            self._turn = (self._turn + 1) % len(chosen)
            chosen = (chosen[self._turn],)
        return [self._in_tile(rgb, tile) for tile in chosen]

    def _in_tile(self, rgb: Image, tile: tiles.Tile) -> Detections:
        height, width = rgb.shape[:2]
        part = rgb[tile.top : tile.top + tile.side, tile.left : tile.left + tile.side]
        return tiles.drop_cut(self._run(FULL, part, tile.left, tile.top), tile, width, height)

    def _in_border(self, rgb: Image) -> Detections:
        y, x = round(rgb.shape[0] * _BORDER), round(rgb.shape[1] * _BORDER)
        bordered = np.asarray(cv2.copyMakeBorder(rgb, y, y, x, x, cv2.BORDER_CONSTANT), np.uint8)
        return self._run(SHORT, bordered, -x, -y)

    def _run(self, kind: int, rgb: Image, left: int = 0, top: int = 0) -> Detections:
        """One model on one part; the answer in pixels of the whole image."""
        answer = self._models[kind].find(rgb)
        # Relative coordinates count from the corner of the first pixel; ours from its centre.
        size = np.array([rgb.shape[1], rgb.shape[0]], np.float32)
        shift = np.array([left - 0.5, top - 0.5], np.float32)
        corners = (answer.boxes.reshape(-1, 2, 2) * size + shift).reshape(-1, 4)
        sides = corners[:, 2:3] - corners[:, 0:1]
        found = Detections(corners + sides * _TO_FACE[kind], answer.scores, five_from_six(answer.points * size + shift))
        return found.take(answer.scores >= self._min_score)


def _shrunk(image: Image) -> tuple[Image, int]:
    """The image averaged down by a whole factor (fast, no aliasing) while its tiles still fill a model's input."""
    height, width = image.shape[:2]
    factor = max(1, min(round(width * tiles.TILE_OF_WIDTH), height) // _SMALLEST_TILE_PX)
    if factor == 1:
        return image, 1
    rows, columns = height // factor, width // factor
    whole = image[: rows * factor, : columns * factor]
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8), factor


def _enlarged(found: Detections, factor: int) -> Detections:
    """Faces of the shrunk image in pixels of the full one; pixel centres move by half of what a pixel grew."""
    if factor == 1:
        return found
    shift = np.float32((factor - 1) / 2)
    return Detections(found.boxes * factor + shift, found.scores, found.landmarks * factor + shift)


def five_from_six(points: Floats) -> FloatArray:
    """Five landmarks (N, 5, 2) from MediaPipe's six (N, 6, 2): eyes, nose tip, mouth centre, ears.

    MediaPipe names eyes from the person's side; its first eye is the left one of an upright image.
    """
    points = np.asarray(points, np.float32)
    half_mouth = (points[:, 1] - points[:, 0]) * np.float32(_HALF_MOUTH)
    mouth = points[:, 3]
    five = [points[:, 0], points[:, 1], points[:, 2], mouth - half_mouth, mouth + half_mouth]
    return np.asarray(np.stack(five, axis=1), np.float32)
