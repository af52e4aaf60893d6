"""The sheet of all keys."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from desktop import theme
from desktop.commands import BINDINGS
from desktop.texts import QT_TRANSLATE_NOOP
from desktop.widgets.drawer import Panel
from desktop.words import translate

_BY_HAND = (
    ("0 – 9", QT_TRANSLATE_NOOP("Mirror", "Type an age")),
    ("Tab", QT_TRANSLATE_NOOP("Mirror", "Go to the next button")),
)


class KeyCap(QWidget):
    """A key, drawn as a key."""

    def __init__(self, shown: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = shown
        self._theme = theme.DARK
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def use_theme(self, colours: theme.Theme) -> None:
        self._theme = colours
        self.update()

    def sizeHint(self) -> QSize:
        wide = QFontMetricsF(theme.font(theme.SMALL_PX)).horizontalAdvance(self._shown)
        return QSize(max(round(wide) + 18, 30), 28)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -2)
        painter.setPen(QPen(theme.colour(self._theme.line), 1))
        painter.setBrush(theme.colour(self._theme.raised))
        painter.drawRoundedRect(frame, 6, 6)
        painter.setFont(theme.font(theme.SMALL_PX))
        painter.setPen(theme.colour(self._theme.text))
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, self._shown)


class KeysPanel(Panel):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._caps: list[KeyCap] = []
        self._labels: list[tuple[QLabel, str]] = []
        grid = QGridLayout(self)
        grid.setContentsMargins(20, 6, 16, 24)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(9)
        grid.setColumnStretch(1, 1)
        rows = [(b.shown, b.label) for b in BINDINGS]
        for number, (shown, label) in enumerate((*rows[:4], _BY_HAND[0], *rows[4:], _BY_HAND[1])):
            cap, words = KeyCap(shown), QLabel()
            words.setWordWrap(True)
            grid.addWidget(cap, number, 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(words, number, 1)
            self._caps.append(cap)
            self._labels.append((words, label))
        grid.setRowStretch(len(self._labels), 1)
        self.retranslate()

    def title(self) -> str:
        return translate("Mirror", "Keys")

    def retranslate(self) -> None:
        for widget, label in self._labels:
            widget.setText(translate("Mirror", label))

    def use_theme(self, colours: theme.Theme) -> None:
        for cap in self._caps:
            cap.use_theme(colours)
