"""People in one file: there and back, all or nothing, and nothing to read without the passphrase."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.errors import (
    AgeMirrorError,
    GalleryDamagedError,
    GalleryError,
    GalleryNewerError,
    InputError,
    OutputError,
    PassphraseNeededError,
    VaultError,
)
from engine.recognition import transfer
from engine.recognition.gallery import Gallery
from engine.recognition.transfer import export_people, import_people
from engine.recognition.vault import Vault
from tests.fakes.keyrings import MemoryKeyring
from tests.fakes.people import CONSENT, MODEL, OTHER_MODEL, crop, named, sample, samples, vector

WORD = "only for this file"


@pytest.fixture
def full(gallery: Gallery) -> Gallery:
    gallery.add("Ada", samples(1), CONSENT)
    gallery.add("Bob", [sample(2, 0), sample(2, 1, OTHER_MODEL)], "Bob's own words")
    gallery.set_target_age(named(gallery, "Bob").id, 64.5)
    return gallery


@pytest.fixture
def exported(full: Gallery, tmp_path: Path) -> Path:
    path = tmp_path / "people.agemirror"
    assert [person.name for person in export_people(full, path, WORD)] == ["Ada", "Bob"]
    return path


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Gallery]:
    """A gallery on another computer, with its own key."""
    with Gallery.open(tmp_path / "other" / "people.sqlite", Vault.create("another")) as opened:
        yield opened


def test_everything_comes_back(full: Gallery, exported: Path, other: Gallery) -> None:
    taken = import_people(other, exported, WORD)
    assert [(person.name, count, known) for person, count, known in taken] == [("Ada", 3, False), ("Bob", 2, False)]
    assert other.people() == full.people()
    for person in full.people():
        np.testing.assert_array_equal(other.thumbnails(person.id), full.thumbnails(person.id))
    np.testing.assert_array_equal(other.index(MODEL).matrix, full.index(MODEL).matrix)
    assert other.index(OTHER_MODEL).names == ("Bob",)
    assert other.index(MODEL).target_age("Bob") == 64.5


def test_the_file_tells_nothing(exported: Path) -> None:
    data = exported.read_bytes()
    secrets = (b"Ada", CONSENT.encode(), WORD.encode(), vector(1).tobytes()[:12], crop(1).tobytes()[:12])
    assert [secret for secret in secrets if secret in data] == []
    assert exported.stat().st_mode & 0o777 == 0o600


def test_importing_twice_adds_nothing(full: Gallery, exported: Path) -> None:
    before = full.people()
    assert [(count, known) for _, count, known in import_people(full, exported, WORD)] == [(0, True), (0, True)]
    assert full.people() == before


def test_a_known_name_gets_what_it_lacks_and_keeps_its_own(exported: Path, other: Gallery) -> None:
    mine = other.add("ADA", [sample(1, 0), sample(1, 8)], "here, other words")
    other.set_target_age(mine.id, 20)
    taken = import_people(other, exported, WORD)
    assert [(person.name, count, known) for person, count, known in taken] == [("ADA", 2, True), ("Bob", 2, False)]
    ada = other.person(mine.id)
    assert (ada.samples, ada.target_age, ada.consent) == (4, 20, mine.consent)


class TestRefused:
    def refuse(self, gallery: Gallery, path: Path, error: type[AgeMirrorError], part: str, word: str = WORD) -> None:
        before = gallery.people()
        with pytest.raises(error) as caught:
            import_people(gallery, path, word)
        assert part in str(caught.value)
        assert str(path) in str(caught.value)
        assert gallery.people() == before

    def test_a_wrong_passphrase(self, exported: Path, other: Gallery) -> None:
        self.refuse(other, exported, VaultError, "the passphrase does not open", "wrong")
        self.refuse(other, exported, VaultError, "the passphrase does not open", "")

    def test_cut_off_anywhere(self, exported: Path, other: Gallery) -> None:
        data = exported.read_bytes()
        for length in (len(data) - 1, len(data) // 2, 400, 300, 60, 30, 5, 0):
            exported.write_bytes(data[:length])
            with pytest.raises((GalleryDamagedError, InputError), match=r"damaged|no export of people"):
                import_people(other, exported, WORD)
        assert other.people() == ()

    def test_a_changed_byte(self, exported: Path, other: Gallery) -> None:
        data = bytearray(exported.read_bytes())
        data[-100] ^= 1
        exported.write_bytes(data)
        self.refuse(other, exported, GalleryDamagedError, "is damaged: use another copy. Nobody was imported")

    def test_a_newer_format(self, exported: Path, other: Gallery) -> None:
        exported.write_bytes(exported.read_bytes().replace(b"format 1\n", b"format 12\n", 1))
        self.refuse(other, exported, GalleryNewerError, "newer version of this program (format 12")

    @pytest.mark.parametrize("data", [b"", b"\n\n", b"PK\x03\x04" * 99, b"Age Mirror people, format x\n"])
    def test_another_file(self, tmp_path: Path, other: Gallery, data: bytes) -> None:
        path = tmp_path / "holiday.zip"
        path.write_bytes(data)
        self.refuse(other, path, InputError, "no export of people")

    def test_no_file(self, tmp_path: Path, other: Gallery) -> None:
        self.refuse(other, tmp_path / "nothing", InputError, "cannot be read: no such file")
        self.refuse(other, tmp_path, InputError, "cannot be read: is a directory")

    def test_a_header_that_points_to_this_computers_keyring(
        self, exported: Path, other: Gallery, memory_keyring: MemoryKeyring
    ) -> None:
        magic, header, blob = exported.read_bytes().split(b"\n", 2)
        mine = Vault.create().header.to_json().encode()
        exported.write_bytes(b"\n".join((magic, mine, blob)))
        self.refuse(other, exported, GalleryDamagedError, "is damaged")
        assert json.loads(header)["source"] == "passphrase"

    @pytest.mark.parametrize(
        "change",
        [
            {"name": ""},
            {"name": "x" * 10_000},
            {"name": 5},
            {"consent": {"text": " ", "given": "2025-01-01T00:00:00+00:00"}},
            {"target_age": 400},
            {"created": "yesterday"},
            {"samples": [{}]},
            {"samples": None},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_one_bad_person_and_nobody_comes_in(
        self, full: Gallery, other: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
    ) -> None:
        written = transfer._written
        monkeypatch.setattr(transfer, "_written", lambda p: {**written(p), **(change if p.name == "Bob" else {})})
        path = tmp_path / "people.agemirror"
        export_people(full, path, WORD)
        self.refuse(other, path, GalleryDamagedError, "is damaged")

    def test_a_failure_half_way_leaves_nobody_half_imported(
        self, exported: Path, other: Gallery, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from engine.recognition import blobs

        sealed, calls = blobs.seal, []

        def fails(*arguments: object) -> object:
            calls.append(arguments)
            if len(calls) == 5:
                raise MemoryError
            return sealed(*arguments)

        monkeypatch.setattr(blobs, "seal", fails)
        with pytest.raises(MemoryError):
            import_people(other, exported, WORD)
        assert other.people() == ()


class TestExporting:
    def test_nobody(self, gallery: Gallery, tmp_path: Path) -> None:
        with pytest.raises(GalleryError, match="nothing to export"):
            export_people(gallery, tmp_path / "people.agemirror", WORD)
        assert list(tmp_path.iterdir()) == []

    def test_without_a_passphrase_there_is_no_file(self, full: Gallery, tmp_path: Path) -> None:
        with pytest.raises(VaultError, match="needs a passphrase"):
            export_people(full, tmp_path / "people.agemirror", "")
        assert list(tmp_path.iterdir()) == []

    def test_a_place_that_cannot_be_written(self, full: Gallery, tmp_path: Path) -> None:
        with pytest.raises(OutputError, match="its folder does not exist"):
            export_people(full, tmp_path / "nowhere" / "people.agemirror", WORD)
        with pytest.raises(OutputError, match="it is a folder"):
            export_people(full, tmp_path, WORD)

    def test_the_gallerys_own_key_is_needed(self, full: Gallery, tmp_path: Path) -> None:
        with Gallery.open() as locked, pytest.raises(PassphraseNeededError):
            export_people(locked, tmp_path / "people.agemirror", WORD)
        assert list(tmp_path.iterdir()) == []
