"""Enrolled and recognised in the real window: real session, detection and gallery, a network of random numbers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import keyring
import numpy as np
import pytest
from keyring.backends.fail import Keyring as NoKeyring
from PySide6.QtWidgets import QApplication

from engine.recognition import vault
from engine.recognition.gallery import Gallery
from tests.builders import person_picture
from tests.fakes.keyrings import MemoryKeyring
from tests.fakes.live_window import LiveWindow


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Two pictures each of ada, bob and cleo, and some that cannot be used."""
    for number, name in enumerate(("ada", "bob", "cleo")):
        cv2.imwrite(str(tmp_path / f"{name}-1.png"), person_picture(number, 640))
        cv2.imwrite(str(tmp_path / f"{name}-2.png"), np.asarray(person_picture(number, 600) * 0.93, np.uint8))
    ada, bob = person_picture(0, 640), person_picture(1, 640)
    cv2.imwrite(str(tmp_path / "two.png"), np.hstack([ada, bob]))
    cv2.imwrite(str(tmp_path / "dark.png"), np.asarray(ada * 0.2, np.uint8))
    cv2.imwrite(str(tmp_path / "blurred.png"), cv2.GaussianBlur(ada, (0, 0), 7))
    return tmp_path


@pytest.fixture
def live(qapp: QApplication, home: Path, made_weights: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveWindow]:
    monkeypatch.setenv("AGE_MIRROR_WEIGHTS", str(made_weights))
    monkeypatch.setattr(vault, "SCRYPT_N", 16)
    monkeypatch.delenv(vault.PASSPHRASE_VARIABLE, raising=False)
    # On a busy computer the slow worker would be left with next to nothing.
    monkeypatch.setattr("engine.live.workers._be_nice", lambda: None)
    keyring.set_keyring(MemoryKeyring())
    window = LiveWindow(home, patience_s=90.0)
    yield window
    window.close()
    keyring.set_keyring(NoKeyring())


def recognised(live: LiveWindow, name: str) -> bool:
    return live.names() == [name]


def says(live: LiveWindow, hint: str) -> bool:
    return live.panel.page.guide.hint.text() == hint


def test_enrolled_before_the_camera_recognised_and_forgotten(live: LiveWindow, album: Path) -> None:
    live.open_people()
    for name in ("Ada", "Bob", "Cleo"):
        live.show(album / f"{name.lower()}-1.png")
        live.enrol(name)
    for name in ("Ada", "Bob", "Cleo"):
        live.show(album / f"{name.lower()}-2.png")
        live.until(partial(recognised, live, name), f"{name} is not recognised")
    row = next(row for row in live.panel.rows.values() if row.head.accessibleName().startswith("Cleo"))
    live.click(row.head)
    live.click(row.forget)
    live.click(row.question.buttons[0])
    live.until(lambda: live.known() == ["Ada", "Bob"], "Cleo is not forgotten")
    live.until(lambda: live.names() == [], "Cleo still has a name")


def test_somebody_who_is_known_is_recognised_while_enrolling(live: LiveWindow, album: Path) -> None:
    live.open_people()
    live.show(album / "ada-1.png")
    live.enrol("Ada")
    live.show(album / "ada-2.png")
    live.begin("Countess")
    question = live.panel.page.question
    live.until(question.isVisible, "nobody noticed that this is Ada")
    assert "This looks like Ada" in question.title.text()
    live.click(live.panel.page.cancel)
    live.until(live.panel.enrol.isVisible, "it was not cancelled")
    with Gallery.open(create=False) as gallery:
        assert [person.name for person in gallery.people()] == ["Ada"]


def test_what_cannot_be_taken_is_told_before_the_camera(live: LiveWindow, album: Path, home: Path) -> None:
    live.open_people()
    live.show(album / "dark.png")
    live.begin("Ada")
    for picture, hint in (
        ("dark.png", "It is too dark here: turn on a light"),
        ("two.png", "Only one face, please"),
        ("blurred.png", "Hold still for a moment"),
    ):
        live.show(album / picture)
        live.until(partial(says, live, hint), f"not told: {hint}")
    live.click(live.panel.page.cancel)
    assert not (home / "people.sqlite").exists()


def give(live: LiveWindow, album: Path, name: str, *pictures: str) -> None:
    """Picture files let go over the drawer, then consent and name."""
    live.window.pictures_chosen.emit([str(album / picture) for picture in pictures], None)
    form = live.panel.page.agree
    live.click(form.agree)
    form.name.setText(name)
    live.click(form.start)


def test_from_pictures_the_good_ones_are_taken_and_the_others_listed(live: LiveWindow, album: Path) -> None:
    live.open_people()
    give(live, album, "Ada", "ada-1.png", "dark.png", "ada-2.png", "two.png")
    page = live.panel.page
    live.until(page.refused.isVisible, "no report")
    said = page.refused.text().replace("\u200b", "")
    assert "dark.png: the face is too dark" in said and "two.png: there are several faces" in said
    assert page.title.text() == "Ada is known from now on." and "ada-1" not in said
    live.click(page.cancel)
    live.until(lambda: live.known() == ["Ada"], "Ada is not in the list")
    live.show(album / "ada-2.png")
    live.until(lambda: live.names() == ["Ada"], "Ada is not recognised")


def test_pictures_that_do_not_do_enrol_nobody_and_others_can_be_chosen(
    live: LiveWindow, album: Path, home: Path
) -> None:
    live.open_people()
    give(live, album, "Ada", "dark.png", "blurred.png")
    page = live.panel.page
    live.until(page.question.isVisible, "no report")
    assert "no picture shows the face well enough" in page.question.title.text()
    assert not (home / "people.sqlite").exists()
    live.panel.page.pictures_asked.disconnect()  # the dialog of the system is not part of this
    live.window.pictures_chosen.emit([str(album / "ada-1.png")], None)
    live.until(lambda: live.known() == ["Ada"], "Ada is not in the list")


def test_pictures_of_somebody_who_is_known_go_to_them(live: LiveWindow, album: Path) -> None:
    live.open_people()
    give(live, album, "Ada", "ada-1.png")
    live.until(lambda: live.known() == ["Ada"], "Ada is not in the list")
    give(live, album, "Countess", "ada-2.png")
    question = live.panel.page.question
    live.until(question.isVisible, "nobody noticed that this is Ada")
    live.click(question.buttons[0])
    live.until(lambda: live.window.toast.words == "Ada has more looks now: 2.", "Ada got no more looks")


def test_waiting_for_pictures_can_be_cancelled(live: LiveWindow, album: Path, home: Path) -> None:
    live.open_people()
    give(live, album, "Ada", *["ada-1.png", "ada-2.png"] * 20)
    enrol = live.conductor.people.presenter.enrol
    live.until(lambda: enrol.looked > 0, "no picture was looked at")
    live.click(live.panel.page.cancel)
    live.until(lambda: not live.background.busy, "it went on all the same")
    assert live.known() == [] and not (home / "people.sqlite").exists()
