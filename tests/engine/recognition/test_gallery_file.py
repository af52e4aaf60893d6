"""The file itself: damaged, newer, busy, of somebody else; and what is left in its bytes after forgetting."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import cv2
import keyring
import numpy as np
import pytest

from engine.errors import (
    GalleryBusyError,
    GalleryDamagedError,
    GalleryError,
    GalleryNewerError,
    NoGalleryError,
    VaultError,
)
from engine.paths import gallery_file
from engine.recognition import schema
from engine.recognition.erase import erase_everything
from engine.recognition.gallery import Gallery
from engine.recognition.vault import Vault
from tests.fakes.keyrings import LockedKeyring, MemoryKeyring
from tests.fakes.people import CONSENT, MODEL, PASSPHRASE, crop, named, samples, vector


@contextlib.contextmanager
def raw() -> Iterator[sqlite3.Connection]:
    """The file as any other program would open it."""
    with contextlib.closing(sqlite3.connect(gallery_file())) as database:
        yield database
        database.commit()


@pytest.fixture
def enrolled() -> None:
    """A gallery with three people, closed."""
    with Gallery.open(vault=Vault.create(PASSPHRASE)) as gallery:
        for number, name in enumerate(("Ada Lovelace", "Bob", "Eve")):
            gallery.add(name, samples(number), CONSENT)


def refuse(error: type[GalleryError], *parts: str) -> None:
    with pytest.raises(error) as caught:
        Gallery.open()
    for part in (*parts, str(gallery_file())):
        assert part in str(caught.value)


class TestOpening:
    def test_it_is_made_with_its_folder(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AGE_MIRROR_HOME", str(home / "a" / "b"))
        Gallery.open().close()
        assert gallery_file().is_file()

    def test_nobody_was_ever_enrolled(self) -> None:
        with pytest.raises(NoGalleryError, match="nobody is enrolled"):
            Gallery.open(create=False)
        assert not gallery_file().exists()

    def test_an_empty_file_becomes_one(self) -> None:
        gallery_file().touch()
        with Gallery.open(create=False) as gallery:
            assert gallery.people() == ()

    def test_a_folder_in_its_place(self) -> None:
        gallery_file().mkdir()
        refuse(GalleryError, "cannot be written")

    @pytest.mark.parametrize(
        ("pragma", "value"),
        [("synchronous", 2), ("secure_delete", 1), ("journal_mode", "wal"), ("foreign_keys", 1), ("temp_store", 2)],
    )
    def test_it_is_written_safely(self, pragma: str, value: object) -> None:
        with contextlib.closing(schema.connect(gallery_file(), create=True)) as database:
            assert database.execute(f"PRAGMA {pragma}").fetchone()[0] == value


@pytest.mark.usefixtures("enrolled")
class TestDamage:
    def test_not_a_database(self) -> None:
        gallery_file().write_bytes(b"these are not the people you are looking for" * 99)
        refuse(GalleryDamagedError, "is damaged", "import an export", "people erase")

    def test_cut_off(self) -> None:
        data = gallery_file().read_bytes()
        gallery_file().write_bytes(data[: len(data) // 2])
        refuse(GalleryDamagedError, "is damaged")

    def test_a_page_of_noise(self) -> None:
        data = bytearray(gallery_file().read_bytes())
        data[4096:12288] = np.random.default_rng(0).bytes(8192)
        gallery_file().write_bytes(data)
        refuse(GalleryDamagedError, "is damaged")

    def test_a_table_is_missing(self) -> None:
        with raw() as database:
            database.execute("DROP TABLE samples")
        with Gallery.open() as gallery, pytest.raises(GalleryDamagedError, match="no such table: samples"):
            gallery.people()

    def test_a_time_that_is_none(self) -> None:
        with raw() as database:
            database.execute("UPDATE people SET created = 'yesterday'")
        with Gallery.open() as gallery, pytest.raises(GalleryDamagedError, match="'yesterday' is no time"):
            gallery.people()

    def test_the_vaults_header(self) -> None:
        with raw() as database:
            database.execute("UPDATE vault SET header = '{}'")
        with Gallery.open() as gallery:
            assert len(gallery.people()) == 3
            with pytest.raises(VaultError, match="header of the encryption is damaged"):
                gallery.unlock(PASSPHRASE)
            gallery.erase()
            assert gallery.people() == ()

    def test_newer(self) -> None:
        with raw() as database:
            database.execute("PRAGMA user_version = 7")
        refuse(GalleryNewerError, "format 7", f"up to {schema.SCHEMA}", "update the program")

    @pytest.mark.parametrize("statement", ["PRAGMA application_id = 5", "PRAGMA user_version = 0"])
    def test_a_database_of_another_program(self, statement: str) -> None:
        with raw() as database:
            database.execute(statement)
        refuse(GalleryDamagedError, "another program")


@pytest.mark.usefixtures("enrolled")
class TestBusy:
    def test_another_program_writes(self) -> None:
        with Gallery.open(busy_ms=50) as gallery, raw() as other:
            other.execute("BEGIN IMMEDIATE")
            assert len(gallery.people()) == 3, "reading goes on"
            with pytest.raises(GalleryBusyError, match="in use by another program"):
                gallery.rename(1, "Ada")
            other.rollback()
            assert gallery.rename(1, "Ada").name == "Ada"

    def test_another_program_holds_it_alone(self) -> None:
        with raw() as other:
            other.execute("PRAGMA locking_mode = EXCLUSIVE")
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(GalleryBusyError, match="close it, or try again"):
                Gallery.open(busy_ms=50)

    def test_a_reader_keeps_traces_alive_and_erase_says_so(self) -> None:
        with Gallery.open(busy_ms=50) as gallery, raw() as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM people").fetchone()
            with pytest.raises(GalleryBusyError, match="traces stay"):
                gallery.erase()
            assert gallery.people() == ()
            reader.rollback()
            gallery.erase()
            assert b"Lovelace" not in everything()


def everything() -> bytes:
    """All bytes of the file, its log and its index."""
    return b"".join(path.read_bytes() for path in sorted(gallery_file().parent.glob("people.sqlite*")))


def traces(blobs: list[bytes]) -> list[str]:
    """What can still be found of three people; any sixteen bytes of a former blob count."""
    data = everything()
    known = {
        "a name": [b"Lovelace", b"lovelace"],
        "a consent": [CONSENT.encode()],
        "a model": [MODEL.encode()],
        "a vector": [vector(0).tobytes()[:16]],
        "a picture": [crop(0).tobytes()[:16], bytes(cv2.imencode(".png", crop(0))[1])[64:80]],
        "a blob": [blob[at : at + 16] for blob in blobs for at in range(0, len(blob) - 16, 512)],
    }
    return [what for what, pieces in known.items() if any(piece in data for piece in pieces)]


def stored_blobs() -> list[bytes]:
    with raw() as database:
        return [blob for row in database.execute("SELECT embedding, thumbnail FROM samples") for blob in row]


@pytest.mark.usefixtures("enrolled")
class TestForgetting:
    def test_before_the_blobs_are_there_and_never_the_plain_data(self) -> None:
        assert traces(stored_blobs()) == ["a name", "a consent", "a model", "a blob"]

    @pytest.mark.parametrize("watched", [False, True], ids=["alone", "while the mirror has it open"])
    def test_erase_leaves_no_trace_in_the_file(self, watched: bool) -> None:
        blobs = stored_blobs()
        with contextlib.ExitStack() as stack:
            if watched:
                mirror = stack.enter_context(Gallery.open())
                assert len(mirror.people()) == 3
            with Gallery.open() as gallery:
                blobs += self.more(gallery)
                gallery.erase()
                assert traces(blobs) == []
                assert gallery.people() == ()
                assert gallery.key_source() is None
            assert traces(blobs) == []

    @staticmethod
    def more(gallery: Gallery) -> list[bytes]:
        """Changes of all kinds first, so that old pages lie in the log."""
        gallery.unlock(PASSPHRASE)
        for number in range(4, 12):
            gallery.add(f"Lovelace {number}", samples(number), CONSENT)
        blobs = stored_blobs()
        gallery.remove(named(gallery, "lovelace 10").id)
        gallery.rename(named(gallery, "Bob").id, "Lovelace the second")
        return blobs

    def test_remove_leaves_no_trace_of_that_person(self) -> None:
        with raw() as database:
            theirs = [
                b for row in database.execute("SELECT embedding, thumbnail FROM samples WHERE person = 1") for b in row
            ]
        with Gallery.open() as gallery:
            assert "a blob" in traces(theirs)
            gallery.remove(1)
            assert set(traces(theirs)) == {"a consent", "a model"}, "which the others have too"
            gallery.unlock(PASSPHRASE)
            assert len(gallery.index(MODEL)) == 6

    def test_a_file_too_large_to_rewrite_is_overwritten_in_place(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with raw() as database:
            query = "SELECT embedding, thumbnail FROM samples WHERE person = 1"
            theirs = [blob for row in database.execute(query) for blob in row]
        size = gallery_file().stat().st_size
        monkeypatch.setattr(schema, "_SMALL_BYTES", 0)
        with Gallery.open() as gallery:
            gallery.remove(1)
            assert "a blob" not in traces(theirs)
            assert gallery_file().stat().st_size == size

    def test_after_erasing_somebody_can_be_enrolled_with_a_new_key(self) -> None:
        with Gallery.open() as gallery:
            gallery.erase()
            with pytest.raises(VaultError):
                gallery.add("Ada", samples(1), CONSENT)
            gallery.unlock("new")
            gallery.add("Ada", samples(1), CONSENT)
            assert gallery.person(1).samples == 3

    def test_erase_drops_the_key(self, memory_keyring: MemoryKeyring) -> None:
        erase_everything()
        with Gallery.open() as gallery:
            gallery.add("Ada", samples(1), CONSENT)
            assert len(memory_keyring.kept) == 1
            gallery.erase()
        assert memory_keyring.kept == {}

    def test_erase_says_when_the_key_stayed(self, memory_keyring: MemoryKeyring) -> None:
        erase_everything()
        with Gallery.open() as gallery:
            gallery.add("Ada", samples(1), CONSENT)
            keyring.set_keyring(LockedKeyring())
            with pytest.raises(VaultError, match="prompt dismissed"):
                gallery.erase()
            assert gallery.people() == ()

    def test_erasing_what_cannot_be_opened(self, memory_keyring: MemoryKeyring) -> None:
        erase_everything()
        with Gallery.open() as gallery:
            gallery.add("Ada", samples(1), CONSENT)
        with raw() as database:
            database.execute("PRAGMA user_version = 7")
        assert erase_everything() is None
        assert list(gallery_file().parent.glob("people.sqlite*")) == []
        assert memory_keyring.kept == {}
        assert erase_everything() == 0

    def test_erasing_noise(self) -> None:
        gallery_file().write_bytes(b"noise" * 1000)
        assert erase_everything() is None
        assert not gallery_file().exists()

    def test_erasing_counts(self) -> None:
        assert erase_everything() == 3
        assert erase_everything() == 0
