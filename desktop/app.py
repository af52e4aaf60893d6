"""Starts the window, runs it to its end, and writes the figures of a scripted run."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import cv2  # noqa: F401 - first, because it points Qt at plug-ins of its own; see _qt_finds_its_own_plugins
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from desktop import words
from desktop.background import Background
from desktop.conductor import Conductor
from desktop.looks import Looks
from desktop.preferences import PreferencesStore, load
from desktop.presenters.mirror import MirrorPresenter
from desktop.services import Services, Session, make_session
from engine.errors import OutputError
from engine.live.computer import settings_file
from engine.settings import Settings
from engine.types import SessionState

log = logging.getLogger(__name__)
FIRST_PICTURE_WITHIN_S = 10.0
START_SIZE = (1280, 800)
NO_SCREEN = "no screen was found: start the mirror from a desktop session, or set DISPLAY."


def run_app(
    settings: Settings,
    *,
    exit_after: float | None = None,
    stats_path: Path | None = None,
    given: Collection[str] | None = None,
    make: Callable[[Settings], Session] = make_session,
    services: Services | None = None,
) -> int:
    """Show the mirror until it is closed, or until it has been running for ``exit_after`` seconds.

    ``given`` names the settings that the command line chose, which win over what is remembered; left out, those that
    differ from the usual. ``exit_after`` counts from the first painted picture, so that loading is not measured.
    Returns 0, or 1 where a scripted run never showed a picture, ended in a failure, or could not write its figures.
    """
    if no_screen(sys.platform, os.environ):
        if exit_after is None:
            print(NO_SCREEN, file=sys.stderr)
            return 1
        log.warning("there is no screen: this scripted run draws into memory (QT_QPA_PLATFORM=offscreen)")
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = _application()
    preferences, warning = load(settings_file())
    merged = preferences.on_top_of(settings, _chosen(settings) if given is None else given)
    background = Background()
    store = PreferencesStore(settings_file(), background)
    session = make(merged)
    presenter = MirrorPresenter(preferences, merged, time.monotonic)
    conductor = Conductor(session, presenter, background, store, services or Services(), Looks())
    if warning is not None:
        conductor.window.show_toast(words.say(warning))
    run = ScriptedRun(conductor, session, exit_after)
    conductor.finished.connect(application.quit)
    before = signal.signal(signal.SIGINT, lambda *_: conductor.window.close())  # Ctrl+C in the terminal
    conductor.window.resize(*_start_size(application))
    conductor.window.show()
    conductor.start()
    run.start()
    application.exec()
    signal.signal(signal.SIGINT, before)
    conductor.leave()
    return run.result(stats_path)


class ScriptedRun:
    """Closes the window in time and keeps the figures from the moment before."""

    def __init__(self, conductor: Conductor, session: Session, exit_after: float | None) -> None:
        self._conductor = conductor
        self._session = session
        self._exit_after = exit_after
        self._report: dict[str, Any] = {}
        self._failed = False
        self._timer = QTimer(conductor)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(conductor.window.close)
        conductor.window.closing.connect(self._keep)

    def start(self) -> None:
        if self._exit_after is not None:
            self._timer.start(round((self._exit_after + FIRST_PICTURE_WITHIN_S) * 1000))
            self._conductor.first_painted.connect(self._count_from_now)

    def _count_from_now(self) -> None:
        assert self._exit_after is not None
        self._timer.start(round(self._exit_after * 1000))

    def _keep(self) -> None:
        if not self._report:
            self._report = self._session.report(self._conductor.heartbeat.stall_ms_max)
            self._failed = self._session.status().state is SessionState.FAILED

    def result(self, stats_path: Path | None) -> int:
        """Write the figures where asked for; the exit status of the run."""
        failed = self._exit_after is not None and (self._failed or not self._report["frames"]["shown"])
        if failed:
            reason = self._report["errors"][-1] if self._report["errors"] else "no picture was ever shown."
            print(reason, file=sys.stderr)
        try:
            if stats_path is not None:
                write_stats(stats_path, self._report)
        except OutputError as error:
            print(error, file=sys.stderr)
            failed = True
        return 1 if failed else 0


def write_stats(path: Path, report: dict[str, Any]) -> None:
    """Write JSON atomically. Raises OutputError."""
    temporary = ""
    try:
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            temporary = file.name
            json.dump(report, file, indent=2)
            file.write("\n")
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise OutputError(f"cannot write the figures to {path}: {error.strerror}. Choose another place.") from error


def no_screen(platform: str, environment: Mapping[str, str]) -> bool:
    """Whether Qt would end the program at once, because on this Linux machine nothing tells where the screen is."""
    told = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return platform.startswith("linux") and not any(environment.get(name) for name in told)


def _application() -> QApplication:
    """The one application of this process, with Qt's own plug-ins instead of OpenCV's."""
    for name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
        os.environ.pop(name, None)
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("Age Mirror")
    application.setDesktopFileName("age-mirror")
    # The end is reached only when the session has stopped, which is a little after the window is gone.
    application.setQuitOnLastWindowClosed(False)
    return application


def _chosen(settings: Settings) -> set[str]:
    usual = Settings()
    return {f.name for f in fields(Settings) if getattr(settings, f.name) != getattr(usual, f.name)}


def _start_size(application: QApplication) -> tuple[int, int]:
    room = application.primaryScreen().availableGeometry()
    return min(START_SIZE[0], room.width()), min(START_SIZE[1], room.height())
