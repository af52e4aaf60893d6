"""The gallery's SQL: rows of its tables as values, and back. Each function works inside its caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from engine.errors import GalleryDamagedError, GalleryError, NameTakenError
from engine.recognition import blobs
from engine.recognition.records import Consent, DatedSample, Person, PersonRecord, Sample, name_key
from engine.recognition.vault import Vault, VaultHeader
from engine.types import Embedding

_PEOPLE = """
SELECT people.id, name, people.created, target_age, consent, consent_given, samples.model, count(samples.id)
FROM people LEFT JOIN samples ON samples.person = people.id {where}
GROUP BY people.id, samples.model ORDER BY people.id, samples.model
"""


# -- the vault's header ---------------------------------------------------------------------------------------------


def header(database: sqlite3.Connection) -> VaultHeader | None:
    row = database.execute("SELECT header FROM vault").fetchone()
    return None if row is None else VaultHeader.from_json(row[0])


def write_header(database: sqlite3.Connection, new: VaultHeader) -> None:
    database.execute("INSERT INTO vault (id, header) VALUES (1, ?)", (new.to_json(),))


# -- people ---------------------------------------------------------------------------------------------------------


def people(database: sqlite3.Connection) -> tuple[Person, ...]:
    return _people(database.execute(_PEOPLE.format(where="")).fetchall())


def person(database: sqlite3.Connection, person_id: int) -> Person:
    """Raises GalleryError where there is nobody with this number."""
    found = _people(database.execute(_PEOPLE.format(where="WHERE people.id = ?"), (person_id,)).fetchall())
    if not found:
        raise GalleryError("this person is not enrolled (any more): list the people again.")
    return found[0]


def _people(found: Sequence[Any]) -> tuple[Person, ...]:
    result: dict[int, Person] = {}
    for number, name, created, target_age, consent, given, model, count in found:
        before = result.get(number)
        models = (*(before.models if before else ()), *(() if model is None else (model,)))
        samples = count + (before.samples if before else 0)
        agreed = Consent(consent, _time(given))
        result[number] = Person(number, name, samples, _time(created), target_age, agreed, models)
    return tuple(result.values())


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except (ValueError, TypeError):
        raise GalleryDamagedError(f"the gallery is damaged: {text!r} is no time. Import an export.") from None


def id_of(database: sqlite3.Connection, name: str) -> int | None:
    row = database.execute("SELECT id FROM people WHERE name_key = ?", (name_key(" ".join(name.split())),)).fetchone()
    return None if row is None else int(row[0])


def refuse_taken(database: sqlite3.Connection, name: str, but: int | None = None) -> None:
    """Raises NameTakenError where somebody else than ``but`` has this name."""
    taken = id_of(database, name)
    if taken is not None and taken != but:
        other = person(database, taken).name
        raise NameTakenError(f"{other} is enrolled already: choose another name, or add pictures to {other}.")


def rename(database: sqlite3.Connection, person_id: int, name: str) -> None:
    database.execute("UPDATE people SET name = ?, name_key = ? WHERE id = ?", (name, name_key(name), person_id))


def set_target(database: sqlite3.Connection, person_id: int, years: float | None) -> None:
    database.execute("UPDATE people SET target_age = ? WHERE id = ?", (years, person_id))


def delete_all(database: sqlite3.Connection) -> None:
    """Everybody, the vault's header, and the numbers that were given."""
    for table in ("samples", "people", "vault", "sqlite_sequence"):
        database.execute(f"DELETE FROM {table}")


# -- samples --------------------------------------------------------------------------------------------------------


def insert(database: sqlite3.Connection, vault: Vault, record: PersonRecord) -> int:
    """A new person with all samples; the number."""
    cursor = database.execute(
        "INSERT INTO people (name, name_key, created, target_age, consent, consent_given) VALUES (?, ?, ?, ?, ?, ?)",
        (
            record.name,
            name_key(record.name),
            record.created.isoformat(),
            record.target_age,
            record.consent.text,
            record.consent.given.isoformat(),
        ),
    )
    assert cursor.lastrowid is not None
    insert_samples(database, vault, cursor.lastrowid, record.samples)
    return cursor.lastrowid


def insert_samples(database: sqlite3.Connection, vault: Vault, person_id: int, samples: Sequence[DatedSample]) -> None:
    row = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'samples'").fetchone()
    # A blob is bound to its row, so the number is known before; it is never given twice.
    first = 1 if row is None else int(row[0]) + 1
    for sample_id, dated in enumerate(samples, first):
        vector, picture = blobs.seal(vault, dated.sample, sample_id)
        database.execute(
            "INSERT INTO samples (id, person, model, embedding, thumbnail, quality, created) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                sample_id,
                person_id,
                dated.sample.embedding.model,
                vector,
                picture,
                float(dated.sample.quality),
                dated.created.isoformat(),
            ),
        )


def vectors(database: sqlite3.Connection, model: str) -> list[tuple[int, str, float | None, list[tuple[int, bytes]]]]:
    """Number, name, target age and (sample's number, encrypted vector) of everybody with samples of this model."""
    result: dict[int, tuple[int, str, float | None, list[tuple[int, bytes]]]] = {}
    found = database.execute(
        "SELECT people.id, name, target_age, samples.id, embedding FROM people "
        "JOIN samples ON samples.person = people.id WHERE model = ? ORDER BY people.id, samples.id",
        (model,),
    )
    for person_id, name, target_age, sample_id, blob in found:
        result.setdefault(person_id, (person_id, name, target_age, []))[3].append((sample_id, blob))
    return list(result.values())


def pictures(database: sqlite3.Connection, where: str, value: object) -> list[tuple[int, str, bytes]]:
    """Number, model and encrypted picture of the samples that fit."""
    return database.execute(f"SELECT id, model, thumbnail FROM samples WHERE {where} ORDER BY id", (value,)).fetchall()


def replace_vector(database: sqlite3.Connection, sample_id: int, old: str, model: str, sealed: bytes) -> None:
    """Nothing happens to a sample that was removed, or re-embedded by another program, meanwhile."""
    database.execute(
        "UPDATE samples SET model = ?, embedding = ? WHERE id = ? AND model = ?", (model, sealed, sample_id, old)
    )


# -- everything of a person -----------------------------------------------------------------------------------------


def record(database: sqlite3.Connection, vault: Vault, who: Person) -> PersonRecord:
    """All that is stored of this person, decrypted. Raises VaultError."""
    found = database.execute(
        "SELECT id, model, embedding, thumbnail, quality, created FROM samples WHERE person = ? ORDER BY id", (who.id,)
    )
    samples = tuple(
        DatedSample(
            Sample(
                Embedding(blobs.open_vector(vault, vector, sample_id, model), model),
                blobs.open_picture(vault, picture, sample_id),
                quality,
            ),
            _time(created),
        )
        for sample_id, model, vector, picture, quality, created in found
    )
    return PersonRecord(who.name, who.created, who.target_age, who.consent, samples)


def take_in(database: sqlite3.Connection, vault: Vault, new: PersonRecord) -> tuple[int, int, bool]:
    """Enters the person, or the samples that the one of this name lacks: number, samples added, whether known."""
    person_id = id_of(database, new.name)
    if person_id is None:
        return insert(database, vault, new), len(new.samples), False
    have = {_mark(dated) for dated in record(database, vault, person(database, person_id)).samples}
    lacking = [dated for dated in new.samples if _mark(dated) not in have]
    insert_samples(database, vault, person_id, lacking)
    return person_id, len(lacking), True


def _mark(dated: DatedSample) -> tuple[str, bytes]:
    embedding = dated.sample.embedding
    return embedding.model, blobs.vector_bytes(embedding.vector)
