"""A drawing kept as a pixmap: what floats over the live picture is asked to paint with every frame of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QPainter, QPixmap
from PySide6.QtWidgets import QWidget


class Kept:
    """Draws a widget anew only when its look has changed, and copies the last drawing otherwise."""

    def __init__(self) -> None:
        self._key: Hashable = None
        self._font: QFont | None = None
        self._pixmap = QPixmap()

    def paint(self, widget: QWidget, look: Hashable, draw: Callable[[QPainter], None]) -> None:
        """Shows what ``draw`` draws; ``look`` has to tell apart all that ``draw`` depends on, but for the widget's
        size, font and direction and the screen's scale. For ``paintEvent``.

        Nothing is kept on a screen of a broken scale (125 %), where a pixmap would have to be resampled.
        """
        ratio = widget.devicePixelRatioF()
        if ratio != round(ratio):
            painter = QPainter(widget)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            draw(painter)
            return
        font = widget.font()
        key = look, widget.width(), widget.height(), ratio, widget.layoutDirection()
        if key != self._key or font != self._font:
            self._pixmap = QPixmap(widget.size() * ratio)
            self._pixmap.setDevicePixelRatio(ratio)
            self._pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setLayoutDirection(widget.layoutDirection())
            painter.setFont(font)
            draw(painter)
            painter.end()
            self._key, self._font = key, font
        QPainter(widget).drawPixmap(0, 0, self._pixmap)
