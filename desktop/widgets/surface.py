"""Translucent ground for whatever floats over the picture."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from desktop import theme
from desktop.kept import Kept


class Surface(QWidget):
    """A rounded sheet in the theme's surface colour, nearly opaque; ``radius`` 0 for a sheet that meets the edges."""

    def __init__(self, radius: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._radius = radius
        self._theme = theme.DARK
        self._kept = Kept()

    def use_theme(self, colours: theme.Theme) -> None:
        self._theme = colours
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._kept.paint(self, self._theme, self._draw)

    def _draw(self, painter: QPainter) -> None:
        painter.setPen(QPen(theme.colour(self._theme.line, 0.7), 1))
        painter.setBrush(theme.colour(self._theme.surface, theme.SURFACE_OPACITY))
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if self._radius:
            painter.drawRoundedRect(frame, self._radius, self._radius)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawRect(self.rect())
