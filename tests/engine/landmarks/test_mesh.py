"""The face mesh: where its points are, on faces of every size and tilt; and that it can be followed."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from engine.detection.mediapipe_faces import Effort, MediaPipeDetector
from engine.geometry.align import transform
from engine.landmarks import topology
from engine.landmarks.faces import as_detections, find_faces
from engine.landmarks.mesh import FaceMesher, five_points, mesh_box
from engine.landmarks.pose import pose_degrees, yaw_degrees
from engine.landmarks.smoothing import OneEuro
from engine.types import FloatArray, Image
from tests.builders import face_picture, scene

LOOSE_BOX = np.array([0.27, 0.2, 0.73, 0.75], np.float32)


@pytest.fixture(scope="module")
def mesher() -> Iterator[FaceMesher]:
    made = FaceMesher()
    yield made
    made.close()


@pytest.fixture(scope="module")
def detector() -> Iterator[MediaPipeDetector]:
    made = MediaPipeDetector(Effort.THOROUGH)
    yield made
    made.close()


@pytest.fixture(scope="module")
def mesh(mesher: FaceMesher) -> FloatArray:
    """The mesh of the 512-pixel face picture."""
    found = mesher.mesh(face_picture(512), LOOSE_BOX * 512, passes=3)
    assert found is not None
    return found.points


def off(points: FloatArray, expected: FloatArray) -> float:
    """Mean distance in parts of the expected eye distance."""
    eyes = five_points(expected)[:2]
    return float(np.linalg.norm(points - expected, axis=1).mean() / np.linalg.norm(eyes[1] - eyes[0]))


def turned(image: Image, degrees: float) -> tuple[Image, np.ndarray]:
    """The picture rolled clockwise about its middle, and the affine that did it."""
    affine = cv2.getRotationMatrix2D((image.shape[1] / 2, image.shape[0] / 2), -degrees, 1.0)
    moved = cv2.warpAffine(image, affine, (image.shape[1], image.shape[0]), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8), affine


def test_points_lie_where_the_face_is(mesh: FloatArray) -> None:
    assert mesh.shape == (478, 2)
    assert mesh.dtype == np.float32
    x, y = mesh.T
    assert x[topology.RIGHT_IRIS_CENTRE] < x[topology.NOSE_TIP] < x[topology.LEFT_IRIS_CENTRE], "image left is right"
    assert y[topology.FOREHEAD_TOP] < y[33] < y[topology.NOSE_TIP] < y[13] < y[topology.CHIN]
    assert x[234] < x[topology.RIGHT_EYE_CORNERS[0]], "the cheek on the image's left"


def test_irises_sit_on_the_dark_of_the_eyes(mesh: FloatArray) -> None:
    """Found in the picture itself: the middle of the darkest quarter between the lids."""
    grey = cv2.GaussianBlur(cv2.cvtColor(face_picture(512), cv2.COLOR_BGR2GRAY), (0, 0), 2)
    for centre, outline in (
        (topology.RIGHT_IRIS_CENTRE, topology.RIGHT_EYE),
        (topology.LEFT_IRIS_CENTRE, topology.LEFT_EYE),
    ):
        inside = cv2.fillPoly(np.zeros((512, 512), np.uint8), [mesh[list(outline)].astype(np.int32)], (1,))
        dark = (inside > 0) & (grey <= np.percentile(grey[inside > 0], 25))
        y, x = np.argwhere(dark).mean(axis=0)
        assert np.hypot(*(mesh[centre] - [x, y])) < 4


@pytest.mark.parametrize("side", [110, 180, 360, 1000])
def test_small_and_large_faces_have_the_same_mesh(mesher: FaceMesher, mesh: FloatArray, side: int) -> None:
    """110 px of picture is a face 40 px wide: 3 % of a 720p frame."""
    found = mesher.mesh(face_picture(side), LOOSE_BOX * side, passes=2)
    assert found is not None
    assert found.score > 0.9
    assert off((found.points + 0.5) * 512 / side - 0.5, mesh) < 0.03


@pytest.mark.parametrize("degrees", [-35, 20, 90, 180])
def test_tilted_faces_have_a_mesh_when_the_eyes_are_known(mesher: FaceMesher, mesh: FloatArray, degrees: float) -> None:
    image, affine = turned(face_picture(512), degrees)
    expected = transform(affine, mesh)
    found = mesher.mesh(image, mesh_box(expected), landmarks=five_points(expected))
    assert found is not None
    assert off(found.points, expected) < 0.03


def test_a_second_pass_straightens_a_tilted_face(mesher: FaceMesher, mesh: FloatArray) -> None:
    image, affine = turned(face_picture(512), 30)
    expected = transform(affine, mesh)
    once = mesher.mesh(image, mesh_box(expected))
    twice = mesher.mesh(image, mesh_box(expected), passes=2)
    assert once is not None
    assert twice is not None
    assert off(twice.points, expected) < min(off(once.points, expected), 0.03)


def test_no_face_no_mesh(mesher: FaceMesher) -> None:
    room = scene(640, 480)
    assert mesher.mesh(room, np.array([200, 150, 400, 380], np.float32)) is None
    assert mesher.mesh(room, np.array([-500, -500, -300, -200], np.float32)) is None, "outside the image"


@pytest.mark.parametrize(
    "box", [(10, 10, 12, 60), (10, 10, 10, 10), (30, 30, 10, 10), (np.nan, 0, 50, 50), (0, 0, np.inf, 50)]
)
def test_boxes_that_hold_no_face_are_refused_quietly(mesher: FaceMesher, box: tuple[float, ...]) -> None:
    assert mesher.mesh(face_picture(128), np.array(box, np.float32)) is None


def test_the_same_question_gives_the_same_answer(mesher: FaceMesher) -> None:
    """Nothing is remembered from one face to the next, as MediaPipe's own tracking would."""
    image = face_picture(300)
    first = mesher.mesh(image, LOOSE_BOX * 300)
    mesher.mesh(np.ascontiguousarray(image[:, ::-1]), np.array([20, 20, 200, 200], np.float32))
    second = mesher.mesh(image, LOOSE_BOX * 300)
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first.points, second.points)


def test_a_moving_face_is_followed_and_its_leaving_noticed(mesher: FaceMesher, mesh: FloatArray) -> None:
    face, points = face_picture(300), (mesh + 0.5) * 300 / 512 - 0.5
    shown = None
    for step in range(12):
        x = 250 + 18 * step  # a fifth of the face's width a frame
        image = scene(700, 400, (x, 200, 300))
        expected = points + np.float32([x - 150, 50])
        shown = mesher.mesh(image, mesh_box(expected)) if shown is None else mesher.follow(image, shown.points)
        assert shown is not None
        assert off(shown.points, expected) < 0.05
    assert shown is not None
    assert face.shape == (300, 300, 3)
    assert mesher.follow(scene(700, 400), shown.points) is None


def test_several_are_followed_at_once_as_one_by_one(mesher: FaceMesher, mesh: FloatArray) -> None:
    image = scene(900, 400, (160, 200, 300), (480, 200, 240), (760, 180, 200))
    points = (mesh + 0.5) / 512
    there = [
        points * side + np.float32([x - side / 2, y - side / 2])
        for x, y, side in ((160, 200, 300), (480, 200, 240), (760, 180, 200))
    ]
    gone, tiny = points * 120 + np.float32([320, 320]), points * 4
    asked = [there[0], gone, there[1], tiny, there[2]]
    together = mesher.follow_all(image, asked)
    alone = [mesher.follow(image, each) for each in asked]
    assert [each is None for each in together] == [False, True, False, True, False]
    for one, other in zip(together, alone, strict=True):
        if one is not None and other is not None:
            np.testing.assert_array_equal(one.points, other.points)
            assert one.score == other.score
    assert mesher.follow_all(image, []) == []


def test_min_score_is_respected(mesh: FloatArray) -> None:
    strict, lenient = FaceMesher(min_score=1.1), FaceMesher(min_score=0.0)
    box = LOOSE_BOX * 128
    assert strict.mesh(face_picture(128), box) is None
    nothing = lenient.mesh(np.zeros((128, 128, 3), np.uint8), box)
    assert nothing is not None
    assert nothing.score < 0.5
    strict.close()
    lenient.close()


def test_closing_twice_is_safe_and_a_closed_mesher_says_so() -> None:
    made = FaceMesher()
    made.close()
    made.close()
    with pytest.raises(ValueError, match="closed"):
        made.mesh(face_picture(128), LOOSE_BOX * 128)


def test_mesh_box_leaves_the_irises_out(mesh: FloatArray) -> None:
    gazing = mesh.copy()
    gazing[topology.POINTS_WITHOUT_IRISES :] += 1000
    np.testing.assert_array_equal(mesh_box(gazing), mesh_box(mesh))


def test_five_points_do_not_follow_the_gaze(mesh: FloatArray) -> None:
    gazing = mesh.copy()
    gazing[topology.POINTS_WITHOUT_IRISES :, 0] += 9
    np.testing.assert_array_equal(five_points(gazing), five_points(mesh))
    left_eye, right_eye, nose, left_corner, right_corner = five_points(mesh)
    assert left_eye[0] < left_corner[0] < nose[0] < right_corner[0] < right_eye[0]


def test_a_face_into_the_camera_has_no_yaw_and_a_mirrored_one_the_opposite(
    mesher: FaceMesher, mesh: FloatArray
) -> None:
    assert abs(yaw_degrees(mesh)) < 6
    assert abs(pose_degrees(mesh).roll) < 3
    mirrored = mesher.mesh(np.ascontiguousarray(face_picture(512)[:, ::-1]), LOOSE_BOX[[0, 1, 2, 3]] * 512, passes=3)
    assert mirrored is not None
    assert yaw_degrees(mirrored.points) == pytest.approx(-yaw_degrees(mesh), abs=3)


def test_roll_is_what_the_picture_was_turned_by(mesher: FaceMesher, mesh: FloatArray) -> None:
    image, affine = turned(face_picture(512), 25)
    found = mesher.mesh(image, mesh_box(transform(affine, mesh)), passes=2)
    assert found is not None
    assert pose_degrees(found.points).roll == pytest.approx(25 + pose_degrees(mesh).roll, abs=2)


def test_find_faces_gives_every_face_once_largest_first(detector: MediaPipeDetector, mesher: FaceMesher) -> None:
    found = find_faces(scene(1280, 720, (220, 250, 200), (900, 380, 640), (480, 520, 330)), detector, mesher)
    centres = [float(face.landmarks[2, 0]) for face in found]
    np.testing.assert_allclose(centres, [900, 480, 220], atol=12)
    for face in found:
        assert face.mesh is not None
        np.testing.assert_array_equal(face.box, mesh_box(face.mesh))
        np.testing.assert_array_equal(face.landmarks, five_points(face.mesh))
    arrays = as_detections(found)
    assert arrays.scores.tolist() == [np.float32(face.score) for face in found]


def test_find_faces_in_an_empty_room(detector: MediaPipeDetector, mesher: FaceMesher) -> None:
    assert find_faces(scene(640, 480), detector, mesher) == ()
    assert find_faces(np.zeros((1, 1, 3), np.uint8), detector, mesher) == ()
    assert len(as_detections(())) == 0


def test_a_still_face_filmed_with_noise_does_not_shiver(mesher: FaceMesher, mesh: FloatArray) -> None:
    """Smoothed, the five points move at most 0.1 % of the eye distance a frame: a twentieth of a pixel at 50 px."""
    random = np.random.default_rng(0)
    still, smooth = face_picture(400), OneEuro(together=True)
    points, raw, smoothed = (mesh + 0.5) * 400 / 512 - 0.5, [], []
    for index in range(30):
        noisy = np.clip(still + random.normal(0.5, 3, still.shape), 0, 255).astype(np.uint8)
        found = mesher.follow(noisy, points)
        assert found is not None
        points = found.points
        raw.append(five_points(points))
        smoothed.append(smooth(raw[-1], index * 40_000_000, scale=float(np.ptp(points[:, 0]))))
    eyes = float(np.linalg.norm(raw[0][1] - raw[0][0]))
    raw_step, step = (np.linalg.norm(np.diff(p[8:], axis=0), axis=-1).mean() / eyes for p in (raw, smoothed))
    assert step < 0.001
    assert step < raw_step / 3
