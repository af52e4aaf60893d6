"""What the tests of the people drawer share: people who were there before, and somebody before the camera."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QWidget

from desktop.widgets.person_row import PersonRow
from engine.recognition.gallery import Gallery
from engine.recognition.vault import Vault
from tests.desktop.conftest import Harness
from tests.fakes.observations import POSES, nobody, seen
from tests.fakes.people import CONSENT, MODEL, samples

LEFT = Qt.MouseButton.LeftButton


def enrol_before(*names: str, passphrase: str | None = None, model: str = MODEL) -> None:
    """People who were enrolled before the window opened: the first is person 1 of the fakes, and so on."""
    with Gallery.open(vault=Vault.create(passphrase) if passphrase else None) as gallery:
        for number, name in enumerate(names, 1):
            gallery.add(name, samples(number, number + 1, model), CONSENT)


def stored() -> dict[str, int]:
    """Everybody in the file, and how many looks are kept."""
    with Gallery.open() as gallery:
        return {person.name: person.samples for person in gallery.people()}


class Visitor:
    """Somebody who stands before the camera of a window."""

    def __init__(self, mirror: Harness, person: int = 1) -> None:
        self.mirror, self.person, self.now_s = mirror, person, 100.0

    def look(self, count: int = 1, **measures: float) -> None:
        """So many looks, five a second."""
        for number in range(count):
            self.now_s += 0.2
            self.mirror.session.observed = seen(self.now_s, person=self.person, look=number % 3, **measures)
            self.mirror.pull(after_s=0.2)

    def go_away(self, count: int = 1) -> None:
        for _ in range(count):
            self.now_s += 0.2
            self.mirror.session.observed = nobody(self.now_s)
            self.mirror.pull(after_s=0.2)

    def do_all(self) -> None:
        """Everything the guide asks for."""
        for pose in POSES:
            self.look(7, **pose)
        self.mirror.settle()
        self.mirror.settle()


def known(mirror: Harness) -> Any:
    """The index that the session was given last."""
    return mirror.session.people[-1]


def picture_of(row: PersonRow) -> Any:
    """What the line of a person shows."""
    person = row.head._person
    return None if person is None else person.picture


def row(mirror: Harness, number: int) -> PersonRow:
    return list(mirror.window.people_panel.rows.values())[number]


def click(mirror: Harness, button: QAbstractButton) -> None:
    """As a user: it has to be there, and enabled."""
    assert button.isVisible() and button.isEnabled(), button.text()
    QTest.mouseClick(button, LEFT)
    mirror.settle()
    mirror.settle()


def words(widget: QWidget) -> str:
    """All that can be read in a part of the window."""
    found = [each for each in widget.findChildren(QWidget) if each.isVisible()]
    return "\n".join(str(each.property("text")) for each in found if each.property("text")).replace("\u200b", "")


def begin(mirror: Harness, name: str = "Ada") -> None:
    """Open the form, agree, type a name, and go."""
    panel = mirror.window.people_panel
    click(mirror, panel.enrol)
    click(mirror, panel.page.agree.agree)
    QTest.keyClicks(panel.page.agree.name, name)
    click(mirror, panel.page.agree.start)
