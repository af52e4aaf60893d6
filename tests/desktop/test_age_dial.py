"""The dial widget: mouse, wheel, keys, typing, and what a screen reader is told."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.presenters.dial import Dial
from desktop.widgets.age_dial import AgeDial


class Log:
    """What the dial said, in order."""

    def __init__(self, dial: AgeDial) -> None:
        self.said: list[object] = []
        dial.chosen.connect(lambda years: self.said.append(years))
        dial.stepped.connect(lambda years: self.said.append(f"{years:+d}"))
        dial.reset.connect(lambda: self.said.append("reset"))
        dial.digit.connect(lambda digit: self.said.append(f"digit {digit}"))
        dial.digit_erased.connect(lambda: self.said.append("erased"))
        dial.committed.connect(lambda: self.said.append("committed"))


@pytest.fixture
def dial(qtbot: QtBot) -> AgeDial:
    widget = AgeDial()
    qtbot.addWidget(widget)
    widget.resize(536, 76)
    widget.show()
    return widget


@pytest.fixture
def log(dial: AgeDial) -> Log:
    return Log(dial)


def at(dial: AgeDial, years: float) -> QPoint:
    return QPoint(round(dial.x_of(years)), round(dial.ruler_y))


def test_press_and_drag(dial: AgeDial, log: Log) -> None:
    def move(years: float) -> None:
        where = QPointF(at(dial, years))
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        kind, mods = QMouseEvent.Type.MouseMove, Qt.KeyboardModifier.NoModifier
        buttons = left if dial.isSliderDown() else none
        QApplication.sendEvent(dial, QMouseEvent(kind, where, dial.mapToGlobal(where), none, buttons, mods))

    QTest.mousePress(dial, Qt.MouseButton.LeftButton, pos=at(dial, 30))
    move(55)
    move(70)
    QTest.mouseRelease(dial, Qt.MouseButton.LeftButton, pos=at(dial, 70))
    move(20)
    assert log.said == [30.0, 55.0, 70.0]


def test_beyond_the_ends_is_the_end(dial: AgeDial) -> None:
    assert (dial.years_at(-50), dial.years_at(9000)) == (0.0, 100.0)
    assert [dial.years_at(dial.x_of(y)) for y in range(101)] == [float(y) for y in range(101)]


def test_double_click_is_as_you_are(dial: AgeDial, log: Log) -> None:
    QTest.mouseDClick(dial, Qt.MouseButton.LeftButton, pos=at(dial, 60))
    assert log.said[-1] == "reset"


def wheel(dial: AgeDial, angle: int, *, shift: bool = False, sideways: bool = False) -> None:
    turned = QPoint(angle, 0) if sideways else QPoint(0, angle)
    where = QPointF(50, 50)
    event = QWheelEvent(
        where,
        dial.mapToGlobal(where),
        QPoint(),
        turned,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(dial, event)


def test_wheel_steps_by_one_shift_by_ten_and_small_turns_add_up(dial: AgeDial, log: Log) -> None:
    wheel(dial, 120)
    wheel(dial, -240)
    wheel(dial, 120, shift=True, sideways=True)
    for _ in range(4):
        wheel(dial, 30)
    assert log.said == ["+1", "-2", "+10", "+1"]


@pytest.mark.parametrize(
    ("key", "shift", "said"),
    [
        (Qt.Key.Key_Left, False, "-1"),
        (Qt.Key.Key_Right, False, "+1"),
        (Qt.Key.Key_Left, True, "-10"),
        (Qt.Key.Key_Right, True, "+10"),
        (Qt.Key.Key_Up, False, "+1"),
        (Qt.Key.Key_PageDown, False, "-10"),
        (Qt.Key.Key_PageUp, True, "+10"),
        (Qt.Key.Key_Home, False, 0.0),
        (Qt.Key.Key_End, False, 100.0),
        (Qt.Key.Key_Delete, False, "reset"),
        (Qt.Key.Key_Return, False, "committed"),
        (Qt.Key.Key_Backspace, False, "erased"),
        (Qt.Key.Key_7, False, "digit 7"),
    ],
)
def test_keys(dial: AgeDial, log: Log, key: Qt.Key, shift: bool, said: object) -> None:
    QTest.keyClick(dial, key, Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier)
    assert log.said == [said]


def test_other_keys_are_left_to_the_window(dial: AgeDial, log: Log) -> None:
    for key in (Qt.Key.Key_S, Qt.Key.Key_Space, Qt.Key.Key_Escape):
        QTest.keyClick(dial, key)
    QTest.keyClick(dial, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert log.said == []


def test_showing_a_dial_says_nothing_back(dial: AgeDial, log: Log) -> None:
    dial.show_dial(Dial(target=70, now=34), effect=True)
    assert (dial.value(), dial.number_text(), log.said) == (70, "70", [])
    dial.show_dial(Dial(now=34), effect=True)
    assert (dial.value(), dial.number_text(), log.said) == (34, "as you are", [])


def test_screen_readers_see_a_slider_and_can_move_it(dial: AgeDial, log: Log) -> None:
    dial.show_dial(Dial(target=70), effect=True)
    interface = QAccessible.queryAccessibleInterface(dial)
    assert interface.role() is QAccessible.Role.Slider
    assert interface.text(QAccessible.Text.Name) == "Age to show, in years"
    assert interface.text(QAccessible.Text.Description) == "70"
    value = interface.valueInterface()
    assert (value.minimumValue(), value.maximumValue(), value.currentValue()) == (0, 100, 70)
    value.setCurrentValue(55)
    assert log.said == [55.0]


@pytest.mark.parametrize("state", [Dial(), Dial(now=34), Dial(target=70, now=34), Dial(target=5, typed="7")])
@pytest.mark.parametrize("width", [180, 560, 1200])
def test_an_effect_that_is_off_is_seen_in_every_state(dial: AgeDial, state: Dial, width: int) -> None:
    dial.resize(width, 76)
    dial.show_dial(state, effect=True)
    lit = dial.grab().toImage()
    dial.show_dial(state, effect=False)
    off = dial.grab().toImage()
    assert lit != off
