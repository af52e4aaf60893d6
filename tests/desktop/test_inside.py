"""The look inside: what the panel shows of a frame, and that nobody works for it while it cannot be seen."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop import theme
from desktop.commands import Command
from desktop.presenters.inside import FULL_GREY_LEVELS, STAGES, Palette, bars, milliseconds, signed, view_of
from desktop.widgets.inside_panel import InsidePanel
from engine.live.inside import SIDE_PX, Inside, InsideFace, Sighting
from engine.types import AgeEstimate, Detections, Match, SessionState
from tests.desktop.conftest import Harness, MakeHarness
from tests.fakes.live_window import LiveWindow
from tests.fakes.session import gradient

COLOURS = Palette("#000000", "#ff0000", "#0000ff")
K = Qt.Key


def face(**values: object) -> InsideFace:
    """A face whose left half is made brighter and whose right half darker."""
    residual = np.full((SIDE_PX, SIDE_PX, 3), 60, np.float32)
    residual[:, SIDE_PX // 2 :] = -60
    crop = np.full((SIDE_PX, SIDE_PX, 3), 128, np.uint8)
    chances = np.zeros(101, np.float32)
    chances[28:33] = (0.1, 0.2, 0.4, 0.2, 0.1)
    usual = InsideFace(
        track_id=1,
        crop=crop,
        mesh=np.full((478, 2), SIDE_PX / 2, np.float32),
        age=AgeEstimate(30.0, 4.0, "fake"),
        distribution=chances,
        likeness=(Match("Ada", 0.71), Match("Bob", 0.2), Match("Cleo", -0.1)),
        residual=residual,
        mask=np.ones((SIDE_PX, SIDE_PX), np.float32),
        aged=np.full((SIDE_PX, SIDE_PX, 3), 200, np.uint8),
        target_age=70.0,
    )
    return replace(usual, **values)


def look(number: int = 1, shown: InsideFace | None = None, **values: object) -> Inside:
    boxes = np.array([[99.5, 44.5, 199.5, 134.5], [95.5, 40.5, 195.5, 130.5]], np.float32)
    found = Detections(boxes, np.array([0.9, 0.8], np.float32), np.zeros((2, 5, 2), np.float32))
    sighting = Sighting(gradient(), found, found.take(np.array([0])))
    usual = Inside(number, number * 10**9, sighting, face() if shown is None else shown, 1, 6, 0.42)
    return replace(usual, **values)


# -- words and pictures -------------------------------------------------------------------------------------------


def test_the_view_has_every_stage() -> None:
    view = view_of(look(), COLOURS)
    assert view.candidates is not None and len(view.candidates) == 2 and view.kept is not None
    assert view.kept[0].tolist() == pytest.approx([100 / 320, 45 / 180, 200 / 320, 135 / 180])
    assert view.curve is not None and view.curve[30] == 1 and view.curve[28] == pytest.approx(0.25)
    assert view.years == (30.0, 26.0, 34.0)
    assert view.mesh is not None and view.mesh[0].tolist() == pytest.approx([0.5, 0.5], abs=0.01)
    assert {name: str(note) for name, note in view.notes.items()} == {
        "find": "2 proposed, 1 kept",
        "age": "looks 30 ± 4",
        "name": "most like Ada",
        "change": "by 60 of 255 at most, for the age of 70",
    }


def test_brighter_and_darker_have_their_colours_and_a_little_has_little() -> None:
    residual = np.zeros((2, 2, 3), np.float32)
    residual[0, 0], residual[0, 1], residual[1, 0] = 500, -500, FULL_GREY_LEVELS / 2
    picture = signed(residual, COLOURS)
    assert picture[0, 0].tolist() == [0, 0, 255] and picture[0, 1].tolist() == [255, 0, 0]
    assert picture[1, 0].tolist() == [0, 0, 128] and not picture[1, 1].any()


def test_bars_are_as_long_as_people_are_alike() -> None:
    ada, bob, cleo = bars(face(), 0.42)
    assert (ada.label, ada.value, ada.share, ada.named) == ("Ada", "0.71", pytest.approx(0.71), True)
    assert (bob.share, bob.named, cleo.share, cleo.value) == (pytest.approx(0.2), False, 0.0, "-0.10")


@pytest.mark.parametrize(
    ("seen", "section", "words"),
    [
        (look(shown=face(likeness=(Match("Bob", 0.2),))), "name", "nobody who is known"),
        (look(shown=face(likeness=None)), "name", "Comparing …"),
        (look(people=0), "name", "Nobody to compare with: enrol people with P"),
        (look(shown=face(residual=None, mask=None)), "change", "Nothing is changed: turn the dial to an age"),
        (replace(look(), face=None), "map", "No face in sight"),
    ],
)
def test_what_is_not_there_is_told(seen: Inside, section: str, words: str) -> None:
    assert str(view_of(seen, COLOURS).notes[section]) == words


def test_every_stage_of_the_engine_that_a_section_names_is_added_up() -> None:
    times = {"detect": 3.0, "track": 0.5, "mesh": 2.0, "ager": 6.25}
    assert milliseconds(STAGES["find"], times) == "3.5 ms"
    assert milliseconds(STAGES["map"], times) == "2.0 ms"
    assert milliseconds(STAGES["blend"], times) == ""


# -- the drawer ---------------------------------------------------------------------------------------------------


def painted(panel: InsidePanel) -> QImage:
    return panel.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def open_it(mirror: Harness) -> InsidePanel:
    QTest.keyClick(mirror.window, K.Key_L)
    mirror.pull()
    return mirror.window.inside_panel


def test_nobody_is_asked_before_it_is_opened_and_after_it_is_shut(mirror: Harness) -> None:
    mirror.push()
    assert mirror.session.looking_inside == [] and mirror.session.inside_asked == 0
    panel = open_it(mirror)
    mirror.session.inner = look()
    mirror.pull()
    assert mirror.session.looking_inside == [True] and panel.view.crop is not None
    QTest.keyClick(mirror.window, K.Key_L)
    mirror.pull()
    asked = mirror.session.inside_asked
    mirror.pull()
    assert mirror.session.looking_inside == [True, False] and mirror.session.inside_asked == asked
    assert panel.view.crop is None, "no picture of anybody is kept"


def test_another_drawer_a_minimised_window_and_a_hidden_picture_end_it_too(mirror: Harness) -> None:
    mirror.push()
    panel = open_it(mirror)
    QTest.keyClick(mirror.window, K.Key_Comma)
    mirror.pull()
    assert mirror.session.looking_inside == [True, False]
    open_it(mirror)
    mirror.window.showMinimized()
    mirror.pull()
    assert mirror.session.looking_inside == [True, False, True, False]
    mirror.window.showNormal()
    mirror.session.inner = look(5)
    mirror.pull()
    assert panel.view.crop is not None
    mirror.conductor.do(Command.BLANK)
    assert mirror.session.looking_inside[-1] is False and panel.view.crop is None


def test_each_look_is_drawn_once(mirror: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror.push()
    panel = open_it(mirror)
    drawn: list[int] = []
    monkeypatch.setattr(panel, "show_inside", lambda seen: drawn.append(-1 if seen is None else seen.index))
    for number in (1, 1, 1, 2):
        mirror.session.inner = look(number)
        mirror.pull()
    assert drawn == [1, 2]


def test_the_drawer_shows_boxes_hill_and_change(mirror: Harness) -> None:
    mirror.push()
    panel = open_it(mirror)
    empty = painted(panel)
    mirror.session.inner = look()
    mirror.session.say(SessionState.RUNNING, stages_ms={"detect": 3.0, "total": 20.0})
    mirror.pull()
    full = painted(panel)
    assert full.size() == empty.size() and full != empty
    inks = {full.pixelColor(x, y).name() for x in range(full.width()) for y in range(0, full.height(), 2)}
    assert theme.DARK.accent.lower() in inks, "kept boxes, and where it gets brighter"
    assert "#5aa2f2" in inks, "where it gets darker"
    assert "2 proposed, 1 kept" in panel.accessibleDescription()


def test_a_change_of_theme_or_language_reaches_the_pictures(mirror: Harness) -> None:
    mirror.push()
    panel = open_it(mirror)
    mirror.session.inner = look()
    mirror.pull()
    dark = panel.view.change
    mirror.window.settings_panel.preferred.emit({"theme": "light", "language": "de"})
    mirror.session.inner = look(2)
    mirror.pull()
    assert dark is not None and panel.view.change is not None and not np.array_equal(dark, panel.view.change)
    assert panel.title() == "Hineinschauen" and "2 vorgeschlagen, 1 behalten" in panel.accessibleDescription()


def test_it_is_shut_at_first_and_remembered(make_mirror: MakeHarness, home: Path) -> None:
    mirror = make_mirror()
    assert mirror.window.panel is None
    open_it(mirror)
    mirror.settle()
    assert "inside = true" in (home / "settings.toml").read_text()
    again = make_mirror(inside=True)
    assert again.window.panel is again.window.inside_panel
    assert again.session.looking_inside == [True]
    QTest.keyClick(again.window, K.Key_Escape)
    again.settle()
    assert "inside = false" in (home / "settings.toml").read_text()


def test_the_button_says_whether_it_is_open(mirror: Harness) -> None:
    button = mirror.window.corner.buttons[Command.INSIDE]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert button.isChecked() and mirror.window.panel is mirror.window.inside_panel
    assert button.toolTip() == "Look inside  (L)"


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("width", [480, 640, 3840])
def test_it_fits_into_the_drawer_and_can_be_scrolled_by_keys(
    make_mirror: MakeHarness, width: int, language: str
) -> None:
    mirror = make_mirror(language=language)
    mirror.window.resize(width, 480)
    panel = open_it(mirror)
    mirror.session.inner = look()
    mirror.pull()
    assert panel.width() <= mirror.window.drawer.width()
    assert panel.height() >= panel.sizeHint().height() - 1
    panel.setFocus()
    top = panel.mapToGlobal(panel.rect().topLeft()).y()
    QTest.keyClick(panel, K.Key_PageDown)
    assert panel.mapToGlobal(panel.rect().topLeft()).y() < top
    painted(panel)


def test_right_to_left_puts_before_on_the_right(mirror: Harness) -> None:
    mirror.window.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    mirror.push()
    panel = open_it(mirror)
    mirror.session.inner = look()
    mirror.pull()
    picture = painted(panel)
    row = picture.height() - 110
    left, right = (picture.pixelColor(x, row).red() for x in (picture.width() // 4, 3 * picture.width() // 4))
    assert (left, right) == (200, 128)


def test_an_empty_view_paints_nothing_of_anybody(qapp: QApplication) -> None:
    panel = InsidePanel()
    panel.resize(340, 1400)
    painted(panel)
    assert panel.view.picture is None and panel.view.notes == {}
    panel.deleteLater()


# -- the real thing -----------------------------------------------------------------------------------------------


def test_the_drawn_face_is_looked_into_and_the_work_ends_with_the_drawer(
    qapp: QApplication, home: Path, made_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGE_MIRROR_WEIGHTS", str(made_weights))
    monkeypatch.setattr("engine.live.workers._be_nice", lambda: None)
    live = LiveWindow(home, patience_s=90.0)
    panel = live.window.inside_panel
    try:
        live.until(lambda: live.faces() == 1, "no face in the demo")
        assert live.session.inside() is None
        live.conductor.presenter.set_target(75.0)
        QTest.keyClick(live.window, K.Key_L)
        live.until(lambda: panel.view.picture is not None and panel.view.kept is not None, "the detector shows nothing")
        live.until(lambda: panel.view.curve is not None, "there is no guess of the age")
        live.until(lambda: panel.view.change is not None, "there is no change to see")
        assert panel.view.kept is not None and len(panel.view.kept) == 1
        assert panel.view.mesh is not None and 0 < panel.view.mesh.min() < panel.view.mesh.max() < 1
        QTest.keyClick(live.window, K.Key_L)
        live.until(lambda: panel.view.picture is None, "the pictures stay")
        monkeypatch.setattr("engine.live.pipeline.look_at", None)  # calling it would end the session
        monkeypatch.setattr("engine.live.pipeline.Inside", None)
        shown = live.session.status().shown
        live.until(lambda: live.session.status().shown >= shown + 3, "the picture stands still")
        time.sleep(0.3)
        assert live.session.inside() is None and live.session.status().state is SessionState.RUNNING
    finally:
        live.close()
