"""The face engine on a real detector and mesh, with random networks: what does not depend on their skill."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.capture.demo import DemoSource
from engine.errors import SettingsError, WeightsError
from engine.geometry.align import WIDE, crop_affine, transform
from engine.paths import gallery_file, weights_dir
from engine.recognition import vault
from engine.recognition.gallery import Gallery
from engine.recognition.index import GalleryIndex
from engine.recognition.records import Sample
from engine.still import FaceEngine, _fitting_size
from engine.types import Embedding, Face, Image
from tests.builders import rough_crops


@pytest.fixture(scope="module")
def image() -> Image:
    """The demo's face, which nobody owns, on a 720p backdrop."""
    demo = DemoSource()
    demo.open()
    picture = demo.picture(0)
    demo.close()
    return picture


@pytest.fixture(scope="module")
def engine(made_weights: Path) -> Iterator[FaceEngine]:
    made = FaceEngine("cpu", weights=made_weights)
    yield made
    made.close()


@pytest.fixture(scope="module")
def face(engine: FaceEngine, image: Image) -> Face:
    (found,) = engine.analyze(image)
    return found


def test_a_face_comes_with_all_that_is_known(face: Face, image: Image) -> None:
    x1, y1, x2, y2 = face.box
    assert 0 < x1 < x2 < image.shape[1]
    assert 0 < y1 < y2 < image.shape[0]
    assert face.score > 0.5
    assert face.mesh is not None
    assert face.age is not None
    assert 0 < face.age.years < 100
    assert 0 < face.quality <= 1
    assert abs(face.yaw_degrees) < 20
    assert face.person is None
    assert face.embedding is None
    left, right, nose, mouth_left, mouth_right = face.landmarks
    assert left[0] < nose[0] < right[0]
    assert mouth_left[0] < mouth_right[0]
    assert left[1] < nose[1] < mouth_left[1]


def test_faces_come_largest_first(engine: FaceEngine, image: Image) -> None:
    small = np.ascontiguousarray(image[::2, ::2])
    both = np.concatenate([small, image[: small.shape[0]]], axis=1)
    both = np.zeros((720, 640 + 1280, 3), np.uint8)
    both[:360, :640], both[:, 640:] = small, image
    faces = engine.analyze(both)
    assert len(faces) == 2
    assert faces[0].box[0] > 640 > faces[1].box[2]


def test_the_same_picture_gives_the_same_numbers_whatever_came_between(
    made_weights: Path, image: Image, face: Face
) -> None:
    other = FaceEngine("cpu", weights=made_weights)
    other.analyze(np.ascontiguousarray(image[:, ::-1]))
    (again,) = other.analyze(image)
    np.testing.assert_array_equal(again.box, face.box)
    np.testing.assert_array_equal(again.landmarks, face.landmarks)
    np.testing.assert_array_equal(again.mesh, face.mesh)
    assert (again.age, again.quality, again.score) == (face.age, face.quality, face.score)
    first, second = other.age(image, 70, source_age=30), other.age(image, 70, source_age=30)
    np.testing.assert_array_equal(first, second)
    other.close()


def test_ageing_changes_the_face_and_nothing_outside_it(engine: FaceEngine, image: Image, face: Face) -> None:
    before = image.copy()
    result = engine.age(image, 70, source_age=30)
    assert result.shape == image.shape
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(image, before)
    changed = (result != image).any(axis=2)
    x1, y1, x2, y2 = face.box
    inside = changed[int(y1) : int(y2), int(x1) : int(x2)]
    assert inside.mean() > 0.3
    height, width = y2 - y1, x2 - x1
    outside = changed.copy()
    top, left = max(int(y1 - 0.65 * height), 0), max(int(x1 - 0.55 * width), 0)  # the hair
    outside[top : int(y2 + 0.2 * height), left : int(x2 + 0.55 * width)] = False
    assert outside.shape == image.shape[:2] and (top > 0 or left > 0)
    assert not outside.any()


@pytest.mark.parametrize("source", [0.0, 34.0, 100.0])
def test_target_equal_to_source_changes_nothing(engine: FaceEngine, image: Image, source: float) -> None:
    result = engine.age(image, source, source_age=source)
    np.testing.assert_array_equal(result, image)
    assert result is not image


def test_the_estimated_age_is_the_source_age(engine: FaceEngine, image: Image, face: Face) -> None:
    assert face.age is not None
    np.testing.assert_array_equal(engine.age(image, face.age.years), image)
    assert (engine.age(image, 5.0) != image).any()


def test_children_get_a_childs_shape_where_the_weights_have_one(
    made_weights: Path, image: Image, face: Face, tmp_path: Path
) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(made_weights, folder)
    for name in ("growth.toml", "growth.npz"):
        shutil.copy(weights_dir() / name, folder / name)
    growing, plain = FaceEngine("cpu", weights=folder), FaceEngine("cpu", weights=made_weights)
    child, painted = (engine.age(image, 3, source_age=40, faces=[face]) for engine in (growing, plain))
    assert face.mesh is not None
    moved, unmoved = (engine.find(picture)[0].landmarks for engine, picture in ((growing, child), (plain, painted)))
    apart = [float(np.linalg.norm(points[:2].mean(0) - points[3:].mean(0))) for points in (moved, unmoved)]
    assert apart[0] < 0.97 * apart[1], "a child's mouth is nearer to its eyes"
    for engine in (growing, plain):
        np.testing.assert_array_equal(
            engine.age(image, 70, source_age=40, faces=[face]), plain.age(image, 70, source_age=40, faces=[face])
        )
        engine.close()


def test_only_the_faces_asked_for_are_aged(engine: FaceEngine, image: Image, face: Face) -> None:
    np.testing.assert_array_equal(engine.age(image, 70, source_age=30, faces=[]), image)
    np.testing.assert_array_equal(
        engine.age(image, 70, source_age=30, faces=[face]), engine.age(image, 70, source_age=30)
    )


def test_a_face_without_a_mesh_stays_as_it_is(engine: FaceEngine, image: Image, face: Face) -> None:
    profile = Face(face.box, face.score, face.landmarks)
    np.testing.assert_array_equal(engine.age(image, 70, source_age=30, faces=[profile]), image)


def test_strength_scales_the_change(engine: FaceEngine, image: Image, face: Face) -> None:
    def change(strength: float) -> float:
        aged = engine.age(image, 70, source_age=30, faces=[face], strength=strength)
        return float(np.abs(aged.astype(int) - image).sum())

    assert change(0.0) == 0
    assert 0 < change(0.5) < change(1.0)


def test_a_read_only_picture_is_welcome(engine: FaceEngine, image: Image) -> None:
    frozen = image.copy()
    frozen.flags.writeable = False
    assert engine.age(frozen, 70, source_age=30).flags.writeable


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 500, 3), (40, 2, 3), (64, 64, 3)])
def test_a_picture_without_a_face_has_none_and_stays_equal(engine: FaceEngine, shape: tuple[int, ...]) -> None:
    empty = np.full(shape, 90, np.uint8)
    assert engine.analyze(empty) == ()
    np.testing.assert_array_equal(engine.age(empty, 70), empty)


@pytest.mark.parametrize("bad", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)])
def test_another_kind_of_array_is_refused(engine: FaceEngine, bad: Image) -> None:
    with pytest.raises(ValueError, match="image: expected"):
        engine.analyze(bad)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({"target_age": -5}, "target age -5"),
        ({"target_age": 500}, "target age 500"),
        ({"target_age": float("nan")}, "target age nan"),
        ({"target_age": 70, "source_age": 101}, "source age 101"),
        ({"target_age": 70, "size": 300}, "size 300"),
        ({"target_age": 70, "strength": 1.5}, "strength 1.5"),
    ],
)
def test_values_out_of_range_are_refused(
    engine: FaceEngine, image: Image, arguments: dict[str, float], part: str
) -> None:
    with pytest.raises(SettingsError, match=part):
        engine.age(image, **arguments)  # type: ignore[arg-type]


class TestRecognition:
    def test_embeddings_are_unit_rows(self, engine: FaceEngine) -> None:
        rows = engine.embed(np.concatenate([rough_crops(0)[:2], rough_crops(1)[:1]]))
        assert rows.shape == (3, 16)
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
        assert rows[0] @ rows[1] > rows[0] @ rows[2]
        assert engine.embed(np.zeros((0, 112, 112, 3), np.uint8)).shape == (0, 16)

    def test_another_size_is_refused(self, engine: FaceEngine) -> None:
        with pytest.raises(ValueError, match="crops: expected"):
            engine.embed(np.zeros((1, 100, 100, 3), np.uint8))

    def test_faces_have_their_vector_when_asked(self, engine: FaceEngine, image: Image) -> None:
        (face,) = engine.analyze(image, embeddings=True)
        (mirrored,) = engine.analyze(np.ascontiguousarray(image[:, ::-1]), embeddings=True)
        assert face.embedding is not None
        assert mirrored.embedding is not None
        assert float(np.linalg.norm(face.embedding)) == pytest.approx(1, abs=1e-5)
        assert float(face.embedding @ mirrored.embedding) > 0.95, "made from the crop and its mirror image"
        assert face.person is None

    def test_people_are_named_when_they_are_known(self, engine: FaceEngine, image: Image) -> None:
        (face,) = engine.analyze(image, embeddings=True)
        assert face.embedding is not None
        engine.know(GalleryIndex.of(engine.model, [(1, "Ada", None, [face.embedding])]))
        (named,) = engine.analyze(image)
        engine.know(GalleryIndex.of(engine.model, [(1, "Ada", None, [-face.embedding])]))
        (stranger,) = engine.analyze(image)
        engine.know(None)
        assert named.person is not None
        assert named.person.person == "Ada"
        assert named.person.similarity == pytest.approx(1, abs=1e-5)
        assert named.embedding is None
        assert stranger.person is None

    def test_the_users_gallery_is_used_where_it_opens_without_asking(
        self, engine: FaceEngine, image: Image, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(vault, "SCRYPT_N", 16)
        (face,) = engine.analyze(image, embeddings=True)
        sample = Sample(Embedding(face.embedding, engine.model), rough_crops(0)[0], 0.9)
        with Gallery.open() as gallery:
            gallery.unlock("a passphrase")
            gallery.add("Ada", [sample], "consent")
        (locked,) = engine.analyze(image)
        assert locked.person is None
        monkeypatch.setenv(vault.PASSPHRASE_VARIABLE, "a passphrase")
        other = FaceEngine("cpu", weights=engine._weights)
        (known,) = other.analyze(image)
        assert known.person is not None
        assert known.person.person == "Ada"
        with Gallery.open() as gallery:
            gallery.rename(gallery.people()[0].id, "Ada Lovelace")
        (renamed,) = other.analyze(image)
        assert renamed.person is not None
        assert renamed.person.person == "Ada Lovelace"
        other.close()

    def test_a_damaged_gallery_costs_the_names_only(self, engine: FaceEngine, image: Image) -> None:
        gallery_file().parent.mkdir(parents=True, exist_ok=True)
        gallery_file().write_bytes(b"noise" * 1000)
        assert engine.analyze(image)[0].person is None

    def test_without_its_network_the_rest_is_done(self, weights: Path, image: Image) -> None:
        (weights / "embedder.toml").unlink()
        engine = FaceEngine("cpu", weights=weights)
        gallery_file().parent.mkdir(parents=True, exist_ok=True)
        gallery_file().write_bytes(b"noise")
        (face,) = engine.analyze(image)
        assert face.age is not None
        assert face.person is None
        with pytest.raises(WeightsError, match="faces cannot be recognised: no weights are called 'embedder'"):
            engine.analyze(image, embeddings=True)
        with pytest.raises(WeightsError, match="faces cannot be recognised"):
            engine.embed(np.zeros((1, 112, 112, 3), np.uint8))
        engine.close()


def test_missing_weights_are_told_when_they_are_needed(tmp_path: Path, image: Image) -> None:
    engine = FaceEngine("cpu", weights=tmp_path)
    assert engine.find(image)
    with pytest.raises(WeightsError, match="no weights are called 'age'"):
        engine.analyze(image)
    engine.close()


def test_devices_are_those_in_use_and_close_is_safe_twice(made_weights: Path, image: Image) -> None:
    engine = FaceEngine("cpu", weights=made_weights)
    assert engine.devices == {}
    engine.age(image, 70)
    assert engine.devices == {"age": "cpu/openvino/f32", "ager": "cpu/openvino/f32"}
    engine.close()
    engine.close()
    assert engine.devices == {}
    assert len(engine.analyze(image)) == 1


@pytest.mark.parametrize(("width_px", "size"), [(40, 256), (255, 256), (257, 384), (500, 512), (2000, 512)])
def test_the_crop_is_not_smaller_than_the_face_up_to_the_largest_size(width_px: int, size: int) -> None:
    landmarks = (WIDE * width_px + [7, 9]).astype(np.float32)
    assert _fitting_size(landmarks) == size
    np.testing.assert_allclose(transform(crop_affine(landmarks, size), landmarks), WIDE * size, atol=0.01)
