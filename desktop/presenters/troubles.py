"""The engine's errors in the language of the window: one sentence for each kind, never a reading of their words."""

from __future__ import annotations

from collections.abc import Mapping

from desktop.texts import QT_TRANSLATE_NOOP, Text
from engine import errors

SENTENCES: Mapping[str, str] = {
    "NoCameraError": QT_TRANSLATE_NOOP(
        "Mirror", "No camera answered. Is one plugged in, and is no other program using it?"
    ),
    "StalledError": QT_TRANSLATE_NOOP("Mirror", "The picture stands still. It is being opened again …"),
    "SourceError": QT_TRANSLATE_NOOP("Mirror", "No pictures come from the camera or file. Trying again …"),
    "PictureError": QT_TRANSLATE_NOOP("Mirror", "This file is not a picture that can be read."),
    "VideoError": QT_TRANSLATE_NOOP("Mirror", "This file is not a video that can be read."),
    "SettingsError": QT_TRANSLATE_NOOP("Mirror", "A setting has a value that is not offered."),
    "InputError": QT_TRANSLATE_NOOP("Mirror", "This file cannot be used. Choose another one."),
    "OutputError": QT_TRANSLATE_NOOP(
        "Mirror", "The file could not be written. Is there room on the disk, and may its folder be written to?"
    ),
    "WeightsError": QT_TRANSLATE_NOOP(
        "Mirror", "The file of a network is missing or damaged. Get the program's weights folder anew."
    ),
    "DeviceError": QT_TRANSLATE_NOOP(
        "Mirror", "The networks cannot run on the chosen device. Choose another one in the settings."
    ),
    "GalleryBusyError": QT_TRANSLATE_NOOP("Mirror", "Another program is using the file of the people. Try again soon."),
    "GalleryDamagedError": QT_TRANSLATE_NOOP("Mirror", "The file of the people is damaged."),
    "GalleryNewerError": QT_TRANSLATE_NOOP("Mirror", "A newer version of this program wrote the file of the people."),
    "GalleryError": QT_TRANSLATE_NOOP("Mirror", "The file of the people cannot be read or changed."),
    "VaultError": QT_TRANSLATE_NOOP("Mirror", "What is kept encrypted cannot be opened."),
    "SessionError": QT_TRANSLATE_NOOP("Mirror", "The mirror could not do this now. Try again."),
}
FAULT = QT_TRANSLATE_NOOP("Mirror", "Something went wrong inside the program. Starting again usually helps.")


def trouble(error: Exception) -> Text:
    """What to say of an error: its own words in English, which name files and causes, else the sentence of its kind."""
    return told(str(error), type(error).__name__)


def told(message: str, kind: str) -> Text:
    """The same for a message and the name of the error's class; without a kind the message as it is."""
    if not kind:
        return Text("{message}", {"message": message})
    found = getattr(errors, kind, None)
    family = found.__mro__ if isinstance(found, type) else ()
    sentence = next((SENTENCES[each.__name__] for each in family if each.__name__ in SENTENCES), FAULT)
    return Text(sentence, exact=message)
