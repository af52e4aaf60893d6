"""Scenes for the detector: reading labels, keeping photos of one kind together, and composing training pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.images import read_picture
from engine.types import Detections, Image
from tests.builders import boxes, face_picture, scene
from training.data.mosaics import Composer, hide_some, webcam
from training.data.scenes import (
    BARE,
    IGNORE,
    MASKED,
    UNKNOWN,
    Marked,
    Scenes,
    ScenesConfig,
    dlib_faces,
    fingerprint,
    join_labels,
    load_scenes,
    maskon,
    prepare_scenes,
    same_photo_groups,
    shrunk,
    split_of,
)
from training.data.sets import DataError
from training.data.synthetic_scenes import write_maskon_like


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Scenes:
    """Ten drawn scenes, all of them for training."""
    folder = tmp_path_factory.mktemp("scenes")
    write_maskon_like(folder / "maskon", count=10)
    prepare_scenes(ScenesConfig(maskon=str(folder / "maskon"), out=str(folder / "out")))
    with np.load(folder / "out" / "scenes.npz") as table:
        columns = dict(table)
    columns["split"][:] = "train"
    np.savez(folder / "out" / "scenes.npz", **columns)
    return load_scenes(folder / "out")


def room(seed: int) -> Image:
    """A picture unlike those of other seeds."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (160, 120), interpolation=cv2.INTER_CUBIC), np.uint8)


def test_maskon_reads_boxes_and_what_they_are_and_skips_empty_ones(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "annotations").mkdir()
    cv2.imwrite(str(tmp_path / "images" / "a.jpg"), room(0))
    rows = [("sin_mascarilla", 1, 2, 30, 40), ("con_mascarilla", 50, 5, 80, 44), ("con_mascarilla", 9, 9, 9, 20)]
    text = "".join(
        f"<object><name>{n}</name><bndbox><xmin>{a}</xmin><ymin>{b}</ymin><xmax>{c}</xmax><ymax>{d}</ymax></bndbox></object>"
        for n, a, b, c, d in rows
    )
    (tmp_path / "annotations" / "a.xml").write_text(f"<annotation>{text}</annotation>")
    (tmp_path / "annotations" / "no-picture.xml").write_text("<annotation/>")
    (marked,) = maskon(tmp_path)
    assert marked.boxes is not None and marked.kinds is not None
    assert marked.boxes.tolist() == [[1, 2, 30, 40], [50, 5, 80, 44]]
    assert marked.kinds.tolist() == [BARE, MASKED]


def test_dlib_reads_boxes_and_what_is_to_be_ignored(tmp_path: Path) -> None:
    (tmp_path / "training.xml").write_text(
        "<dataset><images><image file='a.jpg'><box top='90' left='194' width='37' height='30'/>"
        "<box top='1' left='2' width='3' height='4' ignore='1'/></image></images></dataset>"
    )
    (marked,) = dlib_faces(tmp_path)
    assert marked.boxes is not None and marked.kinds is not None
    assert marked.boxes.tolist() == [[194, 90, 231, 120], [2, 1, 5, 5]]
    assert marked.kinds.tolist() == [UNKNOWN, IGNORE]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("flipped", lambda image: image[:, ::-1]),
        ("brighter", lambda image: np.clip(image * 0.7 + 60, 0, 255).astype(np.uint8)),
        ("smaller", lambda image: cv2.resize(image, (90, 70), interpolation=cv2.INTER_AREA)),
        (
            "turned",
            lambda image: cv2.warpAffine(
                image, cv2.getRotationMatrix2D((79.5, 59.5), 12, 1.0), (160, 120), borderMode=cv2.BORDER_REPLICATE
            ),
        ),
    ],
)
def test_changed_pictures_of_one_photo_are_one_group_and_others_are_not(name: str, change: object) -> None:
    assert callable(change)
    pictures = [room(1), room(2), np.ascontiguousarray(change(room(1))), room(3)]
    groups = same_photo_groups(np.stack([fingerprint(picture) for picture in pictures]))
    assert groups.tolist() == [0, 1, 0, 3], name


def test_the_part_is_decided_by_the_hash_alone_and_shares_are_kept() -> None:
    parts = [split_of(f"{value:08x}" + "0" * 56) for value in range(0, 2**32, 2**32 // 1000)]
    assert parts.count("test") == pytest.approx(150, abs=2)
    assert parts.count("val") == pytest.approx(50, abs=2)
    assert split_of("0" * 64) == "test"
    assert split_of("f" * 64) == "train"


def test_shrinking_tells_by_how_much_and_leaves_small_pictures_alone() -> None:
    small, x, y = shrunk(np.zeros((1000, 500, 3), np.uint8), 640)
    assert small.shape == (640, 320, 3)
    assert (x, y) == (0.64, 0.64)
    assert shrunk(np.zeros((30, 20, 3), np.uint8), 640)[1:] == (1.0, 1.0)


def test_found_landmarks_join_their_box_and_unlabelled_faces_are_to_be_ignored() -> None:
    marked = Marked(Path("a.jpg"), boxes((0, 0, 40, 40), (100, 0, 140, 40)), np.array([BARE, MASKED]))
    points = np.arange(20, dtype=np.float32).reshape(2, 5, 2)
    found = Detections(boxes((2, 2, 42, 42), (300, 0, 340, 40)), np.ones(2, np.float32), points)
    joined, kinds, known = join_labels(marked, found)
    assert kinds.tolist() == [BARE, MASKED, IGNORE]
    assert joined[2].tolist() == [300, 0, 340, 40]
    np.testing.assert_array_equal(known[0], points[0])
    assert np.isnan(known[1:]).all()
    alone = join_labels(Marked(Path("a.jpg")), found)
    assert alone[1].tolist() == [UNKNOWN, UNKNOWN]


def test_preparing_stores_pictures_labels_and_an_audit_sheet(prepared: Scenes, tmp_path: Path) -> None:
    write_maskon_like(tmp_path / "maskon", count=3, seed=5)
    counts = prepare_scenes(ScenesConfig(maskon=str(tmp_path / "maskon"), out=str(tmp_path / "out")))
    assert sum(counts.values()) == 3
    scenes = load_scenes(tmp_path / "out")
    image = scenes.picture(0)
    assert scenes.size(0) == image.shape[:2] == (240, 320)
    np.testing.assert_array_equal(image, read_picture(tmp_path / "maskon" / "images" / "0.jpg"))
    assert not image.flags.writeable
    box, kinds, points = scenes.labels(0)
    assert kinds[0] == BARE and len(box) == len(kinds) == len(points)
    assert np.isfinite(points[0]).all(), "MediaPipe sees the demo's face"
    assert read_picture(tmp_path / "out" / "audit.png").shape == (200, 2400, 3)
    assert not list((tmp_path / "out").glob("*.partial"))


def test_portraits_without_a_face_and_backgrounds_with_one_are_left_out(tmp_path: Path) -> None:
    for folder in ("portraits", "backgrounds"):
        (tmp_path / folder).mkdir()
        cv2.imwrite(str(tmp_path / folder / "face.jpg"), face_picture(300))
        cv2.imwrite(str(tmp_path / folder / "room.jpg"), scene(320, 240))
    config = ScenesConfig(
        celeba=str(tmp_path / "portraits"), backgrounds=str(tmp_path / "backgrounds"), out=str(tmp_path / "out")
    )
    assert prepare_scenes(config) == {"celeba/train": 1, "backgrounds/train": 1}
    scenes = load_scenes(tmp_path / "out")
    assert scenes.names.tolist() == ["face.jpg", "room.jpg"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "no folder of pictures"),
        ({"maskon": "nowhere"}, "holds no pictures"),
        ({"all_age_faces": "nowhere"}, "train.txt"),
    ],
)
def test_missing_folders_are_told_before_anything_is_written(
    values: dict[str, str], words: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=words):
        prepare_scenes(ScenesConfig(out=str(tmp_path / "out"), **values))
    assert not (tmp_path / "out").exists()
    with pytest.raises(DataError, match="prepare-scenes"):
        load_scenes(tmp_path)


def test_samples_are_square_repeatable_and_differ_by_seed(prepared: Scenes) -> None:
    composer = Composer(prepared)
    first, again, other = (composer.sample(128, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert first.image.shape == (128, 128, 3) and first.image.dtype == np.uint8
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.boxes, again.boxes)
    assert not np.array_equal(first.image, other.image)


def test_labels_lie_inside_the_picture_and_landmarks_inside_their_boxes(prepared: Scenes) -> None:
    composer = Composer(prepared)
    seen = 0
    for seed in range(40):
        sample = composer.sample(192, np.random.default_rng(seed))
        assert (sample.boxes >= 0).all() and (sample.boxes <= 192).all()
        assert (sample.boxes[:, 2:] > sample.boxes[:, :2]).all()
        for box, five in zip(sample.boxes[~sample.ignored], sample.points[~sample.ignored], strict=True):
            known = five[np.isfinite(five).all(1)]
            side = (box[2:] - box[:2]).max()
            assert ((known > box[:2] - side / 3) & (known < box[2:] + side / 3)).all()
            if len(known) == 5:
                assert five[0, 0] < five[1, 0] and five[3, 0] < five[4, 0], "image left first, flipped or not"
                seen += 1
    assert seen > 20


def test_boxes_follow_the_face_through_cutting_scaling_and_flipping(tmp_path: Path) -> None:
    """A white square on black stands for a face: where the label says, it is white, and elsewhere it is not."""
    (tmp_path / "images").mkdir()
    (tmp_path / "annotations").mkdir()
    image = np.zeros((300, 400, 3), np.uint8)
    image[100:160, 240:300] = 255
    cv2.imwrite(str(tmp_path / "images" / "0.jpg"), image)
    (tmp_path / "annotations" / "0.xml").write_text(
        "<annotation><object><name>x</name><bndbox><xmin>240</xmin><ymin>100</ymin><xmax>300</xmax><ymax>160</ymax>"
        "</bndbox></object></annotation>"
    )
    prepare_scenes(ScenesConfig(maskon=str(tmp_path), out=str(tmp_path / "out")))
    scenes = load_scenes(tmp_path / "out")
    composer = Composer(scenes, str(scenes.split[0]))
    for seed in range(60):
        cut = composer._cut(0, 128, np.random.default_rng(seed))
        for box in cut.boxes[~cut.ignored]:
            drawn = np.zeros((128, 128), bool)
            x1, y1, x2, y2 = box.round().astype(int)
            drawn[y1:y2, x1:x2] = True
            white = cut.image.min(axis=2) > 128
            covered = white & drawn
            assert covered.sum() > 0.7 * drawn.sum() or box[2] - box[0] < 16, "at most a tenth is hidden by a patch"


def test_hiding_changes_the_picture_inside_faces_only_and_not_the_labels() -> None:
    rng = np.random.default_rng(0)
    face = boxes((30, 30, 90, 90))
    five = np.array([[[45.0, 50], [75, 50], [60, 65], [50, 78], [70, 78]]], np.float32)
    changed = np.zeros((120, 120), bool)
    for _ in range(80):
        image = hide_some(np.full((120, 120, 3), 100, np.uint8), face, five, np.array([BARE]), rng)
        changed |= (image != 100).any(axis=2)
    assert changed[70, 60] and not changed[:10].any()
    assert face.tolist() == [[30, 30, 90, 90]]


def test_webcam_keeps_size_and_type() -> None:
    for seed in range(30):
        image = webcam(room(7), np.random.default_rng(seed))
        assert image.shape == (120, 160, 3) and image.dtype == np.uint8 and image.flags.c_contiguous
