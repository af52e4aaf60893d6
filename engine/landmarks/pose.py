"""How the head is turned, from the mesh alone."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from engine.types import FloatArray

# Points that do not move with expression, and where they lie on an average head: x right in the image, y down, z away
# from the camera, in eye distances from the middle between the eyes. Mean of MediaPipe's 3-D meshes of 24 frontal
# portraits, made symmetrical.
_SIDES = (
    (33, 263, 0.727, -0.015, 0.044),
    (133, 362, 0.273, 0.015, -0.044),
    (98, 327, 0.285, 0.678, -0.283),
    (129, 358, 0.344, 0.569, -0.220),
    (116, 345, 1.020, 0.271, 0.244),
    (234, 454, 1.121, 0.328, 0.936),
    (127, 356, 1.132, 0.088, 0.865),
)
_MIDDLE = (
    (10, -0.889, -0.232),
    (151, -0.629, -0.298),
    (168, -0.091, -0.321),
    (6, 0.026, -0.394),
    (197, 0.139, -0.477),
    (5, 0.362, -0.662),
    (4, 0.504, -0.702),
)
POSE_POINTS = [index for row in _SIDES for index in row[:2]] + [row[0] for row in _MIDDLE]
HEAD = np.array(
    [(sign * x, y, z) for _, _, x, y, z in _SIDES for sign in (-1, 1)] + [(0.0, y, z) for _, y, z in _MIDDLE]
)
_CENTRED = HEAD - HEAD.mean(axis=0)
_FIT = np.linalg.pinv(_CENTRED)

YAW_FADE_DEGREES = (45.0, 55.0)
"""The generator knows faces that look about into the camera: the effect fades out between these."""


class Pose(NamedTuple):
    """Degrees. yaw: positive when the face looks to the right of the image; pitch: positive when it looks down;
    roll: positive when the head is tilted clockwise in the image. Yaw and pitch are those of the head set upright."""

    yaw: float
    pitch: float
    roll: float


def pose_degrees(points: FloatArray) -> Pose:
    """The pose of a mesh (478, 2): least-squares fit of a weak-perspective camera to an average head."""
    seen = np.asarray(points, np.float64)[POSE_POINTS]
    rows = (_FIT @ (seen - seen.mean(axis=0))).T
    # The nearest rotation: rows of the camera matrix made orthonormal (polar decomposition).
    u, sizes, vt = np.linalg.svd(rows, full_matrices=False)
    if sizes[1] < 1e-9:
        return Pose(0.0, 0.0, 0.0)
    right, down = u @ vt
    away = np.cross(right, down)
    # The camera is roll * yaw * pitch: take the roll away, then see where the face looks (along -z of the head).
    roll = math.atan2(down[0], right[0])
    ahead_x = -(math.cos(roll) * right[2] + math.sin(roll) * down[2])
    ahead_y = -(math.cos(roll) * down[2] - math.sin(roll) * right[2])
    yaw = math.atan2(ahead_x, away[2])
    pitch = math.atan2(ahead_y, math.hypot(ahead_x, away[2]))
    return Pose(math.degrees(yaw), math.degrees(pitch), math.degrees(roll))


def yaw_degrees(points: FloatArray) -> float:
    """How far the head is turned: 0 looks into the camera, positive to the right of the image."""
    return pose_degrees(points).yaw


def frontal_weight(yaw_degrees: float) -> float:
    """1 while the face looks about into the camera, 0 when it is turned away, smooth between and the same both ways.

    >>> frontal_weight(-45), frontal_weight(50), frontal_weight(80)
    (1.0, 0.5, 0.0)
    """
    low, high = YAW_FADE_DEGREES
    t = min(1.0, max(0.0, (high - abs(yaw_degrees)) / (high - low)))
    return t * t * (3 - 2 * t)
