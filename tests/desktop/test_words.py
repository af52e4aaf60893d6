"""The German file is complete, compiled, and keeps every named place."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import PySide6
import pytest
from PySide6.QtCore import QTranslator
from PySide6.QtWidgets import QApplication

from desktop.texts import CONTEXT, Text, text, verbatim
from desktop.words import TRANSLATIONS_DIR, Translators, resolve, say

TS = TRANSLATIONS_DIR / "age_mirror_de.ts"
ROOT = TRANSLATIONS_DIR.parents[1]


def messages(file: Path) -> dict[str, str]:
    return {
        str(message.findtext("source")): "" if "type" in element.attrib else str(element.text)
        for message in ET.parse(file).iter("message")
        if (element := message.find("translation")) is not None
    }


def tool(name: str) -> str:
    suffix = ".exe" if sys.platform == "win32" else ""
    return str(Path(PySide6.__file__).parent / f"{name}{suffix}")


def test_every_text_of_the_program_is_in_the_file_and_none_is_left_over(tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.ts"
    modules = sorted(str(p.relative_to(ROOT)) for p in (ROOT / "desktop").rglob("*.py"))
    subprocess.run([tool("lupdate"), *modules, "-ts", str(fresh)], cwd=ROOT, check=True, capture_output=True)
    assert set(messages(fresh)) == set(messages(TS))
    assert len(messages(fresh)) > 80


def test_every_text_is_translated_with_the_same_places() -> None:
    for source, translation in messages(TS).items():
        assert translation, f"not translated: {source}"
        assert sorted(re.findall(r"{\w+}", source)) == sorted(re.findall(r"{\w+}", translation)), source


@pytest.mark.usefixtures("qapp")
def test_the_compiled_file_says_what_the_source_says() -> None:
    translator = QTranslator()
    assert translator.load("age_mirror_de", str(TRANSLATIONS_DIR))
    for source, translation in messages(TS).items():
        assert translator.translate(CONTEXT, source) == translation, "run pyside6-lrelease on the .ts file"


def test_language_changes_and_changes_back(qapp: QApplication) -> None:
    translators = Translators()
    translators.use("de")
    try:
        assert say(text("looks {years} ± {spread}", years=34, spread=4)) == "wirkt wie 34 ± 4"
        translators.use("en")
        assert say(text("Settings")) == "Settings"
    finally:
        translators.clear()


def test_words_of_others_are_never_taken_for_places() -> None:
    assert str(verbatim("{odd} 100 %")) == "{odd} 100 %"
    assert str(Text("plain {brace}")) == "plain {brace}"


def test_only_known_languages() -> None:
    assert (resolve("de"), resolve("fr"), resolve("en")) == ("de", "en", "en")
    assert resolve("system") in ("en", "de")
