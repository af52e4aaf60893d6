"""Every training task really runs, on faces made by the program itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.cli import TASKS, main


@pytest.mark.parametrize("task", sorted(TASKS))
def test_task_runs_on_drawn_data(task: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([task, "--smoke"]) == 0
    last = capfd.readouterr().out.strip().splitlines()[-1]
    assert json.loads(last)["result"] is not None


def test_list_names_every_task(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    printed = capsys.readouterr().out
    assert all(task in printed for task in TASKS)


def test_dry_run_prints_the_configuration_and_does_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["aging", "--dry-run", "--set", "batch=3"]) == 0
    assert json.loads(capsys.readouterr().out)["batch"] == 3
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["aging", "--set", "colour=1"], 2, "unknown key 'colour'"),
        (["aging", "--set", "batch='many'"], 2, "wrong type"),
        (["aging", "--set", "batch=true"], 2, "wrong type"),
        (["aging", "--config", "nowhere.toml"], 2, "does not exist"),
        (["age", "--data", "nowhere"], 1, "no prepared faces"),
        (["faces", "--set", "source=nowhere"], 1, "utkface.csv is missing"),
        (["faces", "--resume"], 2, "nothing to resume"),
        (["publish", "--set", "run=nowhere"], 1, "train first"),
    ],
)
def test_wrong_usage_gets_one_clear_line(
    arguments: list[str],
    status: int,
    words: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == status
    said = capsys.readouterr().err
    assert words in said
    assert len(said.strip().splitlines()) == 1
