"""Keeps the look inside: the session is asked to show its stages only while somebody can see them."""

from __future__ import annotations

from desktop.main_window import MainWindow
from desktop.presenters.mirror import MirrorPresenter
from desktop.services import Session
from engine.types import SessionStatus


class InsideKeeper:
    """Opens and shuts the engine's tap with the drawer, pulls the newest look, and remembers whether it was open."""

    def __init__(self, window: MainWindow, session: Session, presenter: MirrorPresenter) -> None:
        self._window, self._session, self._presenter = window, session, presenter
        self._on = False
        self._seen_ns = -1
        if presenter.preferences.inside:
            window.show_panel(window.inside_panel)
        window.drawer_changed.connect(self._remember)

    def tick(self) -> None:
        """Many times a second: a look at a flag while nobody looks inside."""
        wanted = self._can_be_seen
        if wanted != self._on:
            self._on = wanted
            self._session.look_inside(wanted)
            self._window.inside_panel.show_inside(None)
        if not wanted:
            return
        inside = self._session.inside(self._seen_ns)
        if inside is not None:
            self._seen_ns = inside.time_ns
            self._window.inside_panel.show_inside(inside)

    @property
    def _can_be_seen(self) -> bool:
        window = self._window
        shown = window.panel is window.inside_panel and window.isVisible() and not window.isMinimized()
        return shown and not self._presenter.blanked

    def show_status(self, status: SessionStatus) -> None:
        """How long the stages take."""
        if self._on:
            self._window.inside_panel.show_times(status.stages_ms)

    def forget(self) -> None:
        """Another source: what was seen of the last one goes."""
        self._window.inside_panel.show_inside(None)

    def _remember(self) -> None:
        shown = self._window.panel is self._window.inside_panel
        if shown != self._presenter.preferences.inside:
            self._presenter.prefer(inside=shown)
