"""One person of the list: a line to click on, and beneath it, once opened, everything that can be done with them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from desktop import icons, theme
from desktop.presenters.dial import MIDDLE_YEARS
from desktop.presenters.people import Question, Row
from desktop.presenters.people_words import looks_text
from desktop.texts import short
from desktop.widgets.card import Card, breakable, button, field, label
from desktop.widgets.controls import Choice
from desktop.widgets.portrait import paint_portrait
from desktop.words import say, translate
from engine.live.people import KnownPerson

HEAD_PX, PORTRAIT_PX = 60.0, 44.0
NARROW_PX = 260
"""Below, a field and its button stand one under the other."""
SETTLED_MS = 450
"""An age that is being turned is written once it stands still."""


class RowHead(QAbstractButton):
    """Picture, name, and what is known; the whole line opens the rest."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme.DARK
        self._person: KnownPerson | None = None
        self._facts = ""
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def use_theme(self, colours: theme.Theme) -> None:
        self._theme = colours
        self.update()

    def show_person(self, person: KnownPerson, facts: str) -> None:
        self._person, self._facts = person, facts
        self.setAccessibleName(f"{person.name}, {facts}")
        self.setToolTip(person.name)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(220, round(HEAD_PX))

    def minimumSizeHint(self) -> QSize:
        return QSize(140, round(HEAD_PX))

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        person = self._person
        if person is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self.underMouse() and not self.isChecked():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(self._theme.raised))
            painter.drawRoundedRect(frame, 10, 10)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour(self._theme.accent), theme.FOCUS_WIDTH_PX))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(frame, 10, 10)
        leading = self.layoutDirection() is Qt.LayoutDirection.LeftToRight
        top = (self.height() - PORTRAIT_PX) / 2
        face = QRectF(8 if leading else self.width() - PORTRAIT_PX - 8, top, PORTRAIT_PX, PORTRAIT_PX)
        paint_portrait(painter, face, person.picture, person.name[:1].upper(), self._theme)
        mark = QRectF(self.width() - 30 if leading else 8, self.height() / 2 - 10, 20, 20)
        self._paint_chevron(painter, mark)
        self._paint_words(painter, face, mark, leading)

    def _paint_chevron(self, painter: QPainter, box: QRectF) -> None:
        painter.save()
        painter.translate(box.center())
        painter.rotate(180 if self.isChecked() else 0)
        icons.paint(painter, "chevron", QRectF(-10, -10, 20, 20), theme.colour(self._theme.muted))
        painter.restore()

    def _paint_words(self, painter: QPainter, face: QRectF, mark: QRectF, leading: bool) -> None:
        assert self._person is not None
        left, right = (face.right() + 12, mark.left() - 6) if leading else (mark.right() + 6, face.left() - 12)
        room = QRectF(left, self.height() / 2 - 21, max(right - left, 0), 21)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading
        painter.setLayoutDirection(self.layoutDirection())
        for words, pixels, bold, ink in (
            (self._person.name, theme.TEXT_PX + 1, True, self._theme.text),
            (self._facts, theme.SMALL_PX, False, self._theme.muted),
        ):
            painter.setFont(theme.font(pixels, bold=bold, tabular=True))
            painter.setPen(theme.colour(ink))
            shown = QFontMetricsF(painter.font()).elidedText(words, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, int(flags), shown)
            room.translate(0, 21)


class TargetAge(QSpinBox):
    """Years, or "like everybody" below them; the wheel scrolls the drawer. ``settled``: years or None."""

    settled = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(-1, 100)
        self.setMinimumWidth(60)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.lineEdit().setAcceptDrops(False)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLED_MS)
        self._timer.timeout.connect(self._settle)
        self._shown: int = -1
        self.setValue(-1)
        self.valueChanged.connect(lambda _: self._timer.start())

    @property
    def turning(self) -> bool:
        return self._timer.isActive()

    def show_years(self, years: float | None) -> None:
        """What is stored; not while another value is being turned to."""
        if (not self.turning and not self.hasFocus()) or years is None:
            self._put(years)

    def _put(self, years: float | None) -> None:
        value = -1 if years is None else round(years)
        if not self.turning:
            self._shown = value
            self.blockSignals(True)
            self.setValue(value)
            self.blockSignals(False)

    def _settle(self) -> None:
        if self.value() != self._shown:
            self._shown = self.value()
            self.settled.emit(None if self._shown < 0 else float(self._shown))

    def stepBy(self, steps: int) -> None:
        """From no age of their own to the middle, not to the newborn."""
        if self.value() < 0 < steps:
            self.setValue(round(MIDDLE_YEARS))
        else:
            super().stepBy(steps)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class PersonRow(QFrame):
    """Shows a ``Row``. What is asked for goes to the panel by the signals."""

    opened = Signal()
    renamed = Signal(str)
    target_chosen = Signal(object)
    looks_asked = Signal()
    pictures_asked = Signal()
    merge_asked = Signal(int)
    forget_asked = Signal()
    answered = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row: Row | None = None
        self.head = RowHead()
        self.name, self.save = field(), button()
        self.error, self._name_label, self._age_label = label("error"), label("section"), label("section")
        self.age, self.none = TargetAge(), button("link")
        self.less, self.more = button(), button()
        self.looks, self.pictures, self.forget = button(), button(), button("danger")
        self._more_label, self._merge_label = label("section"), label("section")
        self.others, self.merge = Choice(()), button()
        self.question = Card(("danger", ""))
        self._details = QWidget()
        self._lines: list[QHBoxLayout] = []
        self._assemble()
        self._connect()

    def _assemble(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self._details)
        inner = QVBoxLayout(self._details)
        inner.setContentsMargins(8, 4, 8, 14)
        inner.setSpacing(6)
        for heading, parts in (
            (self._name_label, ((self.name, 1), (self.save, 0))),
            (self._age_label, ((self.less, 0), (self.age, 1), (self.more, 0))),
            (self._more_label, ((self.looks, 1), (self.pictures, 1))),
            (self._merge_label, ((self.others, 1), (self.merge, 0))),
        ):
            inner.addWidget(heading)
            line = QHBoxLayout()
            line.setSpacing(8)
            if heading in (self._name_label, self._merge_label):
                self._lines.append(line)
            for widget, stretch in parts:
                line.addWidget(widget, stretch)
            inner.addLayout(line)
            if heading is self._name_label:
                inner.addWidget(self.error)
            if heading is self._age_label:
                inner.addWidget(self.none)
            inner.addSpacing(4)
        inner.addWidget(self.forget)
        inner.addWidget(self.question)

    def _connect(self) -> None:
        self.head.clicked.connect(lambda: self.opened.emit())
        self.name.returnPressed.connect(self._rename)
        self.name.textEdited.connect(lambda _: self._name_changed())
        self.save.clicked.connect(self._rename)
        self.age.settled.connect(self.target_chosen)
        for each, step in ((self.less, -1), (self.more, 1)):
            each.setAutoRepeat(True)
            each.setFixedWidth(40)
            each.clicked.connect(lambda _=False, step=step: self.age.stepBy(step))
        self.none.clicked.connect(lambda: self.target_chosen.emit(None))
        self.looks.clicked.connect(lambda: self.looks_asked.emit())
        self.pictures.clicked.connect(lambda: self.pictures_asked.emit())
        self.merge.clicked.connect(lambda: self.merge_asked.emit(int(self.others.currentData())))
        self.forget.clicked.connect(lambda: self.forget_asked.emit())
        self.question.answered.connect(lambda number: self.answered.emit(number == 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < NARROW_PX
        for line in self._lines:
            line.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)

    def _rename(self) -> None:
        self.renamed.emit(self.name.text())

    def _name_changed(self) -> None:
        row = self._row
        self.save.setEnabled(row is not None and self.name.text().strip() != row.person.name)

    def use_theme(self, colours: theme.Theme) -> None:
        self.head.use_theme(colours)
        self.others.use_theme(colours)

    def show_row(self, row: Row) -> None:
        before, self._row = self._row, row
        person = row.person
        newly = row.open and (before is None or not before.open)
        self.head.setChecked(row.open)
        self.head.show_person(person, self._facts(person))
        self._details.setVisible(row.open)
        if not row.open:
            return
        if newly or before is None or before.person.name != person.name:
            self.name.setText(person.name)
        self._name_changed()
        self.error.setText(breakable(say(row.error)))
        self.error.setVisible(bool(row.error.source))
        self.age.show_years(person.target_age)
        self.none.setVisible(person.target_age is not None)
        self._show_others(row)
        self.retranslate()

    def _show_others(self, row: Row) -> None:
        known = [(self.others.itemData(i), self.others.itemText(i)) for i in range(self.others.count())]
        wanted = [(each.id, each.name) for each in row.others]
        if known != wanted:
            self.others.clear()
            for person_id, name in wanted:
                self.others.addItem(name, person_id)
        for widget in (self._merge_label, self.others, self.merge):
            widget.setVisible(bool(wanted))

    def _facts(self, person: KnownPerson) -> str:
        facts = [say(looks_text(person.samples))]
        if person.target_age is not None:
            facts.append(translate("Mirror", "shown at {years}").format(years=round(person.target_age)))
        if person.stale:
            facts.append(translate("Mirror", "not recognised now"))
        return "  ·  ".join(facts)

    def retranslate(self) -> None:
        row = self._row
        if row is None:
            return
        self.head.show_person(row.person, self._facts(row.person))
        self._name_label.setText(translate("Mirror", "Name"))
        self.name.setAccessibleName(self._name_label.text())
        self.save.setText(translate("Mirror", "Rename"))
        self._age_label.setText(translate("Mirror", "When recognised, shown at"))
        self.age.setAccessibleName(self._age_label.text())
        self.age.setSpecialValueText(translate("Mirror", "like the dial"))
        self.age.setSuffix(translate("Mirror", " years"))
        self.less.setText("−")
        self.less.setAccessibleName(translate("Mirror", "One year younger"))
        self.more.setText("+")
        self.more.setAccessibleName(translate("Mirror", "One year older"))
        self.none.setText(translate("Mirror", "Back to the dial"))
        self._more_label.setText(translate("Mirror", "Add more looks"))
        self.looks.setText(translate("Mirror", "Camera"))
        self.pictures.setText(translate("Mirror", "Pictures …"))
        self._merge_label.setText(translate("Mirror", "Is the same person as"))
        self.others.setAccessibleName(self._merge_label.text())
        self.merge.setText(translate("Mirror", "Merge …"))
        self.forget.setText(translate("Mirror", "Forget …"))
        self._show_question(row)

    def _show_question(self, row: Row) -> None:
        asked = row.question in (Question.FORGET, Question.MERGE)
        self.question.setVisible(asked)
        self.forget.setVisible(not asked)
        name, keep = short(row.person.name), translate("Mirror", "Keep")
        if row.question is Question.FORGET:
            title = translate("Mirror", "Forget {name} for ever?").format(name=name)
            detail = translate("Mirror", "The pictures and numbers of this face are erased and cannot be brought back.")
            self.question.show_words(title, detail, (translate("Mirror", "Forget"), keep))
        elif row.question is Question.MERGE and row.other is not None:
            title = translate("Mirror", "{gone} becomes {name}?").format(gone=short(row.other.name), name=name)
            detail = translate("Mirror", "All looks of both belong to {name} then. This cannot be undone.")
            self.question.show_words(title, detail.format(name=name), (translate("Mirror", "Merge"), keep))
