"""Brings .venv up to date for ``run`` or ``test``: locked packages, system libraries, torch where it is of use.

Needs nothing but the standard library. Where everything is in place it returns within a few hundredths of a second: a
stamp in .venv holds a fingerprint of all that decided its content.  usage: environment.py run|test
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
UNFINISHED = VENV / "age-mirror-unfinished"

RUNTIME, DEVELOPMENT = "requirements.txt", "requirements-dev.txt"
TORCH, CUDA = "requirements-torch.txt", "requirements-cuda.txt"
LOCKS = {"run": (RUNTIME,), "test": (RUNTIME, DEVELOPMENT, TORCH)}

OLDEST_DRIVER = 580  # NVIDIA's driver for CUDA 13, which torch 2.13 is built with
OLDEST_GLIBC = (2, 34)  # PySide6 6.12

# What PySide6 loads at start and Debian's package for it; the second table only for a real window (X11).
BASE_LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libX11.so.6": "libx11-6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libfreetype.so.6": "libfreetype6",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
}
WINDOW_LIBRARIES = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}


class SetupError(Exception):
    """The machine lacks something that only the user can give; str() is what to do."""


def say(text: str) -> None:
    print(f"age-mirror: {text}", file=sys.stderr, flush=True)


# -- what should be there ---------------------------------------------------------------------------------------------


def gpu_in_sight() -> bool:
    """A look that costs nothing: whether it is worth asking for a GPU. True on a Mac with Apple's own processor."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    return Path("/dev/nvidiactl").exists() or shutil.which("nvidia-smi") is not None


def fingerprint(profile: str) -> str:
    """A hash of all that decides what .venv holds: the locks, this file, Python's version, a GPU in sight or not."""
    digest = hashlib.sha256(f"{profile} {sys.version_info[:2]} {gpu_in_sight()}".encode())
    for name in (RUNTIME, DEVELOPMENT, TORCH, CUDA):
        digest.update((ROOT / name).read_bytes())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()


def stamp(kind: str, profile: str) -> Path:
    """The file that says that this kind of thing ("packages" or "libraries") is in place for this profile."""
    return VENV / f"age-mirror-{kind}-{profile}"


def up_to_date(kind: str, profile: str, wanted: str) -> bool:
    try:
        return PYTHON.exists() and not UNFINISHED.exists() and stamp(kind, profile).read_text() == wanted
    except OSError:
        return False


def cuda_device() -> bool:
    """Whether an NVIDIA GPU answers whose driver is new enough for torch; says so if it is too old."""
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True).stdout.split()
        major = int(answer[0].split(".")[0])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return False
    if major < OLDEST_DRIVER:
        say(f"the NVIDIA driver {answer[0]} is too old for torch ({OLDEST_DRIVER} or newer): the CPU will be used.")
    return major >= OLDEST_DRIVER


def mps_device() -> bool:
    return sys.platform == "darwin" and platform.machine() == "arm64"


# -- system libraries -------------------------------------------------------------------------------------------------


def missing_packages(libraries: dict[str, str]) -> list[str]:
    """Debian's names of the packages whose library cannot be loaded."""
    missing = []
    for library, package in libraries.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            if package not in missing:
                missing.append(package)
    return missing


def apt_install(packages: Sequence[str]) -> bool:
    """Install with apt where that is possible without asking: as root on Debian or Ubuntu."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    say(f"installing system packages: {' '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    for command in (["apt-get", "update", "-q"], install):
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    return done.returncode == 0


def ensure_system(profile: str) -> bool:
    """Whether all that comes from the system is there. Raises SetupError if .venv cannot be made or filled without it.

    A window that cannot open is said and is no error: the terminal works without it.
    """
    if not sys.platform.startswith("linux"):
        return True
    venv = [] if importlib.util.find_spec("ensurepip") or PYTHON.exists() else [venv_package()]
    base = missing_packages(BASE_LIBRARIES)
    window = missing_packages(WINDOW_LIBRARIES) if profile == "run" else []
    missing = [*venv, *base, *window]
    if not missing or apt_install(missing):
        return True
    command = f"sudo apt-get install {' '.join(missing)}"
    if venv or base:
        raise SetupError(f"system packages are missing. Type this (Debian, Ubuntu) and start again:  {command}")
    say(f"the window needs system packages that are missing. Type (Debian, Ubuntu):  {command}")
    return False


def venv_package() -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}-venv"


# -- the environment --------------------------------------------------------------------------------------------------


def ensure_venv() -> None:
    """An intact .venv of this Python; one that an interrupted set-up left half done is made anew."""
    half_done = UNFINISHED.exists()
    if not half_done and PYTHON.exists() and _works():
        return
    if importlib.util.find_spec("ensurepip") is None and not apt_install([venv_package()]):
        raise SetupError(
            f"Python's venv module is missing. Type and start again:  sudo apt-get install {venv_package()}"
        )
    say("an earlier set-up was interrupted; starting afresh." if half_done else "making .venv (first start only).")
    shutil.rmtree(VENV, ignore_errors=True)
    VENV.mkdir()
    UNFINISHED.touch()
    base = getattr(sys, "_base_executable", sys.executable)
    if subprocess.run([base, "-m", "venv", str(VENV)]).returncode != 0:
        raise SetupError(f".venv could not be made with {base}; the lines above say why.")


def _works() -> bool:
    """Whether .venv's Python is of this version and has pip."""
    probe = f"import sys, pip; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    return subprocess.run([PYTHON, "-I", "-c", probe], capture_output=True).returncode == 0


def pip_install(*arguments: str, quiet: bool = False) -> bool:
    """Install exactly what is named and nothing that it asks for."""
    command = [str(PYTHON), "-m", "pip", "install", "--no-deps", "--disable-pip-version-check", "--no-input"]
    if quiet or not sys.stderr.isatty():
        command.append("-q")
    output = subprocess.DEVNULL if quiet else sys.stderr
    done = subprocess.run([*command, *arguments], stdout=output, stderr=output, stdin=subprocess.DEVNULL)
    return done.returncode == 0


def torch_locks(profile: str) -> list[str]:
    """The locks to add for torch on this machine; none where torch would not be used."""
    cuda = cuda_device()
    if cuda and not WINDOWS:
        return [TORCH, CUDA]
    if cuda:
        say("torch as pip finds it for Windows has no CUDA: the CPU will be used. The README tells how to change that.")
    if profile == "run":
        return [TORCH] if mps_device() else []
    if not sys.platform.startswith("linux") or _cpu_build():
        return [TORCH]
    say(
        "pip finds no CPU build of torch; taking the standard one with its CUDA libraries, several GB. To avoid that, "
        "tell pip the address of PyTorch's CPU wheels (PIP_EXTRA_INDEX_URL) and start again."
    )
    return [TORCH, CUDA]


def _cpu_build() -> bool:
    """Try to install torch's CPU build for Linux, which the package index itself may not have."""
    pin = next(line for line in (ROOT / TORCH).read_text().splitlines() if line.startswith("torch=="))
    return pip_install(f"{pin}+cpu", quiet=True)


def install(profile: str) -> None:
    UNFINISHED.touch()
    names = list(dict.fromkeys((*LOCKS[profile], *torch_locks(profile))))
    say(f"installing {', '.join(names)}; a first time loads some hundred MB.")
    arguments = [part for name in names for part in ("-r", str(ROOT / name))]
    if not pip_install(*arguments):
        UNFINISHED.unlink()  # pip loads everything before it changes anything: what was there is still whole
        raise SetupError("the packages could not be installed; pip said why, above. Start again when that is mended.")
    UNFINISHED.unlink()


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let a second start wait for the first one's set-up (not on Windows, which has no such lock on a folder)."""
    if WINDOWS:
        yield
        return
    import fcntl

    handle = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is at work here; waiting for it.")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def check_machine() -> None:
    """Raise SetupError where the locked packages cannot run at all."""
    if not sys.platform.startswith("linux"):
        return
    if platform.machine() not in ("x86_64", "AMD64"):
        raise SetupError(f"on Linux a 64-bit Intel or AMD processor is needed; this one is {platform.machine()}.")
    library, version = platform.libc_ver()
    if library == "glibc" and tuple(map(int, version.split(".")[:2])) < OLDEST_GLIBC:
        raise SetupError(f"glibc {version} is too old: Debian 12, Ubuntu 22.04 or newer is needed.")


def prepare(profile: str) -> None:
    wanted = fingerprint(profile)
    if all(up_to_date(kind, profile, wanted) for kind in ("packages", "libraries")):
        return
    with one_at_a_time():
        complete = up_to_date("libraries", profile, wanted)
        if not complete:
            check_machine()
            complete = ensure_system(profile)
        if not up_to_date("packages", profile, wanted):
            ensure_venv()
            install(profile)
            stamp("packages", profile).write_text(wanted)
        if complete:
            stamp("libraries", profile).write_text(wanted)


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in LOCKS:
        say("usage: environment.py run|test")
        return 2
    try:
        prepare(arguments[0])
    except SetupError as error:
        say(str(error))
        return 1
    except OSError as error:
        say(f"the set-up stopped: {error}")
        return 1
    except KeyboardInterrupt:
        say("set-up interrupted; the next start goes on.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
