"""The menu of sources: cameras by name, the demo, a file; and what it says while cameras are still being looked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from desktop.sources import CAMERA_PREFIX, DEMO, is_camera, short_name
from desktop.texts import QT_TRANSLATE_NOOP, Text, text


class CameraInfo(Protocol):
    """What the menu needs to know of a camera; engine.capture's type has it."""

    @property
    def index(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def stable_id(self) -> str: ...
    @property
    def busy(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu. ``source`` None: a line that only says something."""

    label: Text
    source: str | None
    checked: bool = False


def entries(cameras: Sequence[CameraInfo] | None, current: str) -> tuple[Entry, ...]:
    """The lines above "Choose a file"; ``cameras`` None while they are still being looked for."""
    lines = [_camera(camera, current) for camera in cameras or ()]
    if cameras is None:
        lines.append(Entry(text(QT_TRANSLATE_NOOP("Mirror", "Looking for cameras …")), None))
    elif not cameras:
        lines.append(Entry(text(QT_TRANSLATE_NOOP("Mirror", "No camera found")), None))
    lines.append(Entry(text(QT_TRANSLATE_NOOP("Mirror", "Built-in demo")), DEMO, current == DEMO))
    if current != DEMO and not is_camera(current):
        lines.append(Entry(text("{name}", name=short_name(current)), current, True))
    return tuple(lines)


def source_of(camera: CameraInfo) -> str:
    """What to open and to remember: the id that survives replugging, or the index where there is none."""
    return CAMERA_PREFIX + camera.stable_id if camera.stable_id else str(camera.index)


def _camera(camera: CameraInfo, current: str) -> Entry:
    source = source_of(camera)
    checked = current in (source, str(camera.index))
    busy = QT_TRANSLATE_NOOP("Mirror", "{name} (in use by another program)")
    # The camera that this window itself has open looks busy too.
    label = text(busy if camera.busy and not checked else "{name}", name=camera.name)
    return Entry(label, source, checked)
