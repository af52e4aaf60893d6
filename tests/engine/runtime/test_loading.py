"""Loading by name: a fall-back is never silent, and a device asked for by name is never swapped for another."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from engine.errors import DeviceError
from engine.runtime import load_network, loading, torch_backend
from engine.runtime.device import Plan
from engine.runtime.torch_backend import TorchNetwork
from engine.weights.loading import load_module
from engine.weights.store import find


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that seems to have a CUDA device on which nothing can be loaded."""

    def fail(*args: object, **options: object) -> None:
        raise DeviceError("network age cannot be put on cuda: out of memory")

    monkeypatch.setattr(loading, "choose", lambda device: Plan("cuda", "torch"))
    monkeypatch.setattr(torch_backend, "load_torch", fail)


@pytest.mark.usefixtures("cuda")
def test_auto_falls_back_to_the_cpu_and_says_why(made_weights: Path, caplog: pytest.LogCaptureFixture) -> None:
    network = load_network("age", "auto", folder=made_weights, precision="f32")
    assert network.device == "cpu/openvino/f32"
    assert "out of memory; running on the CPU" in caplog.text
    assert caplog.records[0].levelno == logging.WARNING
    network.close()


@pytest.mark.usefixtures("cuda")
def test_a_device_asked_for_by_name_is_not_swapped(made_weights: Path) -> None:
    with pytest.raises(DeviceError, match="out of memory"):
        load_network("age", "cuda", folder=made_weights)


def test_the_notes_of_the_plan_are_warnings(
    made_weights: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(loading, "choose", lambda device: Plan("cpu", "openvino", ("the driver is too old",)))
    load_network("age", "auto", folder=made_weights, precision="f32").close()
    assert "age: the driver is too old" in caplog.text


def test_where_a_network_runs_and_why_is_logged(made_weights: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="engine"):
        network = load_network("ager", "cpu", folder=made_weights)
    assert f"ager runs on {network.device} (f32 " in caplog.text
    assert "int8" in network.timings_ms
    network.close()


def test_cuda_graphs_are_recorded_once_a_shape_and_not_without_end(
    made_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine without the device only the book-keeping can be tested."""
    network = TorchNetwork("age", load_module(find("age", made_weights)), "cpu", 112)
    network._target = SimpleNamespace(type="cuda")  # type: ignore[assignment]
    recorded: list[tuple[int, ...]] = []

    def record(run: object, tensors: list[torch.Tensor]) -> object:
        recorded.append(tuple(tensors[0].shape))
        return None if len(recorded) == 2 else (lambda fresh: fresh[0])

    monkeypatch.setattr(network, "_record", record)
    shapes = [(n, 3, 16, 16) for n in range(1, torch_backend._MOST_GRAPHS + 3)]
    runners = [network._runner(network._eager, [torch.zeros(shape)]) for shape in shapes + shapes]
    assert recorded == shapes[: torch_backend._MOST_GRAPHS]
    assert runners[1] == network._eager, "what cannot be recorded runs plainly"
    assert runners[-1] == network._eager, "and so does what comes when enough is recorded"
    assert runners[0] is runners[len(shapes)]
    assert runners[0] != network._eager
