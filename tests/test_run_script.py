"""The set-up behind ./run and ./test: its decisions, its clear words, and that a second start costs next to nothing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
POSIX = pytest.mark.skipif(os.name == "nt", reason="shell scripts")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A copy of what ./run needs, with a main.py that only prints its arguments."""
    folder = tmp_path / "with a space"
    shutil.copytree(ROOT / ".ci", folder / ".ci", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (ROOT / "run", *ROOT.glob("requirements*.txt")):
        shutil.copy(path, folder)
    (folder / "main.py").write_text("import os, sys; print(sys.argv[1:], os.getcwd()); sys.exit(3)")
    return folder


@pytest.fixture
def environment(program: Path) -> ModuleType:
    """The copy's own set-up module."""
    spec = importlib.util.spec_from_file_location("environment", program / ".ci" / "environment.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def ready(program: Path, environment: ModuleType) -> Path:
    """The copy with an environment that claims to be complete: a link to this very Python."""
    environment.PYTHON.parent.mkdir(parents=True)
    environment.PYTHON.symlink_to(os.path.realpath(sys.executable))
    for kind in ("packages", "libraries"):
        environment.stamp(kind, "run").write_text(environment.fingerprint("run"))
    return program


def is_ready(environment: ModuleType) -> bool:
    return bool(environment.up_to_date("packages", "run", environment.fingerprint("run")))


@POSIX
def test_second_start_hands_over_arguments_folder_and_exit_status(ready: Path, tmp_path: Path) -> None:
    done = subprocess.run([ready / "run", "age", "a b.png", ""], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (3, f"['age', 'a b.png', ''] {tmp_path}", "")


@POSIX
def test_second_start_adds_less_than_a_third_of_a_second(ready: Path) -> None:
    def quickest(*command: str | Path) -> float:
        times = []
        for _ in range(5):
            start = time.perf_counter()
            subprocess.run(command, capture_output=True)
            times.append(time.perf_counter() - start)
        return min(times)

    assert quickest(ready / "run") - quickest(sys.executable, ready / "main.py") < 0.3


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-cuda.txt", ".ci/environment.py"])
@POSIX
def test_a_changed_lock_is_installed(ready: Path, environment: ModuleType, name: str) -> None:
    assert is_ready(environment)
    with (ready / name).open("a") as file:
        file.write("\n# changed\n")
    assert not is_ready(environment)


@POSIX
def test_an_interrupted_set_up_is_not_taken_for_complete(ready: Path, environment: ModuleType) -> None:
    environment.UNFINISHED.touch()
    assert not is_ready(environment)


@POSIX
def test_a_python_that_went_away_is_noticed(ready: Path, environment: ModuleType) -> None:
    environment.PYTHON.unlink()
    environment.PYTHON.symlink_to("gone")
    assert not is_ready(environment)


@POSIX
def test_no_suitable_python_gives_one_clear_line(program: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "dirname", "id"):
        found = shutil.which(name)
        assert found
        (tools / name).symlink_to(found)
    (tools / "python3").write_text("#!/bin/sh\nexit 1\n")  # what a Python of another version answers
    (tools / "python3").chmod(0o755)
    done = subprocess.run([program / "run"], env={"PATH": str(tools)}, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("age-mirror: Python 3.11 or 3.12 is needed")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Debian's libraries")
class TestSystemPackages:
    def test_only_what_cannot_be_loaded_is_missing(self, environment: ModuleType) -> None:
        libraries = {"libc.so.6": "libc6", "libnobody.so.9": "libnobody9", "libnobody-x.so.9": "libnobody9"}
        assert environment.missing_packages(libraries) == ["libnobody9"]

    def test_without_root_the_one_command_is_told(
        self, environment: ModuleType, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        monkeypatch.setattr(environment, "BASE_LIBRARIES", {"libnobody.so.9": "libnobody9"})
        monkeypatch.setattr(environment, "WINDOW_LIBRARIES", {"libnothing.so.9": "libnothing9"})
        with pytest.raises(environment.SetupError, match=r"sudo apt-get install libnobody9 libnothing9$"):
            environment.ensure_system("run")

    def test_a_window_that_cannot_open_is_no_obstacle(
        self, environment: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        monkeypatch.setattr(environment, "BASE_LIBRARIES", {})
        monkeypatch.setattr(environment, "WINDOW_LIBRARIES", {"libnothing.so.9": "libnothing9"})
        environment.PYTHON.parent.mkdir(parents=True)
        environment.PYTHON.touch()
        assert not environment.ensure_system("run")
        assert "sudo apt-get install libnothing9" in capsys.readouterr().err
        assert environment.ensure_system("test")


TORCH, CUDA = "requirements-torch.txt", "requirements-cuda.txt"


@pytest.mark.parametrize(
    ("profile", "system", "cuda", "mps", "cpu_build", "expected"),
    [
        pytest.param("run", "linux", False, False, True, [], id="run without GPU"),
        pytest.param("run", "linux", True, False, True, [TORCH, CUDA], id="run with CUDA"),
        pytest.param("run", "darwin", False, True, False, [TORCH], id="run with MPS"),
        pytest.param("run", "win32", False, False, False, [], id="run on Windows"),
        pytest.param("test", "linux", False, False, True, [TORCH], id="test with the CPU build"),
        pytest.param("test", "linux", False, False, False, [TORCH, CUDA], id="test without the CPU build"),
        pytest.param("test", "linux", True, False, True, [TORCH, CUDA], id="test with CUDA"),
        pytest.param("test", "darwin", False, False, False, [TORCH], id="test on an old Mac"),
    ],
)
def test_torch_is_added_where_it_is_of_use(
    environment: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    profile: str,
    system: str,
    cuda: bool,
    mps: bool,
    cpu_build: bool,
    expected: list[str],
) -> None:
    monkeypatch.setattr(environment, "WINDOWS", False)
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(environment, "cuda_device", lambda: cuda)
    monkeypatch.setattr(environment, "mps_device", lambda: mps)
    monkeypatch.setattr(environment, "_cpu_build", lambda: cpu_build)
    assert environment.torch_locks(profile) == expected


@pytest.mark.parametrize(
    ("answer", "expected"), [("580.65.06\n", True), ("535.104\n535.104\n", False), ("", False), ("No devices", False)]
)
@POSIX
def test_a_gpu_counts_only_with_a_driver_that_is_new_enough(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: str, expected: bool
) -> None:
    script = tmp_path / "nvidia-smi"
    script.write_text(f"#!/bin/sh\nprintf '%s' '{answer}'\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert environment.cuda_device() is expected


def test_no_nvidia_tool_is_no_gpu(environment: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not environment.cuda_device()


def test_wrong_usage(environment: ModuleType) -> None:
    assert environment.main(["dance"]) == 2
    assert environment.main([]) == 2
