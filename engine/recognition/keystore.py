"""The system's keyring, as the vault uses it: patient with people, impatient with machines, and never chatty."""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from engine.errors import VaultError

SERVICE = "age-mirror"
# Finding a keyring is a matter of the computer; reading from it may wait for the user, who types a password of theirs.
FIND_LIMIT_S = 8.0
ANSWER_LIMIT_S = 90.0
_LEAST_PRIORITY = 1  # below this keyring's authors recommend no backend: files in plain text, none at all

T = TypeVar("T")


def usable() -> bool:
    """Whether this computer has a keyring that keeps a secret."""
    try:
        return _within(FIND_LIMIT_S, _backend) is not None
    except VaultError:
        return False


def store(name: str, key: bytes) -> None:
    """Lays the key into the keyring and reads it back. Raises VaultError where it does not arrive."""
    _ask(lambda backend: backend.set_password(SERVICE, name, base64.b64encode(key).decode()))
    if fetch(name) != key:
        raise VaultError("the system keyring did not keep the key: set AGE_MIRROR_PASSPHRASE to use a passphrase.")


def fetch(name: str) -> bytes | None:
    """The key of this name, or None. Raises VaultError where no keyring answers."""
    text = _ask(lambda backend: backend.get_password(SERVICE, name))
    try:
        return None if text is None else base64.b64decode(text, validate=True)
    except ValueError:
        return None


def forget(name: str) -> None:
    """Takes the key out of the keyring; one that is not there is gone already. Raises VaultError."""

    def delete(backend: Any) -> None:
        if backend.get_password(SERVICE, name) is not None:
            backend.delete_password(SERVICE, name)

    _ask(delete)


def _ask(action: Callable[[Any], T]) -> T:
    def asked() -> T:
        backend = _backend()
        if backend is None:
            raise VaultError("this computer has no keyring that answers: unlock or install one, then try again.")
        return action(backend)

    return _within(ANSWER_LIMIT_S, asked)


def _backend() -> Any | None:
    # With several backends keyring hands out a chain of them: the first that is safe serves.
    logging.getLogger("keyring").setLevel(logging.CRITICAL)
    import keyring

    found = keyring.get_keyring()
    candidates = list(getattr(found, "backends", ())) or [found]
    return next((each for each in candidates if each.priority >= _LEAST_PRIORITY), None)


def _within(limit_s: float, action: Callable[[], T]) -> T:
    """What the action returns, or VaultError: keyrings fail in many ways, and some by never answering."""
    results: list[T] = []
    failures: list[Exception] = []

    def work() -> None:
        try:
            results.append(action())
        except Exception as error:  # each backend has its own: D-Bus, Windows, macOS
            failures.append(error)

    worker = threading.Thread(target=work, name="keyring", daemon=True)
    worker.start()
    worker.join(limit_s)
    if results:
        return results[0]
    if not failures:
        raise VaultError("the system keyring does not answer: unlock it, then try again.")
    if isinstance(failures[0], VaultError):
        raise failures[0]
    raise VaultError(f"the system keyring failed ({failures[0]}): unlock it, then try again.") from failures[0]
