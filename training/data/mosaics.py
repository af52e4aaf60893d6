"""Training pictures for the detector, made anew each time: cut-outs of scenes and mosaics of many, as webcams see them.

A square is either filled by one cut-out or split into four squares, again and again, so that faces of every size
stand side by side (mosaics: Bochkovskiy et al. 2020, "YOLOv4", section 3.3; here nested).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.types import FloatArray, Image
from training.data.scenes import IGNORE, MASKED, Scenes

# How often each source is taken; what is missing leaves its share to the others.
SHARES = {
    "maskon": 0.42, "celeba": 0.17, "all-age-faces": 0.13, "fairface": 0.12, "backgrounds": 0.14, "dlib": 0.02,
}  # fmt: skip
SMALLEST_REGION_PX = 48
# A picture fills at least so much of its region's side, unless its face would become too large.
LEAST_FILLED = 0.6
SMALLEST_FACE_PX = 9.0
# Of its region: how large the chosen face may be.
FACE_OF_REGION = (0.1, 0.95)
LARGEST_ENLARGEMENT = 2.0
# A face of which less is to be seen is neither learned nor counted as background.
LEAST_VISIBLE = 0.45
_FLIPPED = [1, 0, 2, 4, 3]


@dataclass(frozen=True, eq=False)
class Sample:
    """One training picture (S, S, 3) with its faces: boxes (N, 4) px, points (N, 5, 2) with NaN where unknown, and
    whether each face is only to be left alone, ignored (N,).
    """

    image: Image
    boxes: FloatArray
    points: FloatArray
    ignored: NDArray[np.bool_]


class Composer:
    """Makes samples out of one part of the prepared scenes."""

    def __init__(self, scenes: Scenes, split: str = "train") -> None:
        rows = {source: scenes.rows(split, source) for source in SHARES}
        self._rows = {source: found for source, found in rows.items() if len(found)}
        if not self._rows:
            raise ValueError(f"scenes: there are no pictures in the part {split!r}")
        shares = np.array([SHARES[source] for source in self._rows])
        self._chances = np.cumsum(shares / shares.sum())
        self._scenes = scenes

    def sample(self, side_px: int, rng: np.random.Generator) -> Sample:
        """A picture of this side; everything in it is decided by ``rng``."""
        canvas = np.zeros((side_px, side_px, 3), np.uint8)
        faces: list[Sample] = []
        self._fill(canvas, 0, 0, rng, faces)
        boxes = np.concatenate([face.boxes for face in faces])
        points = np.concatenate([face.points for face in faces])
        ignored = np.concatenate([face.ignored for face in faces])
        return Sample(webcam(canvas, rng), boxes, points, ignored)

    def _fill(self, region: Image, left: int, top: int, rng: np.random.Generator, faces: list[Sample]) -> None:
        """Fills a square of the canvas, whose corner lies at (left, top), and appends what it shows."""
        half = region.shape[0] // 2
        if half >= SMALLEST_REGION_PX and rng.random() < 0.4:
            for y in (0, half):
                for x in (0, half):
                    self._fill(region[y : y + half, x : x + half], left + x, top + y, rng, faces)
            return
        source = min(int(np.searchsorted(self._chances, rng.random())), len(self._rows) - 1)
        row = _any(list(self._rows.values())[source], rng)
        part = self._cut(row, region.shape[0], rng)
        region[:] = part.image
        shift = np.array([left, top], np.float32)
        boxes = (part.boxes.reshape(-1, 2, 2) + shift).reshape(-1, 4)
        faces.append(Sample(region, boxes, part.points + shift, part.ignored))

    def _cut(self, row: int, side: int, rng: np.random.Generator) -> Sample:
        """A square of this side out of one scene, scaled so that one of its faces gets a size chosen at random."""
        boxes, kinds, points = self._scenes.labels(row)
        height, width = self._scenes.size(row)
        real = np.flatnonzero(kinds != IGNORE)
        if len(real):
            box = boxes[_any(real, rng)]
            size = float(np.sqrt((box[2] - box[0]) * (box[3] - box[1])))
            low, high = (part * side / size for part in FACE_OF_REGION)
            low = max(low, SMALLEST_FACE_PX / size, min(LEAST_FILLED * side / min(height, width), high))
            scale = min(float(np.exp(rng.uniform(np.log(low), np.log(high)))), LARGEST_ENLARGEMENT)
            centre, margin = (box[:2] + box[2:]) / 2, min(0.5, 0.45 * scale * size / side)
        else:
            scale = side / min(height, width) * rng.uniform(0.7, 2.0)
            centre, margin = rng.uniform(0, 1, 2) * [width, height], 0.5
        # The chosen point comes to lie anywhere in the square, but hardly a face is cut by its rim.
        shift = np.round(rng.uniform(margin, 1 - margin, 2) * side - centre * scale)
        image = self._drawn(row, scale, shift, side, rng)
        boxes, points = boxes * np.float32(scale) + np.tile(shift, 2), points * np.float32(scale) + shift
        if rng.random() < 0.5:
            image = np.ascontiguousarray(image[:, ::-1])
            boxes = np.stack([side - boxes[:, 2], boxes[:, 1], side - boxes[:, 0], boxes[:, 3]], 1)
            points = (np.array([side, 0]) + points * [-1, 1])[:, _FLIPPED]
        image = hide_some(image, boxes, points, kinds, rng)
        return _inside(image, boxes.astype(np.float32), points.astype(np.float32), kinds)

    def _drawn(self, row: int, scale: float, shift: NDArray[np.float64], side: int, rng: np.random.Generator) -> Image:
        """The scene scaled and moved into a square; where it does not reach, one colour or a background."""
        image = self._scenes.picture(row)
        height, width = self._scenes.size(row)
        out_w, out_h = max(1, round(width * scale)), max(1, round(height * scale))
        # Only what will be seen is scaled.
        x1, y1 = (int(max(0, -value)) for value in shift)
        x2, y2 = int(min(out_w, side - shift[0])), int(min(out_h, side - shift[1]))
        if x2 <= x1 or y2 <= y1:
            return np.full((side, side, 3), rng.integers(0, 256, 3), np.uint8)
        kx, ky = image.shape[1] / out_w, image.shape[0] / out_h
        part = image[int(y1 * ky) : max(int(np.ceil(y2 * ky)), 1), int(x1 * kx) : max(int(np.ceil(x2 * kx)), 1)]
        # Of a picture that shrinks much, every few pixels will do: averaging all of them takes most of the time.
        skip = max(1, int(min(kx, ky) / 2))
        part = np.ascontiguousarray(part[skip // 2 :: skip, skip // 2 :: skip])
        method = cv2.INTER_AREA if kx > 1 else cv2.INTER_LINEAR
        part = np.asarray(cv2.resize(part, (x2 - x1, y2 - y1), interpolation=method), np.uint8)
        left, top = max(0, int(x1 + shift[0])), max(0, int(y1 + shift[1]))
        part = part[: side - top, : side - left]
        rims = (top, side - top - part.shape[0], left, side - left - part.shape[1])
        if not any(rims):
            return part
        if rng.random() < 0.3 or "backgrounds" not in self._rows:
            colour = [int(v) for v in rng.integers(0, 256, 3)]
            return np.asarray(cv2.copyMakeBorder(part, *rims, cv2.BORDER_CONSTANT, value=colour), np.uint8)
        behind = self._scenes.picture(_any(self._rows["backgrounds"], rng))
        skip = max(1, min(behind.shape[:2]) // (2 * side))
        behind = np.ascontiguousarray(behind[::skip, ::skip])
        canvas = np.asarray(cv2.resize(behind, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8)
        canvas[top : top + part.shape[0], left : left + part.shape[1]] = part
        return canvas


def _any(rows: NDArray[np.int64], rng: np.random.Generator) -> int:
    """One of these; Generator.choice is several times slower."""
    return int(rows[int(rng.integers(len(rows)))])


def _inside(image: Image, boxes: FloatArray, points: FloatArray, kinds: NDArray[np.int64]) -> Sample:
    """The faces that are to be seen, cut to the picture; too little of one, or too small, is to be ignored."""
    side = image.shape[0]
    clipped = boxes.clip(0, side)
    sides = np.maximum(clipped[:, 2:] - clipped[:, :2], 0)
    whole = np.maximum(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), 1e-6)
    visible = np.prod(sides, axis=1) / whole
    seen = sides.min(axis=1, initial=np.inf) >= 2
    small = np.sqrt(whole) < SMALLEST_FACE_PX
    ignored = (kinds == IGNORE) | (visible < LEAST_VISIBLE) | small
    outside = (points < 0).any(2) | (points >= side).any(2)
    points = np.where(outside[..., None], np.float32(np.nan), points)
    return Sample(image, clipped[seen], points[seen].astype(np.float32), ignored[seen])


def hide_some(
    image: Image, boxes: FloatArray, points: FloatArray, kinds: NDArray[np.int64], rng: np.random.Generator
) -> Image:
    """Draws face masks over some mouths and patches over parts of some faces; the labels stay as they are."""
    for box, five, kind in zip(boxes, points, kinds, strict=True):
        size = float(np.sqrt(max((box[2] - box[0]) * (box[3] - box[1]), 0)))
        if size < 16 or kind == IGNORE:
            continue
        if kind != MASKED and np.isfinite(five).all() and rng.random() < 0.12:
            _draw_mask(image, box, five, rng)
        elif rng.random() < 0.1:
            corner = box[:2] + rng.uniform(-0.2, 0.8, 2) * size
            other = corner + rng.uniform(0.2, 0.6, 2) * size
            colour = [int(v) for v in rng.integers(0, 256, 3)]
            cv2.rectangle(image, corner.astype(int).tolist(), other.astype(int).tolist(), colour, -1)
    return image


def _draw_mask(image: Image, box: FloatArray, five: FloatArray, rng: np.random.Generator) -> None:
    """A surgical mask from the bridge of the nose to the chin, cheek to cheek, in one colour with a few folds."""
    eye, other_eye, nose, corner, other_corner = five
    across = (other_eye - eye) * rng.uniform(0.85, 1.0)
    mouth = (corner + other_corner) / 2
    down = (mouth - nose) * rng.uniform(0.9, 1.3)
    top = nose - down * rng.uniform(0.1, 0.5)
    shape = [top - across * 0.75, top - down * 0.2, top + across * 0.75, mouth + across * 0.6 + down * 0.5,
             mouth + down * 1.3, mouth - across * 0.6 + down * 0.5]  # fmt: skip
    light = rng.integers(60, 256) if rng.random() < 0.7 else rng.integers(0, 60)
    colour = np.clip(light + rng.integers(-40, 60, 3) * [1.0, 0.6, 0.3], 0, 255).astype(int).tolist()
    cv2.fillPoly(image, [np.round(shape).astype(np.int32)], colour, cv2.LINE_AA)
    fold = (np.array(colour) * 0.85).astype(int).tolist()
    for part in (0.3, 0.7):
        ends = [
            (nose + (mouth - nose) * part * 1.5 + across * sign).round().astype(int).tolist() for sign in (-0.5, 0.5)
        ]
        cv2.line(image, ends[0], ends[1], fold, 1, cv2.LINE_AA)


def webcam(image: Image, rng: np.random.Generator) -> Image:
    """The picture as a webcam might deliver it: another light, tint and contrast, blurred, noisy, dark, compressed."""
    gain = rng.uniform(0.7, 1.3) * rng.uniform(0.92, 1.08, 3)
    gamma = np.exp(rng.uniform(-0.4, 0.4))
    if rng.random() < 0.12:  # a dark room
        gain, gamma = gain * rng.uniform(0.25, 0.6), gamma * rng.uniform(1.0, 1.5)
    ramp = (np.arange(256) / 255.0)[:, None] ** gamma * 255 * gain
    image = np.asarray(cv2.LUT(image, np.clip(ramp, 0, 255).astype(np.uint8)[:, None]), np.uint8)
    if rng.random() < 0.12:
        image = np.repeat(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None], 3, 2)
    if rng.random() < 0.15:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.6)), np.uint8)
    if rng.random() < 0.2:
        # A piece of noise, repeated: to draw it for every pixel would take longer than all the rest.
        tile = rng.standard_normal((64, 64, 3), np.float32) * np.float32(rng.uniform(2, 10))
        tiles = [-(-side // 64) for side in image.shape[:2]]
        noise = np.tile(tile, (*tiles, 1))[: image.shape[0], : image.shape[1]]
        image = np.asarray(cv2.add(image, noise, dtype=cv2.CV_8U), np.uint8)
    if rng.random() < 0.25:
        encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 85))])[1]
        image = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(image)
