"""The device is chosen without importing torch unless the system shows an accelerator; fall-backs are said."""

from __future__ import annotations

import sys

import pytest

from engine.errors import DeviceError
from engine.runtime import device


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Pretends what accelerators there are, and why torch cannot use them."""

    def pretend(*, nvidia: bool = False, apple: bool = False, obstacles: dict[str, str] | None = None) -> list[str]:
        asked: list[str] = []

        def obstacle(name: str) -> str:
            asked.append(name)
            return (obstacles or {}).get(name, "")

        monkeypatch.setattr(device, "has_nvidia", lambda: nvidia)
        monkeypatch.setattr(device, "has_apple_gpu", lambda: apple)
        monkeypatch.setattr(device, "obstacle", obstacle)
        return asked

    return pretend


def test_auto_without_accelerator_is_the_cpu_and_torch_is_not_asked(machine) -> None:  # type: ignore[no-untyped-def]
    asked = machine()
    assert device.choose("auto") == device.Plan("cpu", "openvino")
    assert asked == []


def test_cpu_is_taken_at_its_word_even_with_an_accelerator(machine) -> None:  # type: ignore[no-untyped-def]
    asked = machine(nvidia=True)
    assert device.choose("cpu") == device.Plan("cpu", "openvino")
    assert asked == []


@pytest.mark.parametrize(("have", "name"), [({"nvidia": True}, "cuda"), ({"apple": True}, "mps")])
def test_auto_takes_a_working_accelerator(machine, have: dict[str, bool], name: str) -> None:  # type: ignore[no-untyped-def]
    machine(**have)
    assert device.choose("auto") == device.Plan(name, "torch")


def test_auto_falls_back_and_says_why(machine) -> None:  # type: ignore[no-untyped-def]
    machine(nvidia=True, obstacles={"cuda": "PyTorch is not installed"})
    plan = device.choose("auto")
    assert (plan.device, plan.backend) == ("cpu", "openvino")
    assert len(plan.notes) == 1
    assert "PyTorch is not installed" in plan.notes[0]
    assert "running on the CPU" in plan.notes[0]


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_an_absent_device_asked_for_by_name_is_an_error_with_advice(machine, name: str) -> None:  # type: ignore[no-untyped-def]
    machine()
    with pytest.raises(DeviceError, match=f"no {name} device was found.*--device cpu or auto"):
        device.choose(name)


def test_an_unusable_device_asked_for_by_name_gives_the_reason(machine) -> None:  # type: ignore[no-untyped-def]
    machine(nvidia=True, obstacles={"cuda": "the driver is too old"})
    with pytest.raises(DeviceError, match="the driver is too old"):
        device.choose("cuda")


def test_an_unknown_device_is_an_error() -> None:
    with pytest.raises(DeviceError, match="'tpu' is unknown"):
        device.choose("tpu")


def test_obstacle_without_torch_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device.importlib.util, "find_spec", lambda name: None)
    assert "not installed" in device.obstacle("cuda")


def test_obstacle_with_a_broken_torch_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setitem(sys.modules, "torch", None)
    assert "does not start" in device.obstacle("cuda")
