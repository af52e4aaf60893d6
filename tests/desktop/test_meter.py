"""The card in the corner, the age that belongs to a person, and troubles in the window's language."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop import overlay
from desktop.presenters.meter import meter_view
from desktop.presenters.troubles import FAULT, SENTENCES, told, trouble
from desktop.texts import Text
from desktop.words import Translators, say
from engine import errors
from engine.errors import NoCameraError, OutputError, PictureError
from engine.types import Face, Match, Outcome, SessionState
from tests.desktop.conftest import Harness, MakeHarness
from tests.fakes.session import face


def changed(years: float, likeness: float | None) -> Face:
    return replace(face(40, 40, 90, 110), aged=True, target_age=70.0, result=Outcome(years, likeness))


@pytest.mark.parametrize(
    ("seen", "age", "identity", "share"),
    [
        (changed(67.6, 0.71), "68", "71 % · clearly the same person", 0.71),
        (changed(67.6, 0.45), "68", "45 % · still the same person", 0.45),
        (changed(67.6, 0.25), "68", "25 % · a faint likeness", 0.25),
        (changed(67.6, -0.2), "68", "0 % · like another person", 0.0),
        (changed(67.6, None), "68", "cannot be measured here", None),
        (replace(changed(1, 1), result=None), "measuring …", "measuring …", None),
        (face(40, 40, 90, 110), "34", "100 % · not changed", 1.0),
        (face(40, 40, 90, 110, years=None), "measuring …", "measuring …", None),
    ],
)
def test_what_the_card_says(seen: Face, age: str, identity: str, share: float | None) -> None:
    view = meter_view(seen)
    assert view is not None and (say(view.age), say(view.identity)) == (age, identity)
    assert view.share == pytest.approx(share) if share is not None else view.share is None


def test_the_card_comes_by_key_is_remembered_and_reaches_the_engine(mirror: Harness) -> None:
    mirror.push(faces=(changed(67.6, 0.71),))
    assert not mirror.window.meter.isVisible() and not mirror.session.settings.meter
    mirror.window.activateWindow()
    QTest.keyClick(mirror.window, Qt.Key.Key_I)
    mirror.settle()
    card = mirror.window.meter
    assert card.isVisible() and mirror.session.settings.meter and mirror.presenter.preferences.meter
    assert card.rows() == (("Result looks", "68"), ("Likeness", "71 % · clearly the same person"))
    assert "71 %" in card.accessibleDescription()
    assert not card.geometry().intersects(mirror.window.bar.geometry())
    mirror.push()
    assert not card.isVisible(), "nobody is there"
    mirror.push(faces=(changed(67.6, 0.71),))
    assert mirror.window.settings_panel.switches["meter"].isChecked()
    QTest.keyClick(mirror.window, Qt.Key.Key_I)
    mirror.pull()
    assert not card.isVisible()


def at_own_age(years: float = 72.0) -> Face:
    return replace(face(40, 40, 90, 110), person=Match("Ada", 0.8), preferred_age=years, aged=True, target_age=years)


def test_the_dial_shows_the_age_set_for_a_person_and_whose_it_is(mirror: Harness) -> None:
    mirror.push(faces=(at_own_age(),))
    dial = mirror.window.bar.dial
    assert (dial.number_text(), dial.beside_text()) == ("72", "years · set for Ada")
    assert dial.value() == 72 and mirror.target is None
    assert [say(line) for line in overlay.label_of(at_own_age())] == ["Ada at 72", "looks 34 ± 4"]
    assert say(overlay.label_of(replace(at_own_age(), preferred_age=None))[0]) == "Ada"
    mirror.push(faces=(replace(at_own_age(), preferred_age=None),))
    assert (dial.number_text(), dial.beside_text()) == ("as you are", "years")


def test_turning_the_dial_goes_on_from_the_own_age(mirror: Harness) -> None:
    mirror.push(faces=(at_own_age(),))
    mirror.presenter.step_target(1)
    mirror.push(faces=(at_own_age(),))  # made before the dial was turned
    assert mirror.target == 73 and mirror.window.bar.dial.number_text() == "73"


def test_as_you_are_ends_the_own_age_although_the_dial_stood_there(mirror: Harness) -> None:
    mirror.push(faces=(at_own_age(),))
    mirror.presenter.set_target(None)
    mirror.pull()
    assert mirror.session.settings.face_targets == ((1, None),)
    assert mirror.session.settings.target_for(1) is None


def test_a_sweep_begins_at_the_own_age_and_leaves_it_in_force(make_mirror: MakeHarness) -> None:
    mirror = make_mirror(motion="full")
    mirror.push(faces=(at_own_age(),))
    mirror.presenter.start_sweep()
    mirror.pull()
    assert mirror.session.settings.sweeping and mirror.target == pytest.approx(72.0)
    mirror.presenter.toggle_sweep()
    assert mirror.target is None and mirror.session.settings.face_targets == ()


def test_faces_with_targets_of_their_own_have_them_again_after_a_sweep(mirror: Harness) -> None:
    two = (face(0, 0, 40, 60, track=1), face(100, 0, 200, 120, track=2))
    mirror.push(faces=two)
    mirror.presenter.click_picture(20, 20)
    mirror.presenter.set_target(80)
    mirror.presenter.click_picture(300, 170)
    mirror.presenter.toggle_sweep()
    mirror.pull(after_s=3.0)
    mirror.push(faces=two)
    assert mirror.session.settings.face_targets == () and mirror.session.settings.sweeping
    mirror.presenter.toggle_sweep()
    assert mirror.session.settings.face_targets == ((1, 80),) and mirror.target is None


@pytest.mark.usefixtures("qapp")
def test_a_trouble_is_said_in_the_language_of_the_window_by_its_kind() -> None:
    translators = Translators()
    camera = NoCameraError("No camera answered. Tried: 0 (busy).")
    try:
        translators.use("en")
        assert say(trouble(camera)) == "No camera answered. Tried: 0 (busy)."
        translators.use("de")
        assert say(trouble(camera)).startswith("Keine Kamera hat geantwortet.")
        assert say(trouble(PictureError("x"))) == "Diese Datei ist kein lesbares Bild."
        assert say(trouble(RuntimeError("boom"))).startswith("Im Programm ist etwas schiefgegangen.")
        assert say(told("camera 1 is opened", "")) == "camera 1 is opened"
    finally:
        translators.clear()


def test_every_kind_of_error_has_a_sentence_or_a_parent_with_one() -> None:
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)]
    without = {kind.__name__ for kind in kinds if trouble(kind.__new__(kind)).source == FAULT}
    # These are said by the people drawer, in its own words.
    assert without == {"AgeMirrorError", "EnrolmentError", "AlreadyKnownError", "StrangerError"}
    assert set(SENTENCES) <= {kind.__name__ for kind in kinds}


def test_the_german_window_speaks_german_of_a_failed_save_and_a_missing_camera(make_mirror: MakeHarness) -> None:
    mirror = make_mirror(language="de")
    mirror.session.say(SessionState.RECOVERING, "No camera answered. Tried: 0.", kind="NoCameraError")
    mirror.pull()
    body: Text = mirror.window.page.page.body
    assert say(body).startswith("Keine Kamera hat geantwortet.")
    mirror.push()
    mirror.desk.trouble = OutputError("cannot write: no room.")
    mirror.conductor.errands.save_snapshot()
    mirror.settle()
    assert mirror.window.toast.words.startswith("Die Datei ließ sich nicht schreiben.")
