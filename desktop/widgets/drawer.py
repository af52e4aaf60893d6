"""The drawer at the right: one panel at a time, a title, a way to close it. It takes room and never covers."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from desktop import theme
from desktop.commands import Command
from desktop.widgets.icon_button import IconButton
from desktop.widgets.surface import Surface


class Panel(QWidget):
    """What may lie in the drawer."""

    def title(self) -> str:
        """The heading in the language of the window."""
        raise NotImplementedError

    def retranslate(self) -> None:
        """Set all words anew."""

    def use_theme(self, colours: theme.Theme) -> None:
        """Draw in these colours."""


class Drawer(Surface):
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0.0, parent)
        self._title = QLabel()
        self._title.setProperty("title", True)
        self._close = IconButton(Command.CLOSE, "close")
        self._close.set_side(36)
        self._close.clicked.connect(self.closed.emit)
        self._stack = QStackedWidget()
        head = QHBoxLayout()
        head.setContentsMargins(20, 14, 10, 8)
        head.addWidget(self._title, 1)
        head.addWidget(self._close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        self._panels: list[Panel] = []
        self.hide()

    def add(self, panel: Panel) -> None:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(panel)
        self._stack.addWidget(area)
        self._panels.append(panel)

    @property
    def current(self) -> Panel:
        return self._panels[self._stack.currentIndex()]

    def show_panel(self, panel: Panel) -> None:
        self._stack.setCurrentIndex(self._panels.index(panel))
        self._title.setText(panel.title())
        self.setAccessibleName(panel.title())

    def take_focus(self) -> None:
        """Put the keyboard into the drawer."""
        self._close.setFocus(Qt.FocusReason.TabFocusReason)

    def retranslate(self) -> None:
        self._close.retranslate()
        for panel in self._panels:
            panel.retranslate()
        if self._panels:
            self._title.setText(self.current.title())

    def use_theme(self, colours: theme.Theme) -> None:
        super().use_theme(colours)
        self._close.use_theme(colours)
        for panel in self._panels:
            panel.use_theme(colours)
