"""Colours, type and the style sheet: one set of tokens, a dark and a light theme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

SURFACE_OPACITY = 0.92
SCRIM_OPACITY = 0.78
TEXT_PX, SMALL_PX, HINT_PX, TITLE_PX, NUMBER_PX = 14, 13, 18, 22, 28
FOCUS_WIDTH_PX = 2.0


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as ``#rrggbb``. ``scrim`` lies under words on the picture, where the picture itself is of any colour."""

    name: str
    background: str
    surface: str
    raised: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    error: str
    scrim: str = "#101214"
    on_scrim: str = "#E8EAED"
    accent_on_scrim: str = "#F2B25B"

    @property
    def dark(self) -> bool:
        return self.name == "dark"


DARK = Theme(
    name="dark",
    background="#101214",
    surface="#1A1D21",
    raised="#262A30",
    line="#3A4048",
    text="#E8EAED",
    muted="#9AA0A6",
    accent="#F2B25B",
    on_accent="#1A1305",
    error="#F28B82",
)
LIGHT = Theme(
    name="light",
    background="#ECEAE6",
    surface="#FBFAF8",
    raised="#EFEDE8",
    line="#CFCBC3",
    text="#1B1D20",
    muted="#585E66",
    accent="#8F5200",
    on_accent="#FFFFFF",
    error="#A8261C",
)


def theme_for(name: str) -> Theme:
    """The theme of a preference: "dark", "light", or "system" (what the desktop uses now)."""
    if name == "system":
        light = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Light
        return LIGHT if light else DARK
    return LIGHT if name == "light" else DARK


def colour(value: str, opacity: float = 1.0) -> QColor:
    """A token as a QColor."""
    out = QColor(value)
    out.setAlphaF(opacity)
    return out


def font(pixels: float, *, bold: bool = False, tabular: bool = False) -> QFont:
    """The system's font at a size; ``tabular`` figures all have the same width."""
    out = QFont(QGuiApplication.font())
    out.setPixelSize(round(pixels))
    out.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    if tabular:
        out.setFeature(QFont.Tag("tnum"), 1)
    return out


def palette(theme: Theme) -> QPalette:
    out = QPalette()
    roles = QPalette.ColorRole
    for role, value in (
        (roles.Window, theme.surface),
        (roles.Base, theme.raised),
        (roles.AlternateBase, theme.surface),
        (roles.Button, theme.raised),
        (roles.WindowText, theme.text),
        (roles.Text, theme.text),
        (roles.ButtonText, theme.text),
        (roles.PlaceholderText, theme.muted),
        (roles.Highlight, theme.accent),
        (roles.HighlightedText, theme.on_accent),
        (roles.Link, theme.accent),
        (roles.ToolTipBase, theme.raised),
        (roles.ToolTipText, theme.text),
    ):
        out.setColor(role, colour(value))
    return out


def style_sheet(theme: Theme) -> str:
    t = theme
    return f"""
* {{ font-size: {TEXT_PX}px; }}
QLabel {{ color: {t.text}; background: transparent; }}
QLabel[muted="true"] {{ color: {t.muted}; font-size: {SMALL_PX}px; }}
QLabel[title="true"] {{ font-size: {TITLE_PX}px; font-weight: 600; }}
QLabel[section="true"] {{ color: {t.muted}; font-size: {SMALL_PX}px; font-weight: 600; }}
QPushButton {{ color: {t.text}; background: {t.raised}; border: 1px solid {t.line}; border-radius: 8px;
    padding: 7px 14px; min-height: 20px; }}
QPushButton:hover {{ border-color: {t.muted}; }}
QPushButton:pressed {{ background: {t.line}; }}
QPushButton:focus {{ border: {FOCUS_WIDTH_PX:.0f}px solid {t.accent}; padding: 6px 13px; }}
QPushButton[primary="true"] {{ background: {t.accent}; color: {t.on_accent}; border-color: {t.accent};
    font-weight: 600; }}
QPushButton[primary="true"]:focus {{ border-color: {t.text}; }}
QPushButton[primary="true"]:disabled {{ background: {t.raised}; color: {t.muted}; border-color: {t.line}; }}
QPushButton[segment="true"] {{ padding: 7px 4px; }}
QPushButton[segment="true"]:focus {{ padding: 6px 3px; }}
QPushButton[segment="true"]:checked {{ background: {t.accent}; color: {t.on_accent}; border-color: {t.accent};
    font-weight: 600; }}
QPushButton[segment="true"]:checked:focus {{ border-color: {t.text}; }}
QPushButton[danger="true"] {{ color: {t.error}; }}
QPushButton[link="true"] {{ background: transparent; border: 1px solid transparent; color: {t.accent};
    font-weight: 600; padding: 5px 8px; }}
QPushButton[link="true"]:hover {{ border-color: {t.accent}; }}
QPushButton[link="true"]:focus {{ border: {FOCUS_WIDTH_PX:.0f}px solid {t.accent}; padding: 4px 7px; }}
QPushButton:disabled {{ color: {t.muted}; }}
QLabel[error="true"] {{ color: {t.error}; font-size: {SMALL_PX}px; }}
QLabel[hint="true"] {{ font-size: {HINT_PX}px; font-weight: 600; }}
QLabel[strong="true"] {{ font-weight: 600; }}
QFrame[card="true"] {{ background: {t.raised}; border: 1px solid {t.line}; border-radius: 10px; }}
QFrame[card="true"][over="true"] {{ border: {FOCUS_WIDTH_PX:.0f}px dashed {t.accent}; }}
QFrame[card="true"] QPushButton {{ background: {t.surface}; padding-left: 6px; padding-right: 6px; }}
QFrame[card="true"] QPushButton[primary="true"] {{ background: {t.accent}; }}
QProgressBar {{ background: {t.raised}; border: none; border-radius: 3px; }}
QProgressBar::chunk {{ background: {t.accent}; border-radius: 3px; }}
QLineEdit, QSpinBox {{ color: {t.text}; background: {t.raised}; border: 1px solid {t.line}; border-radius: 8px;
    padding: 7px 10px; min-height: 20px; selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
QLineEdit:hover, QSpinBox:hover {{ border-color: {t.muted}; }}
QLineEdit:focus, QSpinBox:focus {{ border: {FOCUS_WIDTH_PX:.0f}px solid {t.accent}; padding: 6px 9px; }}
QFrame[card="true"] QLineEdit {{ background: {t.surface}; }}
QSpinBox, QSpinBox:focus {{ padding-left: 3px; padding-right: 3px; }}
QSpinBox QLineEdit {{ border: none; padding: 0 2px; background: transparent; min-height: 0; }}
QSpinBox::up-button, QSpinBox::down-button {{ width: 0; border: none; }}
QComboBox {{ color: {t.text}; background: {t.raised}; border: 1px solid {t.line}; border-radius: 8px;
    padding: 6px 10px; min-height: 20px; }}
QComboBox:hover {{ border-color: {t.muted}; }}
QComboBox:focus {{ border: {FOCUS_WIDTH_PX:.0f}px solid {t.accent}; padding: 5px 9px; }}
QComboBox::drop-down {{ border: none; width: 26px; }}
QComboBox::down-arrow {{ image: none; }}
QComboBox QAbstractItemView {{ color: {t.text}; background: {t.raised}; border: 1px solid {t.line};
    selection-background-color: {t.accent}; selection-color: {t.on_accent}; outline: none; padding: 4px; }}
QMenu {{ color: {t.text}; background: {t.surface}; border: 1px solid {t.line}; border-radius: 10px; padding: 6px; }}
QMenu::item {{ padding: 8px 28px 8px 14px; border-radius: 6px; }}
QMenu::item:selected {{ background: {t.raised}; }}
QMenu::item:checked {{ color: {t.accent}; }}
QMenu::item:disabled {{ color: {t.muted}; }}
QMenu::indicator {{ width: 0; height: 0; }}
QMenu::separator {{ height: 1px; background: {t.line}; margin: 6px 8px; }}
QToolTip {{ color: {t.text}; background: {t.raised}; border: 1px solid {t.line}; padding: 5px 8px; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: none; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 2px; }}
QScrollBar::handle:vertical {{ background: {t.line}; border-radius: 3px; min-height: 32px; }}
QScrollBar::handle:vertical:hover {{ background: {t.muted}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{ background: none;
    height: 0; }}
"""


def dress(application: QApplication, theme: Theme) -> None:
    """Give the whole application a theme; nothing is done where it wears it already, since that takes a while."""
    if application.styleSheet() == style_sheet(theme):
        return
    application.setStyle("Fusion")
    application.setPalette(palette(theme))
    application.setStyleSheet(style_sheet(theme))
