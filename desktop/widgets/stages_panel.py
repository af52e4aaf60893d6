"""How long each step takes, as numbers and bars, and where the networks run."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from desktop import theme
from desktop.presenters.status import StageRow
from desktop.widgets.drawer import Panel
from desktop.words import say, translate

ROW_PX, FACT_PX, GAP_PX = 40, 48, 18


class StagesPanel(Panel):
    """Painted by hand: it changes several times a second while it is open, and labels would be laid out anew."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme.DARK
        self._stages: Sequence[StageRow] = ()
        self._facts: Sequence[StageRow] = ()

    def title(self) -> str:
        return translate("Mirror", "Speed")

    def use_theme(self, colours: theme.Theme) -> None:
        self._theme = colours
        self.update()

    def show_rows(self, stages: Sequence[StageRow], facts: Sequence[StageRow]) -> None:
        if (stages, facts) == (self._stages, self._facts):
            return
        grown = (len(stages), len(facts)) != (len(self._stages), len(self._facts))
        self._stages, self._facts = stages, facts
        self.setAccessibleDescription("; ".join(f"{say(row.label)}: {row.value}" for row in (*stages, *facts)))
        if grown:
            self.setMinimumHeight(self.sizeHint().height())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, len(self._stages) * ROW_PX + GAP_PX + len(self._facts) * FACT_PX + 60)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(self.layoutDirection())
        room = QRectF(20, 4, self.width() - 36, ROW_PX)
        painter.setFont(theme.font(theme.SMALL_PX))
        painter.setPen(theme.colour(self._theme.muted))
        middles = translate("Mirror", "Median of each step, for one picture")
        painter.drawText(room, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeading, middles)
        room.translate(0, 26)
        for row in self._stages:
            self._paint_stage(painter, room, row)
            room.translate(0, ROW_PX)
        room.translate(0, GAP_PX)
        for row in self._facts:
            painter.setFont(theme.font(theme.SMALL_PX))
            painter.setPen(theme.colour(self._theme.muted))
            painter.drawText(room, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeading, say(row.label))
            painter.setFont(theme.font(theme.TEXT_PX, tabular=True))
            painter.setPen(theme.colour(self._theme.text))
            below = room.translated(0, 19)
            painter.drawText(below, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeading, row.value)
            room.translate(0, FACT_PX)

    def _paint_stage(self, painter: QPainter, room: QRectF, row: StageRow) -> None:
        painter.setFont(theme.font(theme.TEXT_PX, tabular=True))
        painter.setPen(theme.colour(self._theme.text))
        painter.drawText(room, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeading, say(row.label))
        painter.drawText(room, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignTrailing, row.value)
        track = QRectF(room.left(), room.top() + 23, room.width(), 5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(self._theme.raised))
        painter.drawRoundedRect(track, 2.5, 2.5)
        length = max(track.width() * row.share, 5.0)
        rtl = self.layoutDirection() is Qt.LayoutDirection.RightToLeft
        painter.setBrush(theme.colour(self._theme.accent))
        left = track.right() - length if rtl else track.left()
        painter.drawRoundedRect(QRectF(left, track.top(), length, 5), 2.5, 2.5)
