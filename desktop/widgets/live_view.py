"""The live picture: the newest result, letterboxed and scaled only where it must be, with marks drawn over it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import QWidget

from desktop import overlay, theme
from desktop.layout import Box, Viewport, letterbox
from desktop.pictures import as_seen, scaled_bgra
from desktop.presenters.faces import face_at
from desktop.presenters.mirror import View
from desktop.qimage import wrap
from desktop.widgets.marks import divider_x, paint_divider, paint_marks
from desktop.words import translate
from engine.types import FrameResult, Image

GRAB_PX = 24.0
Painted = Callable[[FrameResult, int, float], None]


class LiveView(QWidget):
    """Pixels come by ``show_result``, never by signal. ``painted`` is told each result once, after it was painted."""

    divider_moved = Signal(float)
    face_clicked = Signal(float, float)
    pointer_moved = Signal()
    double_clicked = Signal()

    def __init__(self, painted: Painted, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._painted = painted
        self._result: FrameResult | None = None
        self._reported = -1
        self._view = View()
        self._opacity = 1.0
        self._dimmed = False
        self._reserved = 0
        self._background = theme.DARK.background
        self._dragging = False
        self._prepared_for: tuple[object, ...] = ()
        self._pixels: NDArray[np.uint8] | None = None
        self._picture: QImage | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.retranslate()

    def retranslate(self) -> None:
        self.setAccessibleName(translate("Mirror", "Live picture"))
        self.update()

    def use_theme(self, colours: theme.Theme) -> None:
        self._background = colours.background
        self.update()

    # what to show

    @property
    def result(self) -> FrameResult | None:
        return self._result

    def show_result(self, result: FrameResult | None) -> None:
        """Show this from now on; None shows nothing and forgets the picture."""
        self._result = result
        if result is None:
            self._pixels, self._picture, self._prepared_for = None, None, ()
        self.update()

    def show_view(self, view: View, *, opacity: float, dimmed: bool) -> None:
        """How to show it; ``opacity`` of the marks; ``dimmed``: the picture is old and waits for a new one."""
        if (view, opacity, dimmed) != (self._view, self._opacity, self._dimmed):
            self._view, self._opacity, self._dimmed = view, opacity, dimmed
            self.update()

    def reserve(self, reserved: int) -> None:
        """So many pixels at the lower edge lie under the bar."""
        if reserved != self._reserved:
            self._reserved = reserved
            self.update()

    def seen(self) -> Image | None:
        """The picture as it is on the screen, in full resolution, for a snapshot."""
        if self._result is None:
            return None
        return as_seen(
            self._result.frame.image,
            self._result.aged,
            mirrored=self._view.mirrored,
            split=self._view.split,
            original=self._view.original,
        )

    def viewport(self) -> Viewport | None:
        """Where the picture lies on this widget, in logical pixels; None without one."""
        if self._result is None or self.width() < 1 or self.height() < 1:
            return None
        height, width = self._result.aged.shape[:2]
        return letterbox(self.width(), self.height(), width, height, self._reserved, self._view.mirrored)

    # the pointer

    def _near_divider(self, position: QPointF) -> bool:
        view = self.viewport()
        split = self._view.split
        return view is not None and split is not None and abs(position.x() - divider_x(view, split)) <= GRAB_PX

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        view = self.viewport()
        if self._near_divider(event.position()):
            self._dragging = True
            self._drag(event.position())
        elif view is not None:
            self.face_clicked.emit(*view.to_image(event.position().x(), event.position().y()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.pointer_moved.emit()
        if self._dragging:
            self._drag(event.position())
        self._show_cursor(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragging = False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if not self._near_divider(event.position()):
            self.double_clicked.emit()

    def leaveEvent(self, event: QEvent) -> None:
        self.unsetCursor()

    def _drag(self, position: QPointF) -> None:
        view = self.viewport()
        if view is not None:
            self.divider_moved.emit((position.x() - view.left) / view.width)

    def _show_cursor(self, position: QPointF) -> None:
        view = self.viewport()
        faces = self._result.faces if self._result is not None else ()
        if self._dragging or self._near_divider(position):
            shape = Qt.CursorShape.SplitHCursor
        elif view is not None and len(faces) > 1 and face_at(faces, *view.to_image(position.x(), position.y())):
            shape = Qt.CursorShape.PointingHandCursor
        else:
            shape = Qt.CursorShape.ArrowCursor
        if self.cursor().shape() is not shape:
            self.setCursor(shape)

    # drawing

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.update()
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        began = time.monotonic_ns()
        painter = QPainter(self)
        view = self.viewport()
        result = self._result
        if view is None or result is None:
            painter.fillRect(event.rect(), theme.colour(self._background))
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_picture(painter, view, event)
        self._paint_over(painter, view, result)
        painter.end()
        ended = time.monotonic_ns()
        if result.frame.index != self._reported:
            self._reported = result.frame.index
            self._painted(result, ended, (ended - began) / 1e6)

    def _paint_picture(self, painter: QPainter, view: Viewport, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        picture = self._prepare(view, ratio)
        left, top = round(view.left * ratio), round(view.top * ratio)
        covered = QRect(
            math.ceil(left / ratio),
            math.ceil(top / ratio),
            math.floor(picture.width() / ratio),
            math.floor(picture.height() / ratio),
        )
        painter.setClipRegion(QRegion(event.rect()).subtracted(QRegion(covered)))
        painter.fillRect(event.rect(), theme.colour(self._background))
        painter.setClipping(False)
        painter.save()
        # In device pixels nothing is left to scale, and Qt copies rows instead of transforming pixels.
        painter.scale(1 / ratio, 1 / ratio)
        painter.drawImage(QPoint(left, top), picture)
        painter.restore()
        if self._dimmed:
            painter.fillRect(covered, theme.colour(theme.DARK.scrim, 0.6))

    def _prepare(self, view: Viewport, ratio: float) -> QImage:
        """The picture in device pixels; made anew only when something about it changed."""
        result, shown = self._result, self._view
        assert result is not None
        width, height = max(round(view.width * ratio), 1), max(round(view.height * ratio), 1)
        key = (result.frame.index, width, height, shown.mirrored, shown.split, shown.original)
        if key != self._prepared_for or self._picture is None:
            seen = self.seen()
            assert seen is not None
            self._pixels = scaled_bgra(seen, width, height)
            self._picture = wrap(self._pixels)
            self._prepared_for = key
        return self._picture

    def _paint_over(self, painter: QPainter, view: Viewport, result: FrameResult) -> None:
        shown = self._view
        room = Box(0, 0, self.width(), self.height() - self._reserved)
        if shown.overlay and self._opacity > 0.0:
            marks = overlay.marks(result.faces, view, chosen=shown.chosen, ages=shown.ages, landmarks=shown.landmarks)
            paint_marks(painter, marks, room, self._opacity)
        if shown.split is not None and not shown.original:
            paint_divider(painter, view, shown.split, room, focused=self._dragging)
