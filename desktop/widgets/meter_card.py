"""A small card in the corner: how old the result looks, and how much of the person is left in it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from desktop import theme
from desktop.presenters.meter import MeterView
from desktop.words import say, translate

PAD_PX, ROW_PX, GAP_PX, BAR_PX, LEAST_PX = 12, 19, 14, 3, 190


class MeterCard(QWidget):
    """Shows a ``MeterView``; painted by hand, because it changes a few times a second. Clicks go to the picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: MeterView | None = None
        self._widest = 0
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        self.retranslate()

    @property
    def view(self) -> MeterView | None:
        return self._view

    def retranslate(self) -> None:
        self._widest = 0
        self.setAccessibleName(translate("Mirror", "Age and likeness of the result"))
        self._describe()
        self.update()

    def rows(self) -> tuple[tuple[str, str], ...]:
        """Labels and values, in the language of the window."""
        if self._view is None:
            return ()
        labels = translate("Mirror", "Result looks"), translate("Mirror", "Likeness")
        return tuple(zip(labels, (say(self._view.age), say(self._view.identity)), strict=True))

    def show_view(self, view: MeterView | None) -> bool:
        """Show this, or nothing; True if its size changed."""
        if view == self._view:
            return False
        before = self.sizeHint() if self._view is not None else QSize()
        self._view = view
        self.setVisible(view is not None)
        self._describe()
        self.update()
        return view is not None and self.sizeHint() != before

    def _describe(self) -> None:
        self.setAccessibleDescription("; ".join(f"{label}: {value}" for label, value in self.rows()))

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(theme.font(theme.SMALL_PX, tabular=True))
        wide = max((metrics.horizontalAdvance(label + value) for label, value in self.rows()), default=0.0)
        # It only grows, so that the card does not twitch with its words.
        self._widest = max(self._widest, LEAST_PX, round(wide) + GAP_PX + 2 * PAD_PX)
        return QSize(self._widest, 2 * ROW_PX + BAR_PX + 2 * PAD_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(self.layoutDirection())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(theme.DARK.scrim, theme.SCRIM_OPACITY))
        painter.drawRoundedRect(QRectF(self.rect()), 12, 12)
        row = QRectF(PAD_PX, PAD_PX - 2, self.width() - 2 * PAD_PX, ROW_PX)
        painter.setFont(theme.font(theme.SMALL_PX, tabular=True))
        for label, value in self.rows():
            painter.setPen(theme.colour(theme.DARK.muted))
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading, label)
            painter.setPen(theme.colour(theme.DARK.text))
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignTrailing, value)
            row.translate(0, ROW_PX)
        self._paint_bar(painter, QRectF(row.left(), row.top() + 4, row.width(), BAR_PX))

    def _paint_bar(self, painter: QPainter, track: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(theme.DARK.line))
        painter.drawRoundedRect(track, BAR_PX / 2, BAR_PX / 2)
        share = self._view.share if self._view is not None else None
        if share:
            length = max(track.width() * share, float(BAR_PX))
            rtl = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
            left = track.right() - length if rtl else track.left()
            painter.setBrush(theme.colour(theme.DARK.accent))
            painter.drawRoundedRect(QRectF(left, track.top(), length, BAR_PX), BAR_PX / 2, BAR_PX / 2)
