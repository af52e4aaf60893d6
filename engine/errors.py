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
├── GalleryError        the people that were enrolled cannot be read or changed
│   ├── NoGalleryError      nobody was ever enrolled here
│   ├── NameTakenError      another person has this name
│   ├── GalleryBusyError    another program holds the file
│   ├── GalleryDamagedError the file was changed or broken from outside
│   ├── GalleryNewerError   a newer version of this program wrote the file
│   └── ModelsDifferError   vectors of two models were to be compared (a ValueError too)
├── VaultError          what is encrypted cannot be opened: no keyring, no or a wrong passphrase
│   └── PassphraseNeededError  a passphrase would open it, and none was given
├── EnrolmentError      this person cannot be enrolled like this
│   ├── AlreadyKnownError   the face looks like somebody else who is enrolled
│   └── StrangerError       more pictures of somebody do not look like them
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


class GalleryError(AgeMirrorError):
    """The people that were enrolled cannot be read or changed."""


class NoGalleryError(GalleryError):
    """Nobody was ever enrolled here."""


class NameTakenError(GalleryError):
    """Another person has this name."""


class GalleryBusyError(GalleryError):
    """Another program holds the file."""


class GalleryDamagedError(GalleryError):
    """The file was changed or broken from outside."""


class GalleryNewerError(GalleryError):
    """A newer version of this program wrote the file."""


class ModelsDifferError(GalleryError, ValueError):
    """Vectors of two models were to be compared."""


class VaultError(AgeMirrorError):
    """What is encrypted cannot be opened: no keyring, no or a wrong passphrase."""


class PassphraseNeededError(VaultError):
    """A passphrase would open it, and none was given."""


class EnrolmentError(AgeMirrorError):
    """This person cannot be enrolled like this."""


class AlreadyKnownError(EnrolmentError):
    """The face looks like somebody else who is enrolled; ``person`` is their name."""

    def __init__(self, message: str, person: str) -> None:
        super().__init__(message)
        self.person = person


class StrangerError(EnrolmentError):
    """More pictures of somebody do not look like them."""
