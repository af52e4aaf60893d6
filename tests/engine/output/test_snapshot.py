"""Snapshots: a PNG with the same pixels, a name of its own, and never half a file."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from engine.errors import OutputError
from engine.images import read_picture
from engine.output import snapshot
from engine.output.snapshot import SNAPSHOT_PATTERN, save_snapshot

IMAGE = np.random.default_rng(1).integers(0, 256, (37, 51, 3), np.uint8)


def noon() -> datetime:
    return datetime(2031, 2, 3, 12, 0, 0)


def test_pixels_name_and_folder(tmp_path: Path) -> None:
    path = save_snapshot(IMAGE, tmp_path / "new" / "folder", now=noon)
    assert path == tmp_path / "new" / "folder" / "2031-02-03 12.00.00.png"
    assert np.array_equal(read_picture(path), IMAGE)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_names_in_one_second_are_different_and_nothing_is_overwritten(tmp_path: Path) -> None:
    paths = [save_snapshot(np.full((4, 4, 3), i, np.uint8), tmp_path, now=noon) for i in range(3)]
    assert [path.name for path in paths] == [f"2031-02-03 12.00.00{end}.png" for end in ("", " (2)", " (3)")]
    assert [int(read_picture(path)[0, 0, 0]) for path in paths] == [0, 1, 2]


def test_the_pattern_finds_snapshots_and_nothing_else(tmp_path: Path) -> None:
    paths = {save_snapshot(IMAGE, tmp_path, now=noon) for _ in range(2)}
    for name in ("holiday.png", "2031-02-03.png", "2031-02-03 12.00.00.txt", "notes 2031-02-03 12.00.00.png"):
        (tmp_path / name).write_text("")
    assert set(tmp_path.glob(SNAPSHOT_PATTERN)) == paths


def test_many_at_once(tmp_path: Path) -> None:
    paths: list[Path] = []
    threads = [
        threading.Thread(target=lambda: paths.append(save_snapshot(IMAGE, tmp_path, now=noon))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(paths)) == 8 == len(list(tmp_path.iterdir()))
    assert all(np.array_equal(read_picture(path), IMAGE) for path in paths)


def test_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cannot save a snapshot in .*file") as told:
        save_snapshot(IMAGE, tmp_path / "file")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("error", [OutputError("cannot write: disk full."), KeyboardInterrupt()])
def test_nothing_is_left_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail(path: Path, image: object) -> None:
        raise error

    monkeypatch.setattr(snapshot, "write_picture", fail)
    with pytest.raises(type(error)):
        save_snapshot(IMAGE, tmp_path)
    assert list(tmp_path.iterdir()) == []
