"""Recording what is shown, and one sweep from its beginning to its end, in a real window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.commands import Command
from desktop.recording_keeper import STILL_S, TAIL_S
from desktop.widgets.bottom_bar import GIVEN_UP
from engine.errors import OutputError
from engine.live.sweep import USUAL_S
from tests.desktop.conftest import Harness, MakeHarness
from tests.fakes.session import face, gradient

K = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier


def press(mirror: Harness, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    mirror.window.activateWindow()
    QTest.keyClick(mirror.window, key, modifier)
    mirror.pull()


def click(mirror: Harness, command: Command) -> None:
    QTest.mouseClick(mirror.window.bar.buttons[command], Qt.MouseButton.LeftButton)
    mirror.pull()


def test_what_is_seen_is_recorded_mirrored_and_without_marks(mirror: Harness) -> None:
    mirror.push()
    press(mirror, K.Key_R)
    aged = gradient() // 2
    mirror.push(aged=aged, faces=(face(40, 40, 90, 110),))
    (recorder,) = mirror.desk.recorders
    assert np.array_equal(recorder.pictures[-1], aged[:, ::-1])
    assert mirror.window.bar.buttons[Command.RECORD].isChecked() and mirror.window.recording.isVisible()
    press(mirror, K.Key_R)
    mirror.settle()
    assert recorder.finished == 1 and not mirror.window.recording.isVisible()
    assert mirror.window.toast.words == f"Recorded 7 seconds: {Path('~/Videos/2031-02-03 14.15.16.mp4')}"
    assert mirror.window.toast.button.text() == "Show folder"


def test_a_recorded_sweep_is_one_click_and_ends_by_itself(mirror: Harness) -> None:
    mirror.push(faces=(face(40, 40, 90, 110, years=34.0),))
    click(mirror, Command.RECORD_SWEEP)
    targets = []
    for _ in range(round(USUAL_S / 0.5) + 1):
        mirror.push(faces=(face(40, 40, 90, 110, years=34.0),))
        mirror.pull(after_s=0.5)
        targets.append(mirror.target)
    mirror.pull(after_s=TAIL_S + 0.1)
    mirror.settle()
    (recorder,) = mirror.desk.recorders
    assert recorder.finished == 1 and len(recorder.pictures) > 20
    seen = [years for years in targets if years is not None]
    assert (min(seen), max(seen), targets[-1]) == (10.0, 90.0, None)
    assert "Recorded" in mirror.window.toast.words


def test_the_chip_counts_and_a_click_on_it_ends_sweep_and_recording(mirror: Harness) -> None:
    mirror.push()
    mirror.presenter.set_target(40)
    click(mirror, Command.RECORD_SWEEP)
    assert mirror.window.recording.words == "Sweep  ·  0:00"
    mirror.pull(after_s=2.0)
    assert mirror.target != 40
    QTest.mouseClick(mirror.window.recording, Qt.MouseButton.LeftButton)
    mirror.settle()
    assert mirror.presenter.sweep is None and mirror.target == 40
    assert mirror.desk.recorders[0].finished == 1


def test_a_sweep_begun_while_recording_ends_the_recording_too(mirror: Harness) -> None:
    mirror.push()
    press(mirror, K.Key_R)
    press(mirror, K.Key_A, SHIFT)
    assert len(mirror.desk.recorders) == 1
    press(mirror, K.Key_A)
    mirror.pull(after_s=TAIL_S + 0.1)
    mirror.pull(after_s=TAIL_S + 0.1)
    mirror.settle()
    assert mirror.desk.recorders[0].finished == 1


def test_a_picture_that_stands_still_is_recorded_again_and_again(mirror: Harness) -> None:
    mirror.push()
    press(mirror, K.Key_R)
    for _ in range(4):
        mirror.pull(after_s=STILL_S + 0.01)
    (recorder,) = mirror.desk.recorders
    assert len(recorder.pictures) == 4
    assert recorder.times_ns == sorted(set(recorder.times_ns))


def test_without_a_picture_nothing_begins(mirror: Harness) -> None:
    press(mirror, K.Key_R)
    press(mirror, K.Key_A, SHIFT)
    assert mirror.desk.recorders == [] and mirror.presenter.sweep is None
    assert mirror.window.toast.words == "There is no picture to record yet."


def test_trouble_is_told_and_the_next_recording_can_begin(mirror: Harness) -> None:
    mirror.push()
    mirror.desk.trouble = OutputError("cannot record: no room is left.")
    press(mirror, K.Key_R)
    mirror.desk.recorders[0].ended = True  # as the real one does when the disk is full
    mirror.pull()
    mirror.settle()
    assert mirror.window.toast.words == "cannot record: no room is left."
    assert not mirror.window.bar.buttons[Command.RECORD].isChecked()
    mirror.desk.trouble = None
    press(mirror, K.Key_R)
    assert mirror.window.recording.isVisible()


def test_gaps_are_owned_up_to(mirror: Harness) -> None:
    mirror.push()
    press(mirror, K.Key_R)
    mirror.desk.recorders[0].dropped = 60
    press(mirror, K.Key_R)
    mirror.settle()
    assert "with gaps" in mirror.window.toast.words


@pytest.mark.parametrize("how", ["hide", "another source", "close"])
def test_it_is_saved_when_the_picture_goes(mirror: Harness, how: str) -> None:
    mirror.push()
    press(mirror, K.Key_R)
    if how == "hide":
        mirror.conductor.do(Command.BLANK)
    elif how == "another source":
        mirror.conductor.open_source("demo")
    else:
        mirror.window.close()
    mirror.settle()
    assert mirror.desk.recorders[0].finished == 1 and mirror.conductor.recording.idle


def test_escape_ends_a_sweep(mirror: Harness) -> None:
    mirror.push()
    press(mirror, K.Key_A)
    assert mirror.window.bar.buttons[Command.SWEEP].isChecked()
    press(mirror, K.Key_Escape)
    assert mirror.presenter.sweep is None and not mirror.window.bar.buttons[Command.SWEEP].isChecked()


def test_a_sweep_takes_as_long_as_was_set(make_mirror: MakeHarness) -> None:
    mirror = make_mirror()
    mirror.push()
    panel = mirror.window.settings_panel
    press(mirror, K.Key_Comma)
    QTest.mouseClick(panel.sweep_choice.button(8.0), Qt.MouseButton.LeftButton)
    press(mirror, K.Key_A)
    mirror.pull(after_s=7.9)
    assert mirror.presenter.sweep is not None
    mirror.pull(after_s=0.2)
    assert mirror.presenter.sweep is None


def test_a_narrow_bar_gives_up_buttons_before_the_dial(mirror: Harness) -> None:
    shown = []
    for width in (1280, 640, 480):
        mirror.window.resize(width, 480)
        mirror.pull()
        shown.append([command for command in GIVEN_UP if mirror.window.bar.buttons[command].isVisible()])
        assert mirror.window.bar.dial.width() >= 130
    assert shown[0] == list(GIVEN_UP)
    assert len(shown[2]) < len(shown[1]) <= len(shown[0])
