"""Look inside: the stages of the newest frame, one below the other, painted by hand a few times a second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QScrollArea, QWidget

from desktop import theme
from desktop.layout import Box
from desktop.presenters.inside import FULL_GREY_LEVELS, OLDEST, STAGES, InsideView, Palette, milliseconds, view_of
from desktop.qimage import wrap
from desktop.widgets.drawer import Panel
from desktop.widgets.marks import pill
from desktop.words import say, translate
from engine.live.inside import Inside
from engine.types import Image

LEFT, RIGHT, TOP, GAP_PX, BETWEEN_PX = 20.0, 16.0, 4.0, 8.0, 14.0
ROUND_PX = 8.0
CURVE_PX, BAR_PX, BARS, LEGEND_PX = 84.0, 26.0, 4, 22.0
WIDEST_PX = 420.0
DARKER = {"dark": "#5AA2F2", "light": "#0B57A4"}
_KEYS = {Qt.Key.Key_Up: -40, Qt.Key.Key_Down: 40, Qt.Key.Key_PageUp: -360, Qt.Key.Key_PageDown: 360}


class InsidePanel(Panel):
    """``show_inside`` and ``show_times`` come a few times a second while the drawer is open, and never otherwise."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme.DARK
        self._inside: Inside | None = None
        self._view = InsideView()
        self._times: Mapping[str, float] = MappingProxyType({})
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.retranslate()

    def title(self) -> str:
        return translate("Mirror", "Look inside")

    def retranslate(self) -> None:
        self.setAccessibleName(self.title())
        self._fit()

    def use_theme(self, colours: theme.Theme) -> None:
        self._theme = colours
        self._view = view_of(self._inside, self._palette())
        self.update()

    def _palette(self) -> Palette:
        return Palette(self._theme.raised, self._theme.accent, DARKER[self._theme.name])

    @property
    def view(self) -> InsideView:
        return self._view

    def show_inside(self, inside: Inside | None) -> None:
        """The newest look; None forgets all pictures."""
        shape = self._shape()
        self._inside, self._view = inside, view_of(inside, self._palette())
        if self._shape() != shape:
            self._fit()
        told = (f"{translate('Mirror', STAGES[name].title)}: {say(note)}" for name, note in self._view.notes.items())
        self.setAccessibleDescription("; ".join(told))
        self.update()

    def show_times(self, stages_ms: Mapping[str, float]) -> None:
        """Medians of the stages in milliseconds."""
        if stages_ms != self._times:
            self._times = dict(stages_ms)
            self.update()

    # places

    def _shape(self) -> tuple[int, ...]:
        return () if self._view.picture is None else self._view.picture.shape

    def _width(self) -> float:
        return max(min(self.width() - LEFT - RIGHT, WIDEST_PX), 80.0)

    def _parts(self) -> dict[str, tuple[float, Callable[[QPainter, QRectF], None]]]:
        """Height and painter of the picture of each section."""
        width = self._width()
        half = (width - GAP_PX) / 2
        shape = self._shape()
        aspect = shape[0] / shape[1] if shape else 9 / 16
        return {
            "find": (min(width * aspect, width), self._paint_find),
            "map": (half, self._paint_map),
            "age": (CURVE_PX + LEGEND_PX, self._paint_age),
            "name": (BARS * BAR_PX, self._paint_names),
            "change": (half + LEGEND_PX, self._paint_change),
            "blend": (half + LEGEND_PX, self._paint_blend),
        }

    def _about_height(self, name: str) -> float:
        metrics = QFontMetricsF(theme.font(theme.SMALL_PX))
        room = QRectF(0, 0, self._width(), 1000)
        words = translate("Mirror", STAGES[name].about)
        return metrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap), words).height()

    def sizeHint(self) -> QSize:
        line = QFontMetricsF(theme.font(theme.TEXT_PX)).height()
        heights = (line + self._about_height(name) + height + 3 * GAP_PX for name, (height, _) in self._parts().items())
        return QSize(240, round(TOP + sum(height + BETWEEN_PX for height in heights) + 2 * line))

    def _fit(self) -> None:
        self.setMinimumHeight(self.sizeHint().height())
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        viewport = self.parentWidget()
        area = None if viewport is None else viewport.parentWidget()
        if event.key() in _KEYS and isinstance(area, QScrollArea):
            bar = area.verticalScrollBar()
            bar.setValue(bar.value() + _KEYS[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    # drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setLayoutDirection(self.layoutDirection())
        line = QFontMetricsF(theme.font(theme.TEXT_PX)).height()
        left = self.width() - LEFT - self._width() if self._mirrored() else LEFT
        y = TOP
        for number, (name, (height, paint)) in enumerate(self._parts().items(), 1):
            about = self._about_height(name)
            whole = QRectF(left, y, self._width(), line + about + height + 3 * GAP_PX)
            if whole.intersects(QRectF(event.rect())):
                self._paint_head(painter, QRectF(left, y, self._width(), line), number, name)
                self._words(painter, QRectF(left, y + line + GAP_PX / 2, self._width(), about), name)
                paint(painter, QRectF(left, y + line + about + 1.5 * GAP_PX, self._width(), height))
            y = whole.bottom() + BETWEEN_PX
        self._paint_total(painter, QRectF(left, y - BETWEEN_PX / 2, self._width(), line))
        if self.hasFocus():
            painter.setPen(QPen(theme.colour(self._theme.accent), theme.FOCUS_WIDTH_PX))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(4, 1, -4, -1), ROUND_PX, ROUND_PX)

    def _mirrored(self) -> bool:
        return self.layoutDirection() is Qt.LayoutDirection.RightToLeft

    def _paint_head(self, painter: QPainter, room: QRectF, number: int, name: str) -> None:
        side = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font(theme.TEXT_PX, bold=True))
        painter.setPen(theme.colour(self._theme.text))
        title = f"{number}  {translate('Mirror', STAGES[name].title)}"
        painter.drawText(room, side | Qt.AlignmentFlag.AlignLeading, title)
        painter.setFont(theme.font(theme.SMALL_PX, tabular=True))
        painter.setPen(theme.colour(self._theme.muted))
        painter.drawText(room, side | Qt.AlignmentFlag.AlignTrailing, milliseconds(STAGES[name], self._times))

    def _words(self, painter: QPainter, room: QRectF, name: str) -> None:
        painter.setFont(theme.font(theme.SMALL_PX))
        painter.setPen(theme.colour(self._theme.muted))
        flags = int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignLeading)
        painter.drawText(room, flags, translate("Mirror", STAGES[name].about))

    def _paint_total(self, painter: QPainter, room: QRectF) -> None:
        if "total" in self._times:
            painter.setFont(theme.font(theme.SMALL_PX, tabular=True))
            painter.setPen(theme.colour(self._theme.text))
            words = translate("Mirror", "All together {ms} ms a picture (medians)")
            painter.drawText(room, Qt.AlignmentFlag.AlignLeading, words.format(ms=f"{self._times['total']:.1f}"))

    # the pictures

    def _paint_find(self, painter: QPainter, room: QRectF) -> None:
        view = self._view
        if view.picture is None:
            self._empty(painter, room, "find")
            return
        height, width = view.picture.shape[:2]
        scale = min(room.width() / width, room.height() / height)
        left = room.left() + (room.width() - width * scale) / 2
        place = QRectF(left, room.top(), width * scale, height * scale)
        self._picture(painter, place, view.picture)
        painter.setClipRect(place)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for boxes, pen in (
            (view.candidates, QPen(theme.colour(theme.DARK.text, 0.85), 1.0)),
            (view.kept, QPen(theme.colour(theme.DARK.accent), 2.4)),
        ):
            painter.setPen(pen)
            for x1, y1, x2, y2 in [] if boxes is None else boxes.tolist():
                corner = QPointF(place.left() + x1 * place.width(), place.top() + y1 * place.height())
                painter.drawRect(QRectF(corner.x(), corner.y(), (x2 - x1) * place.width(), (y2 - y1) * place.height()))
        painter.setClipping(False)
        self._note(painter, place, "find")

    def _paint_map(self, painter: QPainter, room: QRectF) -> None:
        view = self._view
        if view.crop is None:
            self._empty(painter, room, "map")
            return
        left, right = self._halves(room)
        self._picture(painter, left, view.crop)
        self._ground(painter, right)
        if view.mesh is not None:
            painter.setClipRect(right)
            ink = theme.colour(self._theme.accent)
            painter.setPen(QPen(ink, 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPoints(_polygon(view.mesh * right.width() + np.array([right.left(), right.top()])))
            painter.setClipping(False)

    def _paint_age(self, painter: QPainter, room: QRectF) -> None:
        view = self._view
        ground = QRectF(room.left(), room.top(), room.width(), CURVE_PX)
        if view.curve is None:
            self._empty(painter, ground, "age" if view.crop is None else "")
        else:
            self._ground(painter, ground)
            self._paint_hill(painter, ground.adjusted(6, 8, -6, 0), view)
            self._note(painter, ground, "age")
        painter.setFont(theme.font(theme.SMALL_PX - 1, tabular=True))
        painter.setPen(theme.colour(self._theme.muted))
        for years in range(0, OLDEST + 1, 20):
            x = ground.left() + 6 + (ground.width() - 12) * years / OLDEST
            spot = QRectF(min(max(x - 20, ground.left()), ground.right() - 40), ground.bottom() + 2, 40, LEGEND_PX - 2)
            side = Qt.AlignmentFlag.AlignHCenter
            if years in (0, OLDEST):
                side = Qt.AlignmentFlag.AlignRight if years else Qt.AlignmentFlag.AlignLeft
            painter.drawText(spot, side | Qt.AlignmentFlag.AlignAbsolute, str(years))

    def _paint_hill(self, painter: QPainter, room: QRectF, view: InsideView) -> None:
        assert view.curve is not None
        x = room.left() + np.linspace(0, room.width(), len(view.curve))
        y = room.bottom() - view.curve * room.height()
        if view.years is not None:
            middle, low, high = (room.left() + years / OLDEST * room.width() for years in view.years)
            painter.fillRect(QRectF(low, room.top(), high - low, room.height()), theme.colour(self._theme.line, 0.55))
        hill = QPainterPath(QPointF(room.left(), room.bottom()))
        hill.addPolygon(_polygon(np.stack([x, y], 1)))
        hill.lineTo(room.right(), room.bottom())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(self._theme.accent, 0.35))
        painter.drawPath(hill)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.colour(self._theme.accent), 1.6))
        painter.drawPolyline(_polygon(np.stack([x, y], 1)))
        if view.years is not None:
            painter.setPen(QPen(theme.colour(self._theme.text), 1.6))
            painter.drawLine(QPointF(middle, room.top()), QPointF(middle, room.bottom()))

    def _paint_names(self, painter: QPainter, room: QRectF) -> None:
        view = self._view
        if not view.bars:
            self._empty(painter, room, "name")
            return
        metrics = QFontMetricsF(theme.font(theme.SMALL_PX))
        wide = min(max(metrics.horizontalAdvance(bar.label) for bar in view.bars) + 10, room.width() * 0.42)
        number = 42.0
        way = QRectF(room.left() + wide, room.top(), room.width() - wide - number, room.height())
        if self._mirrored():
            way.moveLeft(room.left() + number)
        for row, bar in enumerate(view.bars[:BARS]):
            line = QRectF(room.left(), room.top() + row * BAR_PX, room.width(), BAR_PX)
            painter.setFont(theme.font(theme.SMALL_PX, tabular=True))
            painter.setPen(theme.colour(self._theme.text if bar.named else self._theme.muted))
            words = metrics.elidedText(bar.label, Qt.TextElideMode.ElideRight, wide - 8)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading, words)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignTrailing, bar.value)
            track = QRectF(way.left(), line.center().y() - 3, way.width(), 6)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(self._theme.raised))
            painter.drawRoundedRect(track, 3, 3)
            painter.setBrush(theme.colour(self._theme.accent if bar.named else self._theme.muted))
            length = track.width() * bar.share
            start = track.right() - length if self._mirrored() else track.left()
            painter.drawRoundedRect(QRectF(start, track.top(), length, 6), 3, 3)
        share = 1 - view.threshold if self._mirrored() else view.threshold
        x = way.left() + way.width() * share
        painter.setPen(QPen(theme.colour(self._theme.text), 1.2))
        painter.drawLine(QPointF(x, room.top() + 2), QPointF(x, room.top() + len(view.bars) * BAR_PX - 2))

    def _paint_change(self, painter: QPainter, room: QRectF) -> None:
        view = self._view
        tall = room.height() - LEGEND_PX
        if view.change is None or view.mask is None:
            self._empty(painter, QRectF(room.left(), room.top(), room.width(), tall), "change")
            return
        left, right = self._halves(QRectF(room.left(), room.top(), room.width(), tall))
        self._picture(painter, left, view.change)
        self._picture(painter, right, view.mask)
        self._paint_legend(painter, QRectF(left.left(), left.bottom() + 6, left.width(), LEGEND_PX - 6))
        self._caption(painter, right, translate("Mirror", "Mask"))

    def _paint_legend(self, painter: QPainter, room: QRectF) -> None:
        """A strip from darker to brighter, with the grey levels at its ends; the same way round in every language."""
        palette = self._palette()
        painter.setFont(theme.font(theme.SMALL_PX - 1, tabular=True))
        painter.setPen(theme.colour(self._theme.muted))
        absolute = Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room, absolute | Qt.AlignmentFlag.AlignLeft, f"−{FULL_GREY_LEVELS:.0f}")
        painter.drawText(room, absolute | Qt.AlignmentFlag.AlignRight, f"+{FULL_GREY_LEVELS:.0f}")
        strip = QRectF(room.left() + 30, room.center().y() - 3, room.width() - 60, 6)
        colours = QLinearGradient(strip.topLeft(), strip.topRight())
        for place, colour in ((0.0, palette.darker), (0.5, palette.none), (1.0, palette.brighter)):
            colours.setColorAt(place, QColor(colour))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours)
        painter.drawRoundedRect(strip, 3, 3)

    def _paint_blend(self, painter: QPainter, room: QRectF) -> None:
        view = self._view
        tall = QRectF(room.left(), room.top(), room.width(), room.height() - LEGEND_PX)
        if view.crop is None or view.aged is None:
            self._empty(painter, tall, "blend")
            return
        left, right = self._halves(tall)
        for place, picture, words in ((left, view.crop, "Before"), (right, view.aged, "After")):
            self._picture(painter, place, picture)
            self._caption(painter, place, translate("Mirror", words))

    def _halves(self, room: QRectF) -> tuple[QRectF, QRectF]:
        """Two squares side by side, the first where reading begins."""
        side = (self._width() - GAP_PX) / 2
        one = QRectF(room.left(), room.top(), side, side)
        other = QRectF(room.right() - side, room.top(), side, side)
        return (other, one) if self._mirrored() else (one, other)

    def _note(self, painter: QPainter, place: QRectF, name: str) -> None:
        """What the section tells of this frame, small, in the upper corner where reading ends."""
        if name in self._view.notes:
            room = Box(round(place.left()), round(place.top()), round(place.width()), round(place.height()))
            end = place.left() if self._mirrored() else place.right()
            pill(painter, say(self._view.notes[name]), end, place.top() + 4, room, theme.colour(theme.DARK.text), 1.0)

    def _caption(self, painter: QPainter, place: QRectF, words: str) -> None:
        painter.setFont(theme.font(theme.SMALL_PX - 1))
        painter.setPen(theme.colour(self._theme.muted))
        below = QRectF(place.left(), place.bottom() + 4, place.width(), LEGEND_PX - 4)
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, words)

    def _picture(self, painter: QPainter, place: QRectF, image: Image) -> None:
        outline = QPainterPath()
        outline.addRoundedRect(place, ROUND_PX, ROUND_PX)
        painter.save()
        painter.setClipPath(outline)
        painter.drawImage(place, wrap(np.ascontiguousarray(image)))
        painter.restore()

    def _ground(self, painter: QPainter, place: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(self._theme.raised))
        painter.drawRoundedRect(place, ROUND_PX, ROUND_PX)

    def _empty(self, painter: QPainter, place: QRectF, name: str) -> None:
        """The place of a picture that is not there, and why."""
        self._ground(painter, place)
        note = self._view.notes.get(name)
        if note is not None and name != "find":
            painter.setFont(theme.font(theme.SMALL_PX))
            painter.setPen(theme.colour(self._theme.muted))
            flags = int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignCenter)
            painter.drawText(place.adjusted(12, 6, -12, -6), flags, say(note))


def _polygon(points: NDArray[np.float32] | NDArray[np.float64]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in points.tolist()])
