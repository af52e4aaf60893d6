"""Small controls of the drawers: a switch, a row of choices, a drop-down list."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QComboBox, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from desktop import icons, theme

SWITCH_WIDTH, SWITCH_HEIGHT = 40.0, 22.0


class Switch(QCheckBox):
    """A check box drawn as a switch, its words on the leading side."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme.DARK
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def use_theme(self, colours: theme.Theme) -> None:
        self._theme = colours
        self.update()

    def sizeHint(self) -> QSize:
        words = self.fontMetrics().horizontalAdvance(self.text())
        return QSize(words + round(SWITCH_WIDTH) + 20, 36)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 36)

    def hitButton(self, pos: object) -> bool:
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left_to_right = self.layoutDirection() is Qt.LayoutDirection.LeftToRight
        x = self.width() - SWITCH_WIDTH - 3 if left_to_right else 3.0
        track = QRectF(x, (self.height() - SWITCH_HEIGHT) / 2, SWITCH_WIDTH, SWITCH_HEIGHT)
        taken = SWITCH_WIDTH + 12
        words = QRectF(0 if left_to_right else taken, 0, self.width() - taken, self.height())
        painter.setPen(theme.colour(self._theme.text))
        flags = Qt.AlignmentFlag.AlignVCenter | (
            Qt.AlignmentFlag.AlignLeft if left_to_right else Qt.AlignmentFlag.AlignRight
        )
        painter.drawText(words, flags, self.text())
        if self.hasFocus():
            painter.setPen(QPen(theme.colour(self._theme.accent), theme.FOCUS_WIDTH_PX))
            painter.drawRoundedRect(track.adjusted(-2, -2, 2, 2), 13, 13)
        on = self.isChecked()
        painter.setPen(QPen(theme.colour(self._theme.accent if on else self._theme.muted), 1.4))
        painter.setBrush(theme.colour(self._theme.accent) if on else theme.colour(self._theme.raised))
        painter.drawRoundedRect(track, SWITCH_HEIGHT / 2, SWITCH_HEIGHT / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(self._theme.on_accent if on else self._theme.muted))
        at_right = on == left_to_right
        knob = track.right() - SWITCH_HEIGHT / 2 if at_right else track.left() + SWITCH_HEIGHT / 2
        painter.drawEllipse(QRectF(knob - 7, track.center().y() - 7, 14, 14))


class Choices(QWidget):
    """A few choices side by side, exactly one of which holds."""

    chosen = Signal(object)

    def __init__(self, values: Sequence[object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values = list(values)
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for number, _ in enumerate(self._values):
            button = QPushButton()
            button.setCheckable(True)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setMinimumWidth(40)
            button.setProperty("segment", True)
            self._group.addButton(button, number)
            row.addWidget(button)
        self._group.idClicked.connect(lambda number: self.chosen.emit(self._values[number]))

    def set_texts(self, name: str, texts: Sequence[str]) -> None:
        """``name`` is what the row is about; screen readers say it before each choice."""
        self.setAccessibleName(name)
        for number, words in enumerate(texts):
            self._group.button(number).setText(words)
            self._group.button(number).setAccessibleName(f"{name}: {words}")

    def show_value(self, value: object) -> None:
        if value in self._values:
            self._group.button(self._values.index(value)).setChecked(True)

    def button(self, value: object) -> QPushButton:
        found = self._group.button(self._values.index(value))
        assert isinstance(found, QPushButton)
        return found


class Choice(QComboBox):
    """A drop-down list of fixed values; the wheel scrolls the drawer, not the value."""

    chosen = Signal(object)

    def __init__(self, values: Sequence[object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme.DARK
        for value in values:
            self.addItem(str(value), value)
        self.setMinimumWidth(60)
        self.activated.connect(lambda number: self.chosen.emit(self.itemData(number)))

    def use_theme(self, colours: theme.Theme) -> None:
        self._theme = colours
        self.update()

    def set_texts(self, name: str, texts: Sequence[str]) -> None:
        self.setAccessibleName(name)
        for number, words in enumerate(texts):
            self.setItemText(number, words)

    def show_value(self, value: object, words: str = "") -> None:
        """Show ``value``; one that is not offered (from the command line) is added as ``words``."""
        number = self.findData(value)
        if number < 0:
            self.addItem(words or str(value), value)
            number = self.count() - 1
        self.setCurrentIndex(number)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        left_to_right = self.layoutDirection() is Qt.LayoutDirection.LeftToRight
        x = self.width() - 28 if left_to_right else 10
        icons.paint(painter, "chevron", QRectF(x, self.height() / 2 - 9, 18, 18), theme.colour(self._theme.muted))
