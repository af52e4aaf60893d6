"""Connects the people drawer with its presenter, the session, and the window's toasts and banner."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from desktop.background import Background, InOrder
from desktop.main_window import MainWindow
from desktop.presenters.enrol import Stage
from desktop.presenters.people import PeoplePresenter
from desktop.services import Session
from desktop.texts import NOTHING, Text
from desktop.words import say, translate
from engine.live.people import People


class PeopleKeeper:
    """mirrored: whether the picture shows people as a mirror does. ``changed`` hears of everything that did."""

    def __init__(
        self,
        window: MainWindow,
        background: Background,
        people: People,
        session: Session,
        clock: Callable[[], float],
        mirrored: Callable[[], bool],
    ) -> None:
        self._work = InOrder(background)
        self.presenter = PeoplePresenter(people, self._work, session, clock, say)
        self.changed: Callable[[], None] = lambda: None
        self._window, self._people, self._mirrored = window, people, mirrored
        self._shown = self._said_locked = False
        self.presenter.changed = self._draw
        self.presenter.told = lambda words: window.show_toast(say(words))
        window.people_panel.follow(self.presenter)
        window.people_panel.pictures_asked.connect(window.ask_for_pictures)
        window.pictures_chosen.connect(self._take_pictures)
        window.drawer_changed.connect(self._drawer_changed)

    @property
    def hint(self) -> Text:
        """What somebody before the camera is to do now, for the banner over the picture."""
        enrol = self.presenter.enrol
        return enrol.guide.facts.hint if enrol.stage is Stage.GUIDE else NOTHING

    @property
    def writing(self) -> bool:
        """Something is being stored or erased: the program waits for it."""
        return self.presenter.writing

    def look(self) -> None:
        """Look who is there, so that they are recognised."""
        self.presenter.look()

    def tick(self) -> None:
        self.presenter.enrol.tick()

    def cancel(self) -> bool:
        """Escape, while the drawer is open; False where nothing was to be ended."""
        return self._shown and self.presenter.cancel()

    def close(self) -> None:
        """The window is gone: nothing is taken from then on, and the key is let go of."""
        self.presenter.leave()
        self._work.submit(self._people.close, lambda _: None, lambda _: None)

    def _draw(self) -> None:
        self._window.people_panel.show_facts(mirrored=self._mirrored())
        if self.presenter.locked and not self._said_locked and not self._shown:
            words = translate("Mirror", "The names of people are locked.")
            self._window.show_toast(words, translate("Mirror", "Unlock"), self._open)
        self._said_locked = self._said_locked or self.presenter.locked
        self.changed()

    def _open(self) -> None:
        self._window.show_panel(self._window.people_panel, by_key=True)

    def _drawer_changed(self) -> None:
        shown = self._window.panel is self._window.people_panel
        if shown and not self._shown:
            self.presenter.look()
        elif self._shown and not shown:
            self.presenter.leave()
        self._shown = shown

    def _take_pictures(self, files: Sequence[str], person_id: int | None) -> None:
        """Those that were chosen in the dialog, or let go over the drawer."""
        enrol, known = self.presenter.enrol, self.presenter.known
        person = next((each for each in known.people if each.id == person_id), None) if known is not None else None
        if not self.presenter.can_enrol:
            return
        if person is not None:
            enrol.add_looks(person, files)
        elif enrol.stage is Stage.REPORT and enrol.adding is None and not enrol.enrolled:
            enrol.take_other_pictures(files)
        elif enrol.stage in (Stage.CLOSED, Stage.AGREE, Stage.REPORT):
            enrol.begin(files)
