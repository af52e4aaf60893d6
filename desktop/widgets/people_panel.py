"""The people drawer: who is known here, what can be done with them, and the way to become one of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop import theme
from desktop.presenters.people import ACTION_LABELS, Notice, PeoplePresenter, Question
from desktop.presenters.people_words import KEPT
from desktop.widgets.card import Card, PassphraseForm, button, label
from desktop.widgets.drawer import Panel
from desktop.widgets.enrol_page import EnrolPage
from desktop.widgets.person_row import PersonRow
from desktop.words import say, translate

_MOST_NOTICES = 3


class PeoplePanel(Panel):
    """Draws a ``PeoplePresenter`` and hands it what the user does.

    ``pictures_asked``: choose picture files for somebody new (None) or for the person of this number.
    """

    pictures_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presenter: PeoplePresenter | None = None
        self._theme = theme.DARK
        self._over = False
        self._mirrored = True
        self.rows: dict[int, PersonRow] = {}
        self.notices = [Card(("", "danger")) for _ in range(_MOST_NOTICES)]
        self.passphrase = PassphraseForm()
        self.empty, self.looking = label(), label("muted")
        self.enrol, self.from_pictures = button("primary"), button()
        self.drop = Card()
        self.kept = Card()
        self.page = EnrolPage()
        self._list, self._rows = QWidget(), QVBoxLayout()
        self._assemble()

    def _assemble(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 4, 16, 24)
        column.setSpacing(0)
        column.addWidget(self._list)
        column.addWidget(self.page)
        column.addStretch(1)
        inner = QVBoxLayout(self._list)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(10)
        above: tuple[QWidget, ...] = (*self.notices, self.passphrase, self.looking, self.empty, self.enrol)
        for widget in above:
            inner.addWidget(widget)
        self._rows.setSpacing(2)
        inner.addLayout(self._rows)
        below: tuple[QWidget, ...] = (self.from_pictures, self.drop, self.kept)
        for widget in below:
            inner.addWidget(widget)
        self.drop.detail.setAlignment(Qt.AlignmentFlag.AlignHCenter)

    def follow(self, presenter: PeoplePresenter) -> None:
        """Show this presenter from now on."""
        self._presenter = presenter
        self.page.follow(presenter.enrol)
        self.page.pictures_asked.connect(lambda: self.pictures_asked.emit(self._adding()))
        self.enrol.clicked.connect(lambda: presenter.enrol.begin())
        self.from_pictures.clicked.connect(lambda: self.pictures_asked.emit(None))
        self.passphrase.given.connect(lambda text, _: presenter.unlock(text))
        for number, card in enumerate(self.notices):
            card.answered.connect(lambda answer, number=number: self._answered(number, answer))
        self.retranslate()

    def _adding(self) -> int | None:
        adding = self._presenter.enrol.adding if self._presenter is not None else None
        return None if adding is None else adding.id

    def _answered(self, number: int, answer: int) -> None:
        if self._presenter is not None:
            notices = self._presenter.notices
            if number < len(notices) and answer < len(notices[number].actions):
                self._presenter.do(notices[number].actions[answer])

    def minimumSizeHint(self) -> QSize:
        """As wide as it has to be; how high that is, follows from the width, and not from the narrowest labels."""
        return QSize(super().minimumSizeHint().width(), 0)

    def title(self) -> str:
        return translate("Mirror", "People")

    def show_facts(self, *, mirrored: bool) -> None:
        """Draw the presenter as it is now."""
        presenter = self._presenter
        if presenter is None:
            return
        self._mirrored = mirrored
        ended = self.page.isVisibleTo(self) and not presenter.enrol.open
        if ended and self.isAncestorOf(self.window().focusWidget() or self.window()):
            self.window().setFocus(Qt.FocusReason.OtherFocusReason)
        self.page.setVisible(presenter.enrol.open)
        self._list.setVisible(not presenter.enrol.open)
        self.page.show_facts(mirrored=mirrored)
        if not presenter.enrol.open:
            self._show_list(presenter)

    def _show_list(self, presenter: PeoplePresenter) -> None:
        self.looking.setVisible(presenter.known is None)
        self.empty.setVisible(presenter.empty)
        self._show_notices(presenter.notices)
        asking = presenter.asking
        self.passphrase.setVisible(asking is not None)
        self.passphrase.show_asking(asking)
        for each in (self.enrol, self.from_pictures):
            each.setEnabled(presenter.can_enrol)
        self.drop.setVisible(presenter.can_enrol)
        self._show_rows(presenter)

    def _show_notices(self, notices: Sequence[Notice]) -> None:
        for number, card in enumerate(self.notices):
            card.setVisible(number < len(notices))
            if number < len(notices):
                notice = notices[number]
                answers = [translate("Mirror", ACTION_LABELS[action]) for action in notice.actions]
                card.show_words(say(notice.title), say(notice.detail), answers)

    def _show_rows(self, presenter: PeoplePresenter) -> None:
        rows = presenter.rows
        wanted = [row.person.id for row in rows]
        for person_id in [each for each in self.rows if each not in wanted]:
            gone = self.rows.pop(person_id)
            self._rows.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for place, row in enumerate(rows):
            if row.person.id not in self.rows:
                self.rows[row.person.id] = self._new_row(presenter, row.person.id)
            widget = self.rows[row.person.id]
            if self._rows.indexOf(widget) != place:
                self._rows.insertWidget(place, widget)
            widget.show_row(row)

    def _new_row(self, presenter: PeoplePresenter, person_id: int) -> PersonRow:
        row = PersonRow()
        row.use_theme(self._theme)
        row.opened.connect(lambda: presenter.open_row(person_id))
        row.renamed.connect(presenter.rename)
        row.target_chosen.connect(lambda years: presenter.set_target_age(person_id, years))
        row.looks_asked.connect(lambda: self._more_looks(presenter, person_id))
        row.pictures_asked.connect(lambda: self.pictures_asked.emit(person_id))
        row.merge_asked.connect(lambda other: presenter.ask(Question.MERGE, other))
        row.forget_asked.connect(lambda: presenter.ask(Question.FORGET))
        row.answered.connect(presenter.answer)
        return row

    def _more_looks(self, presenter: PeoplePresenter, person_id: int) -> None:
        for row in presenter.rows:
            if row.person.id == person_id:
                presenter.enrol.add_looks(row.person)

    def show_drop(self, over: bool) -> None:
        """Whether picture files are being held over the drawer."""
        if over != self._over:
            self._over = over
            self.drop.setProperty("over", over)
            self.drop.style().polish(self.drop)

    def retranslate(self) -> None:
        self.looking.setText(translate("Mirror", "Looking who is here …"))
        nobody = translate("Mirror", "Nobody is known here yet. Whoever likes is known by name in ten seconds.")
        self.empty.setText(nobody)
        self.enrol.setText(translate("Mirror", "Enrol someone"))
        self.from_pictures.setText(translate("Mirror", "From pictures …"))
        self.drop.show_words("", translate("Mirror", "or let picture files go here"))
        self.drop.title.hide()
        self.kept.show_words(translate("Mirror", "Everything stays on this computer"), translate("Mirror", KEPT))
        self.passphrase.retranslate()
        for row in self.rows.values():
            row.retranslate()
        self.page.retranslate()
        self.show_facts(mirrored=self._mirrored)

    def use_theme(self, colours: theme.Theme) -> None:
        self._theme = colours
        self.page.use_theme(colours)
        for row in self.rows.values():
            row.use_theme(colours)
