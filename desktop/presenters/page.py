"""Which page the window shows: the picture, or a friendly page that says what is missing and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from desktop.presenters.troubles import told
from desktop.sources import is_camera
from desktop.texts import NOTHING, QT_TRANSLATE_NOOP, Text, text, verbatim
from engine.types import SessionState, SessionStatus


class PageKind(Enum):
    PICTURE = "picture"
    STARTING = "starting"
    NO_CAMERA = "no camera"
    STOPPED = "stopped"
    BLANK = "blank"


class PageAction(Enum):
    """What the buttons of a page do."""

    TRY_AGAIN = "try again"
    CHOOSE_FILE = "choose a file"
    PLAY_DEMO = "play the demo"
    SHOW_AGAIN = "show again"


ACTION_LABELS = {
    PageAction.TRY_AGAIN: QT_TRANSLATE_NOOP("Mirror", "Try again"),
    PageAction.CHOOSE_FILE: QT_TRANSLATE_NOOP("Mirror", "Choose a file"),
    PageAction.PLAY_DEMO: QT_TRANSLATE_NOOP("Mirror", "Play the demo"),
    PageAction.SHOW_AGAIN: QT_TRANSLATE_NOOP("Mirror", "Show the picture again"),
}
_WAYS_ON = (PageAction.TRY_AGAIN, PageAction.CHOOSE_FILE, PageAction.PLAY_DEMO)


@dataclass(frozen=True, slots=True)
class Page:
    """``banner`` is one line over the picture while something recovers; ``body`` belongs to pages without one."""

    kind: PageKind
    title: Text = NOTHING
    body: Text = NOTHING
    actions: tuple[PageAction, ...] = ()
    banner: Text = NOTHING


def page_for(status: SessionStatus, source: str, *, blanked: bool, has_picture: bool) -> Page:
    """The page for a status. ``has_picture``: something of this source was already shown."""
    if blanked:
        return _blank_page()
    if status.state is SessionState.FAILED:
        # A missing camera is waited for (RECOVERING); what fails for good is something else.
        return _stopped(status)
    if has_picture:
        waiting = status.state is SessionState.RECOVERING
        return Page(PageKind.PICTURE, banner=_recovering(status) if waiting else NOTHING)
    if status.state is SessionState.RECOVERING:
        return _no_camera(status) if is_camera(source) else _stopped(status)
    if status.state is SessionState.ENDED:
        return _stopped(status)
    opening = (
        QT_TRANSLATE_NOOP("Mirror", "Opening the camera …")
        if is_camera(source)
        else QT_TRANSLATE_NOOP("Mirror", "Waking the mirror …")
    )
    return Page(PageKind.STARTING, text(opening), verbatim(status.message))


def _blank_page() -> Page:
    return Page(
        PageKind.BLANK,
        text(QT_TRANSLATE_NOOP("Mirror", "The picture is hidden")),
        text(QT_TRANSLATE_NOOP("Mirror", "The camera is closed. Nothing is seen and nothing is kept.")),
        (PageAction.SHOW_AGAIN,),
    )


def _no_camera(status: SessionStatus) -> Page:
    fallback = text(QT_TRANSLATE_NOOP("Mirror", "Is one plugged in, and is no other program using it?"))
    return Page(
        PageKind.NO_CAMERA,
        text(QT_TRANSLATE_NOOP("Mirror", "No camera yet")),
        told(status.message, status.kind) if status.message else fallback,
        _WAYS_ON,
    )


def _stopped(status: SessionStatus) -> Page:
    fallback = text(QT_TRANSLATE_NOOP("Mirror", "Something unexpected happened. Starting again usually helps."))
    message = status.message or next(iter(status.errors[-1:]), "")
    return Page(
        PageKind.STOPPED,
        text(QT_TRANSLATE_NOOP("Mirror", "The mirror has stopped")),
        told(message, status.kind) if message else fallback,
        _WAYS_ON,
    )


def _recovering(status: SessionStatus) -> Text:
    fallback = text(QT_TRANSLATE_NOOP("Mirror", "The picture has stopped. Trying again …"))
    return told(status.message, status.kind) if status.message else fallback
