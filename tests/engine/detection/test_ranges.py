"""MediaPipe's models without MediaPipe: what its own graph finds in the same pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest

from engine.capture.demo import DemoSource
from engine.detection import ranges
from engine.detection.mediapipe_runtime import mediapipe, quietly
from engine.detection.ranges import FULL, SHORT, RangeModel
from engine.errors import DeviceError
from engine.types import Image
from tests.builders import face_picture, scene


def pictures() -> Iterator[Image]:
    """RGB pictures: wide, tall, square, with one face, several, and none."""
    demo = DemoSource()
    for index in range(0, 200, 40):
        yield np.asarray(cv2.resize(demo.picture(index), (640, 360), interpolation=cv2.INTER_AREA), np.uint8)
    yield face_picture(512)
    yield scene(640, 480, (160, 240, 200), (440, 240, 260))
    yield scene(360, 640, (180, 300, 220))
    yield np.full((300, 400, 3), 90, np.uint8)


@pytest.mark.parametrize("kind", [SHORT, FULL], ids=["short", "full"])
def test_its_faces_are_those_of_mediapipes_graph(kind: int) -> None:
    theirs: Any = quietly(lambda: mediapipe().solutions.face_detection.FaceDetection(model_selection=kind))
    ours = RangeModel(kind)
    seen = 0
    for picture in pictures():
        rgb = np.ascontiguousarray(picture[..., ::-1])
        expected = theirs.process(rgb).detections or []
        found = ours.find(rgb)
        assert len(found.scores) == len(expected)
        for face, box, score, points in zip(expected, found.boxes, found.scores, found.points, strict=True):
            place = face.location_data
            near = place.relative_bounding_box
            wanted = [near.xmin, near.ymin, near.xmin + near.width, near.ymin + near.height]
            np.testing.assert_allclose(box, wanted, atol=1e-5)
            np.testing.assert_allclose(points, [(each.x, each.y) for each in place.relative_keypoints], atol=1e-5)
            assert score == pytest.approx(face.score[0], abs=1e-5)
        seen += len(expected)
    assert seen >= 6
    theirs.close()


def test_every_cell_has_its_anchors() -> None:
    anchors = ranges._anchors(((2, 2), (1, 1)))
    quarters = [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]]
    assert anchors.tolist() == [place for place in quarters for _ in range(2)] + [[0.5, 0.5]]


def test_what_overlaps_is_one_face_of_the_mean_and_the_best_score() -> None:
    places = np.zeros((3, 8, 2), np.float32)
    places[0, 1], places[1, :2], places[2, :2] = 0.4, [[0, 0], [0.4, 0.48]], [[0.6, 0.6], [0.9, 0.9]]
    found = ranges._blended(places, np.array([0.6, 0.9, 0.7], np.float32))
    assert found.scores.tolist() == pytest.approx([0.9, 0.7])
    np.testing.assert_allclose(found.boxes[0], [0, 0, 0.4, 0.48 * 0.6 + 0.4 * 0.4], atol=1e-6)
    np.testing.assert_allclose(found.boxes[1], [0.6, 0.6, 0.9, 0.9], atol=1e-6)


def test_a_missing_file_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ranges._MODELS, SHORT, ranges._MODELS[SHORT]._replace(file="nowhere.tflite"))
    with pytest.raises(DeviceError, match=r"nowhere\.tflite is missing"):
        RangeModel(SHORT)


def test_closed_is_closed() -> None:
    model = RangeModel(SHORT)
    model.close()
    model.close()
    with pytest.raises(ValueError, match="closed"):
        model.find(np.zeros((64, 64, 3), np.uint8))
