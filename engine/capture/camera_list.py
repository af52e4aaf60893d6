"""Which cameras there are: names for people, and ids that stay the same after replugging.

Linux: sysfs and /dev/v4l, nothing is opened for streaming. macOS and Windows: what the system's own tools tell; the
order is then assumed to be OpenCV's.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import struct
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

_QUERYCAP = 0x80685600  # VIDIOC_QUERYCAP: _IOR('V', 0, struct v4l2_capability), 104 bytes
_VIDEO_CAPTURE = 0x00000001 | 0x00001000  # single-planar and multi-planar
_HAS_DEVICE_CAPS = 0x80000000
_TOOL_TIMEOUT_S = 6.0


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """One camera: what OpenCV calls it, what people call it, what it is always called, who else uses it.

    ``stable_id`` is empty where the system gives none. ``busy``: another program has it open. ``reason``
    says why it cannot be opened now, as far as that is known.
    """

    index: int
    name: str
    stable_id: str
    busy: bool = False
    reason: str = ""


def list_cameras() -> tuple[CameraInfo, ...]:
    """The cameras of this computer by index; empty if there are none or the system does not tell."""
    if sys.platform.startswith("linux"):
        return linux_cameras()
    if sys.platform == "darwin":
        return parse_macos(_output("system_profiler", "SPCameraDataType", "-json"))
    if sys.platform == "win32":
        query = "Get-CimInstance Win32_PnPEntity | Where-Object {$_.PNPClass -in 'Camera','Image'}"
        command = f"[Console]::OutputEncoding=[Text.Encoding]::UTF8; {query} | Select Name,PNPDeviceID | ConvertTo-Json"
        return parse_windows(_output("powershell", "-NoProfile", "-Command", command))
    return ()


def linux_cameras(
    root: Path = Path("/"), captures: Callable[[Path], bool | None] | None = None
) -> tuple[CameraInfo, ...]:
    """Cameras from sysfs. ``root`` and ``captures`` (may this node deliver pictures? None: unknown) are for tests."""
    captures = captures or _captures
    found = []
    for node in sorted((root / "sys/class/video4linux").glob("video*"), key=_number):
        device = root / "dev" / node.name
        if not device.exists():
            continue
        can = captures(device)
        # A webcam has a second node for metadata; where nobody can say, the first of a device is the camera.
        if can is False or (can is None and _text(node / "index") not in ("", "0")):
            continue
        program = _user_of(root, device)
        found.append(
            CameraInfo(
                _number(node),
                _linux_name(node),
                _stable_id(root, node),
                busy=bool(program),
                reason=f"{program} is using it" if program else _forbidden(device),
            )
        )
    return tuple(_distinct(found))


def find_again(wanted: CameraInfo, cameras: Iterable[CameraInfo]) -> CameraInfo | None:
    """The same camera among those that are there now, wherever it was plugged in; by index if it has no id."""
    for camera in cameras:
        same = camera.stable_id == wanted.stable_id if wanted.stable_id else camera.index == wanted.index
        if same:
            return camera
    return None


def parse_macos(text: str) -> tuple[CameraInfo, ...]:
    """Cameras from ``system_profiler SPCameraDataType -json``; OpenCV numbers them by their unique id."""
    entries = _entries(text, "SPCameraDataType")
    pairs = sorted((str(e.get("spcamera_unique-id", "")), str(e.get("_name", ""))) for e in entries)
    return tuple(
        CameraInfo(i, name or f"Camera {i}", f"macos:{uid}" if uid else "") for i, (uid, name) in enumerate(pairs)
    )


def parse_windows(text: str) -> tuple[CameraInfo, ...]:
    """Cameras from PowerShell's list of Plug and Play devices, in its order."""
    pairs = [(str(e.get("Name") or ""), str(e.get("PNPDeviceID") or "")) for e in _entries(text, None)]
    return tuple(
        CameraInfo(i, name or f"Camera {i}", f"pnp:{pnp}" if pnp else "") for i, (name, pnp) in enumerate(pairs)
    )


def _entries(text: str, key: str | None) -> list[dict[str, object]]:
    try:
        data = json.loads(text)
    except ValueError:
        return []
    if key is not None:
        data = data.get(key, []) if isinstance(data, dict) else []
    data = data if isinstance(data, list) else [data]
    return [entry for entry in data if isinstance(entry, dict)]


def _output(*command: str) -> str:
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(command, capture_output=True, timeout=_TOOL_TIMEOUT_S, check=False)
        return done.stdout.decode("utf-8", "replace")
    return ""


def _number(node: Path) -> int:
    digits = re.sub(r"\D", "", node.name)
    return int(digits) if digits else -1


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def _linux_name(node: Path) -> str:
    # The kernel says the name twice for many webcams: "Integrated Camera: Integrated C".
    name = _text(node / "name")
    first, _, second = name.partition(": ")
    if second and first.startswith(second):
        name = first
    return name or f"Camera {_number(node)}"


def _stable_id(root: Path, node: Path) -> str:
    """By maker and serial number if known, else by where it is plugged in."""
    for kind in ("by-id", "by-path"):
        with contextlib.suppress(OSError):
            for link in sorted((root / "dev/v4l" / kind).iterdir()):
                if os.path.basename(os.path.realpath(link)) == node.name:
                    return f"{kind}:{link.name}"
    with contextlib.suppress(OSError):
        return "sysfs:" + os.path.relpath(os.path.realpath(node / "device"), root / "sys")
    return ""


def _distinct(cameras: list[CameraInfo]) -> list[CameraInfo]:
    """Two cameras of one make without serial numbers share a link by id: such an id names neither."""
    ids = [camera.stable_id for camera in cameras]
    names = [camera.name for camera in cameras]
    return [
        replace(
            camera,
            name=f"{camera.name} ({camera.index})" if names.count(camera.name) > 1 else camera.name,
            stable_id=camera.stable_id if ids.count(camera.stable_id) == 1 else "",
        )
        for camera in cameras
    ]


def _captures(device: Path) -> bool | None:
    if sys.platform == "win32":
        return None
    import fcntl

    buffer = bytearray(104)
    try:
        handle = os.open(device, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.ioctl(handle, _QUERYCAP, buffer)
    except OSError:
        return None
    finally:
        os.close(handle)
    capabilities, device_caps = struct.unpack_from("=II", buffer, 84)
    return bool((device_caps if capabilities & _HAS_DEVICE_CAPS else capabilities) & _VIDEO_CAPTURE)


def _forbidden(device: Path) -> str:
    allowed = os.access(device, os.R_OK | os.W_OK)
    return "" if allowed else "no permission: add yourself to the group 'video' and log in again"


def _user_of(root: Path, device: Path) -> str:
    """The name of another program of this user that has the device open, or empty."""
    own = str(os.getpid())
    for process in (root / "proc").glob("[0-9]*"):
        if process.name == own:
            continue
        with contextlib.suppress(OSError):
            if any(os.readlink(link) == str(device) for link in (process / "fd").iterdir()):
                return _text(process / "comm") or "another program"
    return ""
