"""Parts of the people drawer that stand alone: labels, a card with a question and its answers, a passphrase."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from desktop.presenters.enrol import Asking
from desktop.widgets.announce import announce
from desktop.words import say, translate


def label(kind: str = "", words: str = "") -> QLabel:
    """A label that breaks its lines; ``kind`` is a property of the style sheet: muted, error, hint, strong, section."""
    made = QLabel(words)
    made.setWordWrap(True)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setMinimumWidth(40)  # else the longest word says how wide the drawer has to be
    made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    if kind:
        made.setProperty(kind, True)
    return made


def button(kind: str = "") -> QPushButton:
    """A button; ``kind`` is a property of the style sheet: primary, danger, link."""
    made = QPushButton()
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.setMinimumWidth(60)
    if kind:
        made.setProperty(kind, True)
    return made


def field() -> QLineEdit:
    """A line to type into. A file that is let go over it is not for it."""
    made = QLineEdit()
    made.setAcceptDrops(False)
    made.setMinimumWidth(80)
    return made


def breakable(words: str) -> str:
    """Words with invisible places to break: names of files have no spaces, and may be longer than a line."""
    parted = re.sub(r"([/\\_.-])(?=\S)", "\\1\u200b", words)
    return re.sub(r"([^\s\u200b]{18})(?=[^\s\u200b])", "\\1\u200b", parted)


class Card(QFrame):
    """A question or a remark with its answers below one another; ``answered`` gives the number of the button."""

    answered = Signal(int)

    def __init__(self, kinds: Sequence[str] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.title, self.detail = label("strong"), label("muted")
        self.buttons = [button(kind) for kind in kinds]
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 14)
        column.setSpacing(8)
        column.addWidget(self.title)
        column.addWidget(self.detail)
        for number, each in enumerate(self.buttons):
            column.addWidget(each)
            each.clicked.connect(lambda _=False, number=number: self.answered.emit(number))

    def show_words(self, title: str, detail: str = "", answers: Sequence[str] = ()) -> None:
        """Buttons without an answer are hidden."""
        if self.isVisible() and (breakable(title), breakable(detail)) != (self.title.text(), self.detail.text()):
            announce(self, f"{title} {detail}")
        self.setAccessibleName(title)
        self.title.setText(breakable(title))
        self.detail.setText(breakable(detail))
        self.detail.setVisible(bool(detail))
        for number, each in enumerate(self.buttons):
            each.setVisible(number < len(answers))
            each.setText(answers[number] if number < len(answers) else "")


class PassphraseForm(QFrame):
    """Asks for the passphrase of the people, or twice for a new one. ``given``: what was typed, and again."""

    given = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self._asking: Asking | None = None
        self._title, self._detail, self._error = label("strong"), label("muted"), label("error")
        self.first, self.again = field(), field()
        self.go = button("primary")
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 14)
        column.setSpacing(8)
        for widget in (self._title, self._detail, self.first, self.again, self._error, self.go):
            column.addWidget(widget)
        for each in (self.first, self.again):
            each.setEchoMode(QLineEdit.EchoMode.Password)
            each.returnPressed.connect(self._give)
        self.go.clicked.connect(self._give)

    def _give(self) -> None:
        if self._asking is not None and self._asking.new and not self.again.text() and self.first.hasFocus():
            self.again.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.given.emit(self.first.text(), self.again.text())

    def show_asking(self, asking: Asking | None) -> None:
        """Nothing typed stays in the fields once it was taken."""
        if asking is None:
            self.first.clear()
            self.again.clear()
        elif asking.error.source and asking != self._asking:
            self.first.selectAll()
            self.first.setFocus(Qt.FocusReason.OtherFocusReason)
        self._asking = asking
        self.retranslate()

    def retranslate(self) -> None:
        asking = self._asking
        new = asking is not None and asking.new
        lock = translate("Mirror", "A passphrase for the people")
        key = translate("Mirror", "The pictures of people are locked")
        self._title.setText(lock if new else key)
        why = translate("Mirror", "This computer has no keyring. After a restart this passphrase is asked for again.")
        then = translate("Mirror", "Their passphrase opens them. Until then nobody is recognised.")
        self._detail.setText(why if new else then)
        fresh, old = translate("Mirror", "New passphrase"), translate("Mirror", "Passphrase")
        self.first.setPlaceholderText(fresh if new else old)
        self.again.setPlaceholderText(translate("Mirror", "Once more"))
        for each in (self.first, self.again):
            each.setAccessibleName(each.placeholderText())
        self.again.setVisible(new)
        self.go.setText(translate("Mirror", "Use it") if new else translate("Mirror", "Unlock"))
        error = say(asking.error) if asking is not None and asking.error.source else ""
        if error and error != self._error.text():
            announce(self, error)
        self._error.setText(error)
        self._error.setVisible(bool(error))
