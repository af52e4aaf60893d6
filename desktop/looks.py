"""How the window looks and speaks: theme, language and motion follow the preferences and the system."""

from __future__ import annotations

from PySide6.QtCore import QLocale
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from desktop import theme
from desktop.main_window import MainWindow
from desktop.preferences import Preferences
from desktop.words import Translators


def reduced_motion(preference: str) -> bool:
    """Whether things should jump instead of glide; "system" asks the system."""
    if preference != "system":
        return preference == "reduced"
    # Both are held by name: PySide ends the inner one together with a nameless outer one.
    style = QGuiApplication.styleHints()
    hints = style.accessibility()
    asked = getattr(hints, "motionPreference", None)  # from Qt 6.12 on; before, the settings drawer is the only place
    return asked is not None and asked().name == "ReducedMotion"


class Looks:
    """Does only what has changed since it last looked."""

    def __init__(self) -> None:
        self._translators = Translators()
        self._theme: theme.Theme | None = None
        self._dressed: MainWindow | None = None
        self._language = ""

    def follow(self, preferences: Preferences, window: MainWindow) -> None:
        """Make the window look and speak as preferred."""
        window.reduced_motion = reduced_motion(preferences.motion)
        if preferences.language != self._language:
            self._language = preferences.language
            self._translators.use(preferences.language)
            QGuiApplication.setLayoutDirection(QLocale().textDirection())
        colours = theme.theme_for(preferences.theme)
        application = QApplication.instance()
        if colours is not self._theme and isinstance(application, QApplication):
            theme.dress(application, colours)
        if colours is not self._theme or window is not self._dressed:
            window.use_theme(colours)
        self._theme, self._dressed = colours, window

    def leave(self) -> None:
        """Take the translators away again."""
        self._translators.clear()
        self._language = ""
