"""Faces in tar files: the same as in arrays, readable as a stream, and refused when damaged."""

from __future__ import annotations

import json
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest

from tests.training.faces import face_set, write_faces
from training.cli import main
from training.data.faces import FaceSet, load
from training.data.sets import DataError
from training.data.shards import OPEN_AT_ONCE, load_shards, reading_order, shard_files, write_shards
from training.loops.age import balanced_weights


@pytest.fixture(scope="module")
def faces() -> FaceSet:
    return face_set(60)


@pytest.fixture(scope="module")
def folder(faces: FaceSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streamed")
    write_shards(faces, folder, "noise", largest_bytes=200_000)
    return folder


def test_no_shard_is_larger_than_wanted_and_none_is_half_written(folder: Path) -> None:
    files = shard_files(folder)
    assert [path.name for path in files] == [f"noise-{number:06}.tar" for number in range(len(files))]
    assert len(files) > 3
    assert max(path.stat().st_size for path in files) <= 200_000
    assert sorted((folder / "shards").iterdir()) == files


def test_members_follow_each_other_as_webdataset_wants_it(folder: Path) -> None:
    with tarfile.open(shard_files(folder)[0]) as tar:
        names = tar.getnames()
        facts = json.load(tar.extractfile(names[1]))
    assert all(one.endswith(".jpg") for one in names[::2])
    assert [one.partition(".")[0] for one in names[::2]] == [one.partition(".")[0] for one in names[1::2]]
    assert {"low", "high", "identity", "split", "licence", "file"} <= set(facts)


def test_shards_tell_the_same_as_arrays(faces: FaceSet, folder: Path) -> None:
    read = load(folder)
    assert len(read) == len(faces)
    order = np.argsort([int(name.partition(".")[0]) for name in read.files])
    for name in ("years", "low", "high", "gender", "group", "split", "grey", "files", "identity", "licence"):
        assert getattr(read, name)[order].tolist() == getattr(faces, name).tolist(), name
    for name in ("meshes", "corners", "sharpness", "yaw"):
        np.testing.assert_allclose(getattr(read, name)[order], getattr(faces, name), atol=0.0051)
    assert read.crops.shape == faces.crops.shape
    for row in (0, 17, 59):
        difference = read.crops[order[row]].astype(int) - faces.crops[row]
        assert np.abs(difference).mean() < 4


def test_crops_read_like_an_array(folder: Path) -> None:
    crops = load(folder).crops
    whole = np.stack([crops[row] for row in range(len(crops))])
    np.testing.assert_array_equal(crops[3:6], whole[3:6])
    np.testing.assert_array_equal(crops[np.array([5, 2])], whole[[5, 2]])
    np.testing.assert_array_equal(crops[4, 10:20, ::2], whole[4, 10:20, ::2])
    np.testing.assert_array_equal(crops[3:6, 10:20, :, ::-1], whole[3:6, 10:20, :, ::-1])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(crops))[7], whole[7])


def test_shards_alone_are_enough_to_train_on(tmp_path: Path) -> None:
    write_shards(face_set(40), tmp_path, "noise", largest_bytes=150_000)
    settings = ["width=4", "multiples=[1, 2]", "size=32", "blocks=1", "batch=8", "epochs=1", f"out={tmp_path / 'run'}"]
    command = ["age", "--data", str(tmp_path), "--accelerator", "cpu"]
    assert main(command + [part for each in settings for part in ("--set", each)]) == 0
    assert (tmp_path / "run" / "weights.safetensors").is_file()


def test_arrays_are_taken_where_there_are_both(tmp_path: Path) -> None:
    faces = face_set(4)
    write_shards(faces, write_faces(tmp_path, faces), "noise")
    assert load(tmp_path).shard.tolist() == [-1] * 4
    assert load_shards(tmp_path).shard.tolist() == [0] * 4


def test_new_shards_replace_old_ones(tmp_path: Path) -> None:
    write_shards(face_set(12), tmp_path, "old", largest_bytes=60_000)
    write_shards(face_set(2), tmp_path, "new")
    assert [path.name for path in shard_files(tmp_path)] == ["new-000000.tar"]


def test_a_damaged_shard_is_named(tmp_path: Path) -> None:
    (path,) = write_shards(face_set(3), tmp_path, "noise")
    path.write_bytes(b"this is no tar file" * 100)
    with pytest.raises(DataError, match=r"noise-000000\.tar is damaged"):
        load(tmp_path)


def test_an_epoch_reads_a_few_shards_at_a_time() -> None:
    rng = np.random.default_rng(0)
    shards = rng.integers(0, 3 * OPEN_AT_ONCE, 3000)
    order = reading_order(shards, rng)
    assert sorted(order.tolist()) == list(range(3000))
    thirds = np.array_split(shards[order], 12)
    assert all(len(np.unique(part)) <= 2 * OPEN_AT_ONCE for part in thirds)
    first, last = ({int(each) for each in part} for part in (thirds[0], thirds[-1]))
    assert not first & last


def test_faces_of_arrays_are_strewn_among_those_of_shards() -> None:
    rng = np.random.default_rng(0)
    shards = np.concatenate([np.full(1000, -1), np.arange(1000) % (2 * OPEN_AT_ONCE)])
    order = reading_order(shards, rng)
    assert 300 < (shards[order[:1000]] < 0).sum() < 700


def test_where_all_lie_in_arrays_or_few_shards_the_order_stays() -> None:
    rng = np.random.default_rng(0)
    for shards in (np.full(5, -1), np.array([1, 0, 1, 2])):
        assert reading_order(shards, rng).tolist() == list(range(len(shards)))


def test_an_older_folder_has_defaults(tmp_path: Path) -> None:
    faces = load(write_faces(tmp_path, face_set(6), without=("identity", "licence")))
    assert faces.identity.tolist() == [-1] * 6
    assert faces.licence.tolist() == [""] * 6


def test_people_by_name_become_numbers(tmp_path: Path) -> None:
    faces = face_set(3)
    write_faces(tmp_path, FaceSet(**{**vars(faces), "identity": np.array(["ada", "ben", "ada"])}))
    assert load(tmp_path).identity.tolist() == [0, 1, 0]


def test_faces_of_unknown_age_are_told_apart() -> None:
    faces = face_set(4)
    low, high = np.array([0, 0, 70, 30]), np.array([100, 2, 100, 30])
    some = FaceSet(**{**vars(faces), "low": low, "high": high, "years": (low + high) // 2})
    assert some.age_known.tolist() == [False, True, True, True]
    assert balanced_weights(some.years).sum() == pytest.approx(1)
