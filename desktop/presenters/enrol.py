"""Enrolling somebody, decided without Qt: consent and name, then the camera or pictures, then one write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath
from typing import TypeVar

from desktop.background import InOrder
from desktop.presenters.guide import GuidePresenter
from desktop.presenters.people_words import CONSENT, name_problem, reason_text, said, said_of
from desktop.services import Session
from desktop.texts import NOTHING, QT_TRANSLATE_NOOP, Text, short, text
from engine.errors import (
    AlreadyKnownError,
    EnrolmentError,
    InputError,
    NameTakenError,
    PassphraseNeededError,
    StrangerError,
    VaultError,
)
from engine.live.people import Enrolled, Enrolment, KnownPerson, People, Person, Progress

T = TypeVar("T")


class Stage(Enum):
    CLOSED = "closed"
    AGREE = "agree"
    PREPARING = "preparing"
    PASSPHRASE = "passphrase"
    GUIDE = "guide"
    LOOKING = "looking"
    ALIKE = "alike"
    STRANGER = "stranger"
    SAVING = "saving"
    REPORT = "report"
    FAILED = "failed"


class Answer(Enum):
    """To "this looks like Ada"."""

    ADD = "add to them"
    ANYWAY = "someone else"


@dataclass(frozen=True, slots=True)
class Asking:
    """A passphrase is asked for; ``new``: one to be, typed twice."""

    new: bool
    error: Text = NOTHING


class _StoppedError(Exception):
    """The user does not want to wait for the pictures any more."""


class EnrolPresenter:
    """One enrolment at a time. Nothing is looked at before the consent, and nothing is stored before the end.

    everybody: who is enrolled, and whether there is a key already. say: a text in the language of the window, for the
    consent is kept as it was read. ``told`` hears what is to be a toast; ``ended``: look again who is there.
    """

    def __init__(
        self,
        people: People,
        work: InOrder,
        session: Session,
        everybody: Callable[[], tuple[Sequence[KnownPerson], bool]],
        clock: Callable[[], float],
        say: Callable[[Text], str] = str,
    ) -> None:
        self.changed: Callable[[], None] = lambda: None
        self.told: Callable[[Text], None] = lambda words: None
        self.ended: Callable[[], None] = lambda: None
        self._people, self._work, self._everybody, self._say = people, work, everybody, say
        self._turn = 0
        self.guide = GuidePresenter(session, clock)
        self._reset()

    def _reset(self) -> None:
        self.guide.forget()
        self.stage = Stage.CLOSED
        self.name = ""
        self.agreed = False
        self.adding: KnownPerson | None = None
        self.pictures: tuple[str, ...] = ()
        self.error: Text = NOTHING
        self.asking: Asking | None = None
        self.like = ""
        self.refused: tuple[tuple[str, Text], ...] = ()
        self.enrolled = False
        self._typed = False
        self._looked: list[tuple[str, str]] = []
        self._looked_shown = 0
        self._waiting_for: Text = NOTHING
        self._into: KnownPerson | None = None
        self._anyway = False
        self._settled: set[str] = set()  # whom it was asked about already

    # --- what follows from the facts -----------------------------------------------------------------------------

    @property
    def open(self) -> bool:
        return self.stage is not Stage.CLOSED

    @property
    def who(self) -> str:
        """The name of the one who is being enrolled."""
        person = self._into or self.adding
        return self.name.strip() if person is None else person.name

    @property
    def name_problem(self) -> Text:
        return name_problem(self.name, self._everybody()[0])

    @property
    def name_error(self) -> Text:
        """What to say about the name; nothing before something was typed."""
        if self.error.source:
            return self.error
        return self.name_problem if self._typed else NOTHING

    @property
    def can_start(self) -> bool:
        return self.stage is Stage.AGREE and self.agreed and not self.name_problem.source

    @property
    def looked(self) -> int:
        """How many pictures were looked at."""
        return len(self._looked)

    # --- how it begins -------------------------------------------------------------------------------------------

    def begin(self, pictures: Sequence[str] = ()) -> None:
        """Somebody new, before the camera or from pictures: first the consent."""
        if self.stage is Stage.AGREE:
            self.pictures = tuple(pictures) or self.pictures
        elif not self._busy:
            self._reset()
            self._turn += 1
            self.stage, self.pictures = Stage.AGREE, tuple(pictures)
        self.changed()

    def take_other_pictures(self, pictures: Sequence[str]) -> None:
        """Instead of those that did not do; name and consent are given already."""
        if self.stage is Stage.REPORT and not self.enrolled:
            self.pictures, self.refused = tuple(pictures), ()
            self._go()

    def add_looks(self, person: KnownPerson, pictures: Sequence[str] = ()) -> None:
        """More looks at somebody who agreed when they were enrolled."""
        if not self._busy:
            self._reset()
            self._turn += 1
            self.adding, self.pictures, self.agreed = person, tuple(pictures), True
            self._go()

    def set_name(self, name: str) -> None:
        if name != self.name:
            self.name, self._typed, self.error = name, True, NOTHING
            self.changed()

    def set_agreed(self, agreed: bool) -> None:
        self.agreed = agreed
        self.changed()

    def start(self) -> None:
        """The name is given, the consent too."""
        self._typed = True
        if self.can_start:
            if self.guide.done is not None:
                self.guide.done.name = " ".join(self.name.split())
            self._go()
        else:
            self.changed()

    def answer_passphrase(self, passphrase: str, again: str = "") -> None:
        """What was typed; a new one twice."""
        if self.asking is None:
            return
        problem = passphrase_problem(passphrase, again if self.asking.new else passphrase)
        if problem.source:
            self.asking = Asking(self.asking.new, problem)
            self.changed()
        else:
            self._go(passphrase)

    def try_again(self) -> None:
        """After a failure: from where it failed, with what was taken so far."""
        self._go()

    @property
    def _busy(self) -> bool:
        return self.stage is Stage.SAVING

    def _go(self, passphrase: str | None = None) -> None:
        """The next piece of work: write what was taken, look at the pictures, or make the camera's guide."""
        people, done = self._people, self.guide.done
        self.error = NOTHING
        if done is not None:
            self._submit(Stage.SAVING, lambda: self._store(done, passphrase), self._saved, passphrase)
        elif self.pictures:
            self._looked, self._looked_shown = [], 0
            self._submit(Stage.LOOKING, self._looking(passphrase), self._saved_pictures, passphrase)
        else:
            name, consent, adding = self.name, self._say(Text(CONSENT)), self.adding

            def begin() -> Enrolment:
                people.prepare(passphrase)
                return people.begin(name, consent, adding_to=adding.id if adding is not None else None)

            self._submit(Stage.PREPARING, begin, self._guided, passphrase)

    def _submit(
        self, stage: Stage, work: Callable[[], T], done: Callable[[T], None], passphrase: str | None
    ) -> None:  # fmt: skip
        turn = self._turn
        self.stage = stage

        def failed(error: Exception) -> None:
            if turn == self._turn:
                self._failed(error, passphrase)

        self._work.submit(work, lambda value: done(value) if turn == self._turn else None, failed)
        self.changed()

    # --- before the camera ---------------------------------------------------------------------------------------

    def _guided(self, enrolment: Enrolment) -> None:
        self.stage, self.asking = Stage.GUIDE, None
        self.guide.begin(enrolment)
        self.changed()

    def tick(self) -> None:
        """Time went by: look whether the session has seen something, or another picture was looked at."""
        if self.stage is Stage.GUIDE:
            now = self.guide.look()
            if now is not None:
                self._waiting_for = NOTHING
                self._go_on(now)
            elif self.guide.waits and self.guide.facts.hint != self._waiting_for:
                self._waiting_for = self.guide.facts.hint
                self.changed()
        elif self.stage is Stage.LOOKING and self.looked != self._looked_shown:
            self._looked_shown = self.looked
            self.changed()

    def skip(self) -> None:
        """Leave this step out; the first one cannot be."""
        now = self.guide.skip() if self.stage is Stage.GUIDE else None
        if now is not None:
            self._go_on(now)

    def _go_on(self, now: Progress) -> None:
        """To the question whether this is somebody who is known, to the end, or on with the guide."""
        if now.resembles is not None and now.resembles.person not in self._settled:
            self.like = now.resembles.person
            self.guide.rest()
            self.stage = Stage.ALIKE
        elif self.guide.done is not None:
            self.guide.rest()
            self._go()
        self.changed()

    def answer(self, answer: Answer) -> None:
        """To "this looks like Ada", and to "this does not look like Ada"."""
        if self.stage not in (Stage.ALIKE, Stage.STRANGER):
            return
        self._settled.add(self.like)
        if answer is Answer.ADD:
            self._into = next((one for one in self._everybody()[0] if one.name == self.like), None)
        self._anyway = self._anyway or answer is Answer.ANYWAY
        if self.guide.looking:
            self.stage = Stage.GUIDE
            self.guide.watch()
            self.changed()
        else:
            self._go()

    def _store(self, enrolment: Enrolment, passphrase: str | None) -> Person:
        if passphrase is not None:
            self._people.prepare(passphrase)
        into = self._into.id if self._into is not None else None
        return self._people.store(enrolment, into=into, anyway=self._anyway)

    def _saved(self, person: Person) -> None:
        more = self._into is not None or self.adding is not None
        known = QT_TRANSLATE_NOOP("Mirror", "{name} is known from now on.")
        longer = QT_TRANSLATE_NOOP("Mirror", "{name} has more looks now: {count}.")
        self._end(text(longer if more else known, name=short(person.name), count=person.samples))

    # --- from pictures -------------------------------------------------------------------------------------------

    def _looking(self, passphrase: str | None) -> Callable[[], Enrolled]:
        people, pictures, looked, turn = self._people, self.pictures, self._looked, self._turn
        person = self._into or self.adding
        name = self.name if person is None else person.name
        consent = self._say(Text(CONSENT)) if person is None else person.consent
        anyway = self._anyway or self._into is not None

        def tell(picture: str, reason: str) -> None:
            if turn != self._turn:
                raise _StoppedError
            looked.append((picture, reason))

        def work() -> Enrolled:
            people.prepare(passphrase)
            return people.enrol_pictures(name, pictures, consent, tell, add=person is not None, anyway=anyway)

        return work

    def _saved_pictures(self, done: Enrolled) -> None:
        self.enrolled = True
        self.refused = _named(done.refused)
        if self.refused:
            self.name = done.person.name
            self.stage, self.asking = Stage.REPORT, None
            self.ended()
            self.changed()
        else:
            self._saved(done.person)

    # --- how it ends ---------------------------------------------------------------------------------------------

    def _failed(self, error: Exception, passphrase: str | None) -> None:
        before, self.asking = self.stage, None
        if isinstance(error, PassphraseNeededError) or (isinstance(error, VaultError) and passphrase is not None):
            wrong = NOTHING if isinstance(error, PassphraseNeededError) else said_of(error)
            self.stage, self.asking = Stage.PASSPHRASE, Asking(not self._everybody()[1], wrong)
        elif isinstance(error, AlreadyKnownError):
            self.stage, self.like = Stage.ALIKE, error.person
        elif isinstance(error, StrangerError):
            self.stage, self.like = Stage.STRANGER, self.who
        elif isinstance(error, NameTakenError | InputError) and self.adding is None and not self.looked:
            self.stage, self.error = Stage.AGREE, said_of(error)
        elif isinstance(error, EnrolmentError) and before is Stage.LOOKING:
            self.stage, self.error = Stage.REPORT, self._why_none(str(error))
            self.refused = _named((picture, reason) for picture, reason in self._looked if reason)
        else:
            self.stage, self.error = Stage.FAILED, said_of(error)
        self.changed()

    def _why_none(self, cause: str) -> Text:
        if all(reason for _, reason in self._looked):
            return Text(QT_TRANSLATE_NOOP("Mirror", "Nobody was enrolled: no picture shows the face well enough."))
        for picture, _ in self._looked:
            cause = cause.replace(picture, PurePath(picture).name)
        return said(cause)

    def cancel(self) -> bool:
        """End it and forget everything that was seen; True if something was open. What is being written is written."""
        if not self.open or self._busy:
            return self._busy
        self._end(None)
        return True

    def _end(self, words: Text | None) -> None:
        self._turn += 1
        self._reset()
        self.changed()
        self.ended()
        if words is not None:
            self.told(words)


def passphrase_problem(passphrase: str, again: str) -> Text:
    """What is wrong with what was typed, or NOTHING."""
    if not passphrase:
        return Text(QT_TRANSLATE_NOOP("Mirror", "Type a passphrase."))
    if passphrase != again:
        return Text(QT_TRANSLATE_NOOP("Mirror", "The two do not match: type it once more."))
    return NOTHING


def _named(refused: Iterable[tuple[str, str]]) -> tuple[tuple[str, Text], ...]:
    """Names of files instead of paths, in the reasons too."""
    names = [(picture, PurePath(picture).name, reason) for picture, reason in refused]
    return tuple((name, reason_text(reason.replace(picture, name))) for picture, name, reason in names)
