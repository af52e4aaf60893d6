"""The settings file: round trip, broken files, atomic writing, one writer."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from desktop import preferences as module
from desktop.background import Background
from desktop.preferences import Preferences, PreferencesStore, load, parse, render, write
from engine.errors import SettingsError
from engine.settings import Settings


def test_what_is_written_is_read_back(home: Path) -> None:
    wanted = Preferences(
        source='camera:usb "1"\\é\x7f', size=384, latency_target_ms=40.0, mirror=False, theme="light", language="de"
    )
    write(home / "deep" / "settings.toml", wanted)
    assert load(home / "deep" / "settings.toml") == (wanted, None)


def test_no_file_is_no_fault(home: Path) -> None:
    assert load(home / "settings.toml") == (Preferences(), None)


def test_a_part_of_a_file_is_enough_and_unknown_keys_are_of_the_future() -> None:
    assert parse("size = 512\nlatency_target_ms = 60\nhologram = true\n") == Preferences(size=512, latency_target_ms=60)


BROKEN = {
    "not toml": "size = = 3",
    "wrong type": 'mirror = "yes"',
    "number for words": "theme = 3",
    "true for a number": "size = true",
    "not offered": "size = 300",
    "unknown theme": 'theme = "pink"',
    "out of range": "latency_target_ms = 5",
    "not a number": "latency_target_ms = nan",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_broken_file_warns_and_is_set_aside(home: Path, content: str) -> None:
    file = home / "settings.toml"
    file.write_text(content)
    read, warning = load(file)
    assert read == Preferences()
    assert warning is not None
    (aside,) = home.glob("settings.broken-*.toml")
    assert aside.name in str(warning)
    assert aside.read_text() == content
    assert not file.exists()


def test_bytes_that_are_no_text_are_set_aside_too(home: Path) -> None:
    (home / "settings.toml").write_bytes(b"\xff\xfe\x00size")
    assert load(home / "settings.toml")[1] is not None
    assert len(list(home.glob("settings.broken-*.toml"))) == 1


def test_a_folder_in_the_way_warns_and_stays(home: Path) -> None:
    (home / "settings.toml").mkdir()
    assert load(home / "settings.toml")[1] is not None
    assert (home / "settings.toml").is_dir()


def test_command_line_wins_over_the_file() -> None:
    remembered = Preferences(source="2", size=512)
    assert remembered.on_top_of(Settings(source="demo"), {"source"}) == Settings(source="demo", size=512)
    assert remembered.on_top_of(Settings(), ()) == Settings(source="2", size=512)


def test_preferences_are_checked_when_made() -> None:
    with pytest.raises(SettingsError, match="theme 'pink'"):
        Preferences(theme="pink")


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = home / "settings.toml"
    write(file, Preferences(size=256))

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write(file, Preferences(size=512))
    assert [f.name for f in home.iterdir()] == ["settings.toml"]
    assert parse(file.read_text()) == Preferences(size=256)


def test_store_writes_one_at_a_time_and_the_newest_wins(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    written: list[int] = []

    def slow(path: Path, wanted: Preferences) -> None:
        assert gate.wait(5)
        assert threading.current_thread() is not threading.main_thread()
        written.append(wanted.size)

    monkeypatch.setattr(module, "write", slow)
    background = Background()
    store = PreferencesStore(home / "settings.toml", background)
    for size in (256, 384, 512):
        store.save(Preferences(size=size))
    assert not store.idle
    gate.set()
    assert background.finish(5)
    assert written == [256, 512]
    assert store.idle


def test_store_tells_of_a_failure_and_goes_on(home: Path) -> None:
    (home / "blocked").write_text("a file where a folder should be")
    background = Background()
    told: list[Exception] = []
    store = PreferencesStore(home / "blocked" / "settings.toml", background)
    store.failed = told.append
    store.save(Preferences())
    assert background.finish(5)
    assert len(told) == 1 and isinstance(told[0], OSError)
    assert store.idle


def test_render_is_for_people_too() -> None:
    assert render(Preferences()).startswith("# What Age Mirror remembers")
