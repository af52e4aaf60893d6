"""Detector and mesh together: everything that is to be known of the faces in one still picture."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.detection.protocol import FaceDetector
from engine.geometry.nms import nms
from engine.landmarks.mesh import FaceMesher, five_points, mesh_box
from engine.types import Detections, FloatArray, Image

# Without a mesh to confirm it, only a confident detection is a face (profiles and masks have none).
_SCORE_WITHOUT_MESH = 0.75
# Where nobody is surely there, a large detection may be less confident: portraits in full profile are. Of the 76
# profiles of CFP that were missed this finds 50, and it sees no face in 400 faceless cut-outs of MaskON.
_SCORE_ALONE = 0.65
_WIDTH_ALONE = 0.3  # of the picture's width
_SAME_FACE_IOU = 0.5


class FoundFace(NamedTuple):
    """One face: box (4,), score 0..1, landmarks (5, 2), and its mesh (478, 2) or None."""

    box: FloatArray
    score: float
    landmarks: FloatArray
    mesh: FloatArray | None


def find_faces(image: Image, detector: FaceDetector, mesher: FaceMesher, *, passes: int = 2) -> tuple[FoundFace, ...]:
    """The faces of the image, largest first; box and landmarks come from the mesh where there is one."""
    found = detector.detect(image)
    faces = [_refined(image, found, row, mesher, passes) for row in range(len(found))]
    sure = [face for face in faces if face.mesh is not None or face.score >= _SCORE_WITHOUT_MESH]
    sure = sure or _large_and_likely(faces, image.shape[1])
    if not sure:
        return ()
    # Two detections may have slid onto one face: the mesh shows it.
    keep = nms(np.stack([face.box for face in sure]), np.array([face.score for face in sure]), _SAME_FACE_IOU)
    return tuple(sorted((sure[row] for row in keep), key=_area, reverse=True))


def as_detections(faces: tuple[FoundFace, ...]) -> Detections:
    """The same faces as arrays, in the same order."""
    if not faces:
        return Detections.empty()
    return Detections(
        np.stack([face.box for face in faces]),
        np.array([face.score for face in faces], np.float32),
        np.stack([face.landmarks for face in faces]),
    )


def from_mesh(points: FloatArray, score: float) -> FoundFace:
    """A face known by its mesh (478, 2) alone, as when it is followed from frame to frame."""
    return FoundFace(mesh_box(points), score, five_points(points), points)


def _refined(image: Image, found: Detections, row: int, mesher: FaceMesher, passes: int) -> FoundFace:
    box, landmarks, score = found.boxes[row], found.landmarks[row], float(found.scores[row])
    mesh = mesher.mesh(image, box, landmarks=landmarks, passes=passes)
    return FoundFace(box, score, landmarks, None) if mesh is None else from_mesh(mesh.points, score)


def _large_and_likely(faces: list[FoundFace], width_px: int) -> list[FoundFace]:
    """The most confident of the large faces, if it is confident enough, where none is sure."""
    large = [face for face in faces if face.box[2] - face.box[0] >= _WIDTH_ALONE * width_px]
    best = max(large, key=lambda face: face.score, default=None)
    return [best] if best is not None and best.score >= _SCORE_ALONE else []


def _area(face: FoundFace) -> float:
    return float((face.box[2] - face.box[0]) * (face.box[3] - face.box[1]))
