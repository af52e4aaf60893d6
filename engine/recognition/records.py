"""The people of the gallery as values, and what may be stored: names, consent, samples."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from engine.errors import EnrolmentError, InputError
from engine.settings import AGE_RANGE_YEARS
from engine.types import Embedding, Image, checked

NAME_LENGTH = 80
CONSENT_LENGTH = 4000
THUMBNAIL_PX = 112
_REFUSED = {"Cc": "a control character", "Cs": "half a character", "Co": "a private character"}
_REFUSED |= {"Zl": "a line break", "Zp": "a line break"}
# They turn the direction of what follows: a name could pose as another, and upset the line it stands in.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One look at a face: its vector, the aligned crop (112, 112, 3) uint8 BGR it came from, and its quality 0..1."""

    embedding: Embedding
    thumbnail: Image
    quality: float = 0.0

    def __post_init__(self) -> None:
        side = THUMBNAIL_PX
        object.__setattr__(self, "thumbnail", checked("thumbnail", self.thumbnail, (side, side, 3), np.uint8))
        if not 0 <= self.quality <= 1:
            raise ValueError(f"quality: expected 0 to 1, got {self.quality:g}")


@dataclass(frozen=True, slots=True)
class Consent:
    """What was agreed to, word for word, and when (UTC)."""

    text: str
    given: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """One person of the gallery. samples: how many; models: the networks that made their vectors, sorted.

    target_age: years, or None where this person has no age of their own. Times are UTC.
    """

    id: int
    name: str
    samples: int
    created: datetime
    target_age: float | None
    consent: Consent
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DatedSample:
    """A sample and when it was taken."""

    sample: Sample
    created: datetime


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """All that is stored of one person, in the open: only for moving people from one gallery to another."""

    name: str
    created: datetime
    target_age: float | None
    consent: Consent
    samples: tuple[DatedSample, ...]


def checked_name(text: str) -> str:
    """The name as it is stored: composed (NFC), without spaces around it, one space between its words.

    Raises InputError for an empty name, more than 80 characters, and characters that no name has.
    """
    name = unicodedata.normalize("NFC", text).strip()
    if not name:
        raise InputError("the name is empty: give a name of 1 to 80 characters.")
    if len(name) > NAME_LENGTH:
        raise InputError(f"the name has {len(name)} characters: give a name of at most {NAME_LENGTH}.")
    for character in name:
        what = (
            "a mark that turns the writing" if character in _TURNING else _REFUSED.get(unicodedata.category(character))
        )
        if what:
            raise InputError(f"the name has {what} in it (U+{ord(character):04X}): leave it out.")
    return " ".join(name.split())


def name_key(name: str) -> str:
    """What two names share that count as the same: neither case nor the form of letters tells them apart."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def checked_consent(text: str) -> str:
    """The consent without spaces around it. Raises EnrolmentError where there is none, or it is endless."""
    text = text.strip()
    if not text:
        raise EnrolmentError("nobody is enrolled without their consent: ask first, then confirm it.")
    if len(text) > CONSENT_LENGTH:
        raise EnrolmentError(f"the consent has {len(text)} characters: give at most {CONSENT_LENGTH}.")
    return text


def checked_target(years: float | None) -> float | None:
    """The target age in years. Raises InputError out of 0 to 100."""
    low, high = AGE_RANGE_YEARS
    if years is not None and not low <= years <= high:
        raise InputError(f"target age {years:g} is out of range: give years from {low:g} to {high:g}.")
    return None if years is None else float(years)
