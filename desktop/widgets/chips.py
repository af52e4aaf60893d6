"""Small things that float on the picture: the status line, the lens dot, the recovering banner."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QEnterEvent, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from desktop import theme
from desktop.commands import Command, binding
from desktop.kept import Kept
from desktop.widgets.announce import announce
from desktop.words import translate


class StatusLine(QAbstractButton):
    """Frame rate, latency, size and device in one small line; a click opens the stages."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kept = Kept()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.hide()
        self.retranslate()

    def retranslate(self) -> None:
        key = binding(Command.STAGES)
        self.setToolTip(f"{translate('Mirror', key.label)}  ({key.shown})")
        self._name()

    def show_line(self, line: str) -> None:
        if line != self.text():
            self.setText(line)
            self.setVisible(bool(line))
            self._name()
            self.update()

    def _name(self) -> None:
        label = translate("Mirror", "Speed: {line}. Opens the list of steps.")
        self.setAccessibleName(label.format(line=self.text()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(theme.font(12, tabular=True))
        return QSize(round(metrics.horizontalAdvance(self.text())) + 22, 26)

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._kept.paint(self, (self.text(), self.hasFocus(), self.underMouse()), self._draw)

    def _draw(self, painter: QPainter) -> None:
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(
            QPen(theme.colour(theme.DARK.accent), theme.FOCUS_WIDTH_PX) if self.hasFocus() else Qt.PenStyle.NoPen
        )
        painter.setBrush(theme.colour(theme.DARK.scrim, 0.9 if self.underMouse() else theme.SCRIM_OPACITY))
        painter.drawRoundedRect(frame, 12, 12)
        painter.setFont(theme.font(12, tabular=True))
        painter.setPen(theme.colour(theme.DARK.text, 0.95))
        words = QFontMetricsF(painter.font()).elidedText(self.text(), Qt.TextElideMode.ElideRight, frame.width() - 14)
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, words)


class LensDot(QWidget):
    """Lit while a camera is open; never hidden while it is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = ""
        self._kept = Kept()
        self.hide()
        self.retranslate()

    def retranslate(self) -> None:
        self._words = translate("Mirror", "Camera on")
        self.setAccessibleName(self._words)
        self.setToolTip(translate("Mirror", "The camera is open. Ctrl+Shift+B closes it at once."))
        self.resize(self.sizeHint())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(round(QFontMetricsF(theme.font(12)).horizontalAdvance(self._words)) + 36, 26)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._kept.paint(self, self._words, self._draw)

    def _draw(self, painter: QPainter) -> None:
        frame = QRectF(self.rect())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(theme.DARK.scrim, theme.SCRIM_OPACITY))
        painter.drawRoundedRect(frame, 13, 13)
        leading = self.layoutDirection() is Qt.LayoutDirection.LeftToRight
        dot = QRectF(11 if leading else frame.right() - 19, frame.center().y() - 4, 8, 8)
        painter.setBrush(theme.colour(theme.DARK.accent, 0.28))
        painter.drawEllipse(dot.adjusted(-3, -3, 3, 3))
        painter.setBrush(theme.colour(theme.DARK.accent))
        painter.drawEllipse(dot)
        painter.setFont(theme.font(12))
        painter.setPen(theme.colour(theme.DARK.text, 0.95))
        words = frame.adjusted(26, 0, -8, 0) if leading else frame.adjusted(8, 0, -26, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading, self._words)


class Banner(QWidget):
    """One line over the picture while something is being waited for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_words(self, words: str) -> None:
        if words != self.words:
            self.words = words
            self.setVisible(bool(words))
            self.setAccessibleName(words)
            if words:
                announce(self, words)
            self.update()

    def height_for(self, width: int) -> int:
        """Pixels needed for the words in a given width."""
        room = QRectF(0, 0, width - 56, 1000)
        bounds = QFontMetricsF(theme.font(theme.TEXT_PX)).boundingRect(room, Qt.TextFlag.TextWordWrap, self.words)
        return round(bounds.height()) + 22

    def natural_width(self) -> int:
        return round(QFontMetricsF(theme.font(theme.TEXT_PX)).horizontalAdvance(self.words)) + 62

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(theme.colour(theme.DARK.accent, 0.5), 1))
        painter.setBrush(theme.colour(theme.DARK.scrim, 0.86))
        painter.drawRoundedRect(frame, 16, 16)
        leading = self.layoutDirection() is Qt.LayoutDirection.LeftToRight
        ring = QRectF(16 if leading else frame.right() - 30, frame.center().y() - 7, 14, 14)
        painter.setPen(QPen(theme.colour(theme.DARK.accent), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawArc(ring, 90 * 16, 270 * 16)
        painter.setFont(theme.font(theme.TEXT_PX))
        painter.setPen(theme.colour(theme.DARK.text))
        words = frame.adjusted(42, 0, -14, 0) if leading else frame.adjusted(14, 0, -42, 0)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading | Qt.TextFlag.TextWordWrap
        painter.drawText(words, int(flags), self.words)
