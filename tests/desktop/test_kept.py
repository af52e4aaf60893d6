"""A kept drawing is drawn once a look, and looks as if it were drawn every time."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from desktop.kept import Kept


class Painted(QWidget):
    """Fills itself with ``colour`` and counts how often."""

    def __init__(self) -> None:
        super().__init__()
        self.colour, self.drawn = "#204060", 0
        self._kept = Kept()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._kept.paint(self, self.colour, self._draw)

    def _draw(self, painter: QPainter) -> None:
        self.drawn += 1
        painter.fillRect(self.rect(), QColor(self.colour))


def test_it_is_drawn_once_for_each_look_and_size(qtbot: QtBot) -> None:
    widget = Painted()
    qtbot.addWidget(widget)
    widget.resize(40, 20)
    first = widget.grab().toImage()
    assert widget.grab().toImage() == first
    assert widget.drawn == 1
    assert first.pixelColor(20, 10) == QColor("#204060")
    widget.colour = "#a05020"
    assert widget.grab().toImage().pixelColor(20, 10) == QColor("#a05020")
    assert widget.drawn == 2
    widget.resize(60, 20)
    assert widget.grab().toImage().pixelColor(50, 10) == QColor("#a05020")
    assert widget.drawn == 3


def test_nothing_is_kept_where_a_pixmap_would_be_resampled(qtbot: QtBot) -> None:
    class Broken(Painted):
        def devicePixelRatioF(self) -> float:
            return 1.25

    widget = Broken()
    qtbot.addWidget(widget)
    widget.resize(40, 20)
    for drawn in (1, 2):
        assert widget.grab().toImage().pixelColor(5, 5) == QColor("#204060")
        assert widget.drawn == drawn
