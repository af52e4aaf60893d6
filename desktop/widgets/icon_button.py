"""A button that is one icon; its name, its tooltip and its key come from the command it stands for."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QEnterEvent, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from desktop import icons, theme
from desktop.commands import Command, binding
from desktop.kept import Kept
from desktop.words import translate

_ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)


class IconButton(QAbstractButton):
    """``on_picture``: drawn on a dark scrim, because the picture beneath may have any colour."""

    def __init__(self, command: Command, icon: str, *, on_picture: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.command = command
        self._icon = icon
        self._on_picture = on_picture
        self._theme = theme.DARK
        self._side = 40
        self._opacity = 1.0
        self._kept = Kept()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.retranslate()

    def retranslate(self) -> None:
        key = binding(self.command)
        label = translate("Mirror", key.label)
        self.setAccessibleName(label)
        self.setToolTip(f"{label}  ({key.shown})")

    def use_theme(self, colours: theme.Theme) -> None:
        self._theme = colours
        self.update()

    def set_side(self, side_px: int) -> None:
        if side_px != self._side:
            self._side = side_px
            self.updateGeometry()

    def set_opacity(self, opacity: float) -> None:
        """How visible it is while it is neither under the pointer nor focused."""
        if opacity != self._opacity:
            self._opacity = opacity
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Arrows belong to the dial wherever the focus is; a button would spend them on moving the focus.
        if event.key() in _ARROWS:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.update()
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        state = self.underMouse(), self.hasFocus(), self.isChecked(), self.isDown(), self.isEnabled()
        self._kept.paint(self, (self._icon, self._theme, self._opacity, *state), self._draw)

    def _draw(self, painter: QPainter) -> None:
        hovered, focused = self.underMouse(), self.hasFocus()
        painter.setOpacity(1.0 if hovered or focused else self._opacity)
        frame = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        self._paint_ground(painter, frame, hovered)
        if focused:
            accent = self._theme.accent_on_scrim if self._on_picture else self._theme.accent
            painter.setPen(QPen(theme.colour(accent), theme.FOCUS_WIDTH_PX))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(frame, 10, 10)
        side = 22.0
        box = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        icons.paint(painter, self._icon, box, theme.colour(self._ink(), 1.0 if self.isEnabled() else 0.4))

    def _paint_ground(self, painter: QPainter, frame: QRectF, hovered: bool) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        if self._on_picture:
            painter.setBrush(theme.colour(self._theme.scrim, 0.9 if hovered else theme.SCRIM_OPACITY))
            painter.drawRoundedRect(frame, 10, 10)
        elif self.isChecked():
            painter.setBrush(theme.colour(self._theme.accent, 0.26 if hovered else 0.16))
            painter.drawRoundedRect(frame, 10, 10)
        elif hovered or self.isDown():
            painter.setBrush(theme.colour(self._theme.raised))
            painter.drawRoundedRect(frame, 10, 10)

    def _ink(self) -> str:
        if self._on_picture:
            return self._theme.accent_on_scrim if self.isChecked() else self._theme.on_scrim
        return self._theme.accent if self.isChecked() else self._theme.text
