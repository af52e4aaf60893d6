"""The one bar: what to look at on the left, the dial in the middle, what to do with it on the right."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop import theme
from desktop.commands import Command
from desktop.widgets.age_dial import AgeDial
from desktop.widgets.icon_button import IconButton
from desktop.widgets.surface import Surface

LEFT = (
    (Command.CAMERA, "camera", False),
    (Command.MIRROR, "mirror", True),
    (Command.OVERLAY, "overlay", True),
    (Command.COMPARE, "compare", True),
    (Command.SWEEP, "sweep", True),
    (Command.RECORD_SWEEP, "record sweep", True),
)
RIGHT = (
    (Command.EFFECT, "effect", True),
    (Command.SNAPSHOT, "snapshot", False),
    (Command.RECORD, "record", True),
    (Command.PEOPLE, "people", True),
    (Command.SETTINGS, "settings", True),
)
SIDE_PX, SIDE_COMPACT_PX = 42, 36
DIAL_NARROWEST_PX = 168
GIVEN_UP = (Command.RECORD_SWEEP, Command.OVERLAY, Command.MIRROR, Command.RECORD)
"""Buttons that leave a bar too narrow for all, in this order; their keys stay, and so does what is in the settings."""


class BottomBar(Surface):
    """Buttons by command in ``buttons``; ``asked`` says which one was pressed."""

    asked = Signal(Command)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(18.0, parent)
        self.dial = AgeDial()
        self.buttons: dict[Command, IconButton] = {}
        self._left, self._right = self._group(LEFT), self._group(RIGHT)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 6, 10, 6)
        row.setSpacing(6)
        row.addWidget(self._left)
        row.addWidget(self.dial, 1)
        row.addWidget(self._right)
        self._row = row

    def _group(self, entries: tuple[tuple[Command, str, bool], ...]) -> QWidget:
        group = QWidget()
        row = QHBoxLayout(group)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        for command, icon, checkable in entries:
            button = IconButton(command, icon)
            button.setCheckable(checkable)
            button.clicked.connect(lambda _=False, asked=command: self.asked.emit(asked))
            self.buttons[command] = button
            row.addWidget(button)
        return group

    def retranslate(self) -> None:
        self.dial.retranslate()
        for button in self.buttons.values():
            button.retranslate()

    def use_theme(self, colours: theme.Theme) -> None:
        super().use_theme(colours)
        self.dial.use_theme(colours)
        for button in self.buttons.values():
            button.use_theme(colours)

    def set_compact(self, compact: bool) -> None:
        """Narrow windows: smaller buttons, and the dial takes what is left; wide ones: the dial in the middle."""
        for button in self.buttons.values():
            button.set_side(SIDE_COMPACT_PX if compact else SIDE_PX)
        self._row.setContentsMargins(*((6, 4, 6, 4) if compact else (10, 6, 10, 6)))
        wider = max(self._left.sizeHint().width(), self._right.sizeHint().width())
        for group, where in ((self._left, "leading"), (self._right, "trailing")):
            group.setMinimumWidth(0 if compact else wider)
            layout = group.layout()
            assert layout is not None
            end = Qt.AlignmentFlag.AlignRight if where == "trailing" else Qt.AlignmentFlag.AlignLeft
            layout.setAlignment(end | Qt.AlignmentFlag.AlignVCenter)

    def _fit(self) -> None:
        """Hide as few buttons as needed for the dial to be usable."""
        margins = self._row.contentsMargins()
        side = next(iter(self.buttons.values())).sizeHint().width()
        gaps = 2 * (len(self.buttons) - 2) + 2 * self._row.spacing() + margins.left() + margins.right()
        room = self.width() - gaps - DIAL_NARROWEST_PX
        over = max(len(self.buttons) - max(room, 0) // (side or 1), 0)
        for number, command in enumerate(GIVEN_UP):
            self.buttons[command].setHidden(number < over)

    def show_checked(self, checked: dict[Command, bool]) -> None:
        for command, on in checked.items():
            self.buttons[command].setChecked(on)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
