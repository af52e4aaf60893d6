"""Forgetting everybody, whatever state the gallery is in."""

from __future__ import annotations

from pathlib import Path

from engine.errors import GalleryDamagedError, GalleryNewerError, NoGalleryError, VaultError
from engine.paths import gallery_file
from engine.recognition import schema
from engine.recognition.gallery import Gallery
from engine.recognition.vault import VaultHeader, drop_key


def erase_everything(path: Path | None = None) -> int | None:
    """Erases the gallery in this file (default: the user's own) and its key; how many people that were.

    A file that cannot be opened is overwritten and deleted; then nobody knows how many there were: None.
    Raises GalleryBusyError, GalleryError, and VaultError where only the key could not be taken out of the keyring.
    """
    path = gallery_file() if path is None else path
    try:
        with Gallery.open(path, create=False) as gallery:
            count = len(gallery.people())
            gallery.erase()
            return count
    except NoGalleryError:
        return 0
    except (GalleryDamagedError, GalleryNewerError):
        header = schema.stored_header(path)
        schema.destroy(path)
    try:
        known = None if header is None else VaultHeader.from_json(header)
    except VaultError:
        known = None
    if known is not None:
        drop_key(known)
    return None
