"""The settings file: what the window remembers, read once at the start and written atomically on a worker."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import time
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from desktop.background import Background
from desktop.texts import QT_TRANSLATE_NOOP, Text, text
from engine.errors import SettingsError
from engine.live.sweep import LONGEST_S, SHORTEST_S, USUAL_S
from engine.settings import Settings

log = logging.getLogger(__name__)

ENGINE_FIELDS = (
    "source", "size", "device", "latency_target_ms", "camera_width", "camera_height", "strength", "keep_eyes",
    "meter", "style",
)  # fmt: skip
CHOICES: Mapping[str, tuple[str, ...]] = {
    "theme": ("dark", "light", "system"),
    "language": ("system", "en", "de"),
    "motion": ("system", "full", "reduced"),
}
_USUAL = Settings()
_HEADER = "# What Age Mirror remembers. You may edit it while the program is closed, or delete it.\n"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What survives a restart. The first eight, ``meter`` and ``style`` are those of ``engine.settings.Settings``.

    The dial is not remembered: the mirror always begins with the face as it is.
    """

    source: str = _USUAL.source
    size: int = _USUAL.size
    device: str = _USUAL.device
    latency_target_ms: float = _USUAL.latency_target_ms
    camera_width: int = _USUAL.camera_width
    camera_height: int = _USUAL.camera_height
    strength: float = _USUAL.strength
    keep_eyes: bool = _USUAL.keep_eyes
    mirror: bool = True
    overlay: bool = True
    ages: bool = True
    landmarks: bool = False
    inside: bool = False
    meter: bool = False
    style: str = _USUAL.style
    sweep_s: float = USUAL_S
    theme: str = "dark"
    language: str = "system"
    motion: str = "system"

    def __post_init__(self) -> None:
        Settings().merged(self.engine_values())
        if not SHORTEST_S <= self.sweep_s <= LONGEST_S:
            raise SettingsError(f"sweep_s {self.sweep_s:g} is out of range: give {SHORTEST_S:g} to {LONGEST_S:g}.")
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise SettingsError(f"{name} {getattr(self, name)!r} is not offered: choose {', '.join(choices)}.")

    def engine_values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ENGINE_FIELDS}

    def on_top_of(self, settings: Settings, given: Collection[str]) -> Settings:
        """``settings`` with what is remembered, except where the command line said something (``given``)."""
        return settings.merged({k: v for k, v in self.engine_values().items() if k not in given})


# Slots turn class attributes into descriptors, so the defaults are read from an instance.
def _types() -> dict[str, type]:
    return {f.name: type(getattr(Preferences(), f.name)) for f in fields(Preferences)}


def parse(content: str) -> Preferences:
    """Preferences from TOML text; unknown keys are ignored (a newer version may have written them).

    Raises SettingsError for broken TOML, a value of the wrong type, or a value that is not offered.
    """
    try:
        table = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"not a settings file: {error}") from error
    values: dict[str, Any] = {}
    for name, kind in _types().items():
        if name not in table:
            continue
        value = table[name]
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            raise SettingsError(f"{name} should be {kind.__name__}, not {value!r}.")
        values[name] = value
    return Preferences(**values)


def render(preferences: Preferences) -> str:
    """The TOML text of ``preferences``; ``parse`` reads it back."""
    # JSON's basic strings, numbers and booleans are TOML's too, save for the delete character.
    lines = [
        f"{name} = " + json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        for name, value in asdict(preferences).items()
    ]
    return _HEADER + "\n".join(lines) + "\n"


def load(path: Path) -> tuple[Preferences, Text | None]:
    """What is remembered, and a warning for the user or None. A broken file is set aside, never overwritten."""
    try:
        return parse(path.read_text(encoding="utf-8")), None
    except FileNotFoundError:
        return Preferences(), None
    except OSError as error:
        log.warning("settings not read: %s", error)
        unread = QT_TRANSLATE_NOOP("Mirror", "The settings could not be read, so the usual ones are used.")
        return Preferences(), text(unread)
    except (SettingsError, UnicodeDecodeError) as error:
        log.warning("settings are broken: %s", error)
        return Preferences(), _set_aside(path)


def _set_aside(path: Path) -> Text:
    aside = path.with_name(f"{path.stem}.broken-{time.strftime('%Y%m%d-%H%M%S')}{path.suffix}")
    try:
        os.replace(path, aside)
    except OSError as error:
        log.warning("broken settings not set aside: %s", error)
        return text(QT_TRANSLATE_NOOP("Mirror", "The settings file is broken, so the usual settings are used."))
    kept = QT_TRANSLATE_NOOP(
        "Mirror", "The settings file was broken, so the usual settings are used. The old file is kept as {name}."
    )
    return text(kept, name=aside.name)


def write(path: Path, preferences: Preferences) -> None:
    """Write atomically: a reader sees the old file or the new one. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(render(preferences))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


class PreferencesStore:
    """Keeps the file in step with what the user chose: one write at a time, on a worker, the newest wins.

    ``failed`` is told when the file could not be written.
    """

    def __init__(self, path: Path, background: Background) -> None:
        self.path = path
        self.failed: Callable[[Exception], None] = lambda error: None
        self._background = background
        self._wanted: Preferences | None = None
        self._writing = False

    def save(self, preferences: Preferences) -> None:
        self._wanted = preferences
        self._write_next()

    @property
    def idle(self) -> bool:
        """True when everything is on the disk (or could not be written)."""
        return not self._writing and self._wanted is None

    def forget(self) -> None:
        """Drop what was not written yet."""
        self._wanted = None

    def _write_next(self) -> None:
        if self._writing or self._wanted is None:
            return
        preferences, self._wanted = self._wanted, None
        self._writing = True
        self._background.submit(lambda: write(self.path, preferences), self._written, self._not_written)

    def _written(self, _: None) -> None:
        self._writing = False
        self._write_next()

    def _not_written(self, error: Exception) -> None:
        self._writing = False
        self.failed(error)
        self._write_next()


def changed(preferences: Preferences, **values: Any) -> Preferences:
    """``preferences`` with other values, checked."""
    return replace(preferences, **values)
