"""The square around a face that the mesh network looks at, and cutting it out of an image.

Convention: ``angle`` is in radians, 0 upright, positive when the head is rolled clockwise as seen in the image.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from engine.geometry.align import invert
from engine.landmarks import topology
from engine.types import Affine, FloatArray, Image

# MediaPipe looks at 1.5 times the longer side of what it found; the network was trained on that much surrounding.
SURROUNDING = 1.5
# A detector's box is looser than a mesh; a little tighter, a few more turned and lowered faces get a mesh.
SURROUNDING_BOX = 1.35


@dataclass(frozen=True, slots=True)
class Roi:
    """A square region: centre and side in pixels of the image."""

    x: float
    y: float
    side_px: float
    angle: float = 0.0

    def to_crop(self, size: int) -> Affine:
        """The affine from image points to points of the crop (size, size)."""
        factor = size / self.side_px
        c, s = factor * math.cos(self.angle), factor * math.sin(self.angle)
        middle = (size - 1) / 2
        return np.array(
            [[c, s, middle - c * self.x - s * self.y], [-s, c, middle + s * self.x - c * self.y]], np.float64
        )


def from_box(box: FloatArray, landmarks: FloatArray | None = None) -> Roi:
    """The region around a box (4,); rolled with the eyes where landmarks (5, 2) are known."""
    x1, y1, x2, y2 = (float(value) for value in box)
    side = SURROUNDING_BOX * max(x2 - x1, y2 - y1)
    angle = 0.0 if landmarks is None else _roll(landmarks[0], landmarks[1])
    return Roi((x1 + x2) / 2, (y1 + y2) / 2, side, angle)


def from_mesh(points: FloatArray) -> Roi:
    """The region around a mesh (478, 2), rolled upright: the tightest that the network was trained for."""
    face = points[: topology.POINTS_WITHOUT_IRISES].astype(np.float64)
    angle = _roll(face[topology.RIGHT_EYE_CORNERS[0]], face[topology.LEFT_EYE_CORNERS[1]])
    upright = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    turned = face @ upright.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    x, y = ((low + high) / 2) @ upright
    return Roi(float(x), float(y), SURROUNDING * float((high - low).max()), angle)


def cut(image: Image, roi: Roi, size: int) -> tuple[Image, Affine]:
    """The region as an upright crop (size, size, 3), and the affine from crop points to image points.

    Outside the image its edge is repeated. A region much larger than the crop is averaged down, so it does not alias.
    """
    to_crop = roi.to_crop(size)
    part, left, top = _part(image, roi)
    factor = int(roi.side_px / size)
    moved = to_crop.copy()
    moved[:, 2] += to_crop[:, :2] @ [left, top]
    if factor > 1 and min(part.shape[:2]) >= 2 * factor:
        rows, columns = part.shape[0] // factor, part.shape[1] // factor
        whole = part[: rows * factor, : columns * factor]
        part = np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
        moved[:, 2] += moved[:, :2] @ np.full(2, (factor - 1) / 2)
        moved[:, :2] *= factor
    crop = cv2.warpAffine(part, moved, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, np.uint8), invert(to_crop)


def _part(image: Image, roi: Roi) -> tuple[Image, int, int]:
    """The pixels a region can touch (at least one), and where they start."""
    height, width = image.shape[:2]
    reach = roi.side_px / 2 * (abs(math.cos(roi.angle)) + abs(math.sin(roi.angle))) + 2
    left = min(max(int(roi.x - reach), 0), width - 1)
    top = min(max(int(roi.y - reach), 0), height - 1)
    right = max(min(math.ceil(roi.x + reach) + 1, width), left + 1)
    bottom = max(min(math.ceil(roi.y + reach) + 1, height), top + 1)
    return image[top:bottom, left:right], left, top


def _roll(right_eye: FloatArray, left_eye: FloatArray) -> float:
    return math.atan2(float(left_eye[1] - right_eye[1]), float(left_eye[0] - right_eye[0]))
