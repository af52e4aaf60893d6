"""The language of the window: translators for Qt, and the texts of presenters in the chosen language."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from desktop.texts import CONTEXT, Text

LANGUAGES = ("en", "de")
TRANSLATIONS_DIR = Path(__file__).resolve().parent / "translations"


def translate(context: str, source: str) -> str:
    """``source`` in the language of the window."""
    return QCoreApplication.translate(context, source)


def say(sentence: Text) -> str:
    """A presenter's text in the language of the window, and the texts that stand in its places too."""
    translated = translate(CONTEXT, sentence.source)
    if sentence.exact and translated == sentence.source:
        return sentence.exact
    values = {name: say(value) if isinstance(value, Text) else value for name, value in sentence.values.items()}
    return Text(sentence.source, values).fill(translated)


def resolve(language: str) -> str:
    """One of LANGUAGES for a preference ("system", "en", "de"); English where the system speaks another."""
    code = QLocale.system().name()[:2] if language == "system" else language
    return code if code in LANGUAGES else "en"


class Translators:
    """Installs and removes the translators of the application; keeps them alive."""

    def __init__(self) -> None:
        self._installed: list[QTranslator] = []

    def use(self, language: str) -> None:
        """Speak ``language`` from now on; every widget gets a LanguageChange event."""
        self.clear()
        code = resolve(language)
        QLocale.setDefault(QLocale(code) if language != "system" else QLocale.system())
        qt_folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        for name, folder in ((f"qtbase_{code}", qt_folder), (f"age_mirror_{code}", str(TRANSLATIONS_DIR))):
            translator = QTranslator()
            if translator.load(name, folder):
                QCoreApplication.installTranslator(translator)
                self._installed.append(translator)

    def clear(self) -> None:
        for translator in self._installed:
            QCoreApplication.removeTranslator(translator)
        self._installed = []
