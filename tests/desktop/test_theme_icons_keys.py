"""Contrast of both themes, drawable icons, and keys without conflicts."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from desktop import icons, theme
from desktop.commands import BINDINGS, Command, binding, command_for

THEMES = (theme.DARK, theme.LIGHT)


def channels(colour: QColor) -> tuple[float, float, float]:
    return colour.redF(), colour.greenF(), colour.blueF()


def luminance(colour: QColor) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: QColor, other: QColor) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def over(top: str, opacity: float, ground: str) -> QColor:
    pairs = zip(channels(QColor(top)), channels(QColor(ground)), strict=True)
    return QColor.fromRgbF(*(x * opacity + y * (1 - opacity) for x, y in pairs))


def test_contrast_is_measured_rightly() -> None:
    assert contrast(QColor("#000000"), QColor("#ffffff")) == pytest.approx(21, abs=0.1)
    assert contrast(QColor("#777777"), QColor("#ffffff")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("colours", THEMES, ids=lambda t: t.name)
@pytest.mark.parametrize("ink", ["text", "muted", "accent", "error"])
@pytest.mark.parametrize("picture", ["#000000", "#ffffff"])
def test_words_on_the_bar_are_legible_over_any_picture(colours: theme.Theme, ink: str, picture: str) -> None:
    ground = over(colours.surface, theme.SURFACE_OPACITY, picture)
    assert contrast(QColor(getattr(colours, ink)), ground) >= 4.5


@pytest.mark.parametrize("colours", THEMES, ids=lambda t: t.name)
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("text", "background"),
        ("text", "raised"),
        ("error", "raised"),
        ("on_accent", "accent"),
        ("accent", "background"),
    ],
)
def test_words_on_plain_grounds_are_legible(colours: theme.Theme, ink: str, ground: str) -> None:
    assert contrast(QColor(getattr(colours, ink)), QColor(getattr(colours, ground))) >= 4.5


@pytest.mark.parametrize("ink", ["on_scrim", "accent_on_scrim"])
def test_labels_on_a_white_picture_are_legible(ink: str) -> None:
    ground = over(theme.DARK.scrim, theme.SCRIM_OPACITY, "#ffffff")
    assert contrast(QColor(getattr(theme.DARK, ink)), ground) >= 4.5


def test_tokens_are_those_of_the_design() -> None:
    wanted = ("#101214", "#1A1D21", "#E8EAED", "#9AA0A6", "#F2B25B", "#F28B82", 0.92)
    t = theme.DARK
    assert (t.background, t.surface, t.text, t.muted, t.accent, t.error, theme.SURFACE_OPACITY) == wanted


@pytest.mark.usefixtures("qapp")
def test_style_sheets_are_understood(qapp: QApplication) -> None:
    for colours in THEMES:
        theme.dress(qapp, colours)
        assert qapp.palette().windowText().color() == QColor(colours.text)
    theme.dress(qapp, theme.DARK)


@pytest.mark.parametrize("name", icons.NAMES)
def test_icon_lies_on_its_grid_and_leaves_ink(name: str) -> None:
    bounds = icons.path_of(name).boundingRect()
    assert QRectF(1, 1, 22, 22).contains(bounds)
    assert max(bounds.width(), bounds.height()) >= 10
    image = QImage(24, 24, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    icons.paint(painter, name, QRectF(0, 0, 24, 24), QColor("white"))
    painter.end()
    assert sum(image.pixelColor(x, y).alpha() > 128 for x in range(24) for y in range(24)) > 20


def test_no_key_means_two_things_and_every_command_has_one() -> None:
    keys = Counter((b.key, b.ctrl, b.shift) for b in BINDINGS)
    assert max(keys.values()) == 1
    assert {b.command for b in BINDINGS} == set(Command)


@pytest.mark.parametrize("b", BINDINGS, ids=lambda b: b.shown)
def test_every_binding_names_a_key_that_qt_knows(b: object) -> None:
    found = binding(b.command)  # type: ignore[attr-defined]
    assert hasattr(Qt.Key, f"Key_{found.key}")
    assert command_for(found.key, ctrl=found.ctrl, shift=found.shift) is found.command


def test_shift_only_matters_where_it_is_no_part_of_typing() -> None:
    assert command_for("Question", shift=True) is Command.KEYS
    assert command_for("B", ctrl=True) is None
    assert command_for("S", shift=True) is None
