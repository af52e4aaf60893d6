"""Icons as vector paths on a 24 x 24 grid, all drawn with one stroke weight."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

GRID = 24.0
STROKE = 1.7

Points = tuple[tuple[float, float], ...]


def _line(path: QPainterPath, points: Points, *, closed: bool = False) -> None:
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)
    if closed:
        path.closeSubpath()


def _circle(path: QPainterPath, x: float, y: float, radius: float) -> None:
    path.addEllipse(QPointF(x, y), radius, radius)


def _arc(path: QPainterPath, x: float, y: float, radius: float, start: float, span: float) -> None:
    """Degrees, counter-clockwise from three o'clock."""
    box = QRectF(x - radius, y - radius, 2 * radius, 2 * radius)
    path.arcMoveTo(box, start)
    path.arcTo(box, start, span)


def _camera(path: QPainterPath) -> None:
    path.addRoundedRect(QRectF(2.8, 6.8, 12.4, 10.4), 2.6, 2.6)
    _line(path, ((15.2, 11.0), (20.8, 7.8), (20.8, 16.2), (15.2, 13.0)))


def _mirror(path: QPainterPath) -> None:
    for y in (3.6, 8.6, 13.6, 18.6):
        _line(path, ((12.0, y), (12.0, y + 1.8)))
    _line(path, ((8.8, 6.4), (8.8, 17.6), (3.2, 17.6)), closed=True)
    _line(path, ((15.2, 6.4), (15.2, 17.6), (20.8, 17.6)), closed=True)


def _compare(path: QPainterPath) -> None:
    path.addRoundedRect(QRectF(3.2, 5.2, 17.6, 13.6), 2.6, 2.6)
    _line(path, ((12.0, 2.6), (12.0, 21.4)))
    for x in (14.4, 16.6, 18.8):
        _line(path, ((x, 9.4), (x, 14.6)))


def _sweep(path: QPainterPath) -> None:
    _arc(path, 12.0, 13.4, 8.6, 205.0, -230.0)
    _line(path, ((12.0, 13.4), (15.8, 8.6)))
    _circle(path, 12.0, 13.4, 1.1)
    _line(path, ((7.2, 20.4), (16.8, 20.4)))


def _snapshot(path: QPainterPath) -> None:
    _line(path, ((8.0, 7.2), (9.6, 4.6), (14.4, 4.6), (16.0, 7.2)))
    path.addRoundedRect(QRectF(2.8, 7.2, 18.4, 12.4), 2.6, 2.6)
    _circle(path, 12.0, 13.3, 3.5)


def _record(path: QPainterPath) -> None:
    _circle(path, 12.0, 12.0, 8.8)
    _circle(path, 12.0, 12.0, 3.4)


def _record_sweep(path: QPainterPath) -> None:
    _arc(path, 10.4, 12.4, 7.6, 190.0, -215.0)
    _line(path, ((10.4, 12.4), (13.6, 8.2)))
    _circle(path, 10.4, 12.4, 1.0)
    _circle(path, 17.0, 17.6, 4.2)
    _circle(path, 17.0, 17.6, 1.0)


def _settings(path: QPainterPath) -> None:
    for y, knob in ((6.4, 15.2), (12.0, 8.4), (17.6, 13.4)):
        _line(path, ((3.4, y), (knob - 2.2, y)))
        _line(path, ((knob + 2.2, y), (20.6, y)))
        _circle(path, knob, y, 2.2)


def _overlay(path: QPainterPath) -> None:
    low, high, arm = 3.6, 20.4, 4.0
    for x, dx in ((low, arm), (high, -arm)):
        for y, dy in ((low, arm), (high, -arm)):
            _line(path, ((x + dx, y), (x, y), (x, y + dy)))
    _circle(path, 9.2, 10.2, 0.5)
    _circle(path, 14.8, 10.2, 0.5)
    _arc(path, 12.0, 12.2, 3.8, 205.0, 130.0)


def _effect(path: QPainterPath) -> None:
    _arc(path, 12.0, 12.8, 7.8, 60.0, -300.0)
    _line(path, ((12.0, 3.4), (12.0, 11.6)))


def _full_screen(path: QPainterPath) -> None:
    _line(path, ((14.2, 4.0), (20.0, 4.0), (20.0, 9.8)))
    _line(path, ((20.0, 4.0), (14.0, 10.0)))
    _line(path, ((9.8, 20.0), (4.0, 20.0), (4.0, 14.2)))
    _line(path, ((4.0, 20.0), (10.0, 14.0)))


def _keys(path: QPainterPath) -> None:
    path.addRoundedRect(QRectF(2.6, 6.0, 18.8, 12.4), 2.4, 2.4)
    for x in (6.4, 10.1, 13.9, 17.6):
        _line(path, ((x, 9.9), (x + 0.01, 9.9)))
    _line(path, ((8.0, 14.5), (16.0, 14.5)))


def _people(path: QPainterPath) -> None:
    _circle(path, 9.2, 8.2, 3.5)
    path.moveTo(2.8, 19.4)
    path.cubicTo(2.8, 11.6, 15.6, 11.6, 15.6, 19.4)
    _arc(path, 16.0, 8.2, 3.5, 78.0, -156.0)
    path.moveTo(17.6, 14.0)
    path.cubicTo(19.9, 14.7, 21.2, 16.6, 21.2, 19.4)


def _inside(path: QPainterPath) -> None:
    _line(path, ((12.0, 3.2), (21.0, 7.8), (12.0, 12.4), (3.0, 7.8)), closed=True)
    _line(path, ((3.0, 12.2), (12.0, 16.8), (21.0, 12.2)))
    _line(path, ((3.0, 16.4), (12.0, 21.0), (21.0, 16.4)))


def _close(path: QPainterPath) -> None:
    _line(path, ((6.0, 6.0), (18.0, 18.0)))
    _line(path, ((18.0, 6.0), (6.0, 18.0)))


def _chevron(path: QPainterPath) -> None:
    _line(path, ((7.0, 10.0), (12.0, 15.0), (17.0, 10.0)))


def _no_camera(path: QPainterPath) -> None:
    _camera(path)
    _line(path, ((3.4, 20.6), (20.0, 3.6)))


def _stopped(path: QPainterPath) -> None:
    _circle(path, 12.0, 12.0, 9.0)
    _line(path, ((12.0, 7.0), (12.0, 12.8)))
    _line(path, ((12.0, 16.4), (12.0, 16.41)))


def _hidden(path: QPainterPath) -> None:
    path.moveTo(2.8, 12.0)
    path.cubicTo(6.4, 4.8, 17.6, 4.8, 21.2, 12.0)
    path.cubicTo(17.6, 19.2, 6.4, 19.2, 2.8, 12.0)
    _circle(path, 12.0, 12.0, 2.8)
    _line(path, ((4.4, 20.2), (19.6, 3.8)))


_ICONS: dict[str, Callable[[QPainterPath], None]] = {
    "camera": _camera,
    "mirror": _mirror,
    "compare": _compare,
    "sweep": _sweep,
    "snapshot": _snapshot,
    "record": _record,
    "record sweep": _record_sweep,
    "settings": _settings,
    "overlay": _overlay,
    "effect": _effect,
    "full screen": _full_screen,
    "keys": _keys,
    "people": _people,
    "inside": _inside,
    "close": _close,
    "chevron": _chevron,
    "no camera": _no_camera,
    "stopped": _stopped,
    "hidden": _hidden,
}
NAMES = tuple(_ICONS)


@cache
def path_of(name: str) -> QPainterPath:
    """The outline of an icon on the grid; KeyError for an unknown name."""
    path = QPainterPath()
    _ICONS[name](path)
    return path


def paint(painter: QPainter, name: str, box: QRectF, colour: QColor) -> None:
    """Draw an icon into the square ``box``; the stroke scales with it."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(box.topLeft())
    painter.scale(box.width() / GRID, box.height() / GRID)
    pen = QPen(colour, STROKE, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path_of(name))
    painter.restore()
