"""The people this computer knows, for whoever only wants to recognise them: read quietly, and again after a change."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from engine.errors import GalleryError, NoGalleryError, VaultError
from engine.paths import gallery_file
from engine.recognition.gallery import Gallery
from engine.recognition.index import GalleryIndex

log = logging.getLogger(__name__)

ANSWER_LIMIT_S = 6.0
"""How long a keyring may take; one that asks its user for a password does not count as open."""

Stamp = tuple[tuple[int, int], ...]


def read_index(model: str, path: Path | None = None) -> GalleryIndex | None:
    """Everybody with samples of this model, or None where nobody was ever enrolled.

    Raises GalleryError, and VaultError where the key is not at hand.
    """
    try:
        with Gallery.open(path, create=False) as gallery:
            return gallery.index(model)
    except NoGalleryError:
        return None


class KnownPeople:
    """The index of a gallery that may not be there, may be locked, and may change; it never asks and never raises.

    problem: why there are no names although a gallery is there, in one sentence; else empty.
    """

    def __init__(self, model: str, path: Path | None = None) -> None:
        self._model = model
        self._path = path
        self._stamp: Stamp | None = None
        self._index: GalleryIndex | None = None
        self.problem = ""

    def index(self) -> GalleryIndex | None:
        """The people as they are now; None where there is nobody, or the gallery is locked or damaged."""
        stamp = stamp_of(self._path)
        if stamp != self._stamp:
            self._stamp = stamp
            self._index, self.problem = _read_quietly(self._model, self._path) if stamp else (None, "")
            if self.problem:
                log.info("nobody is recognised: %s", self.problem)
        return self._index


def stamp_of(path: Path | None = None) -> Stamp:
    """Changes whenever the gallery's file does; empty where there is none."""
    path = gallery_file() if path is None else path
    found = []
    for file in (path, path.with_name(path.name + "-wal")):
        try:
            status = file.stat()
        except OSError:
            continue
        found.append((status.st_mtime_ns, status.st_size))
    return tuple(found)


def _read_quietly(model: str, path: Path | None) -> tuple[GalleryIndex | None, str]:
    """The index and no problem, or none and why; given up after a while, since a keyring may wait for its user."""
    answers: list[tuple[GalleryIndex | None, str]] = []

    def read() -> None:
        try:
            answers.append((read_index(model, path), ""))
        except (GalleryError, VaultError) as error:
            answers.append((None, str(error)))

    reader = threading.Thread(target=read, name="people", daemon=True)
    reader.start()
    reader.join(ANSWER_LIMIT_S)
    return answers[0] if answers else (None, "the system keyring does not answer: unlock it, then try again.")
