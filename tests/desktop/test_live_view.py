"""The live picture on a real widget: pixels, letterbox, divider, clicks; and it never writes into a picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.presenters.mirror import View
from desktop.widgets.live_view import LiveView
from engine.types import FrameResult
from tests.fakes.session import FakeSession, face, gradient

BARE = View(overlay=False)


def grab(view: LiveView) -> QImage:
    image = QImage(view.size(), QImage.Format.Format_RGB32)
    view.render(image, QPoint(), QRegion())
    return image


@pytest.fixture
def told() -> list[tuple[int, float]]:
    return []


@pytest.fixture
def view(qtbot: QtBot, told: list[tuple[int, float]]) -> LiveView:
    def painted(result: FrameResult, painted_ns: int, paint_ms: float) -> None:
        told.append((result.frame.index, paint_ms))

    live = LiveView(painted)
    qtbot.addWidget(live)
    live.resize(320, 240)
    live.show_view(BARE, opacity=1.0, dimmed=False)
    live.show()
    return live


def result(**values: object) -> FrameResult:
    return FakeSession().push(**values)  # type: ignore[arg-type]


def test_picture_is_letterboxed_on_the_background_and_pixels_are_exact(view: LiveView) -> None:
    picture = gradient(320, 180)
    view.show_result(result(image=picture))
    seen = grab(view)
    assert seen.pixelColor(5, 5) == QColor("#101214")
    assert seen.pixelColor(5, 235) == QColor("#101214")
    for x, y in ((0, 0), (319, 179), (200, 90)):
        blue, green, red = (int(v) for v in picture[y, x])
        assert seen.pixelColor(x, y + 30) == QColor(red, green, blue)


def test_mirrored_and_scaled(view: LiveView) -> None:
    picture = np.zeros((90, 160, 3), np.uint8)
    picture[:, :80] = 200
    view.show_result(result(image=picture))
    view.show_view(View(overlay=False, mirrored=True), opacity=1.0, dimmed=False)
    seen = grab(view)
    assert (seen.pixelColor(20, 120).red(), seen.pixelColor(300, 120).red()) == (0, 200)


def test_painting_never_writes_into_the_pictures(view: LiveView) -> None:
    before, after = gradient(320, 180), gradient(320, 180)
    kept = before.copy(), after.copy()
    view.show_result(result(image=before, aged=after, faces=(face(40, 40, 120, 120),)))
    for split in (None, 0.5):
        for mirrored in (False, True):
            shown = View(mirrored=mirrored, split=split, landmarks=True)
            view.show_view(shown, opacity=1.0, dimmed=True)
            grab(view)
    assert (before == kept[0]).all() and (after == kept[1]).all()


def test_each_result_is_reported_once_however_often_it_is_painted(
    view: LiveView, told: list[tuple[int, float]]
) -> None:
    session = FakeSession()
    for _ in range(2):
        view.show_result(session.push())
        grab(view)
        grab(view)
    assert [index for index, _ in told] == [0, 1]
    assert all(0 < paint_ms < 5000 for _, paint_ms in told)


def test_nothing_is_kept_of_a_hidden_picture(view: LiveView) -> None:
    view.show_result(result(image=np.full((180, 320, 3), 255, np.uint8)))
    grab(view)
    view.show_result(None)
    assert grab(view).pixelColor(160, 120) == QColor("#101214")
    assert view.seen() is None and view._pixels is None and view._picture is None


def test_old_picture_is_dimmed(view: LiveView) -> None:
    view.show_result(result(image=np.full((180, 320, 3), 255, np.uint8)))
    view.show_view(BARE, opacity=1.0, dimmed=True)
    assert 60 < grab(view).pixelColor(160, 120).red() < 160


def test_before_left_after_right_with_a_line_between(view: LiveView) -> None:
    before, after = np.zeros((180, 320, 3), np.uint8), np.full((180, 320, 3), 255, np.uint8)
    view.show_result(result(image=before, aged=after))
    view.show_view(View(overlay=False, split=0.25), opacity=1.0, dimmed=False)
    seen = grab(view)
    assert (seen.pixelColor(40, 180).red(), seen.pixelColor(300, 180).red()) == (0, 255)
    assert seen.pixelColor(80, 60).red() > 100, "the divider"


def move(view: LiveView, x: int, y: int, buttons: Qt.MouseButton = Qt.MouseButton.NoButton) -> None:
    where = QPointF(x, y)
    event = QMouseEvent(
        QMouseEvent.Type.MouseMove,
        where,
        view.mapToGlobal(where),
        Qt.MouseButton.NoButton,
        buttons,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(view, event)


def test_divider_is_dragged_and_let_go(view: LiveView) -> None:
    moved: list[float] = []
    view.divider_moved.connect(moved.append)
    view.show_result(result(image=gradient(320, 180)))
    view.show_view(View(overlay=False, split=0.5), opacity=1.0, dimmed=False)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(165, 100))
    move(view, 240, 100, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(240, 100))
    move(view, 20, 100)
    assert moved == pytest.approx([165 / 320, 240 / 320])


def test_a_click_beside_the_divider_is_a_click_on_the_picture(view: LiveView) -> None:
    clicked: list[tuple[float, float]] = []
    view.face_clicked.connect(lambda x, y: clicked.append((x, y)))
    view.show_result(result(image=gradient(640, 360)))
    view.show_view(View(split=0.5, mirrored=True), opacity=1.0, dimmed=False)
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(20, 30 + 50))
    assert clicked[0] == pytest.approx((640 - 40 - 0.5, 100 - 0.5))


Inked = Callable[[View], int]


@pytest.fixture
def inked(view: LiveView) -> Inked:
    """How many pixels the marks of one face change."""
    view.show_result(result(image=np.full((180, 320, 3), 90, np.uint8), faces=(face(100, 40, 200, 140),)))

    def count(shown: View) -> int:
        pictures = []
        for each in (BARE, shown):
            view.show_view(each, opacity=1.0, dimmed=False)
            pictures.append(grab(view))
        return sum(pictures[0].pixel(x, y) != pictures[1].pixel(x, y) for x in range(320) for y in range(30, 210))

    return count


def test_marks_can_be_switched_one_by_one(inked: Inked) -> None:
    off = inked(View(overlay=False, landmarks=True))
    brackets = inked(View(ages=False))
    ages = inked(View())
    points = inked(View(landmarks=True))
    assert off == 0 < brackets < ages < points


def test_faded_marks_leave_the_picture_alone(view: LiveView) -> None:
    view.show_result(result(image=np.full((180, 320, 3), 90, np.uint8), faces=(face(100, 40, 200, 140),)))
    view.show_view(View(), opacity=0.0, dimmed=False)
    seen = grab(view)
    assert {seen.pixelColor(x, 70).name() for x in range(320)} == {"#5a5a5a"}


def test_tiny_and_huge_rooms_do_not_matter(view: LiveView) -> None:
    view.show_result(result(image=gradient(1, 1), faces=(face(0, 0, 1, 1),)))
    view.show_view(View(split=0.5, landmarks=True), opacity=1.0, dimmed=False)
    for size in ((1, 1), (2, 900), (900, 2)):
        view.resize(*size)
        assert not grab(view).isNull()
