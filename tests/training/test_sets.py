"""Labels of public collections, read from tables written here in their formats."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from training.data.sets import (
    FEMALE,
    LICENCES,
    MALE,
    OLDEST,
    READERS,
    UNKNOWN,
    DataError,
    Label,
    all_age_faces,
    celeba,
    cfp,
    fairface,
    mebeauty,
    scut_fbp5500,
    utkface,
)
from training.loops.age import age_divergence


def test_utkface_with_a_missing_gender(tmp_path: Path) -> None:
    (tmp_path / "utkface.csv").write_text("file,age,gender,race,split\na.jpg,31,1,2,train\nb.jpg,4,,,val\n")
    assert utkface(tmp_path) == [
        Label("a.jpg", 31, 31, FEMALE, 2, "train"),
        Label("b.jpg", 4, 4, UNKNOWN, UNKNOWN, "val"),
    ]


def test_fairface_reads_dates_as_the_bands_they_were(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "1.jpg").touch()
    (tmp_path / "train" / "2.jpg").touch()
    heading = "file,age,gender,race,service_test\n"
    (tmp_path / "fairface_label_train.csv").write_text(
        heading + "train/1.jpg,03-Sep,Male,Black,TRUE\ntrain/2.jpg,more than 70,Female,White,TRUE\n"
        "file,age,gender,race,service_test\ntrain/3.jpg,20-29,Male,White,TRUE\n"
    )
    (tmp_path / "fairface_label_val.csv").write_text(heading)
    assert fairface(tmp_path) == [
        Label("train/1.jpg", 3, 9, MALE, 1, "train"),
        Label("train/2.jpg", 70, 100, FEMALE, 0, "train"),
    ]


def test_all_age_faces_never_trains_on_its_val_list(tmp_path: Path) -> None:
    (tmp_path / "image sets").mkdir()
    (tmp_path / "image sets" / "train.txt").write_text("00000A02.jpg 0\n")
    (tmp_path / "image sets" / "val.txt").write_text("07381A64.jpg 1\n")
    assert all_age_faces(tmp_path) == [
        Label("original images/00000A02.jpg", 2, 2, FEMALE, UNKNOWN, "train"),
        Label("original images/07381A64.jpg", 64, 64, MALE, UNKNOWN, "test"),
    ]


def touch(folder: Path, *files: str) -> None:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()


def test_utkface_without_a_table_is_read_from_its_names(tmp_path: Path) -> None:
    names = ("31_1_2_2017.jpg.chip.jpg", "part2/4_0_0_2016.jpg", "110_0_0_2016.jpg", "61_1_2016.jpg", "readme.txt")
    touch(tmp_path, *names)
    assert utkface(tmp_path) == [
        Label("31_1_2_2017.jpg.chip.jpg", 31, 31, FEMALE, 2, ""),
        Label("part2/4_0_0_2016.jpg", 4, 4, MALE, 0, ""),
    ]


def test_celeba_knows_people_and_not_ages(tmp_path: Path) -> None:
    touch(tmp_path, "Celeb/000001.jpg", "Celeb/000002.jpg", "Celeb/stranger.jpg")
    (tmp_path / "identity_CelebA.txt").write_text("image identity\n000001.jpg 2880\n000002.jpg 7\n000003.jpg 7\n")
    assert celeba(tmp_path) == [
        Label("Celeb/000001.jpg", 0, OLDEST, UNKNOWN, UNKNOWN, "", 2880),
        Label("Celeb/000002.jpg", 0, OLDEST, UNKNOWN, UNKNOWN, "", 7),
    ]


@pytest.mark.parametrize(
    "attributes",
    [
        "2\nBald Male Young\n000001.jpg -1  1 -1\n000002.jpg -1 -1  1\n",
        "image_id,Bald,Male,Young\n000001.jpg,-1,1,-1\n000002.jpg,-1,-1,1\n",
    ],
    ids=["official", "spreadsheet"],
)
def test_celeba_with_its_lists(tmp_path: Path, attributes: str) -> None:
    touch(tmp_path, "Celeb/000001.jpg", "Celeb/000002.jpg")
    (tmp_path / "identity_CelebA.txt").write_text("000001.jpg 1\n000002.jpg 2\n")
    (tmp_path / "list_eval_partition.txt").write_text("000001.jpg 0\n000002.jpg 2\n")
    (tmp_path / "list_attr_celeba.txt").write_text(attributes)
    assert [(label.gender, label.split) for label in celeba(tmp_path)] == [(MALE, "train"), (FEMALE, "test")]


def test_cfp_keeps_the_people_of_lfw(tmp_path: Path) -> None:
    touch(tmp_path, "Data/Images/001/frontal/01.jpg", "Data/Images/006/profile/04.jpg", "Data/other.jpg")
    assert cfp(tmp_path) == [
        Label("Data/Images/001/frontal/01.jpg", 0, OLDEST, UNKNOWN, UNKNOWN, "train", 1),
        Label("Data/Images/006/profile/04.jpg", 0, OLDEST, UNKNOWN, UNKNOWN, "test", 6),
    ]


def test_mebeauty_tells_by_its_folders(tmp_path: Path) -> None:
    touch(tmp_path, "original_images/female/asian/a.jpg", "original_images/male/mideastern/b.png", "scores/x.jpg")
    assert mebeauty(tmp_path) == [
        Label("original_images/female/asian/a.jpg", 0, OLDEST, FEMALE, 2, ""),
        Label("original_images/male/mideastern/b.png", 0, OLDEST, MALE, 4, ""),
    ]


def test_scut_tells_by_its_names(tmp_path: Path) -> None:
    touch(tmp_path, "Images/AF1.jpg", "Images/CM750.jpg", "Images/cover.jpg")
    assert scut_fbp5500(tmp_path) == [
        Label("Images/AF1.jpg", 0, OLDEST, FEMALE, 2, ""),
        Label("Images/CM750.jpg", 0, OLDEST, MALE, 0, ""),
    ]


def test_every_collection_has_a_licence() -> None:
    assert set(LICENCES) == set(READERS)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_a_missing_table_is_named(reader: object, tmp_path: Path) -> None:
    assert callable(reader)
    with pytest.raises(DataError, match="is missing"):
        reader(tmp_path)


def test_a_band_asks_only_to_be_inside() -> None:
    logits = torch.full((1, 101), -20.0)
    logits[0, 22] = 20.0
    low, high = torch.tensor([20]), torch.tensor([29])
    assert float(age_divergence(logits, low, high, 2.5)) == pytest.approx(0, abs=1e-3)
    assert float(age_divergence(logits, low + 30, high + 30, 2.5)) > 10


def test_an_exact_age_wants_its_gaussian() -> None:
    years = torch.tensor([40])
    grid = torch.arange(101.0)
    right = -((grid - 40) ** 2) / (2 * 2.5**2)
    assert float(age_divergence(right[None], years, years, 2.5)) == pytest.approx(0, abs=1e-3)
    assert float(age_divergence(right[None], years + 10, years + 10, 2.5)) > 1
