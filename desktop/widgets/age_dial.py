"""The dial: a ruler of years with a dot for now, a handle for the target and the number, large."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QWidget

from desktop import theme
from desktop.kept import Kept
from desktop.presenters.dial import Dial, clamp
from desktop.texts import short
from desktop.words import translate

NOTCH = 120
EDGE_PX = 18.0
RULER_PX = 27.0
HANDLE_PX, NOW_PX = 9.0, 4.5
ROOM_PER_LABEL_PX = 34.0

_STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: 1,
    Qt.Key.Key_PageDown: -10,
    Qt.Key.Key_PageUp: 10,
}


class AgeDial(QAbstractSlider):
    """Draws a ``Dial`` and says what the user did with it. The years run left to right in every language, as on a
    ruler. To screen readers it is a slider from 0 to 100."""

    chosen = Signal(float)
    stepped = Signal(int)
    reset = Signal()
    digit = Signal(str)
    digit_erased = Signal()
    committed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dial = Dial()
        self._enabled_effect = True
        self._theme = theme.DARK
        self._wheel = 0
        self._showing = False
        self._kept = Kept()
        self.setRange(0, 100)
        self.setPageStep(10)
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.valueChanged.connect(self._value_changed)
        self.retranslate()

    def retranslate(self) -> None:
        self.setAccessibleName(translate("Mirror", "Age to show, in years"))
        self.setToolTip(translate("Mirror", "Drag, scroll, use ← → or type a number. Double-click: as you are."))
        self._describe()
        self.update()

    def use_theme(self, colours: theme.Theme) -> None:
        self._theme = colours
        self.update()

    @property
    def dial(self) -> Dial:
        return self._dial

    def show_dial(self, dial: Dial, *, effect: bool) -> None:
        """Draw this from now on; ``effect`` False greys the handle."""
        if dial == self._dial and effect == self._enabled_effect:
            return
        self._dial, self._enabled_effect = dial, effect
        self._showing = True
        self.setValue(round(dial.position) if dial.position is not None else 0)
        self._showing = False
        self._describe()
        self.update()

    def _describe(self) -> None:
        words = f"{self.number_text()} {self.beside_text()}" if self._dial.own is not None else self.number_text()
        if words != self.accessibleDescription():
            self.setAccessibleDescription(words)

    def number_text(self) -> str:
        """What the large number says."""
        return self._dial.number or translate("Mirror", "as you are")

    def _value_changed(self, value: int) -> None:
        if not self._showing:
            self.chosen.emit(float(value))

    # geometry

    def sizeHint(self) -> QSize:
        return QSize(560, 76)

    def minimumSizeHint(self) -> QSize:
        return QSize(180, 70)

    def x_of(self, years: float) -> float:
        return EDGE_PX + (self.width() - 2 * EDGE_PX) * years / 100.0

    def years_at(self, x: float) -> float:
        """Whole years at a place on the widget."""
        return float(round(clamp((x - EDGE_PX) / max(self.width() - 2 * EDGE_PX, 1.0) * 100.0)))

    @property
    def ruler_y(self) -> float:
        return self.height() - RULER_PX

    # what the user does

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self.chosen.emit(self.years_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self.isSliderDown():
            self.chosen.emit(self.years_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)
        self.reset.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Shift turns the wheel sideways on most systems, so both directions are read.
        turned = event.angleDelta().y() or event.angleDelta().x()
        self._wheel += turned
        notches = int(self._wheel / NOTCH)
        self._wheel -= notches * NOTCH
        if notches:
            fast = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self.stepped.emit(notches * (10 if fast else 1))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, mods = event.key(), event.modifiers()
        if mods & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            event.ignore()
        elif key in _STEPS:
            fast = mods & Qt.KeyboardModifier.ShiftModifier and abs(_STEPS[Qt.Key(key)]) == 1
            self.stepped.emit(_STEPS[Qt.Key(key)] * (10 if fast else 1))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.chosen.emit(0.0 if key == Qt.Key.Key_Home else 100.0)
        elif key == Qt.Key.Key_Delete:
            self.reset.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.committed.emit()
        elif key == Qt.Key.Key_Backspace:
            self.digit_erased.emit()
        elif event.text() and event.text() in "0123456789":
            self.digit.emit(event.text())
        else:
            event.ignore()

    # drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        words = self.number_text(), self.beside_text()
        self._kept.paint(self, (self._dial, self._enabled_effect, self._theme, self.hasFocus(), words), self._draw)

    def _draw(self, painter: QPainter) -> None:
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour(self._theme.accent), theme.FOCUS_WIDTH_PX))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5), 12, 12)
        self._paint_number(painter)
        self._paint_ruler(painter)
        self._paint_span(painter)

    def _paint_number(self, painter: QPainter) -> None:
        top = QRectF(0, 4, self.width(), self.ruler_y - 14)
        number = self._dial.number
        live = self._enabled_effect
        if not number:
            painter.setFont(theme.font(18))
            painter.setPen(theme.colour(self._theme.muted if not live else self._theme.text))
            painter.drawText(top, Qt.AlignmentFlag.AlignCenter, self.number_text())
            return
        large = theme.font(theme.NUMBER_PX, bold=True, tabular=True)
        width = QFontMetricsF(large).horizontalAdvance("0" * len(number))
        painter.setFont(large)
        painter.setPen(theme.colour(self._theme.text if live else self._theme.muted))
        painter.drawText(top, Qt.AlignmentFlag.AlignCenter, number)
        middle = self.width() / 2
        if self._dial.typed:
            painter.setPen(QPen(theme.colour(self._theme.accent), 2))
            foot = top.center().y() + theme.NUMBER_PX * 0.52
            painter.drawLine(QPointF(middle - width / 2, foot), QPointF(middle + width / 2, foot))
        painter.setFont(theme.font(theme.SMALL_PX))
        painter.setPen(theme.colour(self._theme.muted))
        beside = QRectF(middle + width / 2 + 7, top.top() + 4, self.width(), top.height())
        room = max(self.width() - beside.left() - 4, 0.0)
        metrics = QFontMetricsF(painter.font())
        whole, owner = self.beside_text(), short(self._dial.owner) if live and self._dial.own is not None else ""
        # In a narrow dial the name says more than the word for years.
        words = owner if owner and metrics.horizontalAdvance(whole) > room else whole
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room)
        painter.drawText(beside, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)

    def beside_text(self) -> str:
        """What stands beside the number: years, and whose age it is where it is not the dial's."""
        if not self._enabled_effect:
            return translate("Mirror", "years · effect off")
        if self._dial.own is not None and not self._dial.typed and self._dial.owner:
            return translate("Mirror", "years · set for {name}").format(name=short(self._dial.owner))
        return translate("Mirror", "years")

    def _paint_ruler(self, painter: QPainter) -> None:
        y = self.ruler_y
        painter.setPen(QPen(theme.colour(self._theme.line), 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(self.x_of(0), y), QPointF(self.x_of(100), y))
        painter.setFont(theme.font(12, tabular=True))
        every = 10 if (self.width() - 2 * EDGE_PX) / 10 >= ROOM_PER_LABEL_PX else 20
        for years in range(0, 101, 10):
            x = self.x_of(years)
            painter.setPen(QPen(theme.colour(self._theme.muted, 0.8), 1.2))
            painter.drawLine(QPointF(x, y + 5), QPointF(x, y + 9))
            if years % every == 0:
                painter.setPen(theme.colour(self._theme.muted))
                painter.drawText(QRectF(x - 20, y + 9, 40, 16), Qt.AlignmentFlag.AlignCenter, str(years))

    def _paint_span(self, painter: QPainter) -> None:
        y, dial = self.ruler_y, self._dial
        ink = theme.colour(self._theme.accent if self._enabled_effect else self._theme.muted)
        shown = dial.shown
        if shown is not None and dial.now is not None:
            painter.setPen(QPen(ink, 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(QPointF(self.x_of(dial.now), y), QPointF(self.x_of(shown), y))
        ground = theme.colour(self._theme.surface)
        if shown is not None:
            painter.setPen(QPen(ground, 2.5))
            painter.setBrush(ink)
            painter.drawEllipse(QPointF(self.x_of(shown), y), HANDLE_PX, HANDLE_PX)
        elif dial.now is not None:
            painter.setPen(QPen(ink, 2))
            painter.setBrush(ground)
            painter.drawEllipse(QPointF(self.x_of(dial.now), y), HANDLE_PX, HANDLE_PX)
        if dial.now is not None:
            painter.setPen(QPen(ground, 2))
            painter.setBrush(theme.colour(self._theme.text))
            painter.drawEllipse(QPointF(self.x_of(dial.now), y), NOW_PX, NOW_PX)
