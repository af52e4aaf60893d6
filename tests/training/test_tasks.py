"""Every training task really runs, on faces made by the program itself."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest
import torch

from tests.training.faces import face_set, write_faces
from training.checkpoints import STATE_FILE, CheckpointError
from training.cli import TASKS, configuration, main
from training.data.synthetic import write_smoke_data


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
        (["faces", "--set", "source=nowhere"], 1, "nowhere is missing"),
        (["prepare", "imagenet", "here", "there"], 1, "no known collection"),
        (["prepare", "utkface", "."], 2, "prepare wants SET SOURCE OUT"),
        (["prepare", "utkface", ".", "out"], 1, "utkface.csv is missing"),
        (["prepare", "--resume"], 2, "nothing to resume"),
        (["prepare", "--devices", "2"], 2, "--devices is for age"),
        (["age", "31"], 2, "age wants nothing after its name"),
        (["age", "--shards"], 2, "unknown key 'shards'"),
        (["colour"], 2, "'colour' is no task"),
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


# Where the shipped weights would be found, or a default is a place of the program's own.
ELSEWHERE = {
    "export": ["--set", "folder=nowhere"],
    "demo-face": ["--set", "out=face.png"],
    "see-filters": ["--set", "folder=nowhere"],
}


@pytest.mark.parametrize("task", sorted(set(TASKS) - {"paint"}))  # paints from nothing
def test_a_missing_folder_gets_one_clear_line(
    task: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([task, *ELSEWHERE.get(task, [])]) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("training: ")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("task", sorted(TASKS))
def test_an_unknown_key_gets_one_clear_line(task: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "some.toml"
    file.write_text("colour = 1\n")
    assert main([task, "--config", str(file)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "unknown key 'colour'" in line


@pytest.mark.parametrize("task", sorted(name for name, task in TASKS.items() if task.resumes))
def test_another_models_checkpoint_gets_one_clear_line(
    task: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    places = write_smoke_data(tmp_path, TASKS[task].config)
    settings = {**places, **TASKS[task].smoke, "out": str(tmp_path / "run")}
    (tmp_path / "run").mkdir()
    torch.save({"config": {"name": "another"}}, tmp_path / "run" / STATE_FILE)
    config = configuration(TASKS[task], None, settings)
    with pytest.raises(CheckpointError, match="a checkpoint of 'another'"):
        getattr(importlib.import_module(TASKS[task].module), TASKS[task].run)(config, resume=True)


def test_a_damaged_checkpoint_gets_one_clear_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    data = write_faces(tmp_path / "data", face_set(20))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / STATE_FILE).write_bytes(b"nothing of ours")
    command = ["age", "--data", str(data), "--set", "batch=4", "--set", f"out={tmp_path / 'run'}", "--resume"]
    assert main(command) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "state.pt is no checkpoint of ours" in line


def test_too_few_faces_get_one_clear_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    data = write_faces(tmp_path / "data", face_set(20))
    assert main(["age", "--data", str(data), "--set", "batch=64", "--set", f"out={tmp_path / 'run'}"]) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "too few faces of known age (16 in train, 2 in val)" in line
    assert not (tmp_path / "run").exists()
