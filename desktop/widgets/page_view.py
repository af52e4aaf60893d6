"""A friendly page in place of the picture: what is missing, in words, and the ways on as buttons."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from desktop import icons, theme
from desktop.presenters.page import ACTION_LABELS, Page, PageAction, PageKind
from desktop.widgets.announce import announce
from desktop.words import say, translate

_ICONS = {
    PageKind.STARTING: "camera",
    PageKind.NO_CAMERA: "no camera",
    PageKind.STOPPED: "stopped",
    PageKind.BLANK: "hidden",
}
NARROW_PX = 460
TEXT_WIDEST_PX = 520


class Emblem(QWidget):
    """A large icon in a ring."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme.DARK
        self._icon = "camera"
        self.setFixedSize(QSize(84, 84))

    def show_icon(self, icon: str, colours: theme.Theme) -> None:
        self._icon, self._theme = icon, colours
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(theme.colour(self._theme.line), 1.4))
        painter.setBrush(theme.colour(self._theme.surface))
        painter.drawEllipse(frame)
        side = 38.0
        box = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        icons.paint(painter, self._icon, box, theme.colour(self._theme.accent))


class PageView(QWidget):
    """Draws a ``Page`` that is not the picture; ``asked`` says which button was pressed."""

    asked = Signal(PageAction)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme.DARK
        self.page = Page(PageKind.PICTURE)
        self._emblem = Emblem()
        self._title, self._body = QLabel(), QLabel()
        self._title.setProperty("title", True)
        for label in (self._title, self._body):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
        self._body.setMaximumWidth(TEXT_WIDEST_PX)
        self.buttons = {action: self._button(action) for action in PageAction}
        self._row = QHBoxLayout()
        self._row.setSpacing(10)
        self._row.addStretch(1)
        for button in self.buttons.values():
            self._row.addWidget(button)
        self._row.addStretch(1)
        self._assemble()
        self.hide()

    def _assemble(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addStretch(1)
        column.addWidget(self._emblem, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(2)
        column.addWidget(self._title)
        centred = QHBoxLayout()
        centred.addStretch(1)
        centred.addWidget(self._body, 100)
        centred.addStretch(1)
        column.addLayout(centred)
        column.addSpacing(6)
        column.addLayout(self._row)
        column.addStretch(1)

    def _button(self, action: PageAction) -> QPushButton:
        button = QPushButton()
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setProperty("primary", action in (PageAction.TRY_AGAIN, PageAction.SHOW_AGAIN))
        button.clicked.connect(lambda: self.asked.emit(action))
        return button

    def show_page(self, page: Page) -> None:
        """Show it, or hide for the picture. Nothing happens if it is the same page still."""
        if page == self.page:
            return
        opened = page.kind is not self.page.kind
        self.page = page
        self.setVisible(page.kind is not PageKind.PICTURE)
        self.retranslate()
        if opened and page.actions:
            self.buttons[page.actions[0]].setFocus(Qt.FocusReason.OtherFocusReason)
            announce(self, f"{self._title.text()}. {self._body.text()}")

    def retranslate(self) -> None:
        page = self.page
        self._title.setText(say(page.title))
        self._body.setText(say(page.body))
        self.setAccessibleName(self._title.text())
        self._emblem.show_icon(_ICONS.get(page.kind, "camera"), self._theme)
        for action, button in self.buttons.items():
            button.setText(translate("Mirror", ACTION_LABELS[action]))
            button.setVisible(action in page.actions)

    def use_theme(self, colours: theme.Theme) -> None:
        self._theme = colours
        self._emblem.show_icon(_ICONS.get(self.page.kind, "camera"), colours)
        self.update()

    def set_width(self, width: int) -> None:
        """Buttons stand below one another where the page is narrow."""
        narrow = width < NARROW_PX
        self._row.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)
        self._emblem.setVisible(self.height() > 260)

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.colour(self._theme.background))
