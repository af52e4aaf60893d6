"""The two networks in NumPy learn, and their tasks say and write what they should."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.cli import main
from training.data.sets import DataError
from training.data.synthetic import write_people, write_smoke_data
from training.scratch import age, people
from training.scratch.data import SIDE, grey_faces, load_people, standardised
from training.scratch.descent import DivergedError, Plan, descend, mirrored
from training.scratch.figures import weight_sheet
from training.scratch.losses import mean_squared_error
from training.scratch.network import age_network

PLAN = Plan(epochs=40, batch=32, rate=0.05, momentum=0.9, l2=0.0)


def test_grey_faces_are_means_of_tiles() -> None:
    crops = np.zeros((2, 256, 256, 3), np.uint8)
    crops[1, 32:36, 36:40] = 200
    crops[1, 222:224, 220:224] = (0, 100, 0)
    found = grey_faces(crops, np.array([1]))[0]
    assert found.shape == (SIDE, SIDE)
    assert found[0, 1] == pytest.approx(200, rel=1e-5)
    assert found[47, 47] == pytest.approx(0.587 * 100 / 2, rel=1e-5)
    assert np.count_nonzero(found) == 2


def test_standardised_pictures_forget_the_light() -> None:
    faces = np.random.default_rng(0).uniform(0, 255, (3, 48, 48)).astype(np.float32)
    found = standardised(faces)
    np.testing.assert_allclose(found.mean((1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(found.std((1, 2)), 1, rtol=1e-4)
    np.testing.assert_allclose(standardised(faces * 0.5 + 20), found, atol=1e-4)
    assert np.isfinite(standardised(np.zeros((1, 48, 48)))).all()


def test_mirrored_turns_some_and_leaves_the_given_batch_alone() -> None:
    x = np.arange(64.0).reshape(16, 1, 2, 2)
    kept = x.copy()
    found = mirrored(x, np.random.default_rng(0))
    turned = (found == x[..., ::-1]).all((1, 2, 3))
    assert 0 < turned.sum() < 16
    assert ((found == x).all((1, 2, 3)) ^ turned).all()
    np.testing.assert_array_equal(x, kept)


def test_descent_learns_a_bend_that_no_line_can_follow() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (512, 2)).astype(np.float32)
    target = np.abs(x[:, :1]) - 0.5
    losses = list(descend(age_network(2, 16, rng), mean_squared_error, x, target, PLAN, lambda x, _: x, 0))
    assert len(losses) == 40
    assert losses[-1] < 0.003 < 0.05 < float(target.var())


def test_the_same_seed_gives_the_same_run() -> None:
    x = np.random.default_rng(1).normal(size=(50, 4)).astype(np.float32)
    plan = replace(PLAN, epochs=3)
    runs = [
        list(descend(age_network(4, 4, np.random.default_rng(2)), mean_squared_error, x, x[:, :1], plan, mirrored, 5))
        for _ in range(2)
    ]
    assert runs[0] == runs[1]


def test_steps_that_are_too_long_are_named() -> None:
    x = np.random.default_rng(0).normal(size=(64, 8)).astype(np.float32)
    with pytest.raises(DivergedError, match="smaller `rate`"):
        network = age_network(8, 8, np.random.default_rng(0))
        list(descend(network, mean_squared_error, x, x[:, :1], replace(PLAN, rate=1e3), lambda x, _: x, 0))


def test_constant_guesses_are_the_best_ones_for_each_measure() -> None:
    known = np.array([10, 10, 40])
    found = age.constant_errors(known, known)
    assert found["rmse_years"] == pytest.approx(known.std())
    assert found["mae_years"] == pytest.approx(10)


def test_weight_sheet_lays_pictures_side_by_side() -> None:
    weights = np.stack([np.full((2, 3), value) for value in (1.0, -4.0, 0.5)])
    sheet = weight_sheet(weights)
    assert sheet.shape == (5, 7)
    np.testing.assert_allclose(sheet[0], [1, 1, 1, 0, -1, -1, -1])
    np.testing.assert_allclose(sheet[4], [1, 1, 1, 0, 0, 0, 0])


def test_age_task_writes_its_pictures_and_compares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = write_smoke_data(tmp_path, "ScratchAgeConfig")
    monkeypatch.setattr(age, "_age_network_errors", lambda *_: {"rmse_years": 2.0, "mae_years": 1.0})
    found = age.train(age.ScratchAgeConfig(**places, epochs=2, hidden=4, age="a run"))
    measures = {"rmse_years", "mae_years"}
    assert set(found) == {f"{who}{each}" for who in ("", "constant_", "age_network_") for each in measures}
    out = Path(places["out"])
    assert {path.name for path in out.iterdir()} == {"log.jsonl", "curves.png", "weights.png", "weights.npz"}
    assert len((out / "log.jsonl").read_text().splitlines()) == 2
    with np.load(out / "weights.npz") as saved:
        assert saved["p0"].shape == (SIDE**2, 4)


def test_people_task_tells_drawn_people_apart(tmp_path: Path) -> None:
    write_people(tmp_path / "people", people=6, pictures=10)
    config = people.ScratchPeopleConfig(
        data=str(tmp_path / "people"), out=str(tmp_path / "out"), people=6, width=4, epochs=20, batch=8
    )
    found = people.train(config)
    assert found["accuracy"] >= 0.9
    assert found["constant_accuracy"] == pytest.approx(1 / 6, abs=1e-3)
    assert json.loads((tmp_path / "out" / "log.jsonl").read_text().splitlines()[-1])["epoch"] == 19


def test_people_are_split_so_that_everybody_is_in_both_parts(tmp_path: Path) -> None:
    write_people(tmp_path, people=4, pictures=5)
    found = load_people(tmp_path, 3, 0.4, seed=0)
    assert len(found.names) == 3
    assert not set(found.train) & set(found.val)
    np.testing.assert_array_equal(np.bincount(found.label[found.train]), [3, 3, 3])
    np.testing.assert_array_equal(np.bincount(found.label[found.val]), [2, 2, 2])
    assert (found.label == -1).sum() == 5


def test_a_folder_that_does_not_tell_who_is_who_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_people(tmp_path, people=2, pictures=2)
    with pytest.raises(DataError, match="3 are wanted"):
        load_people(tmp_path, 3, 0.2, seed=0)
    np.savez(tmp_path / "facts.npz", years=np.arange(4))
    assert main(["scratch-people", "--data", str(tmp_path)]) == 1
    assert "column `identity`" in capsys.readouterr().err
    assert main(["scratch-people", "--data", str(tmp_path / "nowhere")]) == 1
    assert "no prepared faces" in capsys.readouterr().err
