"""What the gallery's tests share: a cheap scrypt, no passphrase in the environment, and keyrings by choice."""

from __future__ import annotations

from collections.abc import Iterator

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from engine.recognition import vault
from engine.recognition.gallery import Gallery
from engine.recognition.vault import Vault
from tests.fakes.keyrings import MemoryKeyring
from tests.fakes.people import PASSPHRASE


@pytest.fixture(autouse=True)
def cheap_secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No keyring and no passphrase, unless a test brings one; scrypt as quick as it can be."""
    monkeypatch.setattr(vault, "SCRYPT_N", 16)
    monkeypatch.delenv(vault.PASSPHRASE_VARIABLE, raising=False)
    keyring.set_keyring(NoKeyring())
    yield
    keyring.set_keyring(NoKeyring())


@pytest.fixture
def memory_keyring() -> MemoryKeyring:
    backend = MemoryKeyring()
    keyring.set_keyring(backend)
    return backend


@pytest.fixture
def gallery() -> Iterator[Gallery]:
    """An empty one in the home folder of the test, opened by PASSPHRASE."""
    with Gallery.open(vault=Vault.create(PASSPHRASE)) as opened:
        yield opened
