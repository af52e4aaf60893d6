"""A run goes on where it was killed, on any number of devices, and says plainly what it cannot do."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.architecture.house import ROOT
from tests.training.faces import face_set, write_faces
from training.checkpoints import CheckpointError
from training.cli import main
from training.data.sets import DataError
from training.house import LOG_FILE, Machine, Run, Samples

CPU = Machine(accelerator="cpu", devices="1")
SMALL = ("width=4", "multiples=[1, 2]", "size=32", "blocks=1", "batch=8", "epochs=6")


@dataclass(frozen=True)
class TinyConfig:
    name: str = "tiny"
    out: str = ""
    seed: int = 1
    threads: int = 1
    rate: float = 0.1


def lines(folder: Path) -> list[dict[str, Any]]:
    """The log without what a clock decides."""
    found = [json.loads(line) for line in (folder / LOG_FILE).read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "faces_per_s"} for line in found]


def age_command(data: Path, out: Path, *more: str) -> list[str]:
    settings = [part for each in (*SMALL, f"out={out}") for part in ("--set", each)]
    return ["age", "--data", str(data), "--accelerator", "cpu", *settings, *more]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_faces(tmp_path_factory.mktemp("data"), face_set(100))


def kill_after(lines_logged: int, arguments: list[str], out: Path) -> None:
    """Starts a training and kills it, without a chance to tidy up, once it has logged so much."""
    child = subprocess.Popen([sys.executable, "-m", "training", *arguments], cwd=ROOT, stdout=subprocess.DEVNULL)
    log = out / LOG_FILE
    try:
        while not (log.is_file() and log.read_text().count("\n") >= lines_logged):
            assert child.poll() is None, "it ended before it could be killed"
            time.sleep(0.002)
    finally:
        child.kill()
        child.wait()


def test_a_killed_run_continues_with_the_same_losses(data: Path, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert main(age_command(data, whole)) == 0
    kill_after(2, age_command(data, killed), killed)
    assert len(lines(killed)) < 6
    assert main(age_command(data, killed, "--resume")) == 0
    assert lines(killed) == lines(whole)
    assert (killed / "weights.safetensors").read_bytes() == (whole / "weights.safetensors").read_bytes()


def test_two_processes_share_a_run_and_one_goes_on_with_it(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = [sys.executable, "-m", "training", *age_command(data, out, "--devices", "2", "--set", "limit=16")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    printed = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["epoch"] for line in printed[:-1]] == list(range(6))
    assert printed[-1]["task"] == "age"
    assert len(lines(out)) == 6
    assert main(age_command(data, out, "--resume", "--set", "epochs=7", "--set", "limit=16")) == 0
    assert [line["epoch"] for line in lines(out)] == list(range(7))


def test_what_was_logged_after_the_checkpoint_is_logged_once(tmp_path: Path) -> None:
    config = TinyConfig(out=str(tmp_path))
    run = Run(config, CPU)
    network = torch.nn.Linear(1, 1)
    run.log("step", 1, {"loss": 1.0})
    run.save({"step": 1}, network)
    run.log("step", 2, {"loss": 2.0})  # and here it is killed
    assert run.finish({}) == {}
    again = Run(config, CPU, resume=True)
    assert again.saved is not None and again.saved["step"] == 1
    again.log("step", 2, {"loss": 3.0})
    again.finish({})
    assert [line["loss"] for line in lines(tmp_path)] == [1.0, 3.0]
    curves = EventAccumulator(str(tmp_path / "tensorboard"))
    curves.Reload()
    assert [(point.step, point.value) for point in curves.Scalars("loss")] == [(1, 1.0), (2, 3.0)]


def test_a_run_that_starts_anew_begins_its_log_anew(tmp_path: Path) -> None:
    config = TinyConfig(out=str(tmp_path))
    for loss in (1.0, 2.0):
        run = Run(config, CPU)
        run.log("step", 1, {"loss": loss})
        run.finish({})
    assert [line["loss"] for line in lines(tmp_path)] == [2.0]
    facts = json.loads((tmp_path / "run.json").read_text())
    assert facts["seed"] == 1 and facts["config"]["rate"] == 0.1


def test_random_numbers_go_on_after_a_resumption(tmp_path: Path) -> None:
    config = TinyConfig(out=str(tmp_path))
    run = Run(config, CPU)
    samples = Samples(4, lambda number: np.array([number], np.float32))
    drawn = [torch.rand(1).item() for _ in run.batches(samples, 2)]
    run.save({}, torch.nn.Linear(1, 1))
    expected = torch.rand(1).item()
    again = Run(config, CPU, resume=True)
    assert expected not in drawn
    assert next(torch.rand(1).item() for _ in again.batches(samples, 2)) == expected


def test_batches_come_in_order_from_the_first_wanted(tmp_path: Path) -> None:
    run = Run(TinyConfig(out=str(tmp_path)), CPU)
    samples = Samples(7, lambda number: (np.full(2, number, np.float32), number))
    assert [numbers.tolist() for _, numbers in run.batches(samples, 2)] == [[0, 1], [2, 3], [4, 5]]
    assert [numbers.tolist() for _, numbers in run.batches(samples, 2, first=4)] == [[4, 5]]
    assert [numbers.tolist() for _, numbers in run.batches(samples, 2, first=7)] == []


def test_a_step_goes_down_and_leaves_no_gradient(tmp_path: Path) -> None:
    run = Run(TinyConfig(out=str(tmp_path)), Machine(accelerator="cpu", precision="32-true"))
    network = torch.nn.Linear(1, 1, bias=False)
    learner = run.prepare(network, torch.optim.SGD(network.parameters(), 0.0))
    learner.rate(0.5)
    before = network.weight.item()
    learner.learn(learner(torch.ones(1, 1)).sum(), clip=0.1)
    assert network.weight.item() == pytest.approx(before - 0.5 * 0.1)
    assert network.weight.grad is None


class Two(torch.nn.Linear):
    def other(self, x: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self(x)
        return made


@pytest.mark.parametrize(("precision", "wanted"), [("bf16-mixed", torch.bfloat16), ("32-true", torch.float32)])
def test_every_way_to_call_a_network_has_the_precision(precision: str, wanted: torch.dtype, tmp_path: Path) -> None:
    run = Run(TinyConfig(out=str(tmp_path)), Machine(accelerator="cpu", devices="1", precision=precision))
    network = Two(1, 1)
    learner = run.prepare(network, torch.optim.SGD(network.parameters(), 0.1), "other")
    seen: list[torch.dtype] = []
    network.register_forward_hook(lambda _, __, made: seen.append(made.dtype))
    learner(torch.ones(1, 1))
    learner.by("other", torch.ones(1, 1))
    with run.autocast():
        network(torch.ones(1, 1))
    assert seen == [wanted] * 3


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        (Machine(accelerator="toaster"), "--accelerator toaster"),
        (Machine(accelerator="cpu", devices="0"), "--devices 0"),
        (Machine(accelerator="cpu", devices="some"), "--devices some"),
        (Machine(precision="8-bit"), "no precision"),
        (Machine(workers="many"), "--workers many"),
    ],
)
def test_a_machine_that_is_not_there(machine: Machine, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        machine.fabric()
    assert "\n" not in str(caught.value)


def test_another_models_checkpoint_is_refused(tmp_path: Path) -> None:
    Run(TinyConfig(out=str(tmp_path)), CPU).save({}, torch.nn.Linear(1, 1))
    with pytest.raises(CheckpointError, match="a checkpoint of 'tiny', not of 'other'"):
        Run(TinyConfig(name="other", out=str(tmp_path)), CPU, resume=True)
    (tmp_path / "state.pt").write_bytes(b"no checkpoint")
    with pytest.raises(CheckpointError, match="damaged"):
        Run(TinyConfig(out=str(tmp_path)), CPU, resume=True)


def test_a_key_that_is_younger_than_the_checkpoint_counts_as_its_default(tmp_path: Path) -> None:
    Run(TinyConfig(out=str(tmp_path)), CPU).save({}, torch.nn.Linear(1, 1))
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    del state["config"]["rate"]
    torch.save(state, tmp_path / "state.pt")
    assert Run(TinyConfig(out=str(tmp_path)), CPU, resume=True).saved is not None
    with pytest.raises(CheckpointError, match="rate"):
        Run(TinyConfig(out=str(tmp_path), rate=0.2), CPU, resume=True)
