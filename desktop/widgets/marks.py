"""Draws what lies over the picture: brackets and words at faces, the divider between before and after."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from desktop import overlay, theme
from desktop.layout import Box, Viewport
from desktop.words import say, translate

PILL_PAD_X, PILL_PAD_Y = 9.0, 4.0
KNOB_PX = 17.0


def _polygon(points: NDArray[np.float64]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in points.tolist()])


def _pen(colour: QColor, width: float) -> QPen:
    return QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def pill(painter: QPainter, words: str, middle: float, top: float, room: Box, ink: QColor, opacity: float) -> QRectF:
    """One line of small type on a scrim, kept inside ``room`` sideways; returns where it lies."""
    font = theme.font(theme.SMALL_PX, tabular=True)
    metrics = QFontMetricsF(font)
    words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, max(room.width - 2 * PILL_PAD_X - 8, 0.0))
    width, height = metrics.horizontalAdvance(words) + 2 * PILL_PAD_X, metrics.height() + 2 * PILL_PAD_Y
    left = min(max(middle - width / 2, room.x + 4.0), max(room.right - width - 4.0, room.x + 4.0))
    box = QRectF(left, top, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour(theme.DARK.scrim, theme.SCRIM_OPACITY * opacity))
    painter.drawRoundedRect(box, height / 2, height / 2)
    shown = QColor(ink)
    shown.setAlphaF(opacity)
    painter.setPen(shown)
    painter.setFont(font)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
    return box


def pill_height() -> float:
    return QFontMetricsF(theme.font(theme.SMALL_PX)).height() + 2 * PILL_PAD_Y


def paint_marks(painter: QPainter, marks: Sequence[overlay.FaceMark], room: Box, opacity: float) -> None:
    """All faces; ``room`` is where labels may stand."""
    for mark in marks:
        strength = opacity * (0.7 if mark.faint else 1.0)
        ink = theme.colour(theme.DARK.accent if mark.chosen else theme.DARK.text)
        _paint_points(painter, mark, strength)
        _paint_brackets(painter, mark, ink, strength)
        _paint_label(painter, mark, room, ink, strength)


def _paint_brackets(painter: QPainter, mark: overlay.FaceMark, ink: QColor, strength: float) -> None:
    path = QPainterPath()
    for corner in mark.corners:
        path.addPolygon(_polygon(corner))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(_pen(theme.colour(theme.DARK.scrim, 0.35 * strength), 4.0))
    painter.drawPath(path)
    shown = QColor(ink)
    shown.setAlphaF(strength)
    painter.setPen(_pen(shown, 2.4 if mark.chosen else 1.8))
    painter.drawPath(path)


def _paint_points(painter: QPainter, mark: overlay.FaceMark, strength: float) -> None:
    if len(mark.points):
        painter.setPen(_pen(theme.colour(theme.DARK.accent, 0.75 * strength), 1.6 if len(mark.points) > 5 else 5.0))
        painter.drawPoints(_polygon(mark.points))


def _paint_label(painter: QPainter, mark: overlay.FaceMark, room: Box, ink: QColor, strength: float) -> None:
    if not mark.label:
        return
    words = "  ·  ".join(say(line) for line in mark.label)
    top = overlay.label_top(mark.anchor[1], pill_height(), mark.rect[1], room.y + 4.0, room.bottom - 4.0)
    pill(painter, words, mark.anchor[0], top, room, ink, strength)


def divider_x(view: Viewport, split: float) -> float:
    """Where the divider stands on the widget."""
    return view.left + view.width * split


def paint_divider(painter: QPainter, view: Viewport, split: float, room: Box, *, focused: bool) -> None:
    """The line, its knob, and the words on both sides; before is left in every language, as the picture is."""
    x = divider_x(view, split)
    top, bottom = view.top, min(view.top + view.height, room.bottom)
    white = theme.colour(theme.DARK.accent if focused else theme.DARK.text)
    painter.setPen(_pen(theme.colour(theme.DARK.scrim, 0.4), 4.0))
    painter.drawLine(QPointF(x, view.top), QPointF(x, view.top + view.height))
    painter.setPen(_pen(white, 1.6))
    painter.drawLine(QPointF(x, view.top), QPointF(x, view.top + view.height))
    middle = QPointF(x, (top + bottom) / 2)
    painter.setBrush(theme.colour(theme.DARK.scrim, 0.8))
    painter.drawEllipse(middle, KNOB_PX, KNOB_PX)
    for side in (-1.0, 1.0):
        arrow = np.array([(4.0, -5.0), (9.0, 0.0), (4.0, 5.0)]) * (side, 1.0)
        arrow += (middle.x(), middle.y())
        painter.drawPolyline(_polygon(arrow))
    _paint_sides(painter, view, x, room)


def _paint_sides(painter: QPainter, view: Viewport, x: float, room: Box) -> None:
    ink = theme.colour(theme.DARK.text)
    top = max(view.top, 0.0) + 14
    metrics = QFontMetricsF(theme.font(theme.SMALL_PX))
    before, after = translate("Mirror", "Before"), translate("Mirror", "After")
    for words, left, right, toward_left in ((before, view.left, x, False), (after, x, view.left + view.width, True)):
        half = metrics.horizontalAdvance(words) / 2 + PILL_PAD_X
        # Each word stands beside the line and vanishes where its side has become too narrow for it.
        if right - left > 2 * half + 20:
            pill(painter, words, left + half + 12 if toward_left else right - half - 12, top, room, ink, 1.0)
