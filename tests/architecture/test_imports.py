"""Who may import whom; each rule has a negative control that proves that it can fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture import house


def test_nobody_imports_against_the_house_rules() -> None:
    assert house.faults(house.ROOT) == []


def test_no_rooms_import_each_other_in_a_circle() -> None:
    assert house.cycles(house.ROOT) == []


def test_the_walk_sees_the_program() -> None:
    found = house.sources(house.ROOT)
    assert {"main", "engine", "engine.types", "desktop", "training"} <= set(found)
    assert len(house.all_imports(house.ROOT)) > 3 * len(found)


def tree(root: Path, files: dict[str, str]) -> Path:
    """A small program: these files, and an __init__.py in every folder of theirs."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        for folder in path.relative_to(root).parents:
            if folder != Path("."):
                (root / folder / "__init__.py").touch()
    return root


WRONG = {
    "engine on desktop": ("engine/still.py", "import desktop.app"),
    "engine on training": ("engine/still.py", "from training import loops"),
    "desktop on training": ("desktop/app.py", "import training.cli"),
    "training on desktop": ("training/cli.py", "from desktop import app"),
    "desktop on a task": ("desktop/app.py", "from engine.capture import camera"),
    "desktop on a task, late": ("desktop/app.py", "def f():\n    from engine.runtime import device"),
    "training on the live session": ("training/cli.py", "from engine.live import session"),
    "types on geometry's users": ("engine/types.py", "from engine.images import resize"),
    "task on live": ("engine/aging/ager.py", "from engine.live.session import MirrorSession"),
    "weights on runtime": ("engine/weights/store.py", "from engine.runtime import device"),
    "live on still": ("engine/live/session.py", "from engine import still"),
    "networks on types": ("engine/networks/ager.py", "from engine.types import Image"),
    "relative, upwards": ("engine/tracking/tracker.py", "from ..live import session"),
    "an unknown room": ("engine/attic/box.py", "from engine.types import Image"),
    "engine itself": ("engine/__init__.py", "from engine.types import Image"),
    "Qt in the engine": ("engine/live/session.py", "def f():\n    from PySide6.QtCore import QTimer"),
    "torch in desktop": ("desktop/app.py", "def f():\n    import torch"),
    "torch in geometry": ("engine/geometry/nms.py", "def f():\n    import torch"),
    "torch at the top of a task": ("engine/age/estimator.py", "import torch"),
    "mediapipe at the top": ("engine/detection/mediapipe_faces.py", "import mediapipe.python"),
    "openvino in a network": ("engine/networks/ager.py", "import openvino"),
    "an adapter at the top": ("engine/runtime/loading.py", "from engine.runtime.torch_backend import TorchNetwork"),
    "a network at the top": ("engine/weights/store.py", "from engine.networks.ager import AgingUNet"),
}


@pytest.mark.parametrize(("path", "line"), WRONG.values(), ids=WRONG)
def test_negative_control(tmp_path: Path, path: str, line: str) -> None:
    targets = ("engine/runtime/torch_backend.py", "engine/networks/ager.py", "engine/still.py", "engine/images.py")
    root = tree(tmp_path, {**dict.fromkeys(targets, ""), path: line + "\n"})
    assert len(house.faults(root)) == 1


RIGHT = {
    "downwards": ("engine/live/session.py", "from engine.aging.ager import Ager"),
    "task beside task": ("engine/output/video.py", "from engine.capture import video_reader"),
    "within a room": ("engine/networks/ager.py", "from engine.networks.blocks import Block\nimport torch"),
    "an adapter, late": ("engine/runtime/loading.py", "def f():\n    import engine.runtime.torch_backend"),
    "a type of an adapter": (
        "engine/runtime/loading.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import engine.runtime.torch_backend",
    ),
    "openvino, late": ("engine/runtime/openvino_backend.py", "def f():\n    import openvino"),
    "torch in training": ("training/loops/age.py", "import torch"),
    "Qt in desktop": ("desktop/app.py", "from PySide6.QtWidgets import QWidget"),
}


@pytest.mark.parametrize(("path", "line"), RIGHT.values(), ids=RIGHT)
def test_positive_control(tmp_path: Path, path: str, line: str) -> None:
    assert house.faults(tree(tmp_path, {path: line + "\n"})) == []


def test_circle_is_seen(tmp_path: Path) -> None:
    files = {"engine/age/a.py": "import engine.aging.b\n", "engine/aging/b.py": "def f():\n    import engine.age.a\n"}
    assert house.cycles(tree(tmp_path, files)) == ["age", "aging"]


CHEAP = {
    "engine": {"numpy", "cv2", "torch", "mediapipe", "openvino", "PySide6"},
    "engine.still": {"torch", "mediapipe", "openvino", "PySide6"},
    "engine.live.session": {"torch", "mediapipe", "openvino", "PySide6"},
    "engine.cli": {"torch", "mediapipe", "openvino", "PySide6"},
    "desktop.app": {"torch", "mediapipe", "openvino"},
    "main": {"torch", "mediapipe", "openvino", "PySide6"},
}


@pytest.mark.parametrize("module", CHEAP)
def test_importing_stays_cheap(module: str) -> None:
    script = f"import sys, {module}; print(sorted({CHEAP[module]} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=house.ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
