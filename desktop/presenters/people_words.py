"""What the people drawer says: of a name, of what went wrong, and the engine's hints and reasons in every language."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePath

from desktop.presenters.troubles import trouble
from desktop.texts import NOTHING, QT_TRANSLATE_NOOP, Text, short, text, verbatim
from engine.errors import InputError
from engine.live.people import NAME_LENGTH, KnownPerson, Step, checked_name, name_key

CONSENT = QT_TRANSLATE_NOOP(
    "Mirror",
    "Small pictures of my face and the numbers computed from them may be kept, encrypted, on this computer, so that it "
    "recognises me. They do not leave it, and I can have them removed at any time.",
)
KEPT = QT_TRANSLATE_NOOP(
    "Mirror",
    "Kept of each person: the name, the consent and its date, a few small pictures of the face, and numbers computed "
    "from them. Pictures and numbers are encrypted.",
)
STEP_NAMES = {
    Step.STRAIGHT: QT_TRANSLATE_NOOP("Mirror", "straight"),
    Step.LEFT: QT_TRANSLATE_NOOP("Mirror", "left"),
    Step.RIGHT: QT_TRANSLATE_NOOP("Mirror", "right"),
    Step.CLOSER: QT_TRANSLATE_NOOP("Mirror", "closer"),
}
# The engine's own sentences, repeated here for the translators; a test compares them with the engine's.
HINTS = frozenset(
    {
        QT_TRANSLATE_NOOP("Mirror", "Look straight into the camera"),
        QT_TRANSLATE_NOOP("Mirror", "Turn your head a little to the left"),
        QT_TRANSLATE_NOOP("Mirror", "Turn your head a little to the right"),
        QT_TRANSLATE_NOOP("Mirror", "Look straight again, and come a little closer"),
        QT_TRANSLATE_NOOP("Mirror", "Not quite so far"),
        QT_TRANSLATE_NOOP("Mirror", "The other way, please"),
        QT_TRANSLATE_NOOP("Mirror", "Done"),
        QT_TRANSLATE_NOOP("Mirror", "Nobody is to be seen: come before the camera"),
        QT_TRANSLATE_NOOP("Mirror", "Only one face, please"),
        QT_TRANSLATE_NOOP("Mirror", "Move into the middle of the picture"),
        QT_TRANSLATE_NOOP("Mirror", "Come a little closer"),
        QT_TRANSLATE_NOOP("Mirror", "It is too dark here: turn on a light"),
        QT_TRANSLATE_NOOP("Mirror", "It is too bright here: move out of the light"),
        QT_TRANSLATE_NOOP("Mirror", "The light comes from one side: turn towards it"),
        QT_TRANSLATE_NOOP("Mirror", "The picture is pale: wipe the lens"),
        QT_TRANSLATE_NOOP("Mirror", "Look at the camera"),
        QT_TRANSLATE_NOOP("Mirror", "Hold your head upright"),
        QT_TRANSLATE_NOOP("Mirror", "Lower your chin a little"),
        QT_TRANSLATE_NOOP("Mirror", "Raise your chin a little"),
        QT_TRANSLATE_NOOP("Mirror", "Open your eyes"),
        QT_TRANSLATE_NOOP("Mirror", "Hold still for a moment"),
        QT_TRANSLATE_NOOP("Mirror", "This is somebody else: only one person, please"),
    }
)
REASONS = frozenset(
    {
        QT_TRANSLATE_NOOP("Mirror", "no face is to be seen"),
        QT_TRANSLATE_NOOP("Mirror", "there are several faces, and it takes one"),
        QT_TRANSLATE_NOOP("Mirror", "the face is cut off at the edge"),
        QT_TRANSLATE_NOOP("Mirror", "the face is too small"),
        QT_TRANSLATE_NOOP("Mirror", "the face is too dark"),
        QT_TRANSLATE_NOOP("Mirror", "the face is too bright"),
        QT_TRANSLATE_NOOP("Mirror", "the light comes from one side"),
        QT_TRANSLATE_NOOP("Mirror", "the picture is pale"),
        QT_TRANSLATE_NOOP("Mirror", "the face is turned away"),
        QT_TRANSLATE_NOOP("Mirror", "the head is tilted"),
        QT_TRANSLATE_NOOP("Mirror", "the face looks up"),
        QT_TRANSLATE_NOOP("Mirror", "the face looks down"),
        QT_TRANSLATE_NOOP("Mirror", "the eyes are closed"),
        QT_TRANSLATE_NOOP("Mirror", "the face is blurred"),
        QT_TRANSLATE_NOOP("Mirror", "it shows another person than the others"),
        QT_TRANSLATE_NOOP("Mirror", "it is too large for the memory of this computer"),
    }
)
_ERRORS = frozenset(
    {
        QT_TRANSLATE_NOOP("Mirror", "the passphrase is wrong: try again."),
        QT_TRANSLATE_NOOP("Mirror", "the system keyring does not answer: unlock it, then try again."),
    }
)
_BOTH = QT_TRANSLATE_NOOP("Mirror", "{one} and {other}")
_SMALL = QT_TRANSLATE_NOOP("Mirror", "the face is too small ({width} px wide, {needed} are needed)")
_SAME = QT_TRANSLATE_NOOP("Mirror", "it is the same picture as {other}")
_SAME_SAID = re.compile(r"it is the same picture as (.+)", re.DOTALL)
_SMALL_SAID = re.compile(r"the face is too small \((\d+) px wide, (\d+) are needed\)")


def said(sentence: str) -> Text:
    """A sentence of the engine, to be translated where it is known; it begins with a capital letter."""
    if sentence in HINTS or sentence in _ERRORS:
        return Text(sentence)
    # Paths and names of files keep their first letter.
    return verbatim(sentence if "/" in sentence.partition(" ")[0] else sentence[:1].upper() + sentence[1:])


def said_of(error: Exception) -> Text:
    """An error in its own words where they are known or the language is theirs, else in those of its kind."""
    own = said(str(error))
    known = own.source in HINTS or own.source in _ERRORS
    return own if known else replace(trouble(error), exact=str(own))


def reason_text(reason: str) -> Text:
    """Why a picture is not taken, as ``enrol_pictures`` tells it; one the engine made up of two is taken apart."""
    known = _reason(reason)
    for found in re.finditer(" and ", reason) if known is None else ():
        one, other = _reason(reason[: found.start()]), _reason(reason[found.end() :])
        if one is not None and other is not None:
            return text(_BOTH, one=one, other=other)
    return verbatim(reason) if known is None else known


def _reason(reason: str) -> Text | None:
    if reason in REASONS:
        return Text(reason)
    same, small = _SAME_SAID.fullmatch(reason), _SMALL_SAID.fullmatch(reason)
    if same is not None:
        return text(_SAME, other=PurePath(same[1]).name)
    return None if small is None else text(_SMALL, width=small[1], needed=small[2])


def looks_text(count: int) -> Text:
    """How many looks are kept."""
    one, more = QT_TRANSLATE_NOOP("Mirror", "1 look"), QT_TRANSLATE_NOOP("Mirror", "{count} looks")
    return Text(one) if count == 1 else text(more, count=count)


def name_problem(name: str, people: Iterable[KnownPerson]) -> Text:
    """What is wrong with a name for somebody new, or NOTHING; ``people`` are those who have theirs already."""
    stripped = name.strip()
    if not stripped:
        return Text(QT_TRANSLATE_NOOP("Mirror", "A name is needed."))
    if len(stripped) > NAME_LENGTH:
        long = QT_TRANSLATE_NOOP("Mirror", "This name has {count} characters; at most {most} fit.")
        return text(long, count=len(stripped), most=NAME_LENGTH)
    try:
        key = name_key(checked_name(name))
    except InputError as error:
        return said(str(error))
    for person in people:
        if name_key(person.name) == key:
            taken = QT_TRANSLATE_NOOP("Mirror", "{name} is enrolled already. Choose another name.")
            return text(taken, name=short(person.name))
    return NOTHING
