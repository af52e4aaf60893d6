"""Snapshots of the mirror: PNG files named by date and time; recordings take their names from here too."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from engine.errors import OutputError
from engine.images import write_picture
from engine.output.atomic import cause
from engine.types import Image

SNAPSHOT_PATTERN = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9].[0-9][0-9].[0-9][0-9]*.png"
"""Matches the names given here and hardly any other: for counting and erasing what this program made."""
SNAPSHOT_PATTERN = "????-??-?? ??.??.??*.png"
"""Finds the files that this module wrote in a folder, for Path.glob."""
_MOST_IN_ONE_SECOND = 1000


def save_snapshot(image: Image, folder: Path, *, now: Callable[[], datetime] = datetime.now) -> Path:
    """Write the picture into the folder (made if it is missing) as ``2031-02-03 14.15.16.png``; returns its path.

    A second one in the same second gets `` (2)`` and so on; nothing is ever overwritten.
    Raises OutputError if the folder cannot be written to.
    """
    path: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = reserve(folder, now())
        write_picture(path, image)
    except OSError as error:
        raise OutputError(f"cannot save a snapshot in {folder}: {cause(error)}. Choose another folder.") from error
    except BaseException:
        if path is not None:
            path.unlink(missing_ok=True)
        raise
    return path


def reserve(folder: Path, moment: datetime, suffix: str = ".png") -> Path:
    """An empty file with this moment for its name that nobody else has, so that two windows cannot take the same one.

    Raises OutputError if too many of this second are there, OSError if the folder cannot be written to.
    """
    stem = moment.strftime("%Y-%m-%d %H.%M.%S")
    for number in range(1, _MOST_IN_ONE_SECOND):
        path = folder / (f"{stem}{suffix}" if number == 1 else f"{stem} ({number}){suffix}")
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except FileExistsError:
            continue
        return path
    raise OutputError(f"cannot write into {folder}: too many files of the same second are there.")
