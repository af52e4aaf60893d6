"""What a window needs besides the session: cameras, snapshots, recordings, and what is stored on this computer."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine import paths
from engine.capture.camera_list import CameraInfo
from engine.errors import GalleryError, NoGalleryError
from engine.types import Image

if TYPE_CHECKING:
    from engine.output.recorder import Recorder


@dataclass(frozen=True, slots=True)
class Stored:
    """What lies on the disk because of this program; the places are for people to read.

    people: how many are enrolled; None where their file cannot be read.
    """

    settings: bool
    settings_place: str
    pictures: int
    pictures_bytes: int
    pictures_place: str
    people: int | None = 0
    people_place: str = ""
    recordings: int = 0
    recordings_bytes: int = 0
    recordings_place: str = ""


def settings_file() -> Path:
    """Where the window keeps its settings. It may not exist yet."""
    return paths.settings_file()


def list_cameras() -> tuple[CameraInfo, ...]:
    """The cameras of this computer; may take seconds."""
    from engine.capture.camera_list import list_cameras as found

    return found()


def save_snapshot(image: Image) -> Path:
    """Write a PNG with a name of its own and say where. Raises OutputError."""
    from engine.output.snapshot import save_snapshot as save

    return save(image, paths.pictures_dir())


def start_recording() -> Recorder:
    """A recorder for what the mirror shows; its file lies in the user's videos and is named by date and time."""
    from engine.output.recorder import Recorder

    return Recorder(paths.videos_dir())


def look_what_is_stored() -> Stored:
    """Settings (broken ones too), snapshots, recordings, and how many people are enrolled; may wait for others."""
    pictures, recordings = _snapshots(), _recordings()
    return Stored(
        settings=bool(_settings_files()),
        settings_place=_short(paths.settings_file()),
        pictures=len(pictures),
        pictures_bytes=sum(picture.stat().st_size for picture in pictures),
        pictures_place=_short(paths.pictures_dir()),
        people=_people(),
        people_place=_short(paths.gallery_file()),
        recordings=len(recordings),
        recordings_bytes=sum(recording.stat().st_size for recording in recordings),
        recordings_place=_short(paths.videos_dir()),
    )


def erase_what_is_stored() -> None:
    """Delete settings, snapshots and recordings; other files beside them are not touched. Raises OSError.

    The people are erased by ``engine.live.people.People.erase``, which may have their file open.
    """
    for file in (*_settings_files(), *_snapshots(), *_recordings()):
        file.unlink(missing_ok=True)
    for folder in (paths.pictures_dir(), paths.videos_dir(), paths.user_dir()):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _people() -> int | None:
    from engine.recognition.gallery import Gallery

    try:
        with Gallery.open(create=False) as gallery:
            return len(gallery.people())
    except NoGalleryError:
        return 0
    except GalleryError:
        return None


def _settings_files() -> list[Path]:
    file = paths.settings_file()
    broken = sorted(file.parent.glob(f"{file.stem}.broken-*{file.suffix}"))
    return [each for each in (file, *broken) if each.is_file()]


def _snapshots() -> list[Path]:
    from engine.output.snapshot import SNAPSHOT_PATTERN

    return sorted(each for each in paths.pictures_dir().glob(SNAPSHOT_PATTERN) if each.is_file())


def _recordings() -> list[Path]:
    from engine.output.recorder import RECORDING_PATTERN

    return sorted(each for each in paths.videos_dir().glob(RECORDING_PATTERN) if each.is_file())


def _short(path: Path) -> str:
    home, text = str(Path.home()), str(path)
    return "~" + text[len(home) :] if text.startswith(home + os.sep) else text
