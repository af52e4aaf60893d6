"""Chooses the device: an accelerator where there is one that works, else the CPU; a fall-back is always said.

PyTorch is imported only after the operating system has shown that an accelerator may be there.
"""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import platform
import shutil
from dataclasses import dataclass
from typing import Literal

from engine.errors import DeviceError

Backend = Literal["openvino", "torch"]
ACCELERATORS = ("cuda", "mps")


@dataclass(frozen=True, slots=True)
class Plan:
    """Where networks run. ``notes``: what the user should know, one sentence each (a fall-back and its reason)."""

    device: str
    backend: Backend
    notes: tuple[str, ...] = ()


CPU = Plan("cpu", "openvino")


def has_nvidia() -> bool:
    """Whether an NVIDIA driver shows itself (no library is loaded to find out)."""
    if platform.system() == "Windows":
        return ctypes.util.find_library("nvcuda") is not None
    signs = ("/proc/driver/nvidia/version", "/dev/nvidiactl", "/usr/lib/wsl/lib/libcuda.so.1")
    return any(os.path.exists(sign) for sign in signs) or shutil.which("nvidia-smi") is not None


def has_apple_gpu() -> bool:
    """Whether this is a Mac with its own kind of chip, whose GPU torch calls mps."""
    return platform.system() == "Darwin" and platform.machine() == "arm64"


def present() -> tuple[str, ...]:
    """The accelerators the machine seems to have, best first."""
    found = {"cuda": has_nvidia(), "mps": has_apple_gpu()}
    return tuple(name for name in ACCELERATORS if found[name])


def obstacle(device: str) -> str:
    """Why torch cannot use this accelerator, or an empty string if it can. Imports torch."""
    if importlib.util.find_spec("torch") is None:
        return "PyTorch is not installed (./run installs it where it finds an accelerator)"
    try:
        import torch
    except (ImportError, OSError) as error:
        return f"PyTorch does not start ({error})"
    works = torch.cuda.is_available() if device == "cuda" else torch.backends.mps.is_available()
    return "" if works else "PyTorch cannot use it (check the driver, and that PyTorch is built for it)"


def choose(device: str = "auto") -> Plan:
    """The plan for "auto", "cpu", "cuda" or "mps".

    "auto" falls back to the CPU and says why. Raises DeviceError if a device asked for by name cannot be used.
    """
    if device == "cpu":
        return CPU
    if device in ACCELERATORS:
        if device not in present():
            raise DeviceError(f"no {device} device was found on this machine: choose --device cpu or auto.")
        reason = obstacle(device)
        if reason:
            raise DeviceError(f"the {device} device cannot be used: {reason}. Choose --device cpu or auto.")
        return Plan(device, "torch")
    if device != "auto":
        raise DeviceError(f"device {device!r} is unknown: choose auto, cpu, cuda or mps.")
    notes: list[str] = []
    for name in present():
        reason = obstacle(name)
        if not reason:
            return Plan(name, "torch", tuple(notes))
        notes.append(f"a {name} device is there but not used: {reason}; running on the CPU")
    return Plan("cpu", "openvino", tuple(notes))


def usable_cores() -> int:
    """How many cores this process may use (its affinity, where the system tells)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
