"""The 478-point face mesh of one face, run on an enlarged upright crop so that small and tilted faces have one too."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np

from engine.detection.mediapipe_runtime import mediapipe, quietly
from engine.geometry import boxes
from engine.geometry.align import transform
from engine.landmarks import topology
from engine.landmarks.roi import Roi, cut, from_box, from_mesh
from engine.types import FloatArray, Image

# The network's own input side: our crop is what it sees, nothing is resampled twice.
CROP_PX = 192
SMALLEST_BOX_PX = 8.0
_POINT_BYTES = 17
_POINT_TAGS = {0: 10, 1: 15, 2: 13, 7: 21, 12: 29}  # point, its length, x, y and z
_SCORE = "facelandmarkcpu__face_presence_score"
_THRESHOLD = "facelandmarkcpu__ThresholdingCalculator.threshold"
_GRAPH = """
    input_stream: "image"  input_stream: "roi"  output_stream: "landmarks"
    input_side_packet: "with_attention"
    node {
      calculator: "FaceLandmarkCpu"
      input_stream: "IMAGE:image"  input_stream: "ROI:roi"
      input_side_packet: "WITH_ATTENTION:with_attention"
      output_stream: "LANDMARKS:landmarks"
    }
"""


class Mesh(NamedTuple):
    """points (478, 2) float32 in pixels of the image; score 0..1: how surely this is a face."""

    points: FloatArray
    score: float


class FaceMesher:
    """Fits the mesh with attention (sharper eyes and lips, irises) to one face at a time, 2.3 ms each.

    Only the landmark network of MediaPipe runs (Grishchenko et al. 2020, "Attention Mesh"), not its own detector and
    tracker: the same image and box always give the same points. For one thread at a time.
    """

    def __init__(self, *, min_score: float = 0.5) -> None:
        self._min_score = min_score
        self._whole: Any = None
        self._solution: Any = quietly(self._build)

    def mesh(
        self, image: Image, box: FloatArray, *, landmarks: FloatArray | None = None, passes: int = 1
    ) -> Mesh | None:
        """The mesh of the face in ``box`` (4,), or None where the network sees no face.

        landmarks (5, 2) say how far the head is rolled. Each further pass looks again from where the last one found
        the face: worth its time for a tilted head, a loose box or a still picture.
        """
        if float(min(box[2] - box[0], box[3] - box[1])) < SMALLEST_BOX_PX or not np.isfinite(box).all():
            return None
        found = self._run(image, from_box(box, landmarks))
        for _ in range(passes - 1):
            if found is not None:
                found = self.follow(image, found.points)
        return found

    def follow(self, image: Image, previous: FloatArray) -> Mesh | None:
        """The mesh in the next frame, looked for where it was (478, 2); None when the face is gone."""
        roi = from_mesh(previous)
        return self._run(image, roi) if roi.side_px >= SMALLEST_BOX_PX else None

    def close(self) -> None:
        """Free the network; calling it again does nothing."""
        solution, self._solution = self._solution, None
        if solution is not None:
            solution.close()

    def _run(self, image: Image, roi: Roi) -> Mesh | None:
        if self._solution is None:
            raise ValueError("this mesher is closed")
        crop, to_image = cut(image, roi, CROP_PX)
        rgb = cv2.cvtColor(crop, cv2.COLOR_BGR2RGB)
        answer = self._solution.process({"image": rgb, "roi": self._whole})
        if answer.landmarks is None:  # below min_score
            return None
        relative = _places(answer.landmarks)
        # Relative coordinates count from the corner of the first pixel; ours from its centre.
        points = transform(to_image, relative * CROP_PX - 0.5)
        return Mesh(points, float(getattr(answer, _SCORE))) if np.isfinite(points).all() else None

    def _build(self) -> Any:
        mediapipe()
        from google.protobuf import text_format  # type: ignore[import-untyped]
        from mediapipe.framework import calculator_pb2
        from mediapipe.framework.formats import rect_pb2
        from mediapipe.python.solution_base import SolutionBase

        config = text_format.Parse(_GRAPH, calculator_pb2.CalculatorGraphConfig())
        solution = SolutionBase(
            graph_config=config,
            calculator_params={_THRESHOLD: self._min_score},
            side_inputs={"with_attention": True},
            outputs=["landmarks", _SCORE],
        )
        self._whole = rect_pb2.NormalizedRect(x_center=0.5, y_center=0.5, width=1.0, height=1.0)
        # The first run prints notices and allocates: have it behind us, inside the quiet block.
        solution.process({"image": np.zeros((CROP_PX, CROP_PX, 3), np.uint8), "roi": self._whole})
        return solution


def _places(landmarks: Any) -> FloatArray:
    """(478, 2) relative places out of MediaPipe's list. Read from its wire format, 30 times as fast as point by point:
    each point is a message of 15 bytes after a tag and its length, x, y and z as a tag and four bytes each.
    """
    raw = landmarks.SerializeToString()
    if len(raw) == _POINT_BYTES * topology.POINTS:
        rows = np.frombuffer(raw, np.uint8).reshape(-1, _POINT_BYTES)
        if (rows[:, list(_POINT_TAGS)] == list(_POINT_TAGS.values())).all():
            return np.ascontiguousarray(np.c_[rows[:, 3:7], rows[:, 8:12]]).view("<f4").astype(np.float32, copy=False)
    return np.array([(point.x, point.y) for point in landmarks.landmark], np.float32)


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
