"""Everything that a key or a button can do, as data: buttons, tooltips and the sheet of keys read this one list."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from desktop.texts import QT_TRANSLATE_NOOP


class Command(Enum):
    """One thing the user can ask for."""

    YOUNGER = "younger"
    OLDER = "older"
    MUCH_YOUNGER = "much younger"
    MUCH_OLDER = "much older"
    EFFECT = "effect"
    COMPARE = "compare"
    DIVIDER_LEFT = "divider left"
    DIVIDER_RIGHT = "divider right"
    SWEEP = "sweep"
    RECORD_SWEEP = "record sweep"
    SNAPSHOT = "snapshot"
    RECORD = "record"
    MIRROR = "mirror"
    OVERLAY = "overlay"
    METER = "meter"
    STYLE = "style"
    CAMERA = "camera"
    PEOPLE = "people"
    INSIDE = "look inside"
    SETTINGS = "settings"
    FULL_SCREEN = "full screen"
    STAGES = "stages"
    KEYS = "keys"
    BLANK = "blank"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class KeyBinding:
    """``key`` is the character or key name of Qt (``Key_`` left off); ``shown`` is how the sheet prints it."""

    command: Command
    key: str
    shown: str
    label: str
    ctrl: bool = False
    shift: bool = False


BINDINGS: tuple[KeyBinding, ...] = (
    KeyBinding(Command.YOUNGER, "Left", "←", QT_TRANSLATE_NOOP("Mirror", "One year younger")),
    KeyBinding(Command.OLDER, "Right", "→", QT_TRANSLATE_NOOP("Mirror", "One year older")),
    KeyBinding(Command.MUCH_YOUNGER, "Left", "Shift+←", QT_TRANSLATE_NOOP("Mirror", "Ten years younger"), shift=True),
    KeyBinding(Command.MUCH_OLDER, "Right", "Shift+→", QT_TRANSLATE_NOOP("Mirror", "Ten years older"), shift=True),
    KeyBinding(Command.EFFECT, "Space", "Space", QT_TRANSLATE_NOOP("Mirror", "Effect on or off")),
    KeyBinding(Command.COMPARE, "C", "C", QT_TRANSLATE_NOOP("Mirror", "Compare; hold to see the original")),
    KeyBinding(Command.DIVIDER_LEFT, "Left", "Ctrl+←", QT_TRANSLATE_NOOP("Mirror", "Divider to the left"), ctrl=True),
    KeyBinding(
        Command.DIVIDER_RIGHT, "Right", "Ctrl+→", QT_TRANSLATE_NOOP("Mirror", "Divider to the right"), ctrl=True
    ),
    KeyBinding(Command.SWEEP, "A", "A", QT_TRANSLATE_NOOP("Mirror", "Sweep through the ages")),
    KeyBinding(Command.RECORD_SWEEP, "A", "Shift+A", QT_TRANSLATE_NOOP("Mirror", "Record a sweep"), shift=True),
    KeyBinding(Command.SNAPSHOT, "S", "S", QT_TRANSLATE_NOOP("Mirror", "Save a snapshot")),
    KeyBinding(Command.RECORD, "R", "R", QT_TRANSLATE_NOOP("Mirror", "Record what is shown")),
    KeyBinding(Command.MIRROR, "M", "M", QT_TRANSLATE_NOOP("Mirror", "Mirror left and right")),
    KeyBinding(Command.OVERLAY, "O", "O", QT_TRANSLATE_NOOP("Mirror", "Show face marks")),
    KeyBinding(Command.METER, "I", "I", QT_TRANSLATE_NOOP("Mirror", "Show age and likeness of the result")),
    KeyBinding(Command.STYLE, "E", "E", QT_TRANSLATE_NOOP("Mirror", "Paint the picture in the next style")),
    KeyBinding(Command.CAMERA, "V", "V", QT_TRANSLATE_NOOP("Mirror", "Camera or file")),
    KeyBinding(Command.PEOPLE, "P", "P", QT_TRANSLATE_NOOP("Mirror", "People")),
    KeyBinding(Command.INSIDE, "L", "L", QT_TRANSLATE_NOOP("Mirror", "Look inside")),
    KeyBinding(Command.SETTINGS, "Comma", ",", QT_TRANSLATE_NOOP("Mirror", "Settings")),
    KeyBinding(Command.FULL_SCREEN, "F", "F", QT_TRANSLATE_NOOP("Mirror", "Full screen")),
    KeyBinding(Command.STAGES, "T", "T", QT_TRANSLATE_NOOP("Mirror", "Show how long each step takes")),
    KeyBinding(Command.KEYS, "Question", "?", QT_TRANSLATE_NOOP("Mirror", "Show all keys")),
    KeyBinding(
        Command.BLANK,
        "B",
        "Ctrl+Shift+B",
        QT_TRANSLATE_NOOP("Mirror", "Hide the picture and close the camera"),
        ctrl=True,
        shift=True,
    ),
    KeyBinding(Command.CLOSE, "Escape", "Esc", QT_TRANSLATE_NOOP("Mirror", "Close what is open")),
)

# Shift is part of typing these, not a modifier of its own: "?" needs it on most keyboards.
_SHIFT_IS_FREE = {"Question", "Comma"}
_BY_KEY = {(b.key, b.ctrl, b.shift): b.command for b in BINDINGS}
_BY_COMMAND = {b.command: b for b in BINDINGS}


def command_for(key: str, *, ctrl: bool = False, shift: bool = False) -> Command | None:
    """What a key asks for, or None. ``key`` as in KeyBinding."""
    return _BY_KEY.get((key, ctrl, shift and key not in _SHIFT_IS_FREE))


def binding(command: Command) -> KeyBinding:
    """The key of a command."""
    return _BY_COMMAND[command]
