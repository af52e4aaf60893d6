"""The window: puts the widgets in their places and passes on what the user does. It decides nothing."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QEasingCurve, QEvent, QPoint, QRect, Qt, QVariantAnimation, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QFileDialog, QStyle, QWidget

from desktop import theme
from desktop.commands import Command, command_for
from desktop.layout import Arrangement, Box, arrange
from desktop.presenters.page import PageKind
from desktop.sources import PICTURES, VIDEOS
from desktop.widgets.bottom_bar import BottomBar
from desktop.widgets.camera_menu import CameraMenu
from desktop.widgets.chips import Banner, LensDot, StatusLine
from desktop.widgets.drawer import Drawer, Panel
from desktop.widgets.inside_panel import InsidePanel
from desktop.widgets.keys_panel import KeysPanel
from desktop.widgets.live_view import LiveView, Painted
from desktop.widgets.meter_card import MeterCard
from desktop.widgets.page_view import PageView
from desktop.widgets.people_panel import PeoplePanel
from desktop.widgets.recording_chip import RecordingChip
from desktop.widgets.settings_panel import SettingsPanel
from desktop.widgets.stages_panel import StagesPanel
from desktop.widgets.toast import Toast
from desktop.widgets.top_corner import TopCorner
from desktop.words import translate

SLIDE_MS = 190
_DIGITS = "0123456789"


class MainWindow(QWidget):
    asked = Signal(Command)
    key_asked = Signal(Command)
    compare_released = Signal()
    digit = Signal(str)
    digit_erased = Signal()
    committed = Signal()
    file_chosen = Signal(str)
    pictures_chosen = Signal(list, object)
    drawer_changed = Signal()
    woken = Signal()
    closing = Signal()

    def __init__(self, painted: Painted) -> None:
        super().__init__()
        self.reduced_motion = False
        self._theme = theme.DARK
        self._open = 0.0
        self.panel: Panel | None = None
        self.live = LiveView(painted, self)
        self.page = PageView(self)
        self.drawer = Drawer(self)
        self.banner, self.lens, self.status = Banner(self), LensDot(self), StatusLine(self)
        self.corner = TopCorner(self)
        self.recording, self.meter = RecordingChip(self), MeterCard(self)
        self.bar = BottomBar(self)
        self.toast = Toast(self)
        self.menu = CameraMenu(self)
        self.settings_panel, self.keys_panel, self.stages_panel = SettingsPanel(), KeysPanel(), StagesPanel()
        self.people_panel, self.inside_panel = PeoplePanel(), InsidePanel()
        for panel in (
            self.settings_panel, self.keys_panel, self.stages_panel, self.people_panel, self.inside_panel
        ):  # fmt: skip
            self.drawer.add(panel)
        self._slide = QVariantAnimation(self)
        self._slide.setDuration(SLIDE_MS)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._slide.valueChanged.connect(self._slid)
        self._slide.finished.connect(self._slid_home)
        self.setMinimumSize(480, 400)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._order_tabs()
        self._connect()
        self.retranslate()

    def _order_tabs(self) -> None:
        chain = [*self.page.buttons.values(), *self.bar.buttons.values(), self.bar.dial, self.status]
        chain += [self.recording, *self.corner.buttons.values(), self.toast.button]
        for one, after in pairwise(chain):
            QWidget.setTabOrder(one, after)

    def _connect(self) -> None:
        self.bar.asked.connect(self.asked)
        self.corner.asked.connect(self.asked)
        self.recording.clicked.connect(lambda: self.asked.emit(self.recording.command))
        self.status.clicked.connect(lambda: self.asked.emit(Command.STAGES))
        self.drawer.closed.connect(lambda: self.show_panel(None))
        self.live.pointer_moved.connect(self.woken)
        self.live.double_clicked.connect(lambda: self.asked.emit(Command.FULL_SCREEN))
        self.menu.file_asked.connect(self.ask_for_file)

    # places

    def arrangement(self) -> Arrangement:
        return arrange(self.width(), self.height(), self._open)

    def _place(self, widget: QWidget, box: Box) -> None:
        rect = QRect(box.x, box.y, box.width, box.height)
        widget.setGeometry(QStyle.visualRect(self.layoutDirection(), self.rect(), rect))

    def arrange_all(self) -> None:
        """Put everything in its place, after a change of size, of the drawer, or of words."""
        at = self.arrangement()
        margin = at.bar.x if at.compact else 14
        self.bar.set_compact(at.compact)
        self._place(self.live, at.picture)
        self.live.reserve(at.reserved if self.bar.isVisibleTo(self) else 0)
        self._place(self.page, Box(0, 0, at.picture.width, max(at.bar.y - margin // 2, 0)))
        self.page.set_width(at.picture.width)
        self._place(self.drawer, at.drawer)
        self._place(self.bar, at.bar)
        hint = self.status.sizeHint()
        wide = min(hint.width(), at.picture.width - 2 * margin)
        self._place(self.status, Box(margin, at.bar.y - hint.height() - 8, wide, hint.height()))
        corner = self.corner.sizeHint()
        right = at.picture.width - margin - corner.width()
        self._place(self.corner, Box(right, margin, corner.width(), corner.height()))
        lens = self.lens.sizeHint()
        self._place(self.lens, Box(right - lens.width() - 8, margin + 5, lens.width(), lens.height()))
        chip = self.recording.sizeHint()
        self._place(self.recording, Box(margin, margin + 5, chip.width(), chip.height()))
        meter = self.meter.sizeHint()
        wide = min(meter.width(), at.picture.width - 2 * margin)
        below = chip.height() + 8 if self.recording.isVisibleTo(self) else 0
        self._place(self.meter, Box(margin, margin + 5 + below, wide, meter.height()))
        self._place_messages(at, margin)

    def _place_messages(self, at: Arrangement, margin: int) -> None:
        room = at.picture.width - 2 * margin
        width = min(self.banner.natural_width(), room, 620)
        self._place(
            self.banner, Box((at.picture.width - width) // 2, margin + 48, width, self.banner.height_for(width))
        )
        self.toast.fit(room)
        width, height = self.toast.width(), self.toast.height()
        self._place(self.toast, Box((at.picture.width - width) // 2, at.bar.y - height - 44, width, height))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange_all()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(event.rect(), theme.colour(self._theme.background))

    # drawers

    def show_panel(self, panel: Panel | None, *, by_key: bool = False) -> None:
        """Open the drawer with this panel, or shut it with None."""
        if panel is self.panel:
            return
        self.panel = panel
        if panel is not None:
            self.drawer.show_panel(panel)
            self.drawer.show()
            if by_key:
                self.drawer.take_focus()
        elif self.drawer.isAncestorOf(self.focusWidget() or self):
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._slide.stop()
        goal = 1.0 if panel is not None else 0.0
        if self.reduced_motion or not self.isVisible():
            self._slid(goal)
            self._slid_home()
        else:
            self._slide.setStartValue(self._open)
            self._slide.setEndValue(goal)
            self._slide.start()
        self.drawer_changed.emit()

    def _slid(self, value: float) -> None:
        self._open = float(value)
        self.arrange_all()

    def _slid_home(self) -> None:
        if self.panel is None:
            self.drawer.hide()

    # what is shown besides the picture

    def show_chrome(self, shown: bool) -> None:
        """Bar, status line and corner; in full screen they go while the pointer rests."""
        if shown != self.bar.isVisibleTo(self):
            self.bar.setVisible(shown)
            self.status.setVisible(shown and bool(self.status.text()))
            self.corner.setVisible(shown)
            self.setCursor(Qt.CursorShape.ArrowCursor if shown else Qt.CursorShape.BlankCursor)
            self.arrange_all()

    def show_toast(self, words: str, action: str = "", act: object = None) -> None:
        """A message with at most one action; see Toast."""
        self.toast.show_message(words, action, act if callable(act) else None)
        self.arrange_all()

    def show_status_line(self, line: str) -> None:
        on_picture = self.page.page.kind is PageKind.PICTURE
        self.status.show_line(line if on_picture else "")
        self.status.setVisible(bool(self.status.text()) and self.bar.isVisibleTo(self))
        self.arrange_all()

    def toggle_full_screen(self) -> None:
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def ask_for_file(self) -> None:
        """A file dialog that does not stop the picture."""
        title, fitting = translate("Mirror", "Choose a picture or a video"), translate("Mirror", "Pictures and videos")
        dialog = self._dialog(title, fitting, (*PICTURES, *VIDEOS))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.file_chosen)
        dialog.open()

    def ask_for_pictures(self, person_id: int | None) -> None:
        """The same for several pictures of a person, or of somebody new (None)."""
        title, fitting = translate("Mirror", "Choose pictures of one person"), translate("Mirror", "Pictures")
        dialog = self._dialog(title, fitting, PICTURES)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda files: self.pictures_chosen.emit(list(files), person_id))
        dialog.open()

    def _dialog(self, title: str, fitting: str, suffixes: tuple[str, ...]) -> QFileDialog:
        dialog = QFileDialog(self, title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        patterns, every = " ".join(f"*.{suffix}" for suffix in suffixes), translate("Mirror", "All files")
        dialog.setNameFilters([f"{fitting} ({patterns})", f"{every} (*)"])
        return dialog

    # words and colours

    def retranslate(self) -> None:
        self.setWindowTitle(translate("Mirror", "Age Mirror"))
        for part in (
            self.live, self.page, self.drawer, self.lens, self.recording, self.meter, self.status, self.corner, self.bar
        ):  # fmt: skip
            part.retranslate()
        self.arrange_all()

    def use_theme(self, colours: theme.Theme) -> None:
        self._theme = colours
        for part in (self.live, self.page, self.drawer, self.corner, self.bar, self.toast):
            part.use_theme(colours)
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        elif event.type() == QEvent.Type.LayoutDirectionChange:
            self.arrange_all()
        elif event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            # A key let go over another window is never reported here.
            self.compare_released.emit()
        elif event.type() == QEvent.Type.WindowStateChange:
            self.drawer_changed.emit()

    # what the user does

    def keyPressEvent(self, event: QKeyEvent) -> None:
        mods = event.modifiers()
        ctrl = bool(mods & Qt.KeyboardModifier.ControlModifier)
        shift = bool(mods & Qt.KeyboardModifier.ShiftModifier)
        if mods & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier):
            super().keyPressEvent(event)
            return
        self.woken.emit()
        command = command_for(_key_name(event.key()), ctrl=ctrl, shift=shift)
        if command is not None:
            if not event.isAutoRepeat() or command in _REPEATABLE:
                self.key_asked.emit(command)
        elif event.text() and event.text() in _DIGITS:
            self.digit.emit(event.text())
        elif event.key() == Qt.Key.Key_Backspace:
            self.digit_erased.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.committed.emit()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_C and not event.isAutoRepeat():
            self.compare_released.emit()
        else:
            super().keyReleaseEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self.people_panel.show_drop(self._over_people(event.position().toPoint()))
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.people_panel.show_drop(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.people_panel.show_drop(False)
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if files and self._over_people(event.position().toPoint()):
            self.pictures_chosen.emit(files, None)
            event.acceptProposedAction()
        elif files:
            self.file_chosen.emit(files[0])
            event.acceptProposedAction()

    def _over_people(self, place: QPoint) -> bool:
        """Whether what is let go here is meant for the people: elsewhere a file becomes the picture."""
        return self.panel is self.people_panel and self.drawer.geometry().contains(place)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._slide.stop()
        self.menu.close()
        self.closing.emit()
        event.accept()


_REPEATABLE = {
    Command.YOUNGER,
    Command.OLDER,
    Command.MUCH_YOUNGER,
    Command.MUCH_OLDER,
    Command.DIVIDER_LEFT,
    Command.DIVIDER_RIGHT,
}


def _key_name(key: int) -> str:
    """``Left`` for Qt.Key.Key_Left; empty for a key that Qt has no name for."""
    try:
        return Qt.Key(key).name.removeprefix("Key_")
    except ValueError:
        return ""
