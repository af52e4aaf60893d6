"""The gallery's file: its tables, how it is opened, and what SQLite's complaints mean in the user's words.

Durability: write-ahead log with ``synchronous=FULL``: a transaction that was confirmed survives the end of the process
and of the power. ``secure_delete`` overwrites what is deleted; temporary tables stay in memory.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from engine.errors import GalleryBusyError, GalleryDamagedError, GalleryError, GalleryNewerError, NoGalleryError

SCHEMA = 1
"""Number of the tables below; a change of them needs a new number and a way to it from each older one."""
APPLICATION_ID = 0x41674D69  # "AgMi": tells our files from other SQLite databases
BUSY_TIMEOUT_MS = 3000
_SMALL_BYTES = 64 * 2**20  # some hundred people; a larger file is not read through at each start, nor rewritten

_TABLES = """
CREATE TABLE vault (id INTEGER PRIMARY KEY CHECK (id = 1), header TEXT NOT NULL);
CREATE TABLE people (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    created TEXT NOT NULL,
    target_age REAL CHECK (target_age BETWEEN 0 AND 100),
    consent TEXT NOT NULL CHECK (consent <> ''),
    consent_given TEXT NOT NULL
);
CREATE TABLE samples (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    model TEXT NOT NULL,
    embedding BLOB NOT NULL,
    thumbnail BLOB NOT NULL,
    quality REAL NOT NULL,
    created TEXT NOT NULL
);
CREATE INDEX samples_of_person ON samples (person);
"""


def connect(path: Path, *, create: bool, busy_ms: int = BUSY_TIMEOUT_MS) -> sqlite3.Connection:
    """The database, checked and with its tables; made with rights for this user alone if it is not there.

    Raises NoGalleryError (not there, and not to be made), GalleryBusyError, GalleryDamagedError, GalleryNewerError, and
    GalleryError where the place cannot be used.
    """
    if create:
        _make_file(path)
    elif not path.is_file():
        raise NoGalleryError(f"nobody is enrolled: there is no {path}. Enrol somebody first.")
    with explained(path):
        database = sqlite3.connect(
            path, timeout=busy_ms / 1000, isolation_level=None, check_same_thread=False, cached_statements=64
        )
        try:
            _set_up(database, path)
        except BaseException:
            database.close()
            raise
    return database


def _make_file(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # SQLite gives its log and index files the same rights.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        reason = (error.strerror or str(error)).rstrip(".")
        raise GalleryError(f"{path} cannot be written: {reason}. Check the rights of its folder.") from error


def _set_up(database: sqlite3.Connection, path: Path) -> None:
    database.execute("PRAGMA temp_store = MEMORY")
    database.execute("PRAGMA secure_delete = ON")
    database.execute("PRAGMA foreign_keys = ON")
    version = _number(database, "user_version")
    if version > SCHEMA:
        raise GalleryNewerError(
            f"{path} was written by a newer version of this program (format {version}, this one reads up to {SCHEMA}): "
            "update the program."
        )
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    if version == 0:
        _make_tables(database, path)
    if _number(database, "application_id") != APPLICATION_ID:
        raise GalleryDamagedError(_damaged(path, "it is a database of another program"))
    if path.stat().st_size <= _SMALL_BYTES:
        verdict = database.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise GalleryDamagedError(_damaged(path, verdict))


def _number(database: sqlite3.Connection, pragma: str) -> int:
    return int(database.execute(f"PRAGMA {pragma}").fetchone()[0])


def _make_tables(database: sqlite3.Connection, path: Path) -> None:
    with transaction(database):
        # Another process may have made them while this one waited for the lock.
        if _number(database, "user_version") == SCHEMA:
            return
        if database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            raise GalleryDamagedError(_damaged(path, "it is a database of another program"))
        for statement in _TABLES.split(";")[:-1]:
            database.execute(statement)
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute(f"PRAGMA user_version = {SCHEMA}")


@contextlib.contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, and nobody else writes meanwhile."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def scrub(database: sqlite3.Connection, *, thoroughly: bool) -> bool:
    """Empties the log, and rewrites the file without anything that was deleted; False if somebody reads just now.

    secure_delete has overwritten what was deleted, but SQLite may have left copies where it split pages: only writing
    every page anew is sure. thoroughly: even where the file is so large that this takes seconds.
    """
    try:
        # First the zeros of secure_delete into the file, then the rest of it to where they are.
        if not _emptied_log(database):
            return False
        if not thoroughly and _number(database, "page_count") * _number(database, "page_size") > _SMALL_BYTES:
            return True
        database.execute("VACUUM")
        return _emptied_log(database)
    except sqlite3.OperationalError as error:
        if _is_busy(error):
            return False
        raise


def _emptied_log(database: sqlite3.Connection) -> bool:
    return int(database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]) == 0


def destroy(path: Path) -> None:
    """Overwrites and deletes a gallery that cannot be opened, with its log. Raises GalleryError."""
    for each in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        with contextlib.suppress(FileNotFoundError):
            try:
                with each.open("r+b") as file:
                    file.write(bytes(each.stat().st_size))
                    file.flush()
                    os.fsync(file.fileno())
                each.unlink()
            except FileNotFoundError:
                raise
            except OSError as error:
                raise GalleryError(f"{each} cannot be deleted: {error.strerror}. Delete it yourself.") from error


def stored_header(path: Path) -> str | None:
    """The vault's header in a file that may be damaged or of another version; None where it cannot be read."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as database:
        row = database.execute("SELECT header FROM vault").fetchone()
        return None if row is None else str(row[0])
    return None


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into ours."""
    try:
        yield
    except sqlite3.Error as error:
        if _is_busy(error):
            message = f"{path} is in use by another program: close it, or try again in a moment."
            raise GalleryBusyError(message) from error
        code = _code(error)
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or not isinstance(error, sqlite3.OperationalError):
            raise GalleryDamagedError(_damaged(path, str(error))) from error
        if code == sqlite3.SQLITE_FULL:
            raise GalleryError(f"{path} cannot be written: its disk is full. Make room, then try again.") from error
        if code == sqlite3.SQLITE_ERROR:  # a table or column that should be there
            raise GalleryDamagedError(_damaged(path, str(error))) from error
        raise GalleryError(f"{path} cannot be used: {error}. Check the rights of the file and its folder.") from error


def _code(error: sqlite3.Error) -> int:
    """The primary result code; SQLite puts details above the lowest byte."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) or sqlite3.SQLITE_ERROR) & 0xFF


def _is_busy(error: sqlite3.Error) -> bool:
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _damaged(path: Path, reason: str) -> str:
    return (
        f"the gallery {path} is damaged ({reason}): move the file away and import an export ('people import FILE'), "
        "or begin anew ('people erase')."
    )
