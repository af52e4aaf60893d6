"""Our own detector around its network: canvas, decoding, suppression, and the choice between detectors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from engine.detection.anchor_faces import MOST_CANDIDATES, AnchorDetector, canvas_size, read_answers
from engine.detection.choice import CombinedDetector, make_detector
from engine.detection.mediapipe_faces import Effort, MediaPipeDetector
from engine.errors import SettingsError, WeightsError
from engine.geometry import anchors as anchor_math
from engine.types import Detections, FloatArray, Image

STRIDES, SIZES = (8, 16, 32), ((14.0, 24.0), (44.0, 80.0), (150.0, 280.0))
FACE = np.array([[100.0, 60, 160, 130]], np.float32)
POINTS = np.array([[[115.0, 85], [145, 85], [130, 100], [118, 115], [142, 115]]], np.float32)


class OneFace:
    """A network that finds one face, FACE on a canvas of any size, by all anchors that overlap it well."""

    name, device, size, batches = "one face", "cpu/none/f32", 640, False
    timings_ms: Mapping[str, float] = {}

    def __init__(self, score: float = 0.9) -> None:
        self.score = score
        self.shapes: list[tuple[int, ...]] = []
        self.closed = 0

    def __call__(self, *inputs: FloatArray) -> FloatArray:
        (tensor,) = inputs
        self.shapes.append(tensor.shape)
        anchors = anchor_math.make(tensor.shape[3], tensor.shape[2], STRIDES, SIZES)
        answers = np.zeros((1, len(anchors), 15), np.float32)
        near = np.abs(anchors[:, :2] - [130, 95]).max(axis=1) < 20
        count = int(near.sum())
        answers[0, near, 0] = np.linspace(self.score, self.score / 2, count)
        answers[0, near, 1:5] = anchor_math.encode(np.repeat(FACE, count, 0), anchors[near])
        answers[0, near, 5:] = anchor_math.encode_points(np.repeat(POINTS, count, 0), anchors[near]).reshape(count, 10)
        return answers

    def close(self) -> None:
        self.closed += 1


def picture(width: int, height: int) -> Image:
    return np.full((height, width, 3), 90, np.uint8)


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (640, 480, (640, 480)),
        (1280, 720, (640, 384)),
        (720, 1280, (384, 640)),
        (100, 100, (224, 224)),  # enlarged twice, not more
        (5000, 10, (640, 32)),
        (1, 1, (32, 32)),
    ],
)
def test_the_canvas_is_a_multiple_of_32_and_as_long_as_asked(
    width: int, height: int, expected: tuple[int, int]
) -> None:
    assert canvas_size(width, height, 640) == expected


def test_the_many_answers_of_one_face_become_one_box_in_pixels_of_the_image() -> None:
    network = OneFace()
    found = AnchorDetector(network, SIZES).detect(picture(1280, 960))
    assert network.shapes == [(1, 3, 480, 640)]
    assert len(found) == 1
    # Corners of canvas pixels, doubled, and then counted from the centre of the first pixel.
    np.testing.assert_allclose(found.boxes, FACE * 2 - 0.5, atol=0.01)
    np.testing.assert_allclose(found.landmarks, POINTS * 2 - 0.5, atol=0.01)
    assert found.scores[0] == pytest.approx(0.9)


def test_the_picture_in_a_canvas_with_bars_is_found_at_its_place() -> None:
    found = AnchorDetector(OneFace(), SIZES).detect(picture(640, 360))  # 12 px of bar above and below
    np.testing.assert_allclose(found.boxes, FACE - 0.5 - [0, 12, 0, 12], atol=0.01)


@pytest.mark.parametrize(("score", "count"), [(0.5, 1), (0.499, 0)])
def test_a_score_on_the_threshold_is_a_face(score: float, count: int) -> None:
    assert len(AnchorDetector(OneFace(score), SIZES, min_score=0.5).detect(picture(640, 480))) == count


def test_several_canvases_are_looked_at_once_each() -> None:
    network = OneFace()
    AnchorDetector(network, SIZES, sides_px=(320, 640, 1280)).detect(picture(300, 300))
    assert network.shapes == [(1, 3, 320, 320), (1, 3, 608, 608)], "a small picture is not enlarged twice over"


def test_a_flood_of_answers_is_cut_at_the_best() -> None:
    anchors = anchor_math.make(640, 480, STRIDES, SIZES)
    answers = np.zeros((len(anchors), 15), np.float32)
    answers[:, 0] = np.linspace(0, 1, len(anchors))
    found = read_answers(answers, anchors, 0.1)
    assert len(found) == MOST_CANDIDATES
    assert found.scores[0] == 1.0
    assert (np.diff(found.scores) <= 0).all()


def test_closing_closes_the_network_once_and_says_so() -> None:
    network = OneFace()
    detector = AnchorDetector(network, SIZES)
    detector.close()
    detector.close()
    assert network.closed == 1
    with pytest.raises(ValueError, match="closed"):
        detector.detect(picture(64, 64))


class Fixed:
    """A detector with one answer."""

    name = "fixed"

    def __init__(self, box: FloatArray, score: float) -> None:
        self.answer = Detections(box, np.array([score], np.float32), POINTS)
        self.closed = 0

    def detect(self, image: Image) -> Detections:
        return self.answer

    def close(self) -> None:
        self.closed += 1


def test_both_detectors_together_tell_each_face_once_with_the_better_score() -> None:
    first, second = Fixed(FACE, 0.6), Fixed(FACE + 3, 0.8)
    both = CombinedDetector(first, second)
    found = both.detect(picture(640, 480))
    assert found.scores.tolist() == pytest.approx([0.8])
    elsewhere = CombinedDetector(first, Fixed(FACE + 200, 0.8)).detect(picture(640, 480))
    assert len(elsewhere) == 2
    both.close()
    both.close()
    assert (first.closed, second.closed) == (1, 1)
    with pytest.raises(ValueError, match="closed"):
        both.detect(picture(640, 480))


def test_mediapipe_needs_no_weights_of_ours_and_the_others_say_when_they_are_missing(tmp_path: Path) -> None:
    made = make_detector("mediapipe", Effort.FAST, weights=tmp_path)
    assert isinstance(made, MediaPipeDetector)
    made.close()
    for choice in ("anchor", "both"):
        with pytest.raises(WeightsError, match="detector"):
            make_detector(choice, Effort.FAST, device="cpu", weights=tmp_path)


def test_an_unknown_detector_is_refused() -> None:
    with pytest.raises(SettingsError, match="mediapipe, anchor, both"):
        make_detector("haar", Effort.FAST)
