"""Messages that come, offer one action, and go by themselves; never a dialog."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from desktop import theme
from desktop.widgets.announce import announce
from desktop.widgets.surface import Surface
from desktop.words import translate

SHOWN_MS = 7000
WIDEST_PX = 560


class Toast(Surface):
    """Shows the newest message; it stays while the pointer is on it or its action has the focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(14.0, parent)
        self._act: Callable[[], None] | None = None
        self._label = QLabel()
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._button = QPushButton()
        self._button.setProperty("link", True)
        self._button.clicked.connect(self._pressed)
        row = QHBoxLayout(self)
        row.setContentsMargins(18, 8, 10, 8)
        row.setSpacing(10)
        row.addWidget(self._label, 1)
        row.addWidget(self._button)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._expire)
        self.hide()

    @property
    def words(self) -> str:
        return self._label.text() if not self.isHidden() else ""

    @property
    def button(self) -> QPushButton:
        return self._button

    def show_message(self, words: str, action: str = "", act: Callable[[], None] | None = None) -> None:
        """Show ``words``; with an ``action`` a button that calls ``act``, else one that closes."""
        self._act = act
        self._label.setText(words)
        self._button.setText(action or translate("Mirror", "Close"))
        self.show()
        self.raise_()
        self._timer.start(SHOWN_MS)
        announce(self, words)

    def fit(self, widest: int) -> None:
        """Take the size the words need, at most ``widest`` across."""
        room = min(widest, WIDEST_PX)
        button = self._button.sizeHint().width()
        natural = self._label.fontMetrics().horizontalAdvance(self._label.text()) + button + 46
        width = min(max(natural, 220), room)
        inner = width - button - 40
        height = max(self._label.heightForWidth(inner), self._button.sizeHint().height()) + 18
        self.resize(width, height)

    def dismiss(self) -> None:
        self._timer.stop()
        self.hide()

    def _pressed(self) -> None:
        act = self._act
        self.dismiss()
        if act is not None:
            act()

    def _expire(self) -> None:
        if self.underMouse() or self._button.hasFocus():
            self._timer.start(SHOWN_MS // 2)
        else:
            self.hide()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._timer.start(SHOWN_MS)

    def leaveEvent(self, event: QEvent) -> None:
        self._timer.start(SHOWN_MS // 2)

    def use_theme(self, colours: theme.Theme) -> None:
        super().use_theme(colours)
