"""What must stay when the age changes: how the head is held and what the face does, from its mesh before and after.

Convention: meshes (478, 2) in pixels; expression measures are ratios of lengths of the same face, so that they know
nothing of its size, place and roll.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.landmarks import topology
from engine.landmarks.pose import pose_degrees

Floats = NDArray[np.float32]

_LIPS = (13, 14)
_INNER_CORNERS = (78, 308)
_EYES = (((159, 145), topology.RIGHT_EYE_CORNERS), ((386, 374), topology.LEFT_EYE_CORNERS))


class Expression(NamedTuple):
    """mouth_open: height of the open mouth over its width; smile: width of the mouth over the distance of the eyes;
    eyes_open: height of the eyes over their width, mean of both (eye aspect ratio, Soukupova & Cech 2016).
    """

    mouth_open: float
    smile: float
    eyes_open: float


class AttributeChange(NamedTuple):
    """pose_degrees: the largest change of yaw, pitch and roll; the others: how far each measure of Expression moved."""

    pose_degrees: float
    mouth_open: float
    smile: float
    eyes_open: float


def expression(mesh: Floats) -> Expression:
    """The expression of a mesh (478, 2)."""
    points = np.asarray(mesh, np.float64)

    def apart(pair: tuple[int, int]) -> float:
        return float(np.linalg.norm(points[pair[0]] - points[pair[1]]))

    middles = [points[list(corners)].mean(0) for _, corners in _EYES]
    between = max(float(np.linalg.norm(middles[0] - middles[1])), 1e-6)
    eyes = [apart(lids) / max(apart(corners), 1e-6) for lids, corners in _EYES]
    corners = (topology.RIGHT_MOUTH_CORNER, topology.LEFT_MOUTH_CORNER)
    return Expression(
        apart(_LIPS) / max(apart(_INNER_CORNERS), 1e-6),
        apart(corners) / between,
        float(np.mean(eyes)),
    )


def attribute_change(before: Floats, after: Floats) -> AttributeChange:
    """What changed between two meshes (478, 2) of one face; all 0 for the same mesh."""
    turned = np.abs(np.subtract(pose_degrees(after), pose_degrees(before)))
    moved = np.abs(np.subtract(expression(after), expression(before)))
    return AttributeChange(float(turned.max()), *(float(value) for value in moved))
