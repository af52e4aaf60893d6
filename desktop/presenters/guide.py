"""The guide before the camera, decided without Qt: what the session saw goes in, one steady sentence comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from desktop.presenters.people_words import said
from desktop.services import Session
from desktop.texts import QT_TRANSLATE_NOOP, Text
from engine.live.people import Enrolment, EnrolmentState, Progress, Step
from engine.types import Image, SessionState

STEADY_S = 0.4
"""A hint stays until another one held for this long: nobody can follow five sentences a second."""
PATIENCE_S = 3.0
"""When no face was looked at for so long, the guide says why, if there is a reason."""

# At the end of a file its last picture is looked at still.
_FLOWING = (SessionState.RUNNING, SessionState.ENDED)


@dataclass(frozen=True, slots=True, eq=False)
class Guide:
    """What stands in the drawer while somebody looks into the camera. share: of the whole, 0..1."""

    hint: Text
    good: bool
    step: Step | None
    share: float
    pictures: Mapping[Step, Image]
    skipped: tuple[Step, ...]


class GuidePresenter:
    """Leads one ``enrolment`` while ``watching``; both are put in by whoever owns it."""

    def __init__(self, session: Session, clock: Callable[[], float]) -> None:
        self._session, self._clock = session, clock
        self.enrolment: Enrolment | None = None
        self._clear()

    def forget(self) -> None:
        """Back to nobody, with nothing kept of what was seen."""
        if self.enrolment is not None:
            self._session.watch(False)
            self.enrolment.cancel()
        self._clear()

    def _clear(self) -> None:
        self.enrolment = None
        self._progress: Progress | None = None
        self._hint, self._other_hint, self._other_since_ns = "", "", 0
        self._seen_ns = -1
        self._seen_s = 0.0

    def begin(self, enrolment: Enrolment) -> None:
        self.enrolment, self._progress = enrolment, enrolment.progress
        self.watch()

    def watch(self) -> None:
        """Look at the face in front from now on, at first or again."""
        self._hint, self._other_hint = "", ""
        self._seen_s = self._clock()
        self._session.watch(True)

    def rest(self) -> None:
        """Look no further; what was taken stays."""
        self._session.watch(False)

    @property
    def looking(self) -> bool:
        """An enrolment has begun, and not everything was taken."""
        return self.enrolment is not None and self.enrolment.state is EnrolmentState.LOOKING

    @property
    def done(self) -> Enrolment | None:
        """The enrolment, once everything was taken."""
        finished = self.enrolment is not None and self.enrolment.state is EnrolmentState.DONE
        return self.enrolment if finished else None

    @property
    def can_skip(self) -> bool:
        """The first look is needed; the others only help."""
        return self._progress is not None and bool(self._progress.taken)

    @property
    def waits(self) -> bool:
        """Nothing has been seen for a while."""
        return self._clock() - self._seen_s > PATIENCE_S

    @property
    def facts(self) -> Guide:
        now, enrolment = self._progress, self.enrolment
        return Guide(
            self._hint_text(),
            now is not None and now.refusal is None,
            now.step if now is not None else Step.STRAIGHT,
            now.share if now is not None else 0.0,
            enrolment.pictures if enrolment is not None else {},
            now.skipped if now is not None else (),
        )

    def _hint_text(self) -> Text:
        if self.waits:
            problem = self._session.names_problem
            if problem:
                return said(problem)
            if self._session.status().state not in _FLOWING:
                return Text(QT_TRANSLATE_NOOP("Mirror", "No picture comes. Is a camera open?"))
        return said(self._hint) if self._hint else Text(QT_TRANSLATE_NOOP("Mirror", "One moment …"))

    def look(self) -> Progress | None:
        """What the session has seen since, if it has seen anything."""
        seen = self._session.observation(self._seen_ns) if self.looking else None
        if seen is None or self.enrolment is None:
            return None
        self._seen_ns, self._seen_s = seen.time_ns, self._clock()
        before = self._progress.step if self._progress is not None else None
        self._progress = now = self.enrolment.offer(seen)
        self._steady(now.hint, at_once=now.step is not before)
        return now

    def skip(self) -> Progress | None:
        """Leave this step out; None where that cannot be."""
        if self.enrolment is None or not self.enrolment.skip():
            return None
        self._progress = now = self.enrolment.progress
        self._steady(now.hint, at_once=True)
        return now

    def _steady(self, hint: str, *, at_once: bool) -> None:
        if hint == self._hint:
            self._other_hint = ""
        elif at_once or not self._hint:
            self._hint, self._other_hint = hint, ""
        elif hint != self._other_hint:
            self._other_hint, self._other_since_ns = hint, self._seen_ns
        elif self._seen_ns - self._other_since_ns >= STEADY_S * 1e9:
            self._hint, self._other_hint = hint, ""
