"""Real widgets on no screen: every test ends with no widget left and no Qt warning."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2  # noqa: F401 - it points Qt at plug-ins of its own, which is undone below
import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.background import Background
from desktop.conductor import Conductor
from desktop.looks import Looks
from desktop.preferences import Preferences, PreferencesStore
from desktop.presenters.mirror import MirrorPresenter
from desktop.services import Services, Stored
from engine.recognition import vault
from engine.recognition.identify import Thresholds
from engine.settings import Settings
from engine.types import Face, FrameResult, Image
from tests.fakes.keyrings import MemoryKeyring
from tests.fakes.people import MODEL
from tests.fakes.recorder import FakeRecorder
from tests.fakes.session import FakeSession

for _name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
    os.environ.pop(_name, None)
PATIENCE_S = 5.0


def left_over() -> list[str]:
    """Widgets that are still there once everything that was to be deleted is."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return sorted(type(widget).__name__ for widget in QApplication.allWidgets())


@pytest.fixture(autouse=True)
def _nothing_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if QApplication.instance() is not None:
        assert left_over() == []


@pytest.fixture(autouse=True)
def _qt_warns_of_nothing(qtlog: Any) -> Iterator[None]:
    yield
    # This platform plug-in says so at every grab of a window; it is not ours to mend.
    harmless = ("This plugin does not support", "propagateSizeHints")
    assert [r.message for r in qtlog.records if not any(word in r.message for word in harmless)] == []


class Clock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass(frozen=True)
class Camera:
    index: int
    name: str
    stable_id: str = ""
    busy: bool = False


@dataclass
class Desk:
    """The computer around the window: what it was asked, and what it answers."""

    cameras: tuple[Camera, ...] = (Camera(0, "Integrated Camera", "usb-1"), Camera(2, "USB & Co", busy=True))
    saved: list[Image] = field(default_factory=list)
    erased: int = 0
    trouble: Exception | None = None
    recorders: list[FakeRecorder] = field(default_factory=list)

    def _may_fail(self) -> None:
        if self.trouble is not None:
            raise self.trouble

    def services(self) -> Services:
        return Services(self.list_cameras, self.save, self.look, self.erase, self.record)

    def record(self) -> FakeRecorder:
        self.recorders.append(FakeRecorder(self.trouble))
        return self.recorders[-1]

    def list_cameras(self) -> tuple[Camera, ...]:
        self._may_fail()
        return self.cameras

    def save(self, image: Image) -> Path:
        self._may_fail()
        self.saved.append(image)
        return Path("pictures") / "2031-02-03 14.15.16.png"

    def look(self) -> Stored:
        return Stored(self.erased == 0, "~/settings.toml", 0 if self.erased else 3, 2_500_000, "~/Pictures")

    def erase(self) -> None:
        self._may_fail()
        self.erased += 1


class Harness:
    """A whole window around a fake session, moved on by hand: no timer runs."""

    def __init__(self, preferences: Preferences, settings: Settings, home: Path) -> None:
        self.clock, self.desk = Clock(), Desk()
        self.session = FakeSession(settings)
        self.background = Background()
        self.store = PreferencesStore(home / "settings.toml", self.background)
        self.presenter = MirrorPresenter(preferences, settings, self.clock)
        self.conductor = Conductor(
            self.session, self.presenter, self.background, self.store, self.desk.services(), Looks(), self.clock
        )
        self.window = self.conductor.window
        self.window.reduced_motion = True
        self.window.resize(1280, 800)
        self.window.show()
        self.conductor.keeper.run()
        self.pull()

    def pull(self, after_s: float = 0.0) -> None:
        """Let time pass, then look at everything once."""
        self.clock.now_s += after_s
        self.conductor.bridge.look_at_status()
        self.conductor.bridge.pull()
        QApplication.processEvents()

    def settle(self) -> None:
        """Let all work on other threads end, and see its answers."""
        assert self.background.finish(PATIENCE_S)
        self.pull()

    def push(self, image: Image | None = None, aged: Image | None = None, faces: tuple[Face, ...] = ()) -> FrameResult:
        result = self.session.push(image, aged, faces)
        self.pull()
        return result

    @property
    def target(self) -> float | None:
        return self.session.settings.target_age


MakeHarness = Callable[..., Harness]


@pytest.fixture
def make_mirror(qapp: QApplication, home: Path) -> Iterator[MakeHarness]:
    made: list[Harness] = []

    def make(*, source: str = "0", motion: str = "reduced", language: str = "en", **values: Any) -> Harness:
        preferences = Preferences(source=source, motion=motion, language=language, **values)
        made.append(Harness(preferences, preferences.on_top_of(Settings(), ()), home))
        return made[-1]

    yield make
    for harness in made:
        harness.session.stop_takes_s = 0.0
        harness.background.finish(PATIENCE_S)
        harness.window.close()
        harness.background.finish(PATIENCE_S)
        harness.conductor.leave()


@pytest.fixture
def mirror(make_mirror: MakeHarness) -> Harness:
    return make_mirror()


@pytest.fixture
def people_computer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A keyring that keeps, a quick scrypt, and a network to recognise with of which only the name is needed."""
    monkeypatch.setattr(vault, "SCRYPT_N", 16)
    monkeypatch.delenv(vault.PASSPHRASE_VARIABLE, raising=False)
    monkeypatch.setattr("engine.live.people.model_name", lambda folder=None: MODEL)
    monkeypatch.setattr("engine.live.people.card_thresholds", lambda folder=None: Thresholds())
    keyring.set_keyring(MemoryKeyring())
    yield
    keyring.set_keyring(NoKeyring())


@pytest.fixture
def people(people_computer: None, make_mirror: MakeHarness) -> MakeHarness:
    """A window with the people drawer open, after everything in it was looked at."""

    def make(**values: Any) -> Harness:
        mirror = make_mirror(**values)
        mirror.push()
        mirror.window.activateWindow()
        QTest.keyClick(mirror.window, Qt.Key.Key_P)
        mirror.settle()
        mirror.settle()
        return mirror

    return make
