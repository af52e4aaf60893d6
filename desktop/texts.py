"""Sentences that a presenter may hand to a widget: source text and values, translated only when drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

CONTEXT = "Mirror"


def QT_TRANSLATE_NOOP(context: str, source: str) -> str:
    """``source`` itself; marks it for the translators, under the name that lupdate looks for."""
    return source


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence in the source language (English) with named places, and what stands in them.

    exact: said in the source language instead, where it is more exact than what can be translated.
    """

    source: str
    values: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    exact: str = ""

    def __str__(self) -> str:
        return self.exact or self.fill(self.source)

    def fill(self, translated: str) -> str:
        """``translated`` with the values in their places."""
        return translated.format(**self.values) if self.values else translated


NOTHING = Text("")


def text(source: str, /, **values: object) -> Text:
    """Short form of ``Text``: ``text("looks {years}", years=34)``."""
    return Text(source, MappingProxyType(values))


def verbatim(message: str) -> Text:
    """A sentence that is shown as it stands, for example the message of an error."""
    return Text("{message}", MappingProxyType({"message": message}))


SHORT = 28
"""So many letters of a name stand in a sentence or on the picture; the list of people has room for more."""


def short(name: str) -> str:
    """A name that fits into a line.

    >>> short("Ada"), len(short("A" * 80))
    ('Ada', 28)
    """
    return name if len(name) <= SHORT else name[: SHORT - 1].rstrip() + "…"
