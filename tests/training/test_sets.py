"""Labels of public collections, read from tables written here in their formats."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from training.data.sets import FEMALE, MALE, UNKNOWN, DataError, Label, all_age_faces, fairface, utkface
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


@pytest.mark.parametrize("reader", [utkface, fairface, all_age_faces])
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
