"""What can go wrong, in the user's words. Each message is one line: what is wrong, then what to do.

AgeMirrorError
├── InputError          a file or value the user gave cannot be used
│   ├── PictureError    not a picture, damaged, empty or too large
│   ├── VideoError      not a video, truncated, or without a picture track
│   └── SettingsError   a value out of range, an unknown key, a broken settings file
├── OutputError         a result cannot be written where it was asked for
├── SourceError         a camera or file stopped giving pictures
│   ├── NoCameraError   no camera answered
│   └── StalledError    frozen, black or missing frames
├── WeightsError        a network's file is missing, damaged, or not the one its card describes
├── DeviceError         the asked-for device cannot run a network
└── SessionError        a live session was used in a way its state does not allow
"""

from __future__ import annotations


class AgeMirrorError(Exception):
    """Base of all errors a user may see; str() is one line."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class InputError(AgeMirrorError):
    """A file or value the user gave cannot be used."""


class PictureError(InputError):
    """Not a picture, damaged, empty or too large."""


class VideoError(InputError):
    """Not a video, truncated, or without a picture track."""


class SettingsError(InputError):
    """A value out of range, an unknown key, or a broken settings file."""


class OutputError(AgeMirrorError):
    """A result cannot be written where it was asked for."""


class SourceError(AgeMirrorError):
    """A camera or file stopped giving pictures."""


class NoCameraError(SourceError):
    """No camera answered."""


class StalledError(SourceError):
    """Frozen, black or missing frames."""


class WeightsError(AgeMirrorError):
    """A network's file is missing, damaged, or not the one its card describes."""


class DeviceError(AgeMirrorError):
    """The asked-for device cannot run a network."""


class SessionError(AgeMirrorError):
    """A live session was used in a way its state does not allow."""
