"""The people that were enrolled, in one SQLite file: vectors and pictures encrypted, each change whole or not at all.

Names, consent and preferred ages lie in the open, so listing and forgetting people need no key; vectors and pictures
need the vault. Vectors of two models are never compared.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.errors import EnrolmentError, GalleryBusyError, GalleryDamagedError, GalleryError, VaultError
from engine.paths import gallery_file
from engine.recognition import blobs, rows, schema
from engine.recognition.index import GalleryIndex
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
from engine.recognition.vault import Vault, VaultHeader, drop_key
from engine.types import Embedding, FloatArray, Image

log = logging.getLogger(__name__)

Embed = Callable[[NDArray[np.uint8]], FloatArray]
"""Crops (N, 112, 112, 3) uint8 BGR -> unit vectors (N, D) float32, as FaceEngine.embed."""

_BATCH = 32


class Gallery:
    """An open gallery. Every method may be called from any thread; one works at a time.

    Every method may raise GalleryBusyError, GalleryDamagedError or another GalleryError; those that touch vectors or
    pictures need the key: they find it by themselves where it lies in the keyring or in AGE_MIRROR_PASSPHRASE, else
    ``unlock`` comes first, or they raise PassphraseNeededError or another VaultError.
    """

    def __init__(self, path: Path, database: sqlite3.Connection, vault: Vault | None = None) -> None:
        self.path = path
        self._database: sqlite3.Connection | None = database
        self._vault = vault
        self._lock = threading.RLock()

    @classmethod
    def open(
        cls,
        path: Path | None = None,
        vault: Vault | None = None,
        create: bool = True,
        busy_ms: int = schema.BUSY_TIMEOUT_MS,
    ) -> Self:
        """The gallery in this file (default: the user's own), made if ``create`` and it is not there.

        vault: an opened one, where the caller has it; a new gallery takes it as its own. busy_ms: how long to wait for
        another program. Raises NoGalleryError, GalleryBusyError, GalleryDamagedError, GalleryNewerError, GalleryError.
        """
        path = gallery_file() if path is None else path
        return cls(path, schema.connect(path, create=create, busy_ms=busy_ms), vault)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Safe to call twice."""
        with self._lock:
            database, self._database = self._database, None
            self._vault = None
            if database is not None:
                database.close()

    # -- the key ------------------------------------------------------------------------------------------------------

    def key_source(self) -> str | None:
        """Where the key lies, "keyring" or "passphrase"; None while nothing was ever encrypted."""
        with self._reading() as database:
            header = rows.header(database)
        return header.source if header else None

    @property
    def locked(self) -> bool:
        """Whether the key was not opened yet."""
        with self._reading() as database:
            header = rows.header(database)
            return header is None or self._vault is None or self._vault.header.id != header.id

    def unlock(self, passphrase: str | None = None) -> None:
        """Opens the vault now, and makes it where there is none: before work that would be lost without it.

        Raises PassphraseNeededError (ask, and call again) and VaultError (wrong passphrase, no key in the keyring).
        """
        with self._lock:
            self._key(passphrase)

    def _key(self, passphrase: str | None = None) -> Vault:
        with self._reading() as database:
            header = rows.header(database)
        if header is not None and (self._vault is None or self._vault.header.id != header.id):
            self._vault = Vault.open(header, passphrase)
        if header is None:
            self._vault = self._new_vault(self._vault or Vault.create(passphrase), passphrase)
        assert self._vault is not None
        return self._vault

    def _new_vault(self, vault: Vault, passphrase: str | None) -> Vault:
        """This vault, entered into the gallery; or the one that another program has just entered."""
        with self._writing() as database:
            found = rows.header(database)
            if found is None:
                rows.write_header(database, vault.header)
        if found is None:
            return vault
        with contextlib.suppress(VaultError):
            vault.forget()
        return Vault.open(found, passphrase)

    # -- who is there -------------------------------------------------------------------------------------------------

    def people(self) -> tuple[Person, ...]:
        """Everybody, in the order of enrolment."""
        with self._reading() as database:
            return rows.people(database)

    def person(self, person_id: int) -> Person:
        """Raises GalleryError where there is nobody with this number."""
        with self._reading() as database:
            return rows.person(database, person_id)

    def find(self, name: str) -> Person | None:
        """The person of this name, whatever its case; None if there is none."""
        with self._reading() as database:
            person_id = rows.id_of(database, name)
            return None if person_id is None else rows.person(database, person_id)

    def changes(self) -> tuple[int, int]:
        """Two numbers that differ after any change, by this program or another: a cheap look whether to read again."""
        with self._reading() as database:
            return int(database.execute("PRAGMA data_version").fetchone()[0]), database.total_changes

    # -- changes ------------------------------------------------------------------------------------------------------

    def add(self, name: str, samples: Sequence[Sample], consent: str) -> Person:
        """Enrols somebody, in one transaction. consent: what they agreed to, word for word.

        Raises InputError (name), NameTakenError, EnrolmentError (no consent, no samples), VaultError.
        """
        name, consent = checked_name(name), checked_consent(consent)
        now = _now()
        with self._sealing(samples) as (database, vault):
            rows.refuse_taken(database, name)
            record = PersonRecord(name, now, None, Consent(consent, now), _dated(samples, now))
            person_id = rows.insert(database, vault, record)
            return rows.person(database, person_id)

    def add_samples(self, person_id: int, samples: Sequence[Sample]) -> Person:
        """More looks at somebody who is enrolled. Raises EnrolmentError (no samples), GalleryError, VaultError."""
        with self._sealing(samples) as (database, vault):
            rows.person(database, person_id)
            rows.insert_samples(database, vault, person_id, _dated(samples, _now()))
            return rows.person(database, person_id)

    def rename(self, person_id: int, name: str) -> Person:
        """Raises InputError (name), NameTakenError, GalleryError."""
        name = checked_name(name)
        with self._writing() as database:
            rows.person(database, person_id)
            rows.refuse_taken(database, name, but=person_id)
            rows.rename(database, person_id, name)
            return rows.person(database, person_id)

    def merge(self, keep_id: int, gone_id: int) -> Person:
        """Both were one person: the samples of the second go to the first, whose name, consent and age stay.

        A preferred age that only the second has goes with them. Raises GalleryError.
        """
        if keep_id == gone_id:
            raise GalleryError("a person cannot be merged with themselves: name two.")
        with self._writing() as database:
            keep, gone = rows.person(database, keep_id), rows.person(database, gone_id)
            database.execute("UPDATE samples SET person = ? WHERE person = ?", (keep_id, gone_id))
            if keep.target_age is None:
                rows.set_target(database, keep_id, gone.target_age)
            database.execute("DELETE FROM people WHERE id = ?", (gone_id,))
            merged = rows.person(database, keep_id)
        self._scrub()
        return merged

    def remove(self, person_id: int) -> None:
        """Forgets somebody with all their samples. Raises GalleryError.

        Their bytes are overwritten; a file of up to 64 MB is rewritten, so that no copy is left either.
        """
        with self._writing() as database:
            rows.person(database, person_id)
            database.execute("DELETE FROM people WHERE id = ?", (person_id,))
        self._scrub()

    def set_target_age(self, person_id: int, years: float | None) -> Person:
        """The age this person prefers to be shown at; None for none. Raises InputError (0 to 100), GalleryError."""
        years = checked_target(years)
        with self._writing() as database:
            rows.person(database, person_id)
            rows.set_target(database, person_id, years)
            return rows.person(database, person_id)

    def erase(self) -> None:
        """Forgets everybody, and the key. Afterwards nothing of them is in the file; it is empty and can be used again.

        Raises GalleryBusyError where another program reads the file just now, VaultError where the key could not be
        taken out of the keyring; the people are gone even so.
        """
        with self._writing() as database:
            header = None
            with contextlib.suppress(VaultError):  # a damaged header must not keep anybody here
                header = rows.header(database)
            rows.delete_all(database)
        self._vault = None
        clean = self._scrub(thoroughly=True)
        if header is not None:
            drop_key(header)
        if not clean:
            raise GalleryBusyError(
                f"everybody is erased, but traces stay in {self.path} while another program reads it: close that, then "
                "erase again."
            )

    def _scrub(self, *, thoroughly: bool = False) -> bool:
        with self._reading() as database:
            if schema.scrub(database, thoroughly=thoroughly):
                return True
        log.info("%s is read by another program; what was deleted leaves the file with the next change.", self.path)
        return False

    # -- vectors and pictures -----------------------------------------------------------------------------------------

    def index(self, model: str) -> GalleryIndex:
        """A snapshot to search in: everybody with samples of this model."""
        with self._lock:
            vault = self._key_if_any()
            with self._reading() as database:
                found = rows.vectors(database, model)
        if vault is None:
            return GalleryIndex.empty(model)
        with _naming_damage(self.path):
            return GalleryIndex.of(
                model,
                [
                    (i, name, target, [blobs.open_vector(vault, blob, sample, model) for sample, blob in samples])
                    for i, name, target, samples in found
                ],
            )

    def stale(self, model: str) -> tuple[Person, ...]:
        """The people with samples of other models, which this model cannot use: re-embed them, or enrol again."""
        return tuple(person for person in self.people() if set(person.models) - {model})

    def thumbnails(self, person_id: int) -> tuple[Image, ...]:
        """The aligned crops (112, 112, 3) of a person, oldest first. Raises GalleryError, VaultError."""
        with self._lock:
            vault = self._key()
            with self._reading() as database:
                rows.person(database, person_id)
                found = rows.pictures(database, "person = ?", person_id)
        with _naming_damage(self.path):
            return tuple(blobs.open_picture(vault, blob, sample) for sample, _, blob in found)

    def reembed(self, model: str, embed: Embed) -> int:
        """Makes the vectors of other models anew from the stored crops, all or none; how many there were.

        model: the name of what ``embed`` runs. Raises VaultError, and what ``embed`` raises.
        """
        with self._lock:
            vault = self._key()
            with self._reading() as database:
                found = rows.pictures(database, "model <> ?", model)
        made: list[tuple[int, str, Embedding]] = []
        for start in range(0, len(found), _BATCH):
            batch = found[start : start + _BATCH]
            with _naming_damage(self.path):
                crops = np.stack([blobs.open_picture(vault, blob, sample) for sample, _, blob in batch])
            vectors = embed(crops)
            made += [(row[0], row[1], Embedding(v, model)) for row, v in zip(batch, vectors, strict=True)]
        with self._writing() as database:
            self._same_key(database, vault)
            for sample, old, embedding in made:
                sealed = blobs.seal_vector(vault, embedding, sample)
                rows.replace_vector(database, sample, old, model, sealed)
        return len(made)

    # -- all at once: for engine.recognition.transfer -----------------------------------------------------------------

    def dump(self) -> tuple[PersonRecord, ...]:
        """Everybody with all that is stored of them, decrypted."""
        with self._lock:
            vault = self._key_if_any()
            if vault is None:
                return ()
            with self._writing() as database, _naming_damage(self.path):
                return tuple(rows.record(database, vault, person) for person in rows.people(database))

    def load(self, records: Sequence[PersonRecord]) -> tuple[tuple[Person, int, bool], ...]:
        """Takes people in, all or none: (person, samples added, whether the name was known) of each.

        Someone of a known name gets those samples that they do not have yet; their consent and age stay.
        """
        results = []
        with self._lock:
            vault = self._key()
            with self._writing() as database, _naming_damage(self.path):
                self._same_key(database, vault)
                for record in records:
                    person_id, count, known = rows.take_in(database, vault, record)
                    results.append((rows.person(database, person_id), count, known))
        return tuple(results)

    # -- inside -------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._database is None:
                raise GalleryError("the gallery is closed: open it again.")
            with schema.explained(self.path):
                yield self._database

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as database, schema.transaction(database):
            yield database

    @contextlib.contextmanager
    def _sealing(self, samples: Sequence[Sample]) -> Iterator[tuple[sqlite3.Connection, Vault]]:
        if not samples:
            raise EnrolmentError("there is no picture of a face to enrol: give at least one.")
        with self._lock:
            vault = self._key()
            with self._writing() as database:
                self._same_key(database, vault)
                yield database, vault

    def _key_if_any(self) -> Vault | None:
        """The vault, or None while the gallery never had one: reading an empty gallery makes no key."""
        return None if self.key_source() is None else self._key()

    def _same_key(self, database: sqlite3.Connection, vault: Vault) -> None:
        """Another program may have erased everything since the key was opened: nothing is written with a lost key."""
        header: VaultHeader | None = rows.header(database)
        if header is None or header.id != vault.header.id:
            raise GalleryBusyError(f"{self.path} was changed by another program meanwhile: try again.")


@contextlib.contextmanager
def _naming_damage(path: Path) -> Iterator[None]:
    """What the right key cannot open was changed from outside."""
    try:
        yield
    except VaultError as error:
        raise GalleryDamagedError(
            f"{path} is damaged ({str(error).partition(':')[0]}): enrol that person anew, or import an export."
        ) from error


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _dated(samples: Sequence[Sample], created: datetime) -> tuple[DatedSample, ...]:
    return tuple(DatedSample(sample, created) for sample in samples)
