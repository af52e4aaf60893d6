"""The people drawer in the whole window: the list, what is in the way, how it fits; with a real gallery."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QPushButton, QSpinBox, QWidget

from desktop.commands import Command
from desktop.main_window import MainWindow
from desktop.presenters.enrol import Stage
from desktop.widgets.person_row import SETTLED_MS
from engine.errors import GalleryBusyError
from engine.recognition.gallery import Gallery
from engine.recognition.gate import HINTS, Refusal
from tests.desktop.conftest import Harness, MakeHarness
from tests.desktop.visitors import Visitor, begin, click, enrol_before, known, picture_of, row, stored, words
from tests.fakes.keyrings import MemoryKeyring
from tests.fakes.people import MODEL, OTHER_MODEL, PASSPHRASE

K = Qt.Key
LEFT = Qt.MouseButton.LeftButton


# -- the list ---------------------------------------------------------------------------------------------------------


def test_an_empty_drawer_is_kind_and_says_what_would_be_kept(people: MakeHarness, home: Path) -> None:
    mirror = people()
    said = words(mirror.window.people_panel)
    assert "Nobody is known here yet" in said
    assert "Everything stays on this computer" in said and "encrypted" in said
    assert mirror.window.bar.buttons[Command.PEOPLE].isChecked()
    assert not (home / "people.sqlite").exists(), "looking makes nothing"


def test_the_list_shows_pictures_and_facts_and_the_session_knows_everybody(people: MakeHarness) -> None:
    enrol_before("Ada", "Bob")
    mirror = people()
    panel = mirror.window.people_panel
    assert [each.head.accessibleName() for each in panel.rows.values()] == ["Ada, 2 looks", "Bob, 3 looks"]
    pictures = [picture_of(each) for each in panel.rows.values()]
    assert all(picture is not None and picture.shape == (112, 112, 3) for picture in pictures)
    assert known(mirror).names == ("Ada", "Bob")


def test_the_gallery_is_never_touched_on_the_thread_of_the_window(
    people: MakeHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol_before("Ada")
    threads: set[threading.Thread] = set()
    opened = Gallery.open.__func__

    def watched(cls: type[Gallery], *args: object, **values: object) -> Gallery:
        threads.add(threading.current_thread())
        return opened(cls, *args, **values)

    monkeypatch.setattr(Gallery, "open", classmethod(watched))
    mirror = people()
    begin(mirror, "Eve")
    Visitor(mirror, person=9).do_all()
    assert mirror.window.toast.words == "Eve is known from now on."
    assert threads and threading.main_thread() not in threads


def test_looking_again_does_not_make_the_session_begin_anew(people: MakeHarness) -> None:
    enrol_before("Ada")
    mirror = people()
    QTest.keyClick(mirror.window, K.Key_P)
    QTest.keyClick(mirror.window, K.Key_P)
    mirror.settle()
    assert known(mirror) is mirror.session.people[0]


def test_renaming_in_place(people: MakeHarness) -> None:
    enrol_before("Ada", "Bob")
    mirror = people()
    ada = row(mirror, 0)
    click(mirror, ada.head)
    assert ada.name.text() == "Ada" and not ada.save.isEnabled()
    for wrong, why in (
        ("bob", "Bob is enrolled already"),
        ("  ", "A name is needed"),
        ("x" * 10_000, "10000 characters"),
    ):
        ada.name.setText(wrong)
        QTest.keyClick(ada.name, K.Key_Return)
        mirror.settle()
        assert why in ada.error.text() and ada.error.isVisible()
    assert stored() == {"Ada": 2, "Bob": 3}
    ada.name.clear()
    QTest.keyClicks(ada.name, " Ada  Lovelace")
    click(mirror, ada.save)
    assert stored() == {"Ada Lovelace": 2, "Bob": 3}
    assert mirror.window.toast.words == "Ada is called Ada Lovelace now."
    assert known(mirror).names == ("Ada Lovelace", "Bob")


def test_merging_asks_first(people: MakeHarness) -> None:
    enrol_before("Ada", "Bob", "Cleo")
    mirror = people()
    ada = row(mirror, 0)
    click(mirror, ada.head)
    ada.others.setCurrentIndex(1)
    click(mirror, ada.merge)
    assert "Cleo becomes Ada?" in words(ada.question)
    click(mirror, ada.question.buttons[1])
    assert len(stored()) == 3
    click(mirror, ada.merge)
    click(mirror, ada.question.buttons[0])
    assert stored() == {"Ada": 6, "Bob": 3}
    assert mirror.window.toast.words == "Cleo is Ada now."


def test_forgetting_asks_first(people: MakeHarness) -> None:
    enrol_before("Ada", "Bob")
    mirror = people()
    ada = row(mirror, 0)
    click(mirror, ada.head)
    click(mirror, ada.forget)
    QTest.keyClick(ada.question, K.Key_Escape)
    mirror.settle()
    assert stored() == {"Ada": 2, "Bob": 3} and mirror.window.panel is mirror.window.people_panel
    click(mirror, ada.forget)
    assert "Forget Ada for ever?" in words(ada.question)
    click(mirror, ada.question.buttons[0])
    assert stored() == {"Bob": 3}
    assert known(mirror).names == ("Bob",)
    assert [each.head.accessibleName() for each in mirror.window.people_panel.rows.values()] == ["Bob, 3 looks"]


def test_a_preferred_age_is_turned_to_and_taken_back(people: MakeHarness) -> None:
    enrol_before("Ada")
    mirror = people()
    ada = row(mirror, 0)
    click(mirror, ada.head)
    assert ada.age.text() == "like the dial" and not ada.none.isVisible()
    for _ in range(3):
        QTest.mouseClick(ada.more, LEFT)
    assert ada.age.value() == 42
    QTest.qWait(SETTLED_MS + 100)
    mirror.settle()
    mirror.settle()
    assert known(mirror).target_age("Ada") == 42
    assert ada.head.accessibleName() == "Ada, 2 looks  ·  shown at 42"
    click(mirror, ada.none)
    assert known(mirror).target_age("Ada") is None
    assert ada.age.text() == "like the dial"


def test_a_change_that_fails_is_told_and_nothing_is_lost(people: MakeHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    enrol_before("Ada")
    mirror = people()

    def busy(self: Gallery, person_id: int) -> None:
        raise GalleryBusyError("the people are in use by another program: try again in a moment.")

    monkeypatch.setattr(Gallery, "remove", busy)
    ada = row(mirror, 0)
    click(mirror, ada.head)
    click(mirror, ada.forget)
    click(mirror, ada.question.buttons[0])
    assert mirror.window.toast.words == "The people are in use by another program: try again in a moment."
    assert stored() == {"Ada": 2}


# -- what is in the way -----------------------------------------------------------------------------------------------


def test_a_locked_gallery_asks_for_its_passphrase(people: MakeHarness) -> None:
    enrol_before("Ada", passphrase=PASSPHRASE)
    mirror = people()
    panel = mirror.window.people_panel
    assert panel.passphrase.isVisible() and not panel.passphrase.again.isVisible()
    assert picture_of(row(mirror, 0)) is None and known(mirror) is None
    click(mirror, panel.passphrase.go)
    assert "Type a passphrase" in words(panel.passphrase)
    QTest.keyClicks(panel.passphrase.first, "wrong")
    click(mirror, panel.passphrase.go)
    assert "the passphrase is wrong" in words(panel.passphrase)
    panel.passphrase.first.clear()
    QTest.keyClicks(panel.passphrase.first, PASSPHRASE)
    QTest.keyClick(panel.passphrase.first, K.Key_Return)
    mirror.settle()
    mirror.settle()
    assert not panel.passphrase.isVisible() and panel.passphrase.first.text() == ""
    assert picture_of(row(mirror, 0)) is not None
    assert known(mirror).names == ("Ada",)


def test_locked_names_are_mentioned_once_at_the_start(make_mirror: MakeHarness) -> None:
    enrol_before("Ada", passphrase=PASSPHRASE)
    mirror = make_mirror()
    mirror.conductor.people.look()
    mirror.settle()
    assert mirror.window.toast.words == "The names of people are locked."
    click(mirror, mirror.window.toast.button)
    assert mirror.window.panel is mirror.window.people_panel
    assert mirror.window.people_panel.passphrase.isVisible()


def test_a_damaged_file_says_so_and_can_be_erased(people: MakeHarness, home: Path) -> None:
    (home / "people.sqlite").write_bytes(b"no database at all, " * 200)
    mirror = people()
    panel = mirror.window.people_panel
    card = panel.notices[0]
    assert "What is stored of people is damaged" in words(card) and "people.sqlite" in words(card)
    assert not panel.enrol.isEnabled() and not panel.from_pictures.isEnabled()
    click(mirror, card.buttons[0])
    assert card.isVisible(), "it is damaged still"
    click(mirror, card.buttons[1])
    assert "Erase everybody for ever?" in words(card)
    click(mirror, card.buttons[1])
    assert "damaged" in words(card) and (home / "people.sqlite").exists(), "kept"
    click(mirror, card.buttons[1])
    click(mirror, card.buttons[0])
    assert not card.isVisible() and panel.enrol.isEnabled()
    assert not (home / "people.sqlite").exists()


def test_a_newer_file_says_so_and_is_left_alone(people: MakeHarness, home: Path) -> None:
    enrol_before("Ada")
    with sqlite3.connect(home / "people.sqlite") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    before = (home / "people.sqlite").read_bytes()
    mirror = people()
    card = mirror.window.people_panel.notices[0]
    assert "A newer version wrote" in words(card) and "update the program" in words(card)
    assert (home / "people.sqlite").read_bytes() == before


def test_a_file_that_another_program_holds_can_be_tried_again(
    people: MakeHarness, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol_before("Ada")
    monkeypatch.setattr("engine.recognition.schema.BUSY_TIMEOUT_MS", 30)
    monkeypatch.setattr(Gallery.open.__func__, "__defaults__", (None, None, True, 30))
    other = sqlite3.connect(home / "people.sqlite", isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("UPDATE people SET created = created")
    try:
        mirror = people()
        card = mirror.window.people_panel.notices[0]
        assert "Another program holds the people" in words(card)
        assert [each.isVisible() for each in card.buttons] == [True, False], "nothing to erase in a hurry"
    finally:
        other.execute("ROLLBACK")
        other.close()
    click(mirror, card.buttons[0])
    assert not card.isVisible() and len(mirror.window.people_panel.rows) == 1


def test_a_keyring_without_the_key_is_explained(people: MakeHarness) -> None:
    enrol_before("Ada")
    keyring.set_keyring(MemoryKeyring())
    mirror = people()
    card = mirror.window.people_panel.notices[0]
    assert "The pictures of people are locked" in words(card) and "keyring has no key" in words(card)
    assert not mirror.window.people_panel.enrol.isEnabled()
    assert row(mirror, 0).head.accessibleName() == "Ada, 2 looks", "who is there can be read all the same"


def test_without_a_network_nobody_can_be_enrolled(
    people: MakeHarness, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("AGE_MIRROR_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("AGE_MIRROR_HOME", str(tmp_path))
    mirror = people()
    panel = mirror.window.people_panel
    assert "Nobody can be recognised on this computer" in words(panel.notices[0])
    assert not panel.enrol.isEnabled()


def test_people_of_another_network_are_measured_anew(people: MakeHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    enrol_before("Ada", model=OTHER_MODEL)

    class Network:
        model = MODEL

        def embed(self, crops: object) -> object:
            import numpy as np

            return np.eye(len(crops), 32, dtype=np.float32)

        def close(self) -> None:
            pass

    monkeypatch.setattr("engine.live.people.Embedder.load", lambda *_, **__: Network())
    mirror = people()
    card = mirror.window.people_panel.notices[0]
    assert "1 person was enrolled with another network" in words(card)
    assert "not recognised now" in row(mirror, 0).head.accessibleName()
    click(mirror, card.buttons[0])
    assert not card.isVisible()
    assert known(mirror).names == ("Ada",)
    assert mirror.window.toast.words == "Everybody can be recognised again."


# -- settings, layout, reach ------------------------------------------------------------------------------------------


def test_erasing_everything_erases_the_people_too(people: MakeHarness) -> None:
    enrol_before("Ada")
    mirror = people()
    mirror.conductor.do(Command.SETTINGS)
    mirror.settle()
    privacy = mirror.window.settings_panel.privacy
    privacy.erase.click()
    assert "recordings and people?" in words(privacy)
    privacy.sure.click()
    mirror.settle()
    mirror.settle()
    assert stored() == {} and mirror.desk.erased == 1
    assert known(mirror) is None and "Erased" in mirror.window.toast.words
    assert keyring.get_keyring().kept == {}


def test_people_that_cannot_be_erased_do_not_keep_the_rest(
    people: MakeHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = people()

    def busy(path: Path | None = None) -> int:
        raise GalleryBusyError("the people are in use by another program: try again in a moment.")

    monkeypatch.setattr("engine.live.people.erase_everything", busy)
    mirror.conductor.do(Command.SETTINGS)
    privacy = mirror.window.settings_panel.privacy
    mirror.settle()
    privacy.erase.click()
    privacy.sure.click()
    mirror.settle()
    assert mirror.desk.erased == 1
    assert "in use by another program" in mirror.window.toast.words


def drag(window: MainWindow, place: QPoint, *files: str, drop: bool) -> None:
    """Hold files over a place of the window, or let them go there."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(file) for file in files])
    none = Qt.KeyboardModifier.NoModifier
    if drop:
        window.dropEvent(QDropEvent(QPointF(place), Qt.DropAction.CopyAction, data, LEFT, none))
    else:
        window.dragMoveEvent(QDragMoveEvent(place, Qt.DropAction.CopyAction, data, LEFT, none))


def test_files_over_the_drawer_are_for_the_people_and_elsewhere_for_the_picture(people: MakeHarness) -> None:
    mirror = people()
    window = mirror.window
    middle = window.drawer.geometry().center()
    drag(window, middle, "a.png", "b.png", drop=False)
    assert window.people_panel.drop.property("over")
    drag(window, middle, "a.png", "b.png", drop=True)
    mirror.settle()
    assert not window.people_panel.drop.property("over")
    assert window.people_panel.page.agree.isVisible() and "a.png, b.png" in words(window.people_panel)
    assert mirror.session.settings.source == "0"
    drag(window, window.live.geometry().center(), "c.png", drop=True)
    mirror.settle()
    assert mirror.session.settings.source.endswith("c.png")


def test_pictures_can_be_chosen_in_a_dialog(people: MakeHarness) -> None:
    mirror = people()
    click(mirror, mirror.window.people_panel.from_pictures)
    (dialog,) = mirror.window.findChildren(QFileDialog)
    assert dialog.fileMode() is QFileDialog.FileMode.ExistingFiles
    dialog.filesSelected.emit(["a.png", "b.png", "c.png", "d.png", "e.png", "f.png"])
    dialog.close()
    mirror.settle()
    assert "and 2 more" in words(mirror.window.people_panel.page)


def test_pictures_are_for_the_person_whose_dialog_it_was(people: MakeHarness) -> None:
    enrol_before("Ada")
    mirror = people()
    enrol = mirror.conductor.people.presenter.enrol
    click(mirror, row(mirror, 0).head)
    click(mirror, row(mirror, 0).pictures)
    (dialog,) = mirror.window.findChildren(QFileDialog)
    dialog.reject()
    drag(mirror.window, mirror.window.drawer.geometry().center(), "a.png", drop=True)
    assert enrol.stage is Stage.AGREE and enrol.adding is None, "a dialog that was closed leaves nothing behind"
    enrol.cancel()
    click(mirror, row(mirror, 0).pictures)
    mirror.window.findChildren(QFileDialog)[-1].filesSelected.emit(["b.png"])
    assert enrol.adding is not None and enrol.adding.name == "Ada"
    mirror.settle()


def all_states(mirror: Harness) -> Iterator[str]:
    """The drawer in one state after the other."""
    yield "list"
    click(mirror, row(mirror, 0).head)
    yield "open"
    click(mirror, row(mirror, 0).forget)
    yield "forget"
    click(mirror, row(mirror, 0).question.buttons[1])
    begin(mirror, "M" * 80)
    yield "guide"
    Visitor(mirror, person=1).look(7)
    yield "alike"
    mirror.conductor.people.presenter.enrol.cancel()
    click(mirror, mirror.window.people_panel.enrol)
    yield "agree"


@pytest.mark.parametrize("size", [(480, 400), (1280, 800)])
@pytest.mark.parametrize("language", ["en", "de"])
def test_everything_fits_into_the_drawer(people: MakeHarness, language: str, size: tuple[int, int]) -> None:
    enrol_before("W" * 80, "Bartholomäus")
    with Gallery.open() as gallery:
        gallery.set_target_age(1, 100)
    mirror = people(language=language)
    mirror.window.resize(*size)
    QApplication.processEvents()
    panel = mirror.window.people_panel
    area = panel.parentWidget()
    assert area is not None
    for state in all_states(mirror):
        QApplication.processEvents()
        wide = [(type(w).__name__, w.minimumSizeHint().width()) for w in panel.findChildren(QWidget) if w.isVisible()]
        assert panel.width() <= area.width(), (state, max(wide, key=lambda each: each[1]))
        for each in panel.findChildren(QPushButton):
            if each.isVisible():
                needed = each.fontMetrics().horizontalAdvance(each.text())
                assert needed <= each.width() - 4, (state, each.text())


def test_what_fits_is_not_scrolled(people: MakeHarness) -> None:
    enrol_before("Ada", "Bob")
    mirror = people()
    QApplication.processEvents()
    panel = mirror.window.people_panel
    area = panel.parentWidget()
    assert area is not None and panel.height() == area.height()


def test_every_control_of_the_drawer_has_a_name(people: MakeHarness) -> None:
    enrol_before("Ada", "Bob")
    mirror = people()
    for state in all_states(mirror):
        for widget in mirror.window.people_panel.findChildren(QWidget):
            inner = isinstance(widget, QLineEdit) and isinstance(widget.parent(), QSpinBox)
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and not inner:
                assert widget.accessibleName() or widget.property("text"), (state, type(widget).__name__)


def test_the_drawer_speaks_german(people: MakeHarness) -> None:
    enrol_before("Ada")
    mirror = people(language="de")
    panel = mirror.window.people_panel
    assert panel.title() == "Personen" and panel.enrol.text() == "Jemanden aufnehmen"
    begin(mirror, "Bob")
    Visitor(mirror, person=3).look(9, highlight=20)
    assert panel.page.guide.hint.text() == "Hier ist es zu dunkel: Machen Sie Licht"
    mirror.window.settings_panel.preferred.emit({"language": "en"})
    mirror.pull()
    assert panel.page.guide.hint.text() == HINTS[Refusal.TOO_DARK], "the language changes in the middle of it"
