"""The quiet buttons at the top: look inside, all keys, and full screen."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop import theme
from desktop.commands import Command
from desktop.widgets.icon_button import IconButton

FAINTEST = 0.0


class TopCorner(QWidget):
    asked = Signal(Command)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.buttons: dict[Command, IconButton] = {}
        entries = ((Command.INSIDE, "inside"), (Command.KEYS, "keys"), (Command.FULL_SCREEN, "full screen"))
        for command, icon in entries:
            button = IconButton(command, icon, on_picture=True)
            button.set_side(36)
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, asked=command: self.asked.emit(asked))
            self.buttons[command] = button
            row.addWidget(button)

    def set_opacity(self, opacity: float) -> None:
        """Faded buttons stay where they are: the pointer and the keyboard still find them."""
        for button in self.buttons.values():
            button.set_opacity(max(opacity, FAINTEST))

    def show_checked(self, checked: dict[Command, bool]) -> None:
        for command, on in checked.items():
            self.buttons[command].setChecked(on)

    def retranslate(self) -> None:
        for button in self.buttons.values():
            button.retranslate()

    def use_theme(self, colours: theme.Theme) -> None:
        for button in self.buttons.values():
            button.use_theme(colours)
