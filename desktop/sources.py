"""What a source is called and what kind it is; the same words as ``--source``: an index, ``demo``, or a path."""

from __future__ import annotations

from pathlib import PurePath

DEMO = "demo"
CAMERA_PREFIX = "camera:"
PICTURES = ("jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff")
VIDEOS = ("mp4", "mov", "m4v", "mkv", "webm", "avi", "mpg", "mpeg")


def is_camera(source: str) -> bool:
    """True for a camera: an index such as ``0``, or ``camera:`` and a stable id."""
    return source.strip().isdecimal() or source.startswith(CAMERA_PREFIX)


def is_picture(source: str) -> bool:
    """True for a still picture, by its suffix: it shows one frame and has then "ended" without anyone minding."""
    return PurePath(source).suffix.lower().lstrip(".") in PICTURES


def short_name(source: str) -> str:
    """What to call a source that is not a camera: the file's own name, or "demo"."""
    return source if source == DEMO or is_camera(source) else PurePath(source).name
