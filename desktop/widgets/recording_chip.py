"""A red dot and the time: shown for as long as the picture is being recorded, whatever else is hidden."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from desktop import theme
from desktop.commands import Command, binding
from desktop.widgets.announce import announce
from desktop.words import translate


class RecordingChip(QAbstractButton):
    """A click ends the recording."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._seconds: int | None = None
        self._sweep = False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.hide()
        self.retranslate()

    def retranslate(self) -> None:
        end = translate("Mirror", "End the recording and save it")
        self.setToolTip(f"{end}  ({binding(self.command).shown})")
        self.setAccessibleName(translate("Mirror", "Recording. Press to end it and save it."))
        self.update()

    @property
    def command(self) -> Command:
        """What a click asks for."""
        return Command.RECORD_SWEEP if self._sweep else Command.RECORD

    @property
    def words(self) -> str:
        """``0:07``, and what is recorded where it is a sweep; empty while nothing is recorded."""
        if self._seconds is None:
            return ""
        shown = f"{self._seconds // 60}:{self._seconds % 60:02d}"
        sweep = translate("Mirror", "Sweep")
        return f"{sweep}  ·  {shown}" if self._sweep else shown

    def show_seconds(self, seconds: float | None, *, sweep: bool = False) -> None:
        """How long it has been recording; None: it is not."""
        whole = None if seconds is None else int(seconds)
        if (whole, sweep) == (self._seconds, self._sweep):
            return
        began = self._seconds is None
        self._seconds, self._sweep = whole, sweep
        self.setVisible(whole is not None)
        self.retranslate()
        self.updateGeometry()
        if began and whole is not None:
            announce(self, self.accessibleName())

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(theme.font(12, tabular=True))
        return QSize(round(metrics.horizontalAdvance(self.words)) + 38, 26)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        ring = QPen(theme.colour(theme.DARK.accent), theme.FOCUS_WIDTH_PX)
        painter.setPen(ring if self.hasFocus() else Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(theme.DARK.scrim, 0.95 if self.underMouse() else theme.SCRIM_OPACITY))
        painter.drawRoundedRect(frame, 12, 12)
        leading = self.layoutDirection() is Qt.LayoutDirection.LeftToRight
        dot = QRectF(11 if leading else frame.right() - 20, frame.center().y() - 4.5, 9, 9)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(theme.DARK.error))
        if self.underMouse():
            painter.drawRoundedRect(dot, 1.5, 1.5)  # the square that stops
        else:
            painter.drawEllipse(dot)
        painter.setFont(theme.font(12, tabular=True))
        painter.setPen(theme.colour(theme.DARK.text, 0.95))
        words = frame.adjusted(26, 0, -8, 0) if leading else frame.adjusted(8, 0, -28, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading, self.words)
