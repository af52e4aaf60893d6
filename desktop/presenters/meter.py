"""What the meter says of the face in front: how old the result looks, and how much of the person is left in it."""

from __future__ import annotations

from dataclasses import dataclass

from desktop.texts import QT_TRANSLATE_NOOP, Text, text
from engine.types import Face

SAME, LIKELY, HARDLY = 0.6, 0.4, 0.2
"""Cosines of two pictures: the first is what one person reaches on a good day, strangers stay below the last two."""
_WAITING = QT_TRANSLATE_NOOP("Mirror", "measuring …")


@dataclass(frozen=True, slots=True)
class MeterView:
    """Two lines: the age, and the identity kept, with its share 0..1 for a bar; None: not known."""

    age: Text
    identity: Text
    share: float | None = None


def meter_view(face: Face | None) -> MeterView | None:
    """For the face in front; None without one.

    A face that is not changed is the person, and as old as it looks.
    """
    if face is None:
        return None
    if not face.aged:
        if face.age is None:
            return MeterView(text(_WAITING), text(_WAITING))
        same = text(QT_TRANSLATE_NOOP("Mirror", "100 % · not changed"))
        return MeterView(text("{years}", years=round(face.age.years)), same, 1.0)
    result = face.result
    if result is None:
        return MeterView(text(_WAITING), text(_WAITING))
    age = text("{years}", years=round(result.years))
    if result.likeness is None:
        return MeterView(age, text(QT_TRANSLATE_NOOP("Mirror", "cannot be measured here")))
    share = min(max(result.likeness, 0.0), 1.0)
    said = text(QT_TRANSLATE_NOOP("Mirror", "{percent} % · {words}"), percent=round(100 * share), words=_words(share))
    return MeterView(age, said, share)


def _words(share: float) -> Text:
    if share >= SAME:
        return text(QT_TRANSLATE_NOOP("Mirror", "clearly the same person"))
    if share >= LIKELY:
        return text(QT_TRANSLATE_NOOP("Mirror", "still the same person"))
    if share >= HARDLY:
        return text(QT_TRANSLATE_NOOP("Mirror", "a faint likeness"))
    return text(QT_TRANSLATE_NOOP("Mirror", "like another person"))
