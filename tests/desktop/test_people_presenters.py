"""Words and decisions of the people drawer, without a window."""

from __future__ import annotations

import pytest

from desktop.background import Background, InOrder
from desktop.overlay import label_of
from desktop.presenters.guide import STEADY_S, GuidePresenter
from desktop.presenters.people_words import HINTS, REASONS, name_problem, reason_text, said
from desktop.texts import SHORT, short, text, verbatim
from desktop.words import Translators, say
from engine.live.people import Enrolment, Step
from engine.recognition import gate, guided
from engine.settings import Settings
from engine.types import Match
from tests.desktop.conftest import Clock
from tests.fakes.observations import seen
from tests.fakes.people import CONSENT
from tests.fakes.session import FakeSession, face


def test_every_hint_and_reason_of_the_engine_is_known_to_the_translators() -> None:
    hints = {*guided.INSTRUCTIONS.values(), *gate.HINTS.values(), guided.TOO_FAR, guided.OTHER_WAY, guided.DONE}
    assert hints == HINTS
    assert set(gate.REASONS.values()) <= REASONS


@pytest.mark.parametrize(
    ("reason", "german"),
    [
        ("the face is too dark", "das Gesicht ist zu dunkel"),
        ("the face is too dark and the face is blurred", "das Gesicht ist zu dunkel und das Gesicht ist unscharf"),
        (
            "there are several faces, and it takes one and the picture is pale",
            "es sind mehrere Gesichter, und es darf nur eines sein und das Bild ist flau",
        ),
        (
            "the face is too small (60 px wide, 79 are needed)",
            "das Gesicht ist zu klein (60 px breit, 79 sind nötig)",
        ),
        ("it is the same picture as a/b/c.png", "es ist dasselbe Bild wie c.png"),
        ("x.png is not a picture: odd and strange.", "x.png is not a picture: odd and strange."),
    ],
)
@pytest.mark.usefixtures("qapp")
def test_reasons_are_taken_apart_and_translated(reason: str, german: str) -> None:
    translators = Translators()
    translators.use("de")
    try:
        assert say(reason_text(reason)) == german
    finally:
        translators.clear()


def test_sentences_of_the_engine_begin_with_a_capital_letter_but_paths_do_not() -> None:
    assert str(said("nobody is here: wait.")) == "Nobody is here: wait."
    assert str(said("home/people.sqlite is in use: wait.")) == "home/people.sqlite is in use: wait."


def test_texts_stand_in_texts() -> None:
    assert say(text("{one} and {other}", one=text("1 look"), other=verbatim("{odd}"))) == "1 look and {odd}"


def test_long_names_are_cut_for_sentences_and_for_the_picture() -> None:
    assert (short("Ada"), len(short("A" * 80))) == ("Ada", SHORT)
    assert str(name_problem("Ada", ())) == ""
    somebody = face(0, 0, 10, 10)
    object.__setattr__(somebody, "person", Match("B" * 80, 0.8))
    name, looks = label_of(somebody)
    assert str(name) == short("B" * 80) and str(looks) == "looks 34 ± 4"
    assert label_of(somebody, ages=False) == (name,), "a name is shown without an age too"


def test_work_in_order_never_overtakes_and_goes_on_after_a_failure() -> None:
    background = Background()
    work, told = InOrder(background), list[object]()
    import time

    work.submit(lambda: time.sleep(0.05), lambda _: told.append(1), told.append)
    work.submit(lambda: 1 / 0, told.append, lambda error: told.append(type(error)))
    work.submit(lambda: 3, told.append, told.append)
    assert not work.idle
    while not work.idle:
        background.drain()
        time.sleep(0.002)
    assert told == [1, ZeroDivisionError, 3]


class Guided:
    """A guide, a clock and a session that sees what the test says."""

    def __init__(self) -> None:
        self.clock, self.session = Clock(), FakeSession(Settings())
        self.session.push()
        self.guide = GuidePresenter(self.session, self.clock)
        self.guide.begin(Enrolment("Ada", CONSENT))
        self.now_s = 50.0

    def look(self, count: int = 1, **measures: float) -> str:
        for _ in range(count):
            self.now_s += 0.2
            self.session.observed = seen(self.now_s, **measures)
            self.guide.look()
        return self.guide.facts.hint.source


def test_one_look_does_not_change_the_sentence() -> None:
    trial = Guided()
    dark, blurred = gate.HINTS[gate.Refusal.TOO_DARK], gate.HINTS[gate.Refusal.BLURRED]
    assert trial.look(highlight=20) == dark
    assert trial.look(blur=0.9) == dark
    assert trial.look(highlight=20) == dark
    assert trial.look(round(STEADY_S / 0.2), blur=0.9) == dark
    assert trial.look(blur=0.9) == blurred


def test_the_next_step_is_told_at_once() -> None:
    trial = Guided()
    trial.look(6)
    assert trial.guide.facts.step is Step.LEFT
    assert trial.guide.facts.hint.source == guided.INSTRUCTIONS[Step.LEFT]
    assert list(trial.guide.facts.pictures) == [Step.STRAIGHT]


def test_the_same_look_is_never_taken_twice() -> None:
    trial = Guided()
    trial.look()
    assert [trial.guide.look() for _ in range(3)] == [None] * 3


def test_forgetting_forgets_the_pictures_too() -> None:
    trial = Guided()
    trial.look(6)
    enrolment = trial.guide.enrolment
    assert enrolment is not None and enrolment.pictures
    trial.guide.forget()
    assert not trial.session.watched and not enrolment.pictures and not trial.guide.facts.pictures
