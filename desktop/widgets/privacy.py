"""What is stored, where, and the button that erases it; asks once more in place, not in a dialog."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop.services import Stored
from desktop.words import translate


class PrivacySection(QWidget):
    """``opened``: look again what is stored; ``erase_asked``: the user said yes twice."""

    erase_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stored: Stored | None = None
        self._heading, self._facts = QLabel(), QLabel()
        self._heading.setProperty("section", True)
        self._facts.setProperty("muted", True)
        self._facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for label in (self._heading, self._facts):
            label.setWordWrap(True)
        self.erase, self.sure, self.keep = QPushButton(), QPushButton(), QPushButton()
        self.erase.setProperty("danger", True)
        self.sure.setProperty("danger", True)
        self._question = QLabel()
        self._question.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.sure, 1)
        row.addWidget(self.keep, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self._heading, self._facts, self.erase, self._question):
            column.addWidget(widget)
        column.addLayout(row)
        self.erase.clicked.connect(lambda: self._ask(True))
        self.keep.clicked.connect(lambda: self._ask(False))
        self.sure.clicked.connect(self._confirmed)
        self._ask(False)
        self.retranslate()

    def _ask(self, asking: bool) -> None:
        self.erase.setVisible(not asking)
        for widget in (self._question, self.sure, self.keep):
            widget.setVisible(asking)
        if asking:
            self.keep.setFocus(Qt.FocusReason.OtherFocusReason)

    def _confirmed(self) -> None:
        self._ask(False)
        self.erase_asked.emit()

    def show_stored(self, stored: Stored) -> None:
        self._stored = stored
        self._ask(False)
        self.retranslate()

    def retranslate(self) -> None:
        self._heading.setText(translate("Mirror", "Everything stays on this computer"))
        self.erase.setText(translate("Mirror", "Erase what is stored …"))
        self.sure.setText(translate("Mirror", "Erase"))
        self.keep.setText(translate("Mirror", "Keep"))
        question = translate(
            "Mirror", "Erase the settings, all snapshots, recordings and people? They cannot be brought back."
        )
        self._question.setText(question)
        stored = self._stored
        if stored is None:
            self._facts.setText(translate("Mirror", "No picture leaves it, and nothing is sent anywhere."))
            return
        lines = [translate("Mirror", "No picture leaves it, and nothing is sent anywhere. Stored are:")]
        kept, none_yet = translate("Mirror", "Settings: {place}"), translate("Mirror", "Settings: none yet")
        lines.append("•  " + (kept if stored.settings else none_yet).format(place=stored.settings_place))
        pictures = translate("Mirror", "Snapshots: {count}, {size} MB in {place}")
        none = translate("Mirror", "Snapshots: none")
        megabytes = f"{stored.pictures_bytes / 1e6:.1f}"
        filled = pictures.format(count=stored.pictures, size=megabytes, place=stored.pictures_place)
        lines.append("•  " + (filled if stored.pictures else none))
        if stored.recordings:
            recordings = translate("Mirror", "Recordings: {count}, {size} MB in {place}")
            size = f"{stored.recordings_bytes / 1e6:.1f}"
            filled = recordings.format(count=stored.recordings, size=size, place=stored.recordings_place)
            lines.append("•  " + filled)
        lines.append("•  " + _people_words(stored))
        # A path has no spaces to break at; an invisible place to break stands after every separator.
        self._facts.setText("\n".join(lines).replace("/", "/\u200b").replace("\\", "\\\u200b"))
        anything = stored.settings or stored.pictures > 0 or stored.recordings > 0 or stored.people != 0
        self.erase.setEnabled(anything)


def _people_words(stored: Stored) -> str:
    """How many people are kept, and what of them."""
    if stored.people == 0:
        return translate("Mirror", "People: nobody")
    known = translate("Mirror", "People: {count} in {place}: names, consent, encrypted pictures and numbers of faces")
    unread = translate("Mirror", "People: a file that cannot be read, {place}")
    return (unread if stored.people is None else known).format(count=stored.people, place=stored.people_place)
