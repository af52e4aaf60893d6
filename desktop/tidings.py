"""Says once what is worth a toast: a clip has ended, the source has a remark, or the style cannot be shown."""

from __future__ import annotations

from collections.abc import Callable

from desktop.main_window import MainWindow
from desktop.presenters.troubles import trouble
from desktop.services import Session
from desktop.sources import is_picture
from desktop.texts import QT_TRANSLATE_NOOP, Text
from desktop.words import say, translate
from engine.types import SessionState, SessionStatus


class Tidings:
    """Remembers what was said last, so that it is not said again."""

    def __init__(self, window: MainWindow, session: Session, try_again: Callable[[], None]) -> None:
        self._window, self._session, self._try_again = window, session, try_again
        self._told = ""
        self._told_style: Exception | None = None

    def forget(self) -> None:
        """Another source begins: its remarks are new."""
        self._told = ""

    def tell(self, status: SessionStatus, source: str) -> None:
        """What this status has to say of this source."""
        if status.state is SessionState.ENDED:
            words = "" if is_picture(source) else translate("Mirror", "The clip has ended.")
        else:
            words = status.message if status.state is SessionState.RUNNING else self._told
        if words and words != self._told:
            again = status.state is SessionState.ENDED
            action = translate("Mirror", "Play again") if again else ""
            self._window.show_toast(words, action, self._try_again if again else None)
        self._told = words
        self._tell_style()

    def _tell_style(self) -> None:
        problem = self._session.style_problem
        if problem is not None and problem is not self._told_style:
            words = QT_TRANSLATE_NOOP("Mirror", "The style cannot be shown: {cause}")
            self._window.show_toast(say(Text(words, {"cause": trouble(problem)})))
        self._told_style = problem
