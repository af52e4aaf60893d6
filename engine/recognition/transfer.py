"""All people in one encrypted file, to keep or to carry to another computer, and back.

File: one line of magic, one line with the header of its vault (JSON; scrypt's salt and cost, and a blob that tells a
wrong passphrase from a damaged file), then one AES-GCM blob, bound to the format's number: zlib-compressed JSON.
"""

from __future__ import annotations

import base64
import json
import os
import zlib
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.errors import (
    AgeMirrorError,
    GalleryDamagedError,
    GalleryError,
    GalleryNewerError,
    InputError,
    OutputError,
    VaultError,
)
from engine.output.atomic import cause, replacing
from engine.recognition import blobs
from engine.recognition.gallery import Gallery
from engine.recognition.records import (
    Consent,
    DatedSample,
    Person,
    PersonRecord,
    Sample,
    checked_consent,
    checked_name,
    checked_target,
)
from engine.recognition.vault import PASSPHRASE, Vault, VaultHeader
from engine.types import Embedding

FORMAT = 1
_MAGIC = b"Age Mirror people, format "
_MOST_BYTES = 2**31 - 2**20  # what one AES-GCM message holds here
_MOST_HEADER_BYTES = 4096


def export_people(gallery: Gallery, path: Path, passphrase: str) -> tuple[Person, ...]:
    """Writes everybody into one file that only this passphrase opens; who they were.

    The file appears whole or not at all. Raises GalleryError (nobody is enrolled, or there are too many for one file),
    VaultError (the gallery's own key), OutputError.
    """
    records = gallery.dump()
    if not records:
        raise GalleryError("nobody is enrolled: there is nothing to export.")
    vault = _new_vault(passphrase)
    people = [_written(record) for record in records]
    data = zlib.compress(json.dumps({"people": people}, separators=(",", ":")).encode(), 1)
    if len(data) > _MOST_BYTES:
        raise GalleryError("these are too many pictures for one file (2 GB): remove people who are not needed.")
    parts = (_MAGIC, str(FORMAT).encode(), b"\n", vault.header.to_json().encode(), b"\n", vault.encrypt(data, _about()))
    with replacing(path) as part:
        try:
            part.chmod(0o600)
            with part.open("wb") as file:
                file.writelines(parts)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise OutputError(f"cannot write {path}: {cause(error)}. Choose another place.") from error
    return gallery.people()


def import_people(gallery: Gallery, path: Path, passphrase: str) -> tuple[tuple[Person, int, bool], ...]:
    """Takes everybody of the file in, all or none: (person, samples added, whether the name was known) of each.

    Someone whose name is known gets the samples they lack; their consent and preferred age stay. Raises InputError
    (no such file, not an export), VaultError (wrong passphrase), GalleryDamagedError, GalleryNewerError.
    """
    return gallery.load(read_people(path, passphrase))


def read_people(path: Path, passphrase: str) -> tuple[PersonRecord, ...]:
    """The people in the file, each checked as if they were enrolled now. Raises as ``import_people``."""
    header, blob = _split(path)
    try:
        vault = Vault.open(header, passphrase)
    except VaultError:
        raise VaultError(f"the passphrase does not open {path}: try again with the one it was exported with.") from None
    try:
        data = vault.decrypt(blob, _about())
        content = json.loads(zlib.decompress(data))
        return tuple(_read(each) for each in content["people"])
    except (AgeMirrorError, ValueError, TypeError, KeyError, zlib.error) as error:
        raise GalleryDamagedError(f"{path} is damaged: use another copy. Nobody was imported.") from error


def check_export(path: Path) -> None:
    """A look before the passphrase is asked for. Raises InputError, GalleryDamagedError, GalleryNewerError."""
    _split(path)


def _split(path: Path) -> tuple[VaultHeader, bytes]:
    try:
        with path.open("rb") as file:
            magic, header = file.readline(len(_MAGIC) + 16), file.readline(_MOST_HEADER_BYTES)
            blob = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}.") from error
    number = magic.removeprefix(_MAGIC).strip()
    if not magic.startswith(_MAGIC) or not number.isdigit():
        raise InputError(f"{path} is no export of people: give a file that 'people export' wrote.")
    if int(number) > FORMAT:
        raise GalleryNewerError(
            f"{path} was written by a newer version of this program (format {int(number)}, this one reads up to "
            f"{FORMAT}): update the program."
        )
    try:
        found = VaultHeader.from_json(header.decode())
        if found.source != PASSPHRASE:
            raise ValueError(found.source)
        return found, blob
    except (VaultError, ValueError):
        raise GalleryDamagedError(f"{path} is damaged: use another copy. Nobody was imported.") from None


def _new_vault(passphrase: str) -> Vault:
    if not passphrase:
        raise VaultError("an export needs a passphrase: give one of at least one character.")
    return Vault.create(passphrase)


def _about() -> str:
    return f"export/{FORMAT}"


def _written(record: PersonRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "created": record.created.isoformat(),
        "target_age": record.target_age,
        "consent": {"text": record.consent.text, "given": record.consent.given.isoformat()},
        "samples": [
            {
                "model": dated.sample.embedding.model,
                "vector": _text(blobs.vector_bytes(dated.sample.embedding.vector)),
                "picture": _text(blobs.png(dated.sample.thumbnail)),
                "quality": dated.sample.quality,
                "created": dated.created.isoformat(),
            }
            for dated in record.samples
        ],
    }


def _read(person: dict[str, Any]) -> PersonRecord:
    consent = Consent(checked_consent(person["consent"]["text"]), datetime.fromisoformat(person["consent"]["given"]))
    samples = tuple(
        DatedSample(
            Sample(
                Embedding(blobs.vector_from(base64.b64decode(each["vector"], validate=True)), str(each["model"])),
                blobs.picture_from(base64.b64decode(each["picture"], validate=True)),
                float(each["quality"]),
            ),
            datetime.fromisoformat(each["created"]),
        )
        for each in person["samples"]
    )
    return PersonRecord(
        checked_name(person["name"]),
        datetime.fromisoformat(person["created"]),
        checked_target(person["target_age"]),
        consent,
        samples,
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
