"""A common space for faces: warped onto one mean mesh, pixels mean the same place on all of them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from matplotlib.tri import Triangulation
from numpy.typing import NDArray

from engine.landmarks.topology import FACE_OVAL, POINTS, POINTS_WITHOUT_IRISES
from training.data.triangles import draw_numbers, weights_within

SIZE = 256
# For every pixel: corners (S, S, 3) of its triangle, barycentric weights (S, S, 3), whether it lies inside (S, S).
Lookup = tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.bool_]]
# How far outside the face its surroundings follow a change of shape, in units of the face's own radius.
RING_SCALES = (1.12, 1.3)


def with_ring(mesh: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mesh points (478, 2) and two rings around the face, (478 + 72, 2), so that warps reach past the outline."""
    oval = mesh[list(FACE_OVAL)]
    centre = oval.mean(0)
    return np.concatenate([mesh, *(centre + (oval - centre) * s for s in RING_SCALES)]).astype(np.float32)


@dataclass(frozen=True)
class MeshSpace:
    """mean (K, 2) ringed mean mesh in crop pixels; triangles (T, 3); per pixel of the mean face the triangle's corner
    indices (S, S, 3) and barycentric weights (S, S, 3); ``inside`` (S, S) tells which pixels lie within the rings.
    """

    mean: NDArray[np.float32]
    triangles: NDArray[np.int64]
    corners: NDArray[np.int64]
    weights: NDArray[np.float32]
    inside: NDArray[np.bool_]

    def onto_mean(self, image: NDArray[np.float32], points: NDArray[np.float32]) -> NDArray[np.float32]:
        """``image`` (S, S, C) with ringed mesh ``points`` (K, 2), redrawn on the mean mesh."""
        grid = (points[self.corners] * self.weights[..., None]).sum(2).astype(np.float32)
        return cv2.remap(image, grid, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def lookup(self, points: NDArray[np.float32]) -> Lookup:
        """For every pixel of a face with these points: corners and weights as above, and whether it lies inside."""
        return _lookup(points, self.triangles)

    def from_mean(
        self, values: NDArray[np.float32], points: NDArray[np.float32], found: Lookup | None = None
    ) -> NDArray[np.float32]:
        """``values`` (S, S, C) given on the mean mesh, redrawn on a face with these points; zero outside."""
        corners, weights, inside = found or self.lookup(points)
        grid = (self.mean[corners] * weights[..., None]).sum(2).astype(np.float32)
        drawn = cv2.remap(values, grid, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        drawn[~inside] = 0
        return drawn


def _lookup(points: NDArray[np.float32], triangles: NDArray[np.int64]) -> Lookup:
    canvas = draw_numbers(points, triangles, SIZE)
    corners = triangles[np.maximum(canvas, 0)]
    return corners, weights_within(points, corners), canvas >= 0


def build(mean_mesh: NDArray[np.float32]) -> MeshSpace:
    """The space of a mean mesh (478, 2) given in crop pixels."""
    points = with_ring(mean_mesh)
    # The ten iris points lie on top of eye triangles and move with the gaze; leave them out of the triangulation.
    used = np.r_[0:POINTS_WITHOUT_IRISES, POINTS : len(points)]
    triangles = used[Triangulation(points[used, 0], points[used, 1]).triangles].astype(np.int64)
    corners, weights, inside = _lookup(points, triangles)
    return MeshSpace(points, triangles, corners, weights, inside)
