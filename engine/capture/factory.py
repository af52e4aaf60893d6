"""From what the user typed or chose to the source that it means."""

from __future__ import annotations

import re
from pathlib import Path

import cv2

from engine.capture.camera import CameraSource, Request
from engine.capture.demo import DemoSource
from engine.capture.media import FolderSource, PictureSource, VideoSource
from engine.capture.protocol import Source
from engine.errors import InputError
from engine.images import PICTURE_SUFFIXES
from engine.settings import Settings

DEMO = "demo"
CAMERA_PREFIX = "camera:"
VIDEO_SUFFIXES = (
    ".mp4",
    ".mov",
    ".m4v",
    ".mkv",
    ".webm",
    ".avi",
    ".mpg",
    ".mpeg",
    ".ts",
    ".mts",
    ".wmv",
    ".flv",
    ".3gp",
)


def open_source(settings: Settings) -> Source:
    """The source that ``settings.source`` names, not opened yet (opening may take time).

    "demo"; a camera's index or device file; "camera:" and a stable id; a video, a picture or a folder of pictures.
    Index 0 means the first camera that is free, whatever number the system gave it.
    Raises InputError if there is no such file.
    """
    text = settings.source.strip()
    request = Request(settings.camera_width, settings.camera_height)
    if text.lower() == DEMO:
        return DemoSource()
    if node := re.fullmatch(r"(?:/dev/video)?([0-9]{1,4})", text):
        return CameraSource(int(node[1]), any_camera=text == "0", request=request)
    if text.startswith(CAMERA_PREFIX):
        return CameraSource(stable_id=text.removeprefix(CAMERA_PREFIX), request=request)
    return open_path(Path(text).expanduser(), loop=settings.loop)


def open_path(path: Path, *, loop: bool = False, paced: bool = True) -> FolderSource | PictureSource | VideoSource:
    """The source for a file or folder, not opened yet. Raises InputError if there is none."""
    if not path.name or not path.exists():
        raise InputError(f"no such file or folder: {path}. Check the spelling.")
    if path.is_dir():
        return FolderSource(path, loop=loop, paced=paced)
    if is_picture(path):
        return PictureSource(path, paced=paced)
    return VideoSource(path, loop=loop, paced=paced)


def is_picture(path: Path) -> bool:
    """True if the file is to be read as a picture: by its name, else by how its content begins."""
    suffix = path.suffix.lower()
    if suffix in PICTURE_SUFFIXES or suffix in VIDEO_SUFFIXES:
        return suffix in PICTURE_SUFFIXES
    return path.is_file() and bool(cv2.haveImageReader(str(path)))
