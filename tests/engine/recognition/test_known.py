"""Who is known, for those who only look: without asking, without raising, and after every change."""

from __future__ import annotations

import threading

import pytest

from engine.paths import gallery_file
from engine.recognition import known
from engine.recognition.gallery import Gallery
from engine.recognition.known import KnownPeople, read_index
from engine.recognition.vault import PASSPHRASE_VARIABLE
from tests.fakes.people import CONSENT, MODEL, OTHER_MODEL, PASSPHRASE, samples


def test_without_a_gallery_there_is_nobody_and_none_is_made() -> None:
    people = KnownPeople(MODEL)
    assert people.index() is None
    assert people.problem == ""
    assert read_index(MODEL) is None
    assert not gallery_file().exists()


def test_changes_are_seen(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    people = KnownPeople(MODEL)
    ada = gallery.add("Ada", samples(1), CONSENT)
    first = people.index()
    assert first is not None
    assert first.names == ("Ada",)
    assert people.index() is first, "what did not change is not read again"
    gallery.add("Bob", samples(2), CONSENT)
    gallery.remove(ada.id)
    second = people.index()
    assert second is not None
    assert second.names == ("Bob",)


def test_people_of_another_network_are_not_known(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    gallery.add("Ada", samples(1), CONSENT)
    index = KnownPeople(OTHER_MODEL).index()
    assert index is not None
    assert len(index) == 0


def test_a_locked_gallery_is_no_error(gallery: Gallery) -> None:
    gallery.add("Ada", samples(1), CONSENT)
    people = KnownPeople(MODEL)
    assert people.index() is None
    assert "passphrase" in people.problem


def test_a_damaged_gallery_is_no_error() -> None:
    gallery_file().parent.mkdir(parents=True, exist_ok=True)
    gallery_file().write_bytes(b"noise" * 1000)
    people = KnownPeople(MODEL)
    assert people.index() is None
    assert people.problem


def test_a_keyring_that_never_answers_is_not_waited_for(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery.add("Ada", samples(1), CONSENT)
    release = threading.Event()
    monkeypatch.setattr(known, "ANSWER_LIMIT_S", 0.05)
    monkeypatch.setattr(known, "read_index", lambda *_: release.wait(30))
    people = KnownPeople(MODEL)
    assert people.index() is None
    assert "does not answer" in people.problem
    release.set()
