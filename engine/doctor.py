"""The command ``doctor``: one page on versions, devices, cameras, weights, and what to fix."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tomllib
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from engine.errors import AgeMirrorError, GalleryBusyError, NoGalleryError
from engine.paths import project_dir, settings_file, user_dir, weights_dir
from engine.runtime.device import choose, present, usable_cores
from engine.terminal import Terminal

PACKAGES = (
    "numpy",
    "opencv-contrib-python",
    "mediapipe",
    "openvino",
    "av",
    "pillow",
    "cryptography",
    "keyring",
    "PySide6_Essentials",
    "torch",
    "safetensors",
)
OPTIONAL = {"torch": "only used with an accelerator, for tests and training", "safetensors": "as torch"}
_LEAST_FREE_MB = 200


@dataclass(slots=True)
class Page:
    """The lines of the page, and what the user should fix."""

    lines: list[str] = field(default_factory=list)
    fixes: list[str] = field(default_factory=list)

    def heading(self, text: str) -> None:
        self.lines += ["", text] if self.lines else [text]

    def fact(self, name: str, value: str) -> None:
        self.lines.append(f"  {name:24s} {value}")


def commit() -> str:
    """The commit of this copy, with "+" where files were changed; "unknown" without git."""
    command = ["git", "-C", str(project_dir()), "describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip() or "unknown"


def machine() -> dict[str, str]:
    """System, processor and Python in words."""
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": f"{processor()}, {usable_cores()} cores usable",
        "python": platform.python_version(),
    }


def processor() -> str:
    """What the processor is called, as far as the system tells."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine() or "unknown"


def run_doctor(*, device: str = "auto") -> int:
    """Prints the page; 0, or 1 if something has to be fixed before the mirror can run."""
    terminal = Terminal()
    page = Page()
    for examine in (_program, _packages, _devices, _weights, _files, _cameras):
        start = len(page.lines)
        examine(page, device)
        terminal.show("\n".join(page.lines[start:]))
    terminal.show("\nWhat to fix" if page.fixes else "\nNothing to fix.")
    for fix in page.fixes:
        terminal.show(f"  - {fix}")
    return 1 if page.fixes else 0


def _program(page: Page, device: str) -> None:
    page.heading(f"Age Mirror {_own_version()}, commit {commit()}")
    for name, value in machine().items():
        page.fact(name, value)


def _own_version() -> str:
    try:
        content = tomllib.loads((project_dir() / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return "of unknown version"
    return str(content.get("project", {}).get("version", "of unknown version"))


def _packages(page: Page, device: str) -> None:
    page.heading("Packages")
    for name in PACKAGES:
        try:
            page.fact(name, version(name))
        except PackageNotFoundError:
            page.fact(name, f"not installed ({OPTIONAL[name]})" if name in OPTIONAL else "MISSING")
            if name not in OPTIONAL:
                page.fixes.append(f"{name} is missing: start with ./run, which installs what is needed.")


def _devices(page: Page, device: str) -> None:
    from engine.weights.store import names

    page.heading("Devices and networks")
    page.fact("accelerators", ", ".join(present()) or "none seen")
    try:
        plan = choose(device)
    except AgeMirrorError as error:
        page.fact("chosen", f"none: {error}")
        page.fixes.append(str(error))
        return
    page.fact("chosen", f"{plan.device} through {plan.backend}")
    for note in plan.notes:
        page.fact("fall-back", note)
    for name in ("ager", "age"):
        _network(page, name, device)
    for name, without in (("embedder", "nobody is recognised"), ("style", "there are no styles")):
        if name in names():
            _network(page, name, device)
        else:
            page.fact(name, f"not there: the mirror runs, and {without}")


def _network(page: Page, name: str, device: str) -> None:
    from engine.runtime import load_network

    try:
        network = load_network(name, device)
    except AgeMirrorError as error:
        page.fact(name, "does not run")
        page.fixes.append(str(error))
        return
    timings = ", ".join(f"{precision} {ms:.1f} ms" for precision, ms in network.timings_ms.items())
    page.fact(name, network.device + (f"  (at {network.size} px: {timings})" if timings else ""))
    network.close()


def _weights(page: Page, device: str) -> None:
    from engine.weights.store import find, names

    page.heading(f"Weights in {weights_dir()}")
    found = names()
    if not found:
        page.fact("none", "")
        page.fixes.append("there are no weights: restore the folder weights/ from the repository.")
    for name in found:
        try:
            card = find(name).card
        except AgeMirrorError as error:
            page.fact(name, "the card cannot be read")
            page.fixes.append(str(error))
            continue
        page.fact(name, f"{card.network}, {', '.join(map(str, card.sizes))} px; licence: {card.licence or 'not told'}")
        for file, digest in card.sha256.items():
            page.fact(f"  {file}", f"{digest[:16]}…  {_verdict(page, name, file)}")


def _verdict(page: Page, name: str, file: str) -> str:
    from engine.weights.store import find

    try:
        find(name).verify(file.removeprefix(name))
    except AgeMirrorError as error:
        if str(error) not in page.fixes:
            page.fixes.append(str(error))
        return "WRONG"
    return "ok"


def _files(page: Page, device: str) -> None:
    page.heading("Files of this user")
    folder = user_dir()
    page.fact("folder", f"{folder}{'' if folder.is_dir() else '  (not made yet)'}")
    page.fact("settings", _settings_state(page))
    page.fact("people", _gallery_state(page))
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not os.access(existing, os.W_OK):
        page.fixes.append(f"{existing} cannot be written to, so settings and pictures are lost: check its permissions.")
    free_mb = shutil.disk_usage(existing).free // 2**20
    page.fact("free on its disk", f"{free_mb} MB")
    if free_mb < _LEAST_FREE_MB:
        page.fixes.append(f"only {free_mb} MB are free where {existing} lies: make room.")


def _settings_state(page: Page) -> str:
    try:
        tomllib.loads(settings_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return "none yet (the usual ones are used)"
    except (OSError, ValueError) as error:
        page.fixes.append(f"{settings_file()} cannot be read ({error}): delete it, the mirror writes a new one.")
        return "broken"
    return "fine"


def _gallery_state(page: Page) -> str:
    """In one line; neither a key nor a passphrase is needed for it."""
    from engine.recognition.gallery import Gallery

    sources = {"keyring": "the key is in the system keyring", "passphrase": "a passphrase opens them"}
    try:
        with Gallery.open(create=False) as gallery:
            people, source = gallery.people(), gallery.key_source()
    except NoGalleryError:
        return "nobody is enrolled"
    except GalleryBusyError as error:
        return str(error)
    except AgeMirrorError as error:
        page.fixes.append(str(error))
        return "cannot be read"
    samples = sum(person.samples for person in people)
    return f"{len(people)} enrolled, {samples} samples; {sources.get(source or '', 'no key yet')}"


def _cameras(page: Page, device: str) -> None:
    from engine.capture.camera_list import list_cameras

    page.heading("Cameras")
    cameras = list_cameras()
    if not cameras:
        page.fact("none found", "the demo and files work without: main.py --source demo")
    for camera in cameras:
        busy = f"  (busy: {camera.reason or 'another program is using it'})" if camera.busy else ""
        page.fact(str(camera.index), camera.name + busy)
