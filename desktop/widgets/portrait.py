"""A small round picture of a face, or the first letter of the name where the picture is locked."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop import qimage, theme
from engine.types import Image


def paint_portrait(
    painter: QPainter, box: QRectF, picture: Image | None, letter: str, colours: theme.Theme, *, dim: float = 1.0
) -> None:
    """Into the square ``box``; ``letter`` only where there is no picture."""
    painter.save()
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    painter.setOpacity(painter.opacity() * dim)
    if picture is None:
        painter.setPen(QPen(theme.colour(colours.line), 1))
        painter.setBrush(theme.colour(colours.raised))
        painter.drawEllipse(box.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setPen(theme.colour(colours.muted))
        painter.setFont(theme.font(box.height() * 0.42, bold=True))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, letter)
    else:
        circle = QPainterPath()
        circle.addEllipse(box)
        painter.setClipPath(circle)
        painter.drawImage(box, qimage.wrap(picture))
    painter.restore()


class Portrait(QWidget):
    """``side_px`` square. ``ringed``: it is this one's turn."""

    def __init__(self, side_px: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side = side_px
        self._theme = theme.DARK
        self._picture: Image | None = None
        self._letter = ""
        self._ringed = False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def use_theme(self, colours: theme.Theme) -> None:
        self._theme = colours
        self.update()

    @property
    def picture(self) -> Image | None:
        return self._picture

    def show_picture(self, picture: Image | None, letter: str = "", *, ringed: bool = False) -> None:
        if (picture is not self._picture) or (letter, ringed) != (self._letter, self._ringed):
            self._picture, self._letter, self._ringed = picture, letter, ringed
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(3, 3, -3, -3)
        paint_portrait(painter, box, self._picture, self._letter, self._theme)
        if self._ringed:
            painter.setPen(QPen(theme.colour(self._theme.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QRectF(self.rect()).adjusted(1, 1, -1, -1))
