"""Enrolment in the drawer: consent and name, the guide before the camera, what came of pictures, and questions."""

from __future__ import annotations

from pathlib import PurePath

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from desktop import theme
from desktop.presenters.enrol import Answer, EnrolPresenter, Stage
from desktop.presenters.people_words import CONSENT, STEP_NAMES
from desktop.texts import short
from desktop.widgets.announce import announce
from desktop.widgets.card import Card, PassphraseForm, breakable, button, field, label
from desktop.widgets.controls import Switch
from desktop.widgets.guide_ring import GuideRing
from desktop.widgets.portrait import Portrait
from desktop.words import say, translate
from engine.live.people import STEPS

STEP_PX = 50


class AgreePart(QWidget):
    """Who it is, and that they agree; before that nothing is looked at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ask, self._consent, self._pictures = label("muted"), label(), label("muted")
        self._name_label, self.error = label("section"), label("error")
        self.agree, self.name, self.start = Switch(), field(), button("primary")
        card = Card()
        card.title.hide()
        card.detail.hide()
        inner = card.layout()
        assert inner is not None
        inner.addWidget(self._consent)
        inner.addWidget(self.agree)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self._ask, card, self._name_label, self.name, self.error, self._pictures, self.start):
            column.addWidget(widget)

    def show_facts(self, enrol: EnrolPresenter) -> None:
        if self.name.text() != enrol.name:
            self.name.setText(enrol.name)
        self.agree.setChecked(enrol.agreed)
        self._show_error(say(enrol.name_error) if enrol.name_error.source else "")
        self.start.setEnabled(enrol.can_start)
        files = ", ".join(PurePath(path).name for path in enrol.pictures[:4])
        if len(enrol.pictures) > 4:
            files += translate("Mirror", " and {count} more").format(count=len(enrol.pictures) - 4)
        self._pictures.setText(breakable(translate("Mirror", "From: {files}").format(files=files)))
        self._pictures.setVisible(bool(files))
        begin = translate("Mirror", "Look at the pictures") if files else translate("Mirror", "Begin")
        self.start.setText(begin)

    def _show_error(self, error: str) -> None:
        if error and breakable(error) != self.error.text() and self.isVisible():
            announce(self, error)
        self.error.setText(breakable(error))
        self.error.setVisible(bool(error))

    def retranslate(self) -> None:
        self._ask.setText(translate("Mirror", "Only whoever is to be recognised can agree to this. Let them read it."))
        self._consent.setText(translate("Mirror", CONSENT))
        self.agree.setText(translate("Mirror", "I agree"))
        self._name_label.setText(translate("Mirror", "Name"))
        self.name.setAccessibleName(self._name_label.text())
        self.name.setPlaceholderText(translate("Mirror", "How should the mirror call you?"))


class GuidePart(QWidget):
    """What to do now, how far it is, and what was taken."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hint, self.ring, self.skip = label("hint"), GuideRing(), button("link")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.portraits = {step: Portrait(STEP_PX) for step in STEPS}
        self._names: dict[object, QLabel] = {step: QLabel() for step in STEPS}
        grid = QGridLayout()
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(2)
        for number, step in enumerate(STEPS):
            self._names[step].setProperty("muted", True)
            grid.addWidget(self.portraits[step], 0, number, Qt.AlignmentFlag.AlignHCenter)
            grid.addWidget(self._names[step], 1, number, Qt.AlignmentFlag.AlignHCenter)
            grid.setColumnStretch(number, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.ring)
        column.addWidget(self.hint)
        column.addLayout(grid)
        column.addWidget(self.skip)

    def show_facts(self, enrol: EnrolPresenter, *, mirrored: bool) -> None:
        guide = enrol.guide.facts
        self.ring.show_guide(guide, mirrored=mirrored)
        self.hint.setText(say(guide.hint))  # the banner over the picture speaks it
        # Three lines of room from the start: buttons that jump are missed.
        self.hint.setMinimumHeight(self.hint.fontMetrics().lineSpacing() * 3)
        for number, step in enumerate(STEPS):
            letter = "–" if step in guide.skipped else str(number + 1)
            self.portraits[step].show_picture(guide.pictures.get(step), letter, ringed=step is guide.step)
        self.skip.setEnabled(enrol.guide.can_skip)

    def retranslate(self) -> None:
        for step, name in self._names.items():
            name.setText(translate("Mirror", STEP_NAMES[step]))  # type: ignore[index]
        self.skip.setText(translate("Mirror", "Leave this one out"))
        self.ring.setAccessibleName(translate("Mirror", "Progress"))

    def use_theme(self, colours: theme.Theme) -> None:
        self.ring.use_theme(colours)
        for portrait in self.portraits.values():
            portrait.use_theme(colours)


class EnrolPage(QWidget):
    """Draws an ``EnrolPresenter`` and hands it what the user does. ``pictures_asked``: choose other pictures."""

    pictures_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._enrol: EnrolPresenter | None = None
        self._mirrored = True
        self._stage = Stage.CLOSED
        self.title = label("strong")
        self.agree, self.guide, self.passphrase = AgreePart(), GuidePart(), PassphraseForm()
        self.question = Card(("primary", ""))
        self.wait, self.progress, self.refused = label(), QProgressBar(), label("muted")
        self.cancel = button()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        parts: tuple[QWidget, ...] = (self.title, self.agree, self.guide, self.passphrase, self.question)
        rest: tuple[QWidget, ...] = (self.wait, self.progress, self.refused, self.cancel)
        for widget in (*parts, *rest):
            column.addWidget(widget)

    def follow(self, enrol: EnrolPresenter) -> None:
        """Show this presenter from now on."""
        self._enrol = enrol
        self.agree.name.textChanged.connect(enrol.set_name)
        self.agree.name.returnPressed.connect(enrol.start)
        self.agree.agree.clicked.connect(enrol.set_agreed)
        self.agree.start.clicked.connect(lambda: enrol.start())
        self.guide.skip.clicked.connect(lambda: enrol.skip())
        self.passphrase.given.connect(enrol.answer_passphrase)
        self.question.answered.connect(self._answered)
        self.cancel.clicked.connect(lambda: enrol.cancel())
        self.retranslate()

    def _answered(self, number: int) -> None:
        enrol = self._enrol
        if enrol is None:
            return
        if enrol.stage is Stage.ALIKE:
            enrol.answer((Answer.ADD, Answer.ANYWAY)[number])
        elif enrol.stage is Stage.STRANGER:
            enrol.answer(Answer.ANYWAY)
        elif enrol.stage is Stage.REPORT:
            self.pictures_asked.emit()
        else:
            enrol.try_again()

    def show_facts(self, *, mirrored: bool) -> None:
        """Draw the presenter as it is now."""
        enrol = self._enrol
        if enrol is None or not enrol.open:
            self._stage = Stage.CLOSED
            self.passphrase.show_asking(None)
            return
        self._mirrored = mirrored
        stage, before = enrol.stage, self._stage
        self._stage = stage
        self.title.setText(breakable(self._title(enrol)))
        self.agree.setVisible(stage is Stage.AGREE)
        self.guide.setVisible(stage is Stage.GUIDE)
        self.passphrase.setVisible(stage is Stage.PASSPHRASE)
        self.passphrase.show_asking(enrol.asking)
        asks = stage in (Stage.ALIKE, Stage.STRANGER, Stage.FAILED) or (stage is Stage.REPORT and not enrol.enrolled)
        self.question.setVisible(asks)
        self.refused.setVisible(bool(enrol.refused) and stage is Stage.REPORT)
        if stage is Stage.AGREE:
            self.agree.show_facts(enrol)
        elif stage is Stage.GUIDE:
            self.guide.show_facts(enrol, mirrored=mirrored)
        elif asks:
            self._show_question(enrol)
        self._show_waiting(enrol)
        if enrol.refused:
            lines = [translate("Mirror", "Not taken:")]
            lines += [f"•  {breakable(name)}: {say(reason)}" for name, reason in enrol.refused]
            self.refused.setText("\n".join(lines))
        done = stage is Stage.REPORT and enrol.enrolled
        self.cancel.setText(translate("Mirror", "Done") if done else translate("Mirror", "Cancel"))
        self.cancel.setEnabled(stage is not Stage.SAVING)
        if stage is not before:
            self._focus(stage)

    def _focus(self, stage: Stage) -> None:
        """To where something is to be typed; else beside the buttons, so that nothing is pressed by accident."""
        places = {Stage.AGREE: self.agree.name, Stage.PASSPHRASE: self.passphrase.first, Stage.GUIDE: self.guide.ring}
        place = places.get(stage, self.question if self.question.isVisibleTo(self) else None)
        if place is not None:
            place.setFocus(Qt.FocusReason.OtherFocusReason)
        elif self.isVisible():
            self.window().setFocus(Qt.FocusReason.OtherFocusReason)

    def _title(self, enrol: EnrolPresenter) -> str:
        if enrol.stage is Stage.REPORT and enrol.enrolled:
            return translate("Mirror", "{name} is known from now on.").format(name=short(enrol.who))
        if enrol.stage is Stage.AGREE:
            return translate("Mirror", "Enrol someone")
        more, new = translate("Mirror", "More looks of {name}"), translate("Mirror", "Enrolling {name}")
        return (new if enrol.adding is None else more).format(name=short(enrol.who))

    def _show_waiting(self, enrol: EnrolPresenter) -> None:
        words = {
            Stage.PREPARING: translate("Mirror", "One moment …"),
            Stage.SAVING: translate("Mirror", "Saving …"),
            Stage.LOOKING: translate("Mirror", "Looking at the pictures …"),
        }.get(enrol.stage, "")
        self.wait.setText(words)
        self.wait.setVisible(bool(words))
        self.progress.setVisible(enrol.stage is Stage.LOOKING)
        # Folders are counted while they are looked at: then the bar only moves.
        whole = len(enrol.pictures) if enrol.looked <= len(enrol.pictures) else 0
        self.progress.setRange(0, whole)
        self.progress.setValue(enrol.looked)

    def _show_question(self, enrol: EnrolPresenter) -> None:
        name, like = short(enrol.who), short(enrol.like)
        if enrol.stage is Stage.ALIKE:
            title = translate("Mirror", "This looks like {name}, who is enrolled already.").format(name=like)
            same, other = translate("Mirror", "The same person"), translate("Mirror", "Someone else")
            self.question.show_words(title, "", (same, other))
        elif enrol.stage is Stage.STRANGER:
            title = translate("Mirror", "This does not look like {name}.").format(name=name)
            self.question.show_words(title, "", (translate("Mirror", "Add it all the same"),))
        elif enrol.stage is Stage.REPORT:
            self.question.show_words(say(enrol.error), "", (translate("Mirror", "Choose other pictures …"),))
        else:
            title = translate("Mirror", "This did not work")
            self.question.show_words(title, say(enrol.error), (translate("Mirror", "Try again"),))

    def retranslate(self) -> None:
        for part in (self.agree, self.guide, self.passphrase):
            part.retranslate()
        self.show_facts(mirrored=self._mirrored)

    def use_theme(self, colours: theme.Theme) -> None:
        self.guide.use_theme(colours)
        self.agree.agree.use_theme(colours)
