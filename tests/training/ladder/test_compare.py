"""Finished runs side by side: what they took, and their faces."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.training.faces import face_set, write_faces
from training.data.sets import DataError
from training.house import Machine
from training.ladder.compare import CompareGansConfig, compare, minutes_of, two_rows
from training.ladder.config import GanConfig
from training.ladder.loop import train


def test_minutes_are_of_the_images_and_their_rate() -> None:
    log = [{"step": 10, "faces_per_s": 4.0}, {"step": 30, "faces_per_s": 2.0}]
    assert minutes_of(log, batch=8, critic_steps=3) == pytest.approx((10 * 24 / 4 + 20 * 24 / 2) / 60)


def test_runs_stand_side_by_side(tmp_path: Path) -> None:
    data = write_faces(tmp_path / "faces", face_set(60, side=64))
    runs = []
    for rung in ("basic", "conditional"):
        runs.append(str(tmp_path / f"gan-{rung}"))
        train(
            GanConfig(
                name=f"gan-{rung}", rung=rung, data=str(data), out=runs[-1], size=16, latent=4, width=4, batch=4,
                steps=3, save_every=1, measure_every=3, measure_faces=8, yaw_limit=9.0,
            ),
            machine=Machine(accelerator="cpu", precision="32-true"),
        )  # fmt: skip
    out = tmp_path / "out"
    told = compare(CompareGansConfig(runs=tuple(runs), out=str(out)))
    written = json.loads((out / "gans.json").read_text())
    for name, fid in told.items():
        assert fid == pytest.approx(
            json.loads((tmp_path / name / "metrics.json").read_text())["last"]["own_fid"], abs=1e-3
        )
        assert written[name]["steps"] == 3
    assert "gan-conditional |" in (out / "gans.md").read_text()
    assert np.shape(cv2.imread(str(out / "gans.jpg"))) == (2 * 64, 16 * 64, 3)


def test_a_wished_sheet_shows_a_young_and_an_old_row(tmp_path: Path) -> None:
    sheet = np.zeros((9 * 18 - 2, 8 * 18 - 2, 3), np.uint8)
    sheet[3 * 18 : 3 * 18 + 16] = 90
    sheet[7 * 18 : 7 * 18 + 16] = 200
    (tmp_path / "samples").mkdir()
    cv2.imwrite(str(tmp_path / "samples" / "0000001.png"), sheet)
    shown = two_rows(tmp_path, 16, conditional=True)
    assert (shown[:, 10].mean(), shown[:, -10].mean()) == (90, 200)


def test_a_folder_without_a_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no finished run"):
        compare(CompareGansConfig(runs=(str(tmp_path),), out=str(tmp_path)))
    with pytest.raises(DataError, match="no sheet"):
        two_rows(tmp_path, 16, conditional=False)
