"""Keeping native chatter off the terminal without hiding what matters."""

from __future__ import annotations

import os
import sys

import pytest

from engine.detection import mediapipe_runtime
from engine.detection.mediapipe_runtime import quiet_stderr, quietly


def test_native_messages_are_kept_off_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet_stderr():
        os.write(2, b"chatter\n")
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "afterwards\n"


def test_what_was_said_before_a_failure_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        os.write(2, b"the model file is missing\n")
        raise RuntimeError("no graph")

    with pytest.raises(RuntimeError, match="no graph"):
        quietly(fails)
    assert capfd.readouterr().err == "the model file is missing\n"


def test_a_process_without_stderr_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_: int) -> int:
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr(os, "dup", closed)
    assert quietly(lambda: 42) == 42


def test_stand_ins_leave_no_trace_and_spare_what_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "already_here", sys)
    with mediapipe_runtime._without(("already_here", "not_here", "not_here.child")):
        import not_here.child  # type: ignore[import-not-found]

        assert not_here.child is sys.modules["not_here.child"]
        assert sys.modules["already_here"] is sys
    assert "not_here" not in sys.modules
    assert "not_here.child" not in sys.modules
    assert sys.modules["already_here"] is sys
