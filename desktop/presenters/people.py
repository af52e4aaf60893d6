"""The list of the people drawer, decided without Qt: who is there, what is open, what is being asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from desktop.background import InOrder
from desktop.presenters.enrol import Asking, EnrolPresenter, Stage, passphrase_problem
from desktop.presenters.people_words import name_problem, said, said_of
from desktop.services import Session
from desktop.texts import NOTHING, QT_TRANSLATE_NOOP, Text, short, text
from engine.errors import (
    AgeMirrorError,
    GalleryBusyError,
    GalleryDamagedError,
    GalleryNewerError,
    PassphraseNeededError,
    VaultError,
)
from engine.live.people import Known, KnownPerson, People


class Question(Enum):
    """What is asked once more before it is done."""

    FORGET = "forget"
    MERGE = "merge"
    ERASE = "erase"


class NoticeAction(Enum):
    TRY_AGAIN = "try again"
    ERASE = "erase"
    ERASE_SURELY = "erase surely"
    KEEP = "keep"
    MEASURE_ANEW = "measure anew"


ACTION_LABELS = {
    NoticeAction.TRY_AGAIN: QT_TRANSLATE_NOOP("Mirror", "Try again"),
    NoticeAction.ERASE: QT_TRANSLATE_NOOP("Mirror", "Erase everybody …"),
    NoticeAction.ERASE_SURELY: QT_TRANSLATE_NOOP("Mirror", "Erase"),
    NoticeAction.KEEP: QT_TRANSLATE_NOOP("Mirror", "Keep"),
    NoticeAction.MEASURE_ANEW: QT_TRANSLATE_NOOP("Mirror", "Measure anew"),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """A card above the list: what is in the way, and what can be done. ``detail`` is the engine's own sentence."""

    title: Text
    detail: Text
    actions: tuple[NoticeAction, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One person. others: with whom they can be merged; error: what is wrong with the new name."""

    person: KnownPerson
    open: bool = False
    question: Question | None = None
    other: KnownPerson | None = None
    others: tuple[KnownPerson, ...] = ()
    error: Text = NOTHING


class PeoplePresenter:
    """``known`` is None until the gallery was looked at; every change is followed by another look.

    ``told`` hears what is to be a toast.
    """

    def __init__(
        self,
        people: People,
        work: InOrder,
        session: Session,
        clock: Callable[[], float],
        say: Callable[[Text], str] = str,
    ) -> None:
        self.changed: Callable[[], None] = lambda: None
        self.told: Callable[[Text], None] = lambda words: None
        self.known: Known | None = None
        self.enrol = EnrolPresenter(people, work, session, self._everybody, clock, say)
        self.enrol.changed = lambda: self.changed()
        self.enrol.told = lambda words: self.told(words)
        self.enrol.ended = self.look
        self._people, self._work, self._session = people, work, session
        self._opened: int | None = None
        self._question: Question | None = None
        self._other: int | None = None
        self._error: Text = NOTHING
        self._lock_error: Text = NOTHING
        self._looking = 0
        self._changing = 0

    def _everybody(self) -> tuple[tuple[KnownPerson, ...], bool]:
        known = self.known or Known()
        return known.people, known.key is not None

    # --- what follows from the facts -----------------------------------------------------------------------------

    @property
    def locked(self) -> bool:
        """People are there, and a passphrase would open their pictures."""
        return self.known is not None and isinstance(self.known.trouble, PassphraseNeededError)

    @property
    def writing(self) -> bool:
        """Something is being stored or erased."""
        return self._changing > 0 or self.enrol.stage is Stage.SAVING

    @property
    def asking(self) -> Asking | None:
        return Asking(False, self._lock_error) if self.locked else None

    @property
    def can_enrol(self) -> bool:
        known = self.known
        return known is not None and not known.unable and (known.trouble is None or self.locked)

    @property
    def empty(self) -> bool:
        """Nobody was ever enrolled, and nothing is in the way."""
        return self.known is not None and not self.known.people and self.known.trouble is None

    @property
    def rows(self) -> tuple[Row, ...]:
        people = self.known.people if self.known is not None else ()
        return tuple(self._row(person, people) for person in people)

    def _row(self, person: KnownPerson, people: tuple[KnownPerson, ...]) -> Row:
        if person.id != self._opened:
            return Row(person)
        others = tuple(each for each in people if each.id != person.id)
        other = next((each for each in others if each.id == self._other), None)
        question = self._question if self._question is not Question.MERGE or other is not None else None
        return Row(person, True, question, other, others, self._error)

    @property
    def notices(self) -> tuple[Notice, ...]:
        known = self.known
        if known is None:
            return ()
        found = []
        if known.unable:
            unable = QT_TRANSLATE_NOOP("Mirror", "Nobody can be recognised on this computer")
            found.append(Notice(Text(unable), said(known.unable)))
        if known.trouble is not None and not self.locked:
            found.append(self._trouble(known.trouble))
        stale = sum(person.stale for person in known.people)
        if stale and known.trouble is None:
            found.append(_stale(stale))
        return tuple(found)

    def _trouble(self, error: AgeMirrorError) -> Notice:
        if self._question is Question.ERASE:
            sure = QT_TRANSLATE_NOOP("Mirror", "Erase everybody for ever?")
            lost = QT_TRANSLATE_NOOP("Mirror", "What is stored of people cannot be brought back.")
            return Notice(Text(sure), Text(lost), (NoticeAction.ERASE_SURELY, NoticeAction.KEEP))
        ways: tuple[NoticeAction, ...] = (NoticeAction.TRY_AGAIN, NoticeAction.ERASE)
        if isinstance(error, GalleryBusyError):
            title, ways = QT_TRANSLATE_NOOP("Mirror", "Another program holds the people"), ways[:1]
        elif isinstance(error, GalleryDamagedError):
            title = QT_TRANSLATE_NOOP("Mirror", "What is stored of people is damaged")
        elif isinstance(error, GalleryNewerError):
            title = QT_TRANSLATE_NOOP("Mirror", "A newer version wrote what is stored of people")
        elif isinstance(error, VaultError):
            title = QT_TRANSLATE_NOOP("Mirror", "The pictures of people are locked")
        else:
            title, ways = QT_TRANSLATE_NOOP("Mirror", "The people cannot be read"), ways[:1]
        return Notice(Text(title), said_of(error), ways)

    # --- looking -------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Look who is there; the session recognises them from then on. One look follows all changes in a row."""
        self._looking += 1

        def looked(known: Known) -> None:
            self._looking -= 1
            if not self._looking:
                self._saw(known)

        self._work.submit(self._people.look, looked, self._not_looked)

    def _saw(self, known: Known) -> None:
        self.known = known
        if self._opened not in {person.id for person in known.people}:
            self._opened = self._question = self._other = None
        self._session.know(known.index)
        self.changed()

    def _not_looked(self, error: Exception) -> None:
        self._looking -= 1
        self._saw(Known(trouble=error if isinstance(error, AgeMirrorError) else AgeMirrorError(str(error))))

    def unlock(self, passphrase: str) -> None:
        """Open the pictures of those who are there."""
        self._lock_error = passphrase_problem(passphrase, passphrase)
        if self._lock_error.source:
            self.changed()
            return

        def wrong(error: Exception) -> None:
            self._lock_error = said_of(error)
            self.look()

        self._work.submit(lambda: self._people.unlock(passphrase), lambda _: self.look(), wrong)

    # --- what is done with people --------------------------------------------------------------------------------

    def _change(self, work: Callable[[], object], words: Text | None = None) -> None:
        def done(_: object) -> None:
            self._changing -= 1
            if words is not None:
                self.told(words)
            self.look()

        def failed(error: Exception) -> None:
            self._changing -= 1
            self.told(said_of(error))
            self.look()

        self._changing += 1
        self._work.submit(work, done, failed)
        self.changed()

    def open_row(self, person_id: int) -> None:
        """Open a person's row, or shut it; one is open at a time."""
        self._opened = None if self._opened == person_id else person_id
        self._question, self._other, self._error = None, None, NOTHING
        self.changed()

    def rename(self, name: str) -> None:
        """Give the open person another name."""
        person = self._open_person()
        if person is None or name.strip() == person.name:
            self._error = NOTHING
            self.changed()
            return
        people = self._everybody()[0]
        self._error = name_problem(name, [each for each in people if each.id != person.id])
        if self._error.source:
            self.changed()
        else:
            renamed = QT_TRANSLATE_NOOP("Mirror", "{old} is called {new} now.")
            words = text(renamed, old=short(person.name), new=short(" ".join(name.split())))
            self._change(lambda: self._people.rename(person.id, name), words)

    def set_target_age(self, person_id: int, years: float | None) -> None:
        """The age at which this person is shown when recognised; None: like everybody."""
        self._change(lambda: self._people.set_target_age(person_id, years))

    def ask(self, question: Question, other_id: int | None = None) -> None:
        """Ask once more, in place."""
        self._question, self._other = question, other_id
        self.changed()

    def answer(self, yes: bool) -> None:
        """To the question that was asked."""
        question, person = self._question, self._open_person()
        self._question = None
        if not yes or question is None:
            self.changed()
        elif question is Question.ERASE:
            self._change(self._people.erase, Text(QT_TRANSLATE_NOOP("Mirror", "Everybody is forgotten.")))
        elif person is not None and question is Question.FORGET:
            forgotten = QT_TRANSLATE_NOOP("Mirror", "{name} is forgotten.")
            self._change(lambda: self._people.remove(person.id), text(forgotten, name=short(person.name)))
        elif person is not None and self._other is not None:
            other_id = self._other
            gone = next((each.name for each in self._everybody()[0] if each.id == other_id), "")
            merged = QT_TRANSLATE_NOOP("Mirror", "{gone} is {name} now.")
            words = text(merged, gone=short(gone), name=short(person.name))
            self._change(lambda: self._people.merge(person.id, other_id), words)

    def do(self, action: NoticeAction) -> None:
        """A button of a card."""
        if action is NoticeAction.TRY_AGAIN:
            self.look()
        elif action is NoticeAction.ERASE:
            self.ask(Question.ERASE)
        elif action is NoticeAction.MEASURE_ANEW:
            words = QT_TRANSLATE_NOOP("Mirror", "Everybody can be recognised again.")
            self._change(self._people.measure_anew, Text(words))
        else:
            self.answer(action is NoticeAction.ERASE_SURELY)

    def _open_person(self) -> KnownPerson | None:
        return next((each for each in self._everybody()[0] if each.id == self._opened), None)

    # --- leaving -------------------------------------------------------------------------------------------------

    def cancel(self) -> bool:
        """Escape: end an enrolment, else a question, else shut the open row; False where there is nothing to end."""
        if self.enrol.cancel():
            return True
        if self._question is not None:
            self.answer(False)
            return True
        if self._opened is not None:
            self.open_row(self._opened)
            return True
        return False

    def leave(self) -> None:
        """The drawer was shut: an enrolment ends, questions are taken back."""
        self.enrol.cancel()
        self._opened = self._question = self._other = None
        self._error = self._lock_error = NOTHING


def _stale(count: int) -> Notice:
    one = QT_TRANSLATE_NOOP("Mirror", "1 person was enrolled with another network")
    more = QT_TRANSLATE_NOOP("Mirror", "{count} people were enrolled with another network")
    again = QT_TRANSLATE_NOOP(
        "Mirror",
        "To be recognised they are measured anew, from the pictures that are kept. Or give each of them more looks.",
    )
    title = Text(one) if count == 1 else text(more, count=count)
    return Notice(title, Text(again), (NoticeAction.MEASURE_ANEW,))
