"""Files that appear whole or not at all, however the writing ends."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from engine.errors import OutputError

_count = itertools.count()


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A file beside ``target``, with its suffix, to write into; it takes the target's place when the block ends well.

    After any exception, Ctrl-C too, it is removed and the target is as it was.
    Raises OutputError if the place cannot be written to.
    """
    if target.is_dir():
        raise OutputError(f"cannot write {target}: it is a folder. Give the name of a file.")
    part = target.with_name(f".{target.stem}.{os.getpid()}-{next(_count)}.part{target.suffix}")
    try:
        with _as_output_error(target):
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield part
        with _as_output_error(target):
            os.replace(part, target)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


@contextlib.contextmanager
def _as_output_error(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot write {target}: {cause(error)}. Choose another place.") from error


def cause(error: OSError) -> str:
    """Why, in a few words."""
    if isinstance(error, FileNotFoundError):
        return "its folder does not exist"
    return (error.strerror or str(error)).rstrip(".")
