"""What is done on a worker because it may take a while: listing cameras, saving a snapshot, looking and erasing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from desktop.background import Background
from desktop.commands import Command
from desktop.main_window import MainWindow
from desktop.presenters.cameras import CameraInfo, entries
from desktop.presenters.troubles import trouble
from desktop.services import Services
from desktop.words import say, translate


class Errands:
    """``current_source`` says what is being shown, so that the menu can tick it."""

    def __init__(
        self, window: MainWindow, background: Background, services: Services, current_source: Callable[[], str]
    ) -> None:
        self._window = window
        self._background = background
        self._services = services
        self._current_source = current_source
        self._cameras: Sequence[CameraInfo] | None = None

    def open_camera_menu(self) -> None:
        """Open the menu with what is known, and look for cameras meanwhile."""
        self._show_cameras()
        self._background.submit(self._services.list_cameras, self._found, self._not_found)

    def _show_cameras(self) -> None:
        self._window.menu.show_entries(entries(self._cameras, self._current_source()))
        bar = self._window.bar
        self._window.menu.open_above(bar.buttons[Command.CAMERA], bar)

    def _found(self, cameras: Sequence[CameraInfo]) -> None:
        changed = self._cameras is None or list(cameras) != list(self._cameras)
        self._cameras = cameras
        if changed and self._window.menu.isVisible():
            self._show_cameras()

    def _not_found(self, error: Exception) -> None:
        self._window.show_toast(translate("Mirror", "The cameras could not be listed: {cause}").format(cause=error))
        self._found(())

    def save_snapshot(self) -> None:
        """Save what is seen."""
        image = self._window.live.seen()
        if image is None:
            self._window.show_toast(translate("Mirror", "There is no picture to save yet."))
            return
        save = self._services.save_snapshot
        self._background.submit(lambda: save(image), self._saved, self.failed)

    def _saved(self, path: Path) -> None:
        folder = QUrl.fromLocalFile(str(path.parent))
        words = translate("Mirror", "Saved as {name}").format(name=path.name)
        self._window.show_toast(words, translate("Mirror", "Show folder"), lambda: QDesktopServices.openUrl(folder))
        if self._window.panel is self._window.settings_panel:
            self.look_what_is_stored()

    def look_what_is_stored(self) -> None:
        show = self._window.settings_panel.privacy.show_stored
        self._background.submit(self._services.look_what_is_stored, show, self.failed)

    def erase(self, erased: Callable[[], None]) -> None:
        """Erase settings, snapshots and people; ``erased`` is told when it is done."""
        services = self._services

        def work() -> None:
            try:
                services.people.erase()
            finally:  # what is in the way of one does not keep the others
                services.erase_what_is_stored()

        def done(_: None) -> None:
            erased()
            self._window.show_toast(translate("Mirror", "Erased. Nothing is stored here any more."))
            self.look_what_is_stored()

        self._background.submit(work, done, self.failed)

    def failed(self, error: Exception) -> None:
        """Say what went wrong, in the words of the error."""
        self._window.show_toast(say(trouble(error)))
