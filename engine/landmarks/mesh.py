"""The 478-point face mesh of one face, run on an enlarged upright crop so that small and tilted faces have one too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.geometry import boxes
from engine.geometry.align import transform
from engine.landmarks import topology
from engine.landmarks.attention import CROP_PX, mesh_request
from engine.landmarks.roi import Roi, cut, from_box, from_mesh
from engine.types import Affine, FloatArray, Image

SMALLEST_BOX_PX = 8.0


class Mesh(NamedTuple):
    """points (478, 2) float32 in pixels of the image; score 0..1: how surely this is a face."""

    points: FloatArray
    score: float


class FaceMesher:
    """Fits the mesh with attention (sharper eyes and lips, irises) to faces, 2 ms each, side by side on several cores.

    Only the landmark network of MediaPipe runs (engine/landmarks/attention.py), not its own detector and tracker: the
    same image and box always give the same points. For one thread at a time. Raises DeviceError if it does not start.
    """

    def __init__(self, *, min_score: float = 0.5) -> None:
        self._min_score = min_score
        self._requests: list[Any] = [mesh_request()]

    def mesh(
        self, image: Image, box: FloatArray, *, landmarks: FloatArray | None = None, passes: int = 1
    ) -> Mesh | None:
        """The mesh of the face in ``box`` (4,), or None where the network sees no face.

        landmarks (5, 2) say how far the head is rolled. Each further pass looks again from where the last one found
        the face: worth its time for a tilted head, a loose box or a still picture.
        """
        if float(min(box[2] - box[0], box[3] - box[1])) < SMALLEST_BOX_PX or not np.isfinite(box).all():
            return None
        found = self._run(image, [from_box(box, landmarks)])[0]
        for _ in range(passes - 1):
            if found is not None:
                found = self.follow(image, found.points)
        return found

    def follow(self, image: Image, previous: FloatArray) -> Mesh | None:
        """The mesh in the next frame, looked for where it was (478, 2); None when the face is gone."""
        return self.follow_all(image, [previous])[0]

    def follow_all(self, image: Image, previous: Sequence[FloatArray]) -> list[Mesh | None]:
        """The same for several faces at once, as far as there are cores: what it gives for each is the same."""
        rois = [from_mesh(points) for points in previous]
        there = [row for row, roi in enumerate(rois) if roi.side_px >= SMALLEST_BOX_PX]
        found: list[Mesh | None] = [None] * len(rois)
        for row, mesh in zip(there, self._run(image, [rois[row] for row in there]), strict=True):
            found[row] = mesh
        return found

    def close(self) -> None:
        """Free the network; calling it again does nothing."""
        self._requests.clear()

    def _run(self, image: Image, rois: Sequence[Roi]) -> list[Mesh | None]:
        """The meshes of the faces in these regions."""
        if not self._requests:
            raise ValueError("this mesher is closed")
        while len(self._requests) < len(rois):
            self._requests.append(mesh_request())
        begun = []
        for request, roi in zip(self._requests, rois, strict=False):
            crop, to_image = cut(image, roi, CROP_PX)
            request.get_input_tensor().data[0] = crop
            begun.append((request, to_image))
            if len(begun) < len(rois):
                request.start_async()
            else:
                request.infer()  # the last one here
        for request, _ in begun[:-1]:
            request.wait()
        return [self._read(request, to_image) for request, to_image in begun]

    def _read(self, request: Any, to_image: Affine) -> Mesh | None:
        """What a request has found."""
        score = float(request.get_output_tensor(1).data[0])
        if score < self._min_score:
            return None
        # The network counts from the corner of the first pixel; we from its centre.
        points = transform(to_image, request.get_output_tensor(0).data - np.float32(0.5))
        return Mesh(points, score) if np.isfinite(points).all() else None


def mesh_box(points: FloatArray) -> FloatArray:
    """The box (4,) around a mesh (478, 2), forehead to chin and cheek to cheek."""
    return np.asarray(boxes.from_points(points[None, : topology.POINTS_WITHOUT_IRISES])[0], np.float32)


def five_points(points: FloatArray) -> FloatArray:
    """Five landmarks (5, 2) of a mesh (478, 2): eyes, nose tip, mouth corners, image left first.

    An eye is the middle of its corners, not the iris: gaze and blinking must not move the aligned face.
    """
    right = points[list(topology.RIGHT_EYE_CORNERS)].mean(axis=0)
    left = points[list(topology.LEFT_EYE_CORNERS)].mean(axis=0)
    rest = points[[topology.NOSE_TIP, topology.RIGHT_MOUTH_CORNER, topology.LEFT_MOUTH_CORNER]]
    return np.asarray(np.concatenate([right[None], left[None], rest]), np.float32)
