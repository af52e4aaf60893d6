"""Progress is for people who watch, and lines stay whole."""

from __future__ import annotations

import io
import sys

import pytest

from engine.terminal import Terminal


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_nobody_watches_nothing_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    with terminal.progress(3, "frames") as progress:
        progress.step()
        terminal.show("one")
        terminal.complain("two")
    assert capsys.readouterr() == ("one\n", "two\n")


def test_on_a_terminal_a_bar_counts_and_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = io.StringIO(), Screen()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    terminal = Terminal()
    with terminal.progress(2, "pictures", "portraits") as progress:
        progress.step()
        terminal.show("one")
        terminal.complain("two")
        progress.step()
    terminal.show("three")
    assert out.getvalue() == "one\nthree\n"
    drawn = err.getvalue()
    assert "portraits" in drawn
    assert "pictures" in drawn
    assert "two\n" in drawn
    assert drawn.rsplit("\r", 1)[1].strip() == "", "the last thing drawn is an empty line"


def test_after_an_error_lines_are_plain_again(monkeypatch: pytest.MonkeyPatch) -> None:
    err = Screen()
    monkeypatch.setattr(sys, "stderr", err)
    terminal = Terminal()
    with pytest.raises(KeyboardInterrupt), terminal.progress(0, "frames"):
        raise KeyboardInterrupt
    terminal.complain("Stopped.")
    assert err.getvalue().endswith("Stopped.\n")
