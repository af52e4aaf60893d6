"""The landmark network in OpenVINO beside MediaPipe's own graph with the same file."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engine.detection.mediapipe_runtime import mediapipe, quietly
from engine.errors import DeviceError
from engine.landmarks import attention, topology
from engine.landmarks.attention import CROP_PX, mesh_request
from engine.types import FloatArray, Image
from tests.builders import face_picture, scene

Look = Callable[[Image], tuple[FloatArray, float]]
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
_SCORE = "facelandmarkcpu__face_presence_score"


@pytest.fixture(scope="module")
def theirs() -> Iterator[Look]:
    """Points (478, 2) in pixels of a crop and the score, by MediaPipe's graph."""
    mediapipe()
    from google.protobuf import text_format  # type: ignore[import-untyped]
    from mediapipe.framework import calculator_pb2
    from mediapipe.framework.formats import rect_pb2
    from mediapipe.python.solution_base import SolutionBase

    config = text_format.Parse(_GRAPH, calculator_pb2.CalculatorGraphConfig())
    whole = rect_pb2.NormalizedRect(x_center=0.5, y_center=0.5, width=1.0, height=1.0)

    def build() -> Any:
        return SolutionBase(
            graph_config=config,
            calculator_params={"facelandmarkcpu__ThresholdingCalculator.threshold": 0.0},
            side_inputs={"with_attention": True},
            outputs=["landmarks", _SCORE],
        )

    solution = quietly(build)

    def look(crop: Image) -> tuple[FloatArray, float]:
        answer = solution.process({"image": cv2.cvtColor(crop, cv2.COLOR_BGR2RGB), "roi": whole})
        points = np.array([(point.x, point.y) for point in answer.landmarks.landmark], np.float32)
        return points * CROP_PX, float(getattr(answer, _SCORE))

    yield look
    solution.close()


@pytest.fixture(scope="module")
def ours() -> Look:
    request = mesh_request()

    def look(crop: Image) -> tuple[FloatArray, float]:
        request.get_input_tensor().data[0] = crop
        request.infer()
        return np.array(request.get_output_tensor(0).data), float(request.get_output_tensor(1).data[0])

    return look


def crops() -> dict[str, Image]:
    face = face_picture(CROP_PX)
    middle = (CROP_PX / 2, CROP_PX / 2)

    def moved(degrees: float, scale: float, x: float = 0, y: float = 0) -> Image:
        affine = cv2.getRotationMatrix2D(middle, degrees, scale) + np.array([[0, 0, x], [0, 0, y]])
        return np.asarray(cv2.warpAffine(face, affine, (CROP_PX, CROP_PX)), np.uint8)

    return {
        "upright": face,
        "mirrored": np.ascontiguousarray(face[:, ::-1]),
        "tilted": moved(25, 1.0),
        "upside down": moved(180, 1.0),
        "small, in a corner": moved(-10, 0.5, 40, 50),
        "larger than the crop": moved(5, 2.2),
        "mouth and eyes beyond the edge": moved(0, 1.6, -70, 0),
        "chin beyond the edge": moved(0, 1.2, 0, 70),
        "dark": np.asarray(face // 6, np.uint8),
        "nobody": scene(CROP_PX, CROP_PX),
        "nothing": np.zeros((CROP_PX, CROP_PX, 3), np.uint8),
        "noise": np.random.default_rng(0).integers(0, 256, (CROP_PX, CROP_PX, 3)).astype(np.uint8),
    }


@pytest.mark.parametrize("name", crops())
def test_points_and_score_are_mediapipes(ours: Look, theirs: Look, name: str) -> None:
    crop = crops()[name]
    (points, score), (their_points, their_score) = ours(crop), theirs(crop)
    assert points.shape == (topology.POINTS, 2)
    assert points.dtype == np.float32
    np.testing.assert_allclose(points, their_points, atol=0.01)
    assert score == pytest.approx(their_score, abs=1e-3)


def test_two_requests_do_not_disturb_each_other(ours: Look) -> None:
    other, face = mesh_request(), face_picture(CROP_PX)
    points, _ = ours(face)
    other.get_input_tensor().data[0] = 0
    other.infer()
    again, _ = ours(face)
    np.testing.assert_array_equal(points, again)
    assert not np.allclose(other.get_output_tensor(0).data, points)


def test_a_set_up_without_mediapipe_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DeviceError, match="repair the set-up"):
        mesh_request()


@pytest.mark.parametrize("content", [b"", b"no network at all" * 99], ids=["empty", "text"])
def test_a_damaged_file_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "face.tflite"
    path.write_bytes(content)
    monkeypatch.setattr(attention, "_path", lambda: path)
    with pytest.raises(DeviceError, match=r"cannot read .*face\.tflite"):
        mesh_request()
