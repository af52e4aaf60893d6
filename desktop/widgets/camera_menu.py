"""The menu of sources. It opens at once and fills in when the cameras have been found."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu, QWidget

from desktop.presenters.cameras import Entry
from desktop.words import say, translate

GAP_PX = 8


class CameraMenu(QMenu):
    source_chosen = Signal(str)
    file_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # Else the corners outside the rounded frame stay square and dark.
        self.setWindowFlag(Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Replace the lines; the one in use is ticked."""
        self.clear()
        for entry in entries:
            words = say(entry.label).replace("&", "&&")
            # A tick in the text: the style sheet's indicator would be drawn in a second, heavier line weight.
            action = self.addAction(f"{words}   ✓" if entry.checked else words)
            action.setCheckable(entry.source is not None)
            action.setChecked(entry.checked)
            action.setEnabled(entry.source is not None)
            if entry.source is not None:
                action.triggered.connect(lambda _=False, source=entry.source: self.source_chosen.emit(source))
        self.addSeparator()
        self.addAction(translate("Mirror", "Choose a file …")).triggered.connect(lambda: self.file_asked.emit())
        self.setAccessibleName(translate("Mirror", "Choose the camera or a file"))

    def open_above(self, anchor: QWidget, bar: QWidget) -> None:
        """Open over the bar, on the side of the anchor; opened again, it moves to fit its new lines."""
        size = self.sizeHint()
        left_to_right = anchor.layoutDirection() is Qt.LayoutDirection.LeftToRight
        side = anchor.mapToGlobal(QPoint(0 if left_to_right else anchor.width() - size.width(), 0))
        place = QPoint(side.x(), bar.mapToGlobal(QPoint(0, 0)).y() - size.height() - GAP_PX)
        if self.isVisible():
            self.resize(size)
            self.move(place)
        else:
            self.popup(place)
