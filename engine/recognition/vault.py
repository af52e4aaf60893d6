"""Encrypts what is stored of people, with a key that lies in the system keyring or is made from a passphrase.

Cipher: AES-GCM, 256-bit key, a fresh random 96-bit nonce for each blob (NIST SP 800-38D). Each blob is bound to what it
is about, so that one cannot pose as another. Passphrases go through scrypt (RFC 7914). Where there is neither keyring
nor passphrase nothing is stored at all.
"""

from __future__ import annotations

import json
import os
import unicodedata
import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import PassphraseNeededError, VaultError
from engine.recognition import keystore

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PASSPHRASE_VARIABLE = "AGE_MIRROR_PASSPHRASE"
KEYRING, PASSPHRASE = "keyring", "passphrase"
KEY_BYTES, NONCE_BYTES, TAG_BYTES, SALT_BYTES = 32, 12, 16, 16
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**16, 8, 1
"""64 MB and about a fifth of a second for each guess."""
_MOST_N, _MOST_R, _MOST_P = 2**18, 16, 4  # what a header may ask for: at most 512 MB
_CHECK = "check"
_NEITHER = (
    "there is no system keyring to hold the key of the people: "
    f"set {PASSPHRASE_VARIABLE}, or start this in a terminal and type a passphrase."
)


@dataclass(frozen=True, slots=True)
class VaultHeader:
    """What has to be known to open a vault, and is no secret.

    source: KEYRING or PASSPHRASE. salt (hex), n, r, p: of scrypt, empty and 0 with a keyring. check: hex of a blob that
    only the right key opens.
    """

    id: str
    source: str
    salt: str
    n: int
    r: int
    p: int
    check: str

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> VaultHeader:
        """Raises VaultError for anything that ``to_json`` does not write."""
        try:
            header = VaultHeader(**json.loads(text))
            bytes.fromhex(header.salt + header.check)
            if header.source not in (KEYRING, PASSPHRASE) or not isinstance(header.id, str):
                raise ValueError
            if header.source == PASSPHRASE and not _affordable(header.n, header.r, header.p):
                raise ValueError
        except (ValueError, TypeError):
            raise VaultError("the header of the encryption is damaged: restore the file from a copy.") from None
        return header


class Vault:
    """An opened vault: it has the key. Made by ``create`` and ``open``; safe in every thread."""

    def __init__(self, header: VaultHeader, cipher: AESGCM) -> None:
        self.header = header
        self._cipher = cipher

    @staticmethod
    def create(passphrase: str | None = None) -> Vault:
        """A new vault with a new key.

        The key is made from the passphrase, else from AGE_MIRROR_PASSPHRASE, else it is random and laid into the system
        keyring. Raises PassphraseNeededError where there is none of them.
        """
        name = uuid.uuid4().hex
        passphrase = passphrase or os.environ.get(PASSPHRASE_VARIABLE)
        if passphrase:
            salt = os.urandom(SALT_BYTES)
            header = VaultHeader(name, PASSPHRASE, salt.hex(), SCRYPT_N, SCRYPT_R, SCRYPT_P, "")
            return Vault._checked(header, _stretch(passphrase, header))
        if not keystore.usable():
            raise PassphraseNeededError(_NEITHER)
        key = os.urandom(KEY_BYTES)
        keystore.store(name, key)
        return Vault._checked(VaultHeader(name, KEYRING, "", 0, 0, 0, ""), key)

    @staticmethod
    def _checked(header: VaultHeader, key: bytes) -> Vault:
        vault = Vault(header, _cipher(key))
        check = vault.encrypt(b"", _CHECK).hex()
        vault.header = VaultHeader(**{**asdict(header), "check": check})
        return vault

    @staticmethod
    def open(header: VaultHeader, passphrase: str | None = None) -> Vault:
        """The vault this header describes; the passphrase may also stand in AGE_MIRROR_PASSPHRASE.

        Raises PassphraseNeededError where none was given, VaultError where it is wrong or the keyring has no such key.
        """
        vault = Vault(header, _cipher(_key_of(header, passphrase or os.environ.get(PASSPHRASE_VARIABLE))))
        try:
            vault.decrypt(bytes.fromhex(header.check), _CHECK)
        except VaultError:
            if header.source == PASSPHRASE:
                raise VaultError("the passphrase is wrong: try again.") from None
            raise VaultError(
                "the key in the system keyring does not fit these people: erase them, then import an export."
            ) from None
        return vault

    def encrypt(self, data: bytes, about: str) -> bytes:
        """The blob: nonce (12 bytes), ciphertext, tag (16 bytes). about: what it is, needed again to decrypt it."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, self._bound(about))

    def decrypt(self, blob: bytes, about: str) -> bytes:
        """The data. Raises VaultError where the blob was changed, is about something else, or of another key."""
        from cryptography.exceptions import InvalidTag

        if len(blob) < NONCE_BYTES + TAG_BYTES:
            raise VaultError(f"the encrypted {about} is cut off: restore the file from a copy.")
        try:
            return self._cipher.decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], self._bound(about))
        except InvalidTag:
            raise VaultError(f"the encrypted {about} was changed: restore the file from a copy.") from None

    def forget(self) -> None:
        """Drops the key where it was kept: what was encrypted with it stays closed for ever. Raises VaultError."""
        drop_key(self.header)

    def _bound(self, about: str) -> bytes:
        return f"{self.header.id}/{about}".encode()


def drop_key(header: VaultHeader) -> None:
    """Takes the key out of the keyring, if it was there. Raises VaultError."""
    if header.source == KEYRING:
        keystore.forget(header.id)


def _key_of(header: VaultHeader, passphrase: str | None) -> bytes:
    if header.source == PASSPHRASE:
        if not passphrase:
            raise PassphraseNeededError(
                f"a passphrase opens this, and none was given: set {PASSPHRASE_VARIABLE}, or start this in a terminal."
            )
        return _stretch(passphrase, header)
    key = keystore.fetch(header.id)
    if key is None or len(key) != KEY_BYTES:
        raise VaultError(
            "the system keyring has no key for these people: log in as who enrolled them, or erase them and import "
            "an export."
        )
    return key


def _affordable(n: int, r: int, p: int) -> bool:
    """Whether scrypt can run with these numbers, and does not stop the computer."""
    whole = all(type(number) is int for number in (n, r, p))
    return whole and 1 < n <= _MOST_N and n & (n - 1) == 0 and 0 < r <= _MOST_R and 0 < p <= _MOST_P


def _stretch(passphrase: str, header: VaultHeader) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    # The same characters may be typed as other bytes on another keyboard.
    secret = unicodedata.normalize("NFKC", passphrase).encode("utf-8", "surrogatepass")
    kdf = Scrypt(salt=bytes.fromhex(header.salt), length=KEY_BYTES, n=header.n, r=header.r, p=header.p)
    return kdf.derive(secret)


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)
