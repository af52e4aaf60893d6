"""How far the guide has come: a ring in four parts around a head that shows what to do."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop import theme
from desktop.presenters.guide import Guide
from engine.live.people import STEPS, Step

SIDE_PX, RING_PX, GAP_DEGREES = 172, 7.0, 9.0
_TURNS = {Step.LEFT: -1.0, Step.RIGHT: 1.0}


class GuideRing(QWidget):
    """``mirrored``: the picture beside it shows the person as a mirror does, and so does the head."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme.DARK
        self._guide: Guide | None = None
        self._mirrored = True
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def use_theme(self, colours: theme.Theme) -> None:
        self._theme = colours
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(SIDE_PX, SIDE_PX)

    def show_guide(self, guide: Guide, *, mirrored: bool) -> None:
        self._guide, self._mirrored = guide, mirrored
        self.setAccessibleDescription(f"{guide.share:.0%}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        guide = self._guide
        if guide is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = min(self.width(), self.height()) - 2 * RING_PX
        box = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        self._paint_ring(painter, box, guide)
        ink = theme.colour(self._theme.accent if guide.good else self._theme.muted)
        _paint_head(painter, box, guide.step, ink, self._mirrored)

    def _paint_ring(self, painter: QPainter, box: QRectF, guide: Guide) -> None:
        part = 360.0 / len(STEPS)
        filled = guide.share * len(STEPS)
        for number, step in enumerate(STEPS):
            start = 90.0 - number * part - GAP_DEGREES / 2
            length = part - GAP_DEGREES
            _arc(painter, box, start, length, theme.colour(self._theme.line))
            done = min(max(filled - number, 0.0), 1.0)
            if step in guide.skipped:
                _arc(painter, box, start, length, theme.colour(self._theme.muted))
            elif done > 0:
                _arc(painter, box, start, length * done, theme.colour(self._theme.accent))


def _arc(painter: QPainter, box: QRectF, start: float, length: float, ink: QColor) -> None:
    """Clockwise, in degrees from three o'clock."""
    painter.setPen(QPen(ink, RING_PX, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawArc(box, round(start * 16), round(-length * 16))


def _paint_head(painter: QPainter, box: QRectF, step: Step | None, ink: QColor, mirrored: bool) -> None:
    """Eyes and nose move to where the head turns; an arrow goes along. At the end a tick."""
    painter.setPen(QPen(ink, 3.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    middle = box.center()
    if step is None:
        tick = [(-24.0, 2.0), (-7.0, 19.0), (26.0, -18.0)]
        painter.drawPolyline([QPointF(middle.x() + x, middle.y() + y) for x, y in tick])
        return
    # A head seen in a mirror turns to its own left towards the left of the picture.
    turn = _TURNS.get(step, 0.0) * (1.0 if mirrored else -1.0)
    size = 1.22 if step is Step.CLOSER else 1.0
    painter.save()
    painter.translate(middle)
    painter.scale(size, size)
    painter.drawEllipse(QPointF(0, 0), 30, 38)
    shift = 11.0 * turn
    pen = painter.pen()
    painter.setPen(QPen(ink, 5.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    for eye in (-11.0, 11.0):
        painter.drawPoint(QPointF(eye * (1 - 0.12 * abs(turn)) + shift, -7))
    painter.setPen(pen)
    nose = QPainterPath(QPointF(shift * 1.25, -3))
    nose.lineTo(shift * 1.25 + 4 * (turn or 0.6), 8)
    nose.lineTo(shift * 1.25 - 1, 9)
    painter.drawPath(nose)
    mouth = QPainterPath(QPointF(shift - 8, 19))
    mouth.quadTo(shift, 23, shift + 8, 19)
    painter.drawPath(mouth)
    if turn:
        x = 44.0 * turn
        painter.drawPolyline([QPointF(x, -7), QPointF(x + 7 * turn, 0), QPointF(x, 7)])
    painter.restore()
