"""MediaPipe's models as our detector: from a twentieth of the width to more than the image, places, and silence."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from engine.detection import mediapipe_faces
from engine.detection.mediapipe_faces import Effort, MediaPipeDetector, five_from_six
from engine.geometry.boxes import iou
from engine.landmarks.mesh import FaceMesher, mesh_box
from engine.types import Detections, FloatArray, Image
from tests.builders import face_picture, scene

WIDTH, HEIGHT = 1280, 720


@pytest.fixture(scope="module")
def thorough() -> Iterator[MediaPipeDetector]:
    detector = MediaPipeDetector(Effort.THOROUGH)
    yield detector
    detector.close()


@pytest.fixture(scope="module")
def fast() -> Iterator[MediaPipeDetector]:
    detector = MediaPipeDetector()
    yield detector
    detector.close()


@pytest.fixture(scope="module")
def face_in_picture() -> FloatArray:
    """Where the face of ``face_picture`` is, in parts of its side (4,), by its mesh."""
    mesher = FaceMesher()
    found = mesher.mesh(face_picture(512), np.array([130, 100, 380, 400], np.float32), passes=3)
    mesher.close()
    assert found is not None
    return mesh_box(found.points) / 512


def with_face(face: FloatArray, share: float, x: float = WIDTH / 2, y: float = HEIGHT / 2) -> tuple[Image, FloatArray]:
    """A scene with the face ``share`` of the width wide, its middle at (x, y); and the face's box (4,)."""
    side = share * WIDTH / float(face[2] - face[0])
    middle = (face[:2] + face[2:]) / 2
    left, top = x - middle[0] * side, y - middle[1] * side
    image = scene(WIDTH, HEIGHT, (left + side / 2, top + side / 2, side))
    return image, (face * side + [left, top, left, top]).astype(np.float32)


def hits(found: Detections, box: FloatArray) -> list[int]:
    """Detections whose middle and width are those of the box, roughly."""
    width = box[2] - box[0]
    apart = np.abs((found.boxes[:, :2] + found.boxes[:, 2:] - box[:2] - box[2:]) / 2).max(axis=1, initial=0)
    ratio = (found.boxes[:, 2] - found.boxes[:, 0]) / width
    return [int(row) for row in np.nonzero((apart < 0.3 * width) & (ratio > 0.65) & (ratio < 1.5))[0]]


@pytest.mark.parametrize("share", [0.05, 0.07, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9])
def test_a_face_from_5_to_90_percent_of_the_width_is_found_once(
    thorough: MediaPipeDetector, face_in_picture: FloatArray, share: float
) -> None:
    image, box = with_face(face_in_picture, share)
    assert len(hits(thorough.detect(image), box)) == 1


@pytest.mark.parametrize("share", [0.08, 0.2, 0.5, 0.9])
def test_the_fast_look_finds_what_is_not_small(
    fast: MediaPipeDetector, face_in_picture: FloatArray, share: float
) -> None:
    image, box = with_face(face_in_picture, share)
    assert len(hits(fast.detect(image), box)) == 1


@pytest.mark.parametrize(("x", "y"), [(60, 60), (640, 60), (1215, 650), (570, 400), (700, 300), (60, 660)])
def test_a_small_face_is_found_wherever_it_is(
    thorough: MediaPipeDetector, face_in_picture: FloatArray, x: float, y: float
) -> None:
    image, box = with_face(face_in_picture, 0.06, x, y)
    assert len(hits(thorough.detect(image), box)) == 1


def test_a_small_face_is_found_live_within_one_round_of_tiles(face_in_picture: FloatArray) -> None:
    detector = MediaPipeDetector(Effort.LIVE)
    for x in (200, 1000):
        image, box = with_face(face_in_picture, 0.05, x, 300)
        assert any(hits(detector.detect(image), box) for _ in range(2))
    detector.close()


def test_several_faces_are_found_once_each(thorough: MediaPipeDetector, face_in_picture: FloatArray) -> None:
    image = scene(WIDTH, HEIGHT, (250, 300, 420), (640, 420, 240), (1000, 320, 560))
    found = thorough.detect(image)
    assert len(found) == 3
    assert (np.diff(found.scores) <= 0).all()


def test_box_and_points_lie_on_the_face(fast: MediaPipeDetector, face_in_picture: FloatArray) -> None:
    """The models' own square boxes are turned into the extent of the face."""
    image, box = with_face(face_in_picture, 0.3)
    found = fast.detect(image)
    width = box[2] - box[0]
    assert np.abs(found.boxes[0] - box).max() < 0.13 * width
    x, y = ((found.landmarks[0] - box[:2]) / (box[2:] - box[:2])).T
    np.testing.assert_allclose(x, [0.27, 0.73, 0.5, 0.3, 0.7], atol=0.12)
    assert (np.diff(y[[0, 2, 3]]) > 0.1).all()


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_shrinking_large_images_does_not_move_the_answer(fast: MediaPipeDetector, scale: int) -> None:
    """Each pixel repeated: the same face exactly ``scale`` times as large, averaged back to the very same picture."""
    image = scene(512, 288, (220, 150, 240))
    small = fast.detect(image)
    large = fast.detect(np.repeat(np.repeat(image, scale, axis=0), scale, axis=1))
    expected = (small.boxes + 0.5) * scale - 0.5
    np.testing.assert_allclose(large.boxes, expected, atol=0.01)


def test_the_same_picture_gives_the_same_numbers(thorough: MediaPipeDetector) -> None:
    image = scene(WIDTH, HEIGHT, (400, 350, 300), (900, 300, 150))
    first = thorough.detect(image)
    thorough.detect(scene(640, 480, (300, 200, 200)))
    second = thorough.detect(image)
    np.testing.assert_array_equal(first.boxes, second.boxes)
    np.testing.assert_array_equal(first.landmarks, second.landmarks)


def test_a_portrait_that_fills_the_picture_is_found(thorough: MediaPipeDetector, face_in_picture: FloatArray) -> None:
    """A crop tighter than the face, as from other programs: only the bordered look sees it."""
    picture = face_picture(900)
    x1, y1, x2, y2 = (face_in_picture * 900).astype(int)
    grow = int(0.02 * (x2 - x1))
    tight = np.ascontiguousarray(picture[y1 + grow : y2 - grow, x1 + grow : x2 - grow])
    assert len(thorough.detect(tight)) == 1


def test_min_score_is_respected() -> None:
    detector = MediaPipeDetector(min_score=0.999)
    assert len(detector.detect(scene(640, 480, (320, 240, 400)))) == 0
    detector.close()


def test_five_from_six_puts_the_mouth_corners_beside_the_mouth() -> None:
    six = np.array([[[10, 20], [50, 20], [30, 35], [30, 50], [0, 25], [60, 25]]], np.float32)
    five = five_from_six(six)[0]
    assert five[:3].tolist() == [[10, 20], [50, 20], [30, 35]]
    np.testing.assert_allclose(five[3:], [[30 - 16.6, 50], [30 + 16.6, 50]], atol=1e-4)
    turned = five_from_six(six[..., ::-1] * [-1, 1])[0]  # the same face lying on its side
    np.testing.assert_allclose(turned, five[:, ::-1] * [-1, 1], atol=1e-4)


def test_the_models_boxes_come_from_both_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control for the merge: without suppression one face is reported by each model."""
    detector = MediaPipeDetector()
    image = scene(640, 480, (320, 240, 400))
    assert len(detector.detect(image)) == 1
    monkeypatch.setattr(mediapipe_faces.merge, "suppress", lambda found, **_: found)
    assert len(detector.detect(image)) == 2
    detector.close()


QUIET = """
import sys, numpy as np
assert not {"mediapipe", "cv2"} & set(sys.modules)
import engine.detection.mediapipe_faces, engine.landmarks.mesh
from tests.builders import scene
image = scene(640, 480, (320, 240, 300))
detector = engine.detection.mediapipe_faces.MediaPipeDetector()
mesher = engine.landmarks.mesh.FaceMesher()
found = detector.detect(image)
assert len(found) == 1
assert mesher.mesh(image, found.boxes[0]) is not None
assert not {"mediapipe", "matplotlib", "sounddevice", "jax", "torch"} & set(sys.modules), "imported for nothing"
detector.close(); mesher.close()
print("done")
"""


def test_nothing_is_printed_and_nothing_is_imported_for_nothing() -> None:
    ran = subprocess.run([sys.executable, "-c", QUIET], capture_output=True, text=True, timeout=120, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "done\n", "")


@pytest.mark.parametrize("share", [0.25, 0.1])
def test_three_glances_see_what_a_look_sees(face_in_picture: FloatArray, share: float) -> None:
    image, box = with_face(face_in_picture, share, x=500)
    detector = MediaPipeDetector(Effort.LIVE)
    glances = [detector.glance(image) for _ in range(3)]
    assert any(len(found) for found in glances)
    for found in glances:
        assert len(found) <= 1
        if len(found):
            assert iou(found.boxes, box[None])[0, 0] > 0.35
    detector.close()
    with pytest.raises(ValueError, match="closed"):
        detector.glance(image)
