"""Adults made children are measured beside what the network alone makes of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.training.faces import face_set, write_faces
from training.cli import main
from training.data.sets import DataError
from training.evaluation.children import TARGETS, ChildrenJob, evaluate_children, moved


def test_the_command_measures_every_target_both_ways(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "children", "--smoke"]) == 0
    result = json.loads(capfd.readouterr().out.strip().splitlines()[-1])["result"]
    assert set(result) == {
        f"{way}_{target}_{what}_own"
        for way in ("network", "growth") for target in TARGETS for what in ("years", "cosine")
    }  # fmt: skip
    assert result["growth_3_cosine_own"] != result["network_3_cosine_own"]


def test_meshes_go_where_the_picture_goes() -> None:
    crop = np.zeros((1, 128, 128, 3), np.uint8)
    crop[0, 60:68, 70:78] = 255
    line = 1 - np.abs(np.linspace(-1, 1, 17))
    field = (np.minimum(1, 3 * np.outer(line, line))[..., None] * (0.05, -0.03)).astype(np.float32)
    pictures, meshes = moved(crop, np.array([[[73.5, 63.5]]], np.float32), field)
    rows, columns = np.nonzero(pictures[0, ..., 0] > 127)
    assert meshes[0, 0] == pytest.approx([columns.mean(), rows.mean()], abs=1.0)
    assert meshes[0, 0] == pytest.approx([73.5 + 0.05 * 128, 63.5 - 0.03 * 128], abs=0.5)


def test_without_growth_or_adults_there_is_nothing_to_measure(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="training growth"):
        evaluate_children(ChildrenJob(tmp_path, tmp_path / "out", weights=tmp_path))
    write_faces(tmp_path / "faces", face_set(20))
    with pytest.raises(DataError, match="frontal and sharp enough"):
        evaluate_children(ChildrenJob(tmp_path / "faces", tmp_path / "out", split="nobody"))
