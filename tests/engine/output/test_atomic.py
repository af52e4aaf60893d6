"""A file that is replaced is replaced whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from engine.errors import OutputError
from engine.output.atomic import replacing


def test_the_target_changes_only_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    target.write_text("old")
    with replacing(target) as part:
        assert part.suffix == ".mp4" and part.parent == tmp_path and part.name.startswith(".")
        part.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [ValueError("wrong"), KeyboardInterrupt(), OSError("not ours")])
def test_after_any_exception_everything_is_as_it_was(tmp_path: Path, error: BaseException) -> None:
    target = tmp_path / "a.mp4"
    target.write_text("old")
    with pytest.raises(type(error)), replacing(target) as part:
        part.write_text("half")
        raise error
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_two_writers_do_not_meet(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with replacing(target) as one, replacing(target) as other:
        assert one != other
        one.write_text("1")
        other.write_text("2")
    assert target.read_text() == "1"  # the outer block ended last


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_permissions_are_the_usual_ones(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        with replacing(tmp_path / "a.txt") as part:
            part.write_text("x")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o644


def test_places_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for target, message in (
        (tmp_path / "gone" / "a.mp4", "its folder does not exist"),
        (tmp_path / "file" / "a.mp4", "cannot write"),
        (tmp_path, "it is a folder"),
    ):
        with pytest.raises(OutputError, match=message), replacing(target):
            pytest.fail("the block must not run")
