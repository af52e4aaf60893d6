"""From raw folders to prepared ones, with real pictures and the real mesh network."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from training.cli import main
from training.data.faces import load
from training.data.prepare import MANIFEST, PrepareConfig, prepare
from training.data.shards import shard_files
from training.data.synthetic import write_utkface_like


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve faces, then: a copy of one, another compressed, two of one photograph with different ages, two files that
    are no pictures, a picture without a face.
    """
    folder = tmp_path_factory.mktemp("utkface")
    write_utkface_like(folder)
    shutil.copy(folder / "0.jpg", folder / "copy.jpg")
    cv2.imwrite(str(folder / "again.jpg"), cv2.imread(str(folder / "1.jpg")), [cv2.IMWRITE_JPEG_QUALITY, 40])
    shutil.copy(folder / "4.jpg", folder / "older.jpg")
    (folder / "text.jpg").write_text("not a picture")
    (folder / "half.jpg").write_bytes((folder / "2.jpg").read_bytes()[:2000])
    cv2.imwrite(str(folder / "wall.png"), np.full((200, 200, 3), 90, np.uint8))
    with (folder / "utkface.csv").open(newline="") as table:
        rows = {row["file"]: row for row in csv.DictReader(table)}
    with (folder / "utkface.csv").open("a", newline="") as table:
        more = {"copy.jpg": "0.jpg", "again.jpg": "1.jpg", "older.jpg": "4.jpg"}
        for name in ("copy.jpg", "again.jpg", "older.jpg", "text.jpg", "half.jpg", "wall.png"):
            row = rows[more.get(name, "0.jpg")]
            age = int(row["age"]) + (30 if name == "older.jpg" else 0)
            csv.writer(table).writerow([name, age, row["gender"], row["race"], row["split"]])
    return folder


def test_a_collection_is_prepared(source: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["prepare", "utkface", str(source), str(tmp_path), "--shards", "--set", "processes=1"]) == 0
    printed = capfd.readouterr()
    counts = json.loads(printed.out)["result"]
    assert counts == {
        "faces": 11, "of": 18, "no_pictures": 2, "no_face": 1,
        "duplicates": 1, "near_duplicates": 1, "contradictions": 2, "shared_people": 0,
    }  # fmt: skip
    (told,) = printed.err.strip().splitlines()
    assert "2 of 18 files left out, the first: not a picture" in told and "text.jpg" in told
    faces = load(tmp_path)
    assert sorted(faces.files) == sorted(f"{number}.jpg" for number in range(12) if number != 4)
    assert set(faces.licence) == {"non-commercial research"}
    assert faces.crops.shape == (11, 256, 256, 3) and faces.crops[10].std() > 10
    with (tmp_path / "manifest.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    assert list(rows[0]) == list(MANIFEST)
    assert [row["file"] for row in rows] == faces.files.tolist()
    assert [row["split"] for row in rows] == faces.split.tolist()
    assert json.loads((tmp_path / "prepared.json").read_text())["licence"] == "non-commercial research"
    assert len(shard_files(tmp_path)) == 1
    assert not list(tmp_path.glob("*partial*"))


def test_people_of_celeba_are_kept_apart(source: Path, tmp_path: Path) -> None:
    raw = tmp_path / "celeba"
    (raw / "Celeb").mkdir(parents=True)
    for number in range(6):
        shutil.copy(source / f"{number}.jpg", raw / "Celeb" / f"{number:06}.jpg")
    people = "".join(f"{number:06}.jpg {number // 2}\n" for number in range(6))
    (raw / "identity_CelebA.txt").write_text(people)
    counts = prepare(PrepareConfig(set="celeba", source=str(raw), out=str(tmp_path / "out"), processes=1))
    faces = load(tmp_path / "out")
    assert counts["faces"] == 6
    assert faces.identity.tolist() == [0, 0, 1, 1, 2, 2]
    assert not faces.age_known.any()
    for person in range(3):
        assert len(set(faces.split[faces.identity == person])) == 1


def test_a_small_face_in_a_large_picture_is_found(source: Path, tmp_path: Path) -> None:
    raw = tmp_path / "mebeauty" / "original_images" / "female" / "asian"
    raw.mkdir(parents=True)
    scene = np.full((480, 640, 3), 120, np.uint8)
    scene[40:140, 450:550] = cv2.resize(cv2.imread(str(source / "0.jpg")), (100, 100), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(raw / "a.png"), scene)
    config = PrepareConfig(set="mebeauty", source=str(tmp_path / "mebeauty"), out=str(tmp_path / "out"), processes=1)
    assert prepare(config)["faces"] == 1


def test_where_no_face_is_found_nothing_is_left_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    cv2.imwrite(str(raw / "31_1_2_20170116.jpg"), np.full((200, 200, 3), 90, np.uint8))
    assert main(["prepare", "utkface", str(raw), str(out), "--set", "processes=1"]) == 1
    assert "no face was found" in capsys.readouterr().err
    assert list(out.iterdir()) == []
