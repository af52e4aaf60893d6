"""Records what is shown, with or without a sweep, and says in the end where the file lies."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from desktop.background import Background
from desktop.main_window import MainWindow
from desktop.pictures import as_seen
from desktop.presenters.mirror import MirrorPresenter, View
from desktop.presenters.troubles import trouble
from desktop.services import Recorder, Recording, Services
from desktop.words import say, translate
from engine.types import FrameResult, Image

TAIL_S = 0.6
"""A recorded sweep goes on for so long after its end: the face is still gliding home."""
STILL_S = 0.25
"""A picture that stands still is recorded again after so long, so that the film is as long as the time that passed."""
BEHIND_SHARE = 0.1


class RecordingKeeper:
    """At most one recording. Closing a file waits for its encoder, so it happens on a worker.

    ``clock`` counts seconds; ``changed`` hears of the beginning and the end.
    """

    def __init__(
        self,
        window: MainWindow,
        background: Background,
        services: Services,
        presenter: MirrorPresenter,
        clock: Callable[[], float],
    ) -> None:
        self.changed: Callable[[], None] = lambda: None
        self._window, self._background, self._services = window, background, services
        self._presenter, self._clock = presenter, clock
        self._recorder: Recorder | None = None
        self._finishing = 0
        self._sweep = False
        self._sweep_over_at: float | None = None
        self._added_at = 0.0
        self._frames = 0

    @property
    def on(self) -> bool:
        return self._recorder is not None

    @property
    def with_sweep(self) -> bool:
        """It was begun together with a sweep, and ends with it."""
        return self.on and self._sweep

    @property
    def idle(self) -> bool:
        """Nothing is being recorded or written."""
        return not self.on and not self._finishing

    def toggle(self) -> None:
        """Begin to record, or end and save."""
        if self.on:
            self.stop()
        else:
            self._start(with_sweep=False)

    def toggle_sweep(self) -> None:
        """One sweep from its beginning, recorded; again: end both and save what there is."""
        if self.with_sweep:
            if self._presenter.sweep is not None:
                self._presenter.toggle_sweep()
            self.stop()
        elif self._start(with_sweep=True):
            self._presenter.start_sweep()

    def stop(self) -> None:
        """End and save, if something is being recorded."""
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return
        self._finishing += 1
        self._window.recording.show_seconds(None)
        self._window.arrange_all()
        self._background.submit(recorder.finish, self._saved, self._failed)
        self.changed()

    def take(self, result: FrameResult, view: View) -> None:
        """One more picture was shown."""
        if self._recorder is not None:
            self._add(self._recorder, result, view, result.frame.captured_ns)

    def tick(self) -> None:
        """Time went by: the sweep may be over, the picture may stand still, the disk may be full."""
        recorder = self._recorder
        if recorder is None:
            return
        if recorder.ended:
            self.stop()
            return
        now_s = self._clock()
        if self._sweep and self._presenter.sweep is None:
            self._sweep_over_at = now_s if self._sweep_over_at is None else self._sweep_over_at
            if now_s - self._sweep_over_at >= TAIL_S:
                self.stop()
                return
        result = self._window.live.result
        if result is not None and now_s - self._added_at >= STILL_S:
            self._add(recorder, result, self._presenter.view, time.monotonic_ns())
        self._window.recording.show_seconds(recorder.seconds, sweep=self._sweep)

    def _start(self, *, with_sweep: bool) -> bool:
        if self._window.live.result is None:
            self._window.show_toast(translate("Mirror", "There is no picture to record yet."))
            return False
        if self._recorder is None:
            self._recorder = self._services.start_recording()
            self._added_at = self._clock()
        self._sweep, self._sweep_over_at = with_sweep, None
        self._window.recording.show_seconds(self._recorder.seconds, sweep=with_sweep)
        self._window.arrange_all()
        self.changed()
        return True

    def _add(self, recorder: Recorder, result: FrameResult, view: View, time_ns: int) -> None:
        def make() -> Image:
            mirrored, split, original = view.mirrored, view.split, view.original
            return as_seen(result.frame.image, result.aged, mirrored=mirrored, split=split, original=original)

        recorder.add(make, time_ns)
        self._added_at = self._clock()

    def _saved(self, recording: Recording) -> None:
        self._finishing -= 1
        folder = QUrl.fromLocalFile(str(recording.path.parent))
        place = _short(recording.path)
        words = translate("Mirror", "Recorded {seconds} seconds: {place}")
        if recording.dropped > BEHIND_SHARE * 30 * max(recording.seconds, 1.0):
            words = translate("Mirror", "Recorded {seconds} seconds, with gaps (this computer was busy): {place}")
        filled = words.format(seconds=f"{recording.seconds:.0f}", place=place)
        self._window.show_toast(
            filled, translate("Mirror", "Show folder"), lambda: QDesktopServices.openUrl(folder)
        )  # fmt: skip
        self.changed()

    def _failed(self, error: Exception) -> None:
        self._finishing -= 1
        self._window.show_toast(say(trouble(error)))
        self.changed()


def _short(path: Path) -> str:
    """A place for people to read: the folder from the user's own on, and the name."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except ValueError:
        return str(path)
