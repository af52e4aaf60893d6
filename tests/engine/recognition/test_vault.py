"""The vault: what it closes only the right key opens, in the right place; without a key nothing is closed at all."""

from __future__ import annotations

from dataclasses import replace

import keyring
import pytest

from engine.errors import PassphraseNeededError, VaultError
from engine.recognition import keystore
from engine.recognition.vault import KEYRING, NONCE_BYTES, PASSPHRASE_VARIABLE, TAG_BYTES, Vault, VaultHeader
from tests.fakes import keyrings
from tests.fakes.keyrings import MemoryKeyring

SECRET = b"a vector, or a picture"


class TestBlobs:
    @pytest.mark.parametrize("data", [b"", b"x", SECRET * 1000])
    def test_round_trip(self, data: bytes) -> None:
        vault = Vault.create("p")
        blob = vault.encrypt(data, "samples/1/embedding/net")
        assert vault.decrypt(blob, "samples/1/embedding/net") == data
        assert len(blob) == NONCE_BYTES + len(data) + TAG_BYTES
        assert SECRET not in blob

    def test_no_nonce_comes_twice(self) -> None:
        vault = Vault.create("p")
        assert len({vault.encrypt(SECRET, "a")[:NONCE_BYTES] for _ in range(1000)}) == 1000

    def test_a_blob_opens_in_its_own_place_only(self) -> None:
        vault = Vault.create("p")
        blob = vault.encrypt(SECRET, "samples/1/embedding/net-a")
        for about in ("samples/2/embedding/net-a", "samples/1/thumbnail", "samples/1/embedding/net-b"):
            with pytest.raises(VaultError, match="was changed"):
                vault.decrypt(blob, about)

    @pytest.mark.parametrize("position", [0, NONCE_BYTES, -1])
    def test_a_changed_bit_is_seen(self, position: int) -> None:
        vault = Vault.create("p")
        blob = bytearray(vault.encrypt(SECRET, "a"))
        blob[position] ^= 1
        with pytest.raises(VaultError, match="was changed"):
            vault.decrypt(bytes(blob), "a")

    def test_a_blob_cut_off_is_seen(self) -> None:
        vault = Vault.create("p")
        with pytest.raises(VaultError, match="cut off"):
            vault.decrypt(vault.encrypt(SECRET, "a")[:20], "a")

    def test_two_vaults_of_one_passphrase_have_two_keys(self) -> None:
        first, second = Vault.create("p"), Vault.create("p")
        with pytest.raises(VaultError):
            second.decrypt(first.encrypt(SECRET, "a"), "a")


class TestPassphrase:
    def test_the_right_one_opens_it_again(self) -> None:
        vault = Vault.create("Grüße")
        again = Vault.open(VaultHeader.from_json(vault.header.to_json()), "Gru\u0308ße")  # composed on another keyboard
        assert again.decrypt(vault.encrypt(SECRET, "a"), "a") == SECRET

    def test_a_wrong_one_is_told_at_once(self) -> None:
        with pytest.raises(VaultError, match=r"^the passphrase is wrong: try again\.$"):
            Vault.open(Vault.create("right").header, "wrong")

    def test_none_asks_for_one(self) -> None:
        with pytest.raises(PassphraseNeededError, match=PASSPHRASE_VARIABLE):
            Vault.open(Vault.create("right").header)

    def test_the_environment_gives_it(self, monkeypatch: pytest.MonkeyPatch, memory_keyring: MemoryKeyring) -> None:
        monkeypatch.setenv(PASSPHRASE_VARIABLE, "from outside")
        vault = Vault.create()
        assert memory_keyring.kept == {}, "what was said wins over what is found"
        assert Vault.open(vault.header).decrypt(vault.encrypt(SECRET, "a"), "a") == SECRET

    @pytest.mark.parametrize(
        "change", [{"n": 15}, {"n": 2**24}, {"n": 0}, {"r": 0}, {"p": 99}, {"n": 16.0}, {"salt": "zz"}, {"source": "x"}]
    )
    def test_a_header_that_asks_for_nonsense_is_refused(self, change: dict[str, object]) -> None:
        header = replace(Vault.create("p").header, **change)
        with pytest.raises(VaultError, match="header of the encryption is damaged"):
            VaultHeader.from_json(header.to_json())

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"id": 1}', "nonsense"])
    def test_a_header_that_is_none_is_refused(self, text: str) -> None:
        with pytest.raises(VaultError, match="header of the encryption is damaged"):
            VaultHeader.from_json(text)


class TestKeyring:
    def test_the_key_lies_there_and_nowhere_else(self, memory_keyring: MemoryKeyring) -> None:
        vault = Vault.create()
        assert vault.header.source == KEYRING
        (((service, _), key),) = memory_keyring.kept.items()
        assert service == "age-mirror"
        assert key not in vault.header.to_json()
        assert Vault.open(vault.header).decrypt(vault.encrypt(SECRET, "a"), "a") == SECRET

    def test_forgetting_drops_it(self, memory_keyring: MemoryKeyring) -> None:
        vault = Vault.create()
        vault.forget()
        vault.forget()
        assert memory_keyring.kept == {}
        with pytest.raises(VaultError, match="has no key for these people"):
            Vault.open(vault.header)

    def test_a_key_of_another_gallery_is_told(self, memory_keyring: MemoryKeyring) -> None:
        first, second = Vault.create(), Vault.create()
        kept = memory_keyring.kept
        kept["age-mirror", first.header.id] = kept["age-mirror", second.header.id]
        with pytest.raises(VaultError, match="does not fit these people"):
            Vault.open(first.header)

    def test_a_key_that_is_none_is_no_key(self, memory_keyring: MemoryKeyring) -> None:
        vault = Vault.create()
        memory_keyring.kept["age-mirror", vault.header.id] = "not base64!"
        with pytest.raises(VaultError, match="has no key for these people"):
            Vault.open(vault.header)

    def test_without_one_there_is_no_vault(self) -> None:
        with pytest.raises(PassphraseNeededError) as caught:
            Vault.create()
        assert "no system keyring" in str(caught.value)
        assert PASSPHRASE_VARIABLE in str(caught.value)

    def test_one_that_keeps_plain_text_counts_as_none(self) -> None:
        keyring.set_keyring(keyrings.PlainFileKeyring())
        with pytest.raises(PassphraseNeededError):
            Vault.create()

    def test_one_that_was_there_and_is_gone(self, memory_keyring: MemoryKeyring) -> None:
        vault = Vault.create()
        keyring.set_keyring(keyrings.PlainFileKeyring())
        with pytest.raises(VaultError, match="no keyring that answers"):
            Vault.open(vault.header)

    @pytest.mark.parametrize(
        ("backend", "message"),
        [(keyrings.LockedKeyring, "prompt dismissed"), (keyrings.LosingKeyring, "did not keep the key")],
    )
    def test_one_that_fails_is_one_clear_line(self, backend: type[MemoryKeyring], message: str) -> None:
        keyring.set_keyring(backend())
        with pytest.raises(VaultError, match=message) as caught:
            Vault.create()
        assert not isinstance(caught.value, PassphraseNeededError)

    def test_one_that_never_answers_holds_nobody_up(
        self, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        vault = Vault.create()
        keyring.set_keyring(keyrings.SilentKeyring())
        monkeypatch.setattr(keystore, "ANSWER_LIMIT_S", 0.05)
        with pytest.raises(VaultError, match="does not answer"):
            Vault.open(vault.header)
