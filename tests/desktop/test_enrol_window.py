"""Enrolment in the whole window: a real gallery in the home of the test, a made-up person before the camera."""

from __future__ import annotations

import threading
from pathlib import Path

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.commands import Command
from desktop.presenters.enrol import Stage
from desktop.presenters.guide import PATIENCE_S
from desktop.presenters.people_words import CONSENT
from engine.errors import VaultError
from engine.recognition.gallery import Gallery
from engine.recognition.gate import HINTS, Refusal
from engine.recognition.guided import INSTRUCTIONS, Step
from engine.types import SessionState
from tests.desktop.conftest import MakeHarness
from tests.desktop.visitors import Visitor, begin, click, enrol_before, known, row, stored, words
from tests.fakes.keyrings import LockedKeyring, MemoryKeyring
from tests.fakes.observations import POSES
from tests.fakes.people import PASSPHRASE, named

K = Qt.Key
LEFT = Qt.MouseButton.LeftButton


# -- enrolment: consent and name --------------------------------------------------------------------------------------


def test_nothing_is_looked_at_before_the_consent(people: MakeHarness, home: Path) -> None:
    mirror = people()
    panel = mirror.window.people_panel
    click(mirror, panel.enrol)
    form = panel.page.agree
    assert CONSENT in words(form)
    QTest.keyClicks(form.name, "Ada")
    assert not form.start.isEnabled()
    QTest.keyClick(form.name, K.Key_Return)
    mirror.settle()
    assert form.isVisible() and not mirror.session.watched
    click(mirror, form.agree)
    assert form.start.isEnabled() and not mirror.session.watched
    click(mirror, form.start)
    assert mirror.session.watched
    assert not (home / "people.sqlite").exists(), "nothing is stored before the end"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("   ", "A name is needed."),
        ("x" * 81, "This name has 81 characters; at most 80 fit."),
        ("x" * 10_000, "This name has 10000 characters; at most 80 fit."),
        (" aDA ", "Ada is enrolled already. Choose another name."),
        ("Ada\u202eevil", "The name has a mark that turns the writing in it (U+202E): leave it out."),
    ],
)
def test_a_name_that_does_not_do_is_told_while_it_is_typed(people: MakeHarness, name: str, why: str) -> None:
    enrol_before("Ada")
    mirror = people()
    panel = mirror.window.people_panel
    click(mirror, panel.enrol)
    form = panel.page.agree
    click(mirror, form.agree)
    assert not form.error.isVisible(), "nobody is blamed for a name they have not typed yet"
    form.name.setText(name)
    mirror.pull()
    assert form.error.text() == why and form.error.isVisible() and not form.start.isEnabled()
    form.name.setText("Bob")
    mirror.pull()
    assert not form.error.isVisible() and form.start.isEnabled()


def test_typing_a_name_does_not_reach_the_mirror(people: MakeHarness) -> None:
    mirror = people()
    panel = mirror.window.people_panel
    click(mirror, panel.enrol)
    before = mirror.session.settings
    QTest.keyClicks(panel.page.agree.name, "Mac 70 pots, oak")
    mirror.pull()
    assert mirror.session.settings == before and mirror.window.panel is mirror.window.people_panel


# -- enrolment: the guide ---------------------------------------------------------------------------------------------


def test_four_looks_and_somebody_is_known(people: MakeHarness) -> None:
    mirror = people()
    panel = mirror.window.people_panel
    begin(mirror)
    visitor, guide = Visitor(mirror), panel.page.guide
    visitor.look(2)
    assert guide.hint.text() == INSTRUCTIONS[Step.STRAIGHT] == mirror.window.banner.words
    assert not guide.skip.isEnabled(), "the first look is needed"
    visitor.look(5)
    assert guide.hint.text() == INSTRUCTIONS[Step.LEFT]
    assert [portrait.picture is not None for portrait in guide.portraits.values()] == [True, False, False, False]
    visitor.do_all()
    assert mirror.window.toast.words == "Ada is known from now on."
    assert stored() == {"Ada": 4}
    assert not mirror.session.watched and known(mirror).names == ("Ada",)
    assert panel.enrol.isVisible() and mirror.window.banner.words == ""
    with Gallery.open() as gallery:
        assert named(gallery, "Ada").consent.text == CONSENT


@pytest.mark.parametrize(
    ("measures", "refusal"),
    [
        ({"faces": 2}, Refusal.SEVERAL_FACES),
        ({"highlight": 20}, Refusal.TOO_DARK),
        ({"blur": 0.9}, Refusal.BLURRED),
        ({"eyes": 0.02}, Refusal.EYES_CLOSED),
        ({"width_px": 60}, Refusal.TOO_SMALL),
        ({"inside": 0.6}, Refusal.CUT_OFF),
    ],
)
def test_each_reason_is_told_in_plain_words(people: MakeHarness, measures: dict[str, float], refusal: Refusal) -> None:
    mirror = people()
    begin(mirror)
    visitor = Visitor(mirror)
    visitor.look(12, **measures)
    assert mirror.window.people_panel.page.guide.hint.text() == HINTS[refusal]
    visitor.look(7)
    assert mirror.window.people_panel.page.guide.hint.text() == INSTRUCTIONS[Step.LEFT], "and good ones are taken then"


def test_nobody_and_no_picture_are_told_apart(people: MakeHarness) -> None:
    mirror = people()
    begin(mirror)
    hint = mirror.window.people_panel.page.guide.hint
    Visitor(mirror).go_away(3)
    assert hint.text() == HINTS[Refusal.NO_FACE]
    mirror.pull(after_s=PATIENCE_S + 1)
    assert hint.text() == HINTS[Refusal.NO_FACE], "pictures come, the look takes its time"
    mirror.session.say(SessionState.RECOVERING, "No camera answered.")
    mirror.pull(after_s=1)
    assert hint.text() == "No picture comes. Is a camera open?"
    mirror.session.names_problem = "the network to recognise faces with is damaged: restore it."
    mirror.pull(after_s=1)
    assert hint.text() == "The network to recognise faces with is damaged: restore it."


def test_steps_can_be_left_out_by_who_cannot_turn_the_head(people: MakeHarness) -> None:
    mirror = people()
    begin(mirror)
    Visitor(mirror).look(7)
    for _ in range(3):
        click(mirror, mirror.window.people_panel.page.guide.skip)
    assert mirror.window.toast.words == "Ada is known from now on."
    assert stored() == {"Ada": 1}


@pytest.mark.parametrize("how", ["button", "escape", "drawer", "settings", "window"])
def test_cancelling_leaves_nothing(people: MakeHarness, home: Path, how: str) -> None:
    mirror = people()
    panel = mirror.window.people_panel
    begin(mirror)
    Visitor(mirror).look(9)
    if how == "button":
        click(mirror, panel.page.cancel)
    elif how == "escape":
        QTest.keyClick(QApplication.focusWidget() or mirror.window, K.Key_Escape)
        assert mirror.window.panel is panel, "Escape ends what is going on, not the drawer"
    elif how == "drawer":
        QTest.mouseClick(mirror.window.drawer._close, LEFT)
    elif how == "settings":
        mirror.conductor.do(Command.SETTINGS)
    else:
        mirror.window.close()
    mirror.settle()
    assert not mirror.session.watched
    assert mirror.conductor.people.presenter.enrol.stage is Stage.CLOSED
    assert not (home / "people.sqlite").exists()
    assert keyring.get_keyring().kept == {}


def test_cancelling_while_it_is_prepared_starts_nothing(people: MakeHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = people()
    panel, gate = mirror.window.people_panel, threading.Event()
    monkeypatch.setattr("engine.live.people.keystore.usable", lambda: gate.wait(5))
    click(mirror, panel.enrol)
    click(mirror, panel.page.agree.agree)
    panel.page.agree.name.setText("Ada")
    QTest.mouseClick(panel.page.agree.start, LEFT)
    mirror.pull()
    assert panel.page.wait.isVisible()
    QTest.mouseClick(panel.page.cancel, LEFT)
    gate.set()
    mirror.settle()
    assert panel.enrol.isVisible() and not mirror.session.watched


# -- enrolment: somebody who is known ---------------------------------------------------------------------------------


def test_somebody_who_is_known_under_another_name_gets_the_looks(people: MakeHarness) -> None:
    enrol_before("Ada")
    mirror = people()
    panel = mirror.window.people_panel
    begin(mirror, "Countess")
    visitor = Visitor(mirror, person=1)
    visitor.look(7)
    assert "This looks like Ada" in words(panel.page.question) and not mirror.session.watched
    click(mirror, panel.page.question.buttons[0])
    assert mirror.session.watched, "it goes on with the other looks"
    visitor.do_all()
    assert stored() == {"Ada": 6}
    assert mirror.window.toast.words == "Ada has more looks now: 6."


def test_twins_are_two_people(people: MakeHarness) -> None:
    enrol_before("Ada")
    mirror = people()
    begin(mirror, "Beda")
    visitor = Visitor(mirror, person=1)
    visitor.look(7)
    click(mirror, mirror.window.people_panel.page.question.buttons[1])
    visitor.do_all()
    assert stored() == {"Ada": 2, "Beda": 4}


def test_being_like_somebody_is_no_reason_to_stay(people: MakeHarness) -> None:
    enrol_before("Ada")
    mirror = people()
    begin(mirror, "Beda")
    Visitor(mirror, person=1).look(7)
    click(mirror, mirror.window.people_panel.page.cancel)
    assert stored() == {"Ada": 2} and not mirror.session.watched


def test_more_looks_for_somebody(people: MakeHarness) -> None:
    enrol_before("Ada", "Bob")
    mirror = people()
    click(mirror, row(mirror, 0).head)
    click(mirror, row(mirror, 0).looks)
    Visitor(mirror, person=1).do_all()
    assert stored() == {"Ada": 6, "Bob": 3}


def test_more_looks_of_a_stranger_are_questioned(people: MakeHarness) -> None:
    enrol_before("Ada")
    mirror = people()
    panel = mirror.window.people_panel
    click(mirror, row(mirror, 0).head)
    click(mirror, row(mirror, 0).looks)
    Visitor(mirror, person=5).do_all()
    assert "This does not look like Ada." in words(panel.page.question)
    assert stored() == {"Ada": 2}
    click(mirror, panel.page.question.buttons[0])
    assert stored() == {"Ada": 6}


# -- enrolment: keys --------------------------------------------------------------------------------------------------


def test_without_a_keyring_a_new_passphrase_is_typed_twice(people: MakeHarness, home: Path) -> None:
    keyring.set_keyring(NoKeyring())
    mirror = people()
    form = mirror.window.people_panel.page.passphrase
    begin(mirror)
    assert form.isVisible() and form.again.isVisible() and not mirror.session.watched
    QTest.keyClicks(form.first, PASSPHRASE)
    QTest.keyClicks(form.again, PASSPHRASE + "!")
    click(mirror, form.go)
    assert "The two do not match" in words(form)
    form.again.clear()
    QTest.keyClicks(form.again, PASSPHRASE)
    click(mirror, form.go)
    assert mirror.session.watched and not (home / "people.sqlite").exists()
    assert not form.isVisible()
    Visitor(mirror).do_all()
    with Gallery.open() as gallery:
        assert gallery.key_source() == "passphrase"
        with pytest.raises(VaultError):
            gallery.unlock("something else")
        gallery.unlock(PASSPHRASE)
        assert len(gallery.thumbnails(named(gallery, "Ada").id)) == 4


def test_a_locked_gallery_is_opened_on_the_way(people: MakeHarness) -> None:
    enrol_before("Ada", passphrase=PASSPHRASE)
    mirror = people()
    form = mirror.window.people_panel.page.passphrase
    begin(mirror, "Bob")
    assert form.isVisible() and not form.again.isVisible()
    QTest.keyClicks(form.first, "wrong")
    click(mirror, form.go)
    assert "the passphrase is wrong" in words(form)
    form.first.clear()
    QTest.keyClicks(form.first, PASSPHRASE)
    click(mirror, form.go)
    Visitor(mirror, person=4).do_all()
    assert stored() == {"Ada": 2, "Bob": 4}
    assert known(mirror).names == ("Ada", "Bob")


def test_what_cannot_be_stored_is_not_lost_and_can_be_tried_again(people: MakeHarness) -> None:
    keyring.set_keyring(LockedKeyring())
    mirror = people()
    question = mirror.window.people_panel.page.question
    begin(mirror)
    Visitor(mirror).do_all()
    assert "This did not work" in words(question) and "keyring failed" in words(question)
    keyring.set_keyring(MemoryKeyring())
    click(mirror, question.buttons[0])
    assert stored() == {"Ada": 4}


def test_a_name_that_was_taken_meanwhile_can_be_changed(people: MakeHarness) -> None:
    mirror = people()
    begin(mirror, "Ada")
    visitor = Visitor(mirror, person=5)
    visitor.look(7)
    enrol_before("Ada")
    visitor.do_all()
    form = mirror.window.people_panel.page.agree
    assert form.isVisible() and form.error.isVisible()
    form.name.setText("Bea")
    click(mirror, form.start)
    assert stored() == {"Ada": 2, "Bea": 4}


def test_the_program_waits_until_it_is_written(people: MakeHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = people()
    gate, add = threading.Event(), Gallery.add

    def slow(self: Gallery, *args: object) -> object:
        assert gate.wait(5)
        return add(self, *args)

    monkeypatch.setattr(Gallery, "add", slow)
    begin(mirror)
    visitor = Visitor(mirror)
    for pose in POSES:
        visitor.look(7, **pose)
    finished: list[bool] = []
    mirror.conductor.finished.connect(lambda: finished.append(True))
    assert not mirror.window.people_panel.page.cancel.isEnabled()
    mirror.window.close()
    mirror.pull()
    assert finished == []
    gate.set()
    mirror.settle()
    mirror.pull()
    assert finished and stored() == {"Ada": 4}
