"""One contract for every face detector."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from engine.capture.demo import DemoSource
from engine.detection.mediapipe_faces import Effort, MediaPipeDetector
from engine.detection.protocol import FaceDetector
from engine.types import Image

DETECTORS: dict[str, Callable[[], FaceDetector]] = {
    f"mediapipe {effort.value}": lambda effort=effort: MediaPipeDetector(effort)  # type: ignore[misc]
    for effort in Effort
}


@pytest.fixture(scope="module", params=DETECTORS)
def detector(request: pytest.FixtureRequest) -> Iterator[FaceDetector]:
    made = DETECTORS[request.param]()
    yield made
    made.close()


@pytest.fixture(scope="module")
def portrait() -> Image:
    """The demo's picture: one face, looking at the camera."""
    return DemoSource().picture(0)


def test_has_a_name(detector: FaceDetector) -> None:
    assert detector.name


def test_finds_the_face_of_the_demo(detector: FaceDetector, portrait: Image) -> None:
    found = detector.detect(portrait)
    height, width = portrait.shape[:2]
    assert len(found) == 1
    x1, y1, x2, y2 = found.boxes[0]
    assert 0 <= x1 < x2 <= width
    assert 0 <= y1 < y2 <= height
    assert x2 - x1 > 0.1 * width
    assert 0.5 < found.scores[0] <= 1


def test_landmarks_are_eyes_nose_and_mouth_corners_image_left_first(detector: FaceDetector, portrait: Image) -> None:
    left_eye, right_eye, nose, left_corner, right_corner = detector.detect(portrait).landmarks[0]
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_corner[0] < right_corner[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_corner[1], right_corner[1])


def test_mirrored_picture_gives_mirrored_face(detector: FaceDetector, portrait: Image) -> None:
    mirrored = detector.detect(np.ascontiguousarray(portrait[:, ::-1]))
    straight = detector.detect(portrait)
    width = portrait.shape[1]
    side = straight.boxes[0, 2] - straight.boxes[0, 0]
    expected = width - 1 - straight.boxes[0, [2, 0]]
    assert np.abs(mirrored.boxes[0, [0, 2]] - expected).max() < 0.15 * side
    assert mirrored.landmarks[0, 0, 0] < mirrored.landmarks[0, 1, 0]


def test_the_picture_stays_as_it_was(detector: FaceDetector, portrait: Image) -> None:
    image = portrait.copy()
    detector.detect(image)
    np.testing.assert_array_equal(image, portrait)


def test_a_read_only_picture_will_do(detector: FaceDetector, portrait: Image) -> None:
    image = portrait.copy()
    image.flags.writeable = False
    assert len(detector.detect(image)) == 1


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (200, 1), (2, 2), (33, 17), (120, 1900)])
@pytest.mark.parametrize("grey", [0, 128, 255])
def test_finds_nothing_in_an_empty_picture_of_any_size(
    detector: FaceDetector, size: tuple[int, int], grey: int
) -> None:
    found = detector.detect(np.full((*size, 3), grey, np.uint8))
    assert len(found) == 0
    assert found.boxes.shape == (0, 4)
    assert found.landmarks.shape == (0, 5, 2)


@pytest.mark.parametrize("name", DETECTORS)
def test_closing_twice_is_safe_and_a_closed_detector_says_so(name: str, portrait: Image) -> None:
    made = DETECTORS[name]()
    made.close()
    made.close()
    with pytest.raises(ValueError, match="closed"):
        made.detect(portrait)
