"""The real window around a real session, driven as a user drives it; for tests and for scripts with pictures."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication

from desktop.background import Background
from desktop.conductor import Conductor
from desktop.looks import Looks
from desktop.preferences import Preferences, PreferencesStore
from desktop.presenters.enrol import Stage
from desktop.presenters.mirror import MirrorPresenter
from desktop.services import Services
from engine.live.session import MirrorSession
from engine.settings import Settings

PATIENCE_S = 30.0
_HALTS = (Stage.CLOSED, Stage.ALIKE, Stage.STRANGER, Stage.FAILED, Stage.AGREE)


class LiveWindow:
    """Its timers run only while somebody waits with ``until``. The networks are those of AGE_MIRROR_WEIGHTS."""

    def __init__(self, home: Path, source: str = "demo", patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        preferences = Preferences(source="demo", motion="reduced", language="en")
        settings = Settings(source=source)
        self.background = Background()
        self.session = MirrorSession(settings)
        presenter = MirrorPresenter(preferences, settings, time.monotonic)
        store = PreferencesStore(home / "settings.toml", self.background)
        self.conductor = Conductor(self.session, presenter, self.background, store, Services(), Looks())
        self.window = self.conductor.window
        self.panel = self.window.people_panel
        self.window.resize(1280, 800)
        self.window.show()
        self.conductor.start()

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Let the window run until it is so. Raises AssertionError saying ``what`` never came."""
        end = time.monotonic() + self._patience_s
        while not condition():
            assert time.monotonic() < end, f"{what}; the window says: {self.said}"
            QApplication.processEvents()
            time.sleep(0.002)

    @property
    def said(self) -> str:
        """What a user could read just now."""
        question = self.panel.page.question
        asked = question.title.text() if question.isVisible() else ""
        seen = (self.window.toast.words, asked, self.window.banner.words, self.session.status().message)
        return " / ".join(words for words in seen if words) or "nothing"

    def click(self, button: QAbstractButton) -> None:
        """Once it can be."""
        self.until(lambda: button.isVisible() and button.isEnabled(), f"no button {button.text()!r} to press")
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def show(self, picture: Path) -> None:
        """A picture stands before the camera from now on."""
        self.conductor.open_source(str(picture))
        self.until(lambda: self.window.live.result is not None and self.faces(), f"no face in {picture.name}")

    def faces(self) -> int:
        result = self.window.live.result
        return 0 if result is None else len(result.faces)

    def names(self) -> list[str]:
        """What stands under the chins."""
        result = self.window.live.result
        return [face.person.person for face in result.faces if face.person is not None] if result is not None else []

    def open_people(self) -> None:
        if self.window.panel is not self.panel:
            QTest.keyClick(self.window, Qt.Key.Key_P)
        self.until(lambda: self.conductor.people.presenter.known is not None, "nobody looked who is there")

    def begin(self, name: str) -> None:
        """Agree, type the name, and stand before the camera."""
        form = self.panel.page.agree
        self.click(self.panel.enrol)
        self.click(form.agree)
        QTest.keyClicks(form.name, name)
        self.click(form.start)

    def enrol(self, name: str) -> None:
        """From the empty form to the toast. A picture cannot turn its head: those steps are left out."""
        self.begin(name)
        enrol, skip = self.conductor.people.presenter.enrol, self.panel.page.guide.skip

        def halted() -> bool:
            return enrol.stage in _HALTS or (enrol.stage is Stage.GUIDE and skip.isEnabled())

        while enrol.stage is not Stage.CLOSED:
            self.until(halted, f"{name} was not seen well enough")
            assert enrol.stage in (Stage.GUIDE, Stage.CLOSED), f"{name} was not enrolled; the window says: {self.said}"
            if enrol.stage is Stage.GUIDE:
                self.click(skip)
            self.until(lambda: enrol.stage is not Stage.SAVING, f"{name} was not stored")
        self.until(lambda: name in self.known(), f"{name} is not in the list")

    def known(self) -> list[str]:
        """Who stands in the list."""
        known = self.conductor.people.presenter.known
        return [] if known is None else [person.name for person in known.people]

    def close(self) -> None:
        finished: list[bool] = []
        self.conductor.finished.connect(lambda: finished.append(True))
        self.window.close()
        self.until(lambda: finished, "the window did not close")
        self.background.finish(5.0)
        self.conductor.leave()
