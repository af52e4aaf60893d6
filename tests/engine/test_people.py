"""The command ``people`` as a user types it, on a terminal and in a script."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.cli import main
from engine.paths import gallery_file
from engine.people import EXPORT_VARIABLE
from engine.recognition import vault
from engine.recognition.gallery import Gallery
from engine.recognition.vault import PASSPHRASE_VARIABLE
from engine.types import FloatArray, Image
from tests.fakes.people import CONSENT, MODEL, OTHER_MODEL, PASSPHRASE, samples, vector


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script's surroundings: no terminal, the passphrase in the environment."""
    monkeypatch.setattr(vault, "SCRYPT_N", 16)
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    monkeypatch.delenv(EXPORT_VARIABLE, raising=False)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)


@pytest.fixture
def enrolled() -> None:
    with Gallery.open() as gallery:
        gallery.add("Ada Lovelace", samples(1), CONSENT)
        gallery.add("Bob", samples(2, 1), CONSENT)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Somebody sits there; what they type stands in the list, and all of it has to be asked for."""
    typed: list[str] = []
    monkeypatch.delenv(PASSPHRASE_VARIABLE)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: typed.pop(0))
    monkeypatch.setattr("builtins.input", lambda prompt: typed.pop(0))
    yield typed
    assert typed == []


def run(*argv: object) -> int:
    return main(["people", *map(str, argv)], run_app=lambda *a, **o: pytest.fail("the window was opened"))


def names() -> list[str]:
    with Gallery.open() as gallery:
        return [person.name for person in gallery.people()]


class Spoken:
    """What was printed since the last look."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def one_line(self, stream: str = "out") -> str:
        printed = self._capsys.readouterr()
        text, other = (printed.out, printed.err) if stream == "out" else (printed.err, printed.out)
        assert (text.count("\n"), other) == (1, ""), printed
        return text.strip()


@pytest.fixture
def spoken(capsys: pytest.CaptureFixture[str]) -> Spoken:
    return Spoken(capsys)


class TestList:
    def test_nobody(self, spoken: Spoken) -> None:
        assert run("list") == 0
        assert "Nobody is enrolled" in spoken.one_line()
        assert run("list", "--json") == 0
        assert json.loads(spoken.one_line()) == []
        assert not gallery_file().exists(), "looking makes nothing"

    @pytest.mark.usefixtures("enrolled")
    def test_as_lines(self, capsys: pytest.CaptureFixture[str]) -> None:
        run("target", "bob", 64.5)
        capsys.readouterr()
        assert run("list") == 0
        first, second = capsys.readouterr().out.splitlines()
        assert first.startswith("Ada Lovelace  3 samples   since 20")
        assert second.startswith("Bob           1 sample   since 20")
        assert second.endswith("shown at 64.5")

    @pytest.mark.usefixtures("enrolled")
    def test_as_json_and_without_the_key(self, spoken: Spoken, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(PASSPHRASE_VARIABLE)
        assert run("list", "--json") == 0
        ada, bob = json.loads(spoken.one_line())
        assert set(ada) == {"name", "samples", "created", "target_age", "consent", "models"}
        assert (ada["name"], ada["samples"], ada["target_age"], ada["models"]) == ("Ada Lovelace", 3, None, [MODEL])
        assert ada["consent"] == {"text": CONSENT, "given": ada["created"]}
        assert bob["name"] == "Bob"


@pytest.mark.usefixtures("enrolled")
class TestChanges:
    def test_remove(self, spoken: Spoken) -> None:
        assert run("remove", "ada lovelace") == 0
        assert spoken.one_line() == "Ada Lovelace is forgotten."
        assert names() == ["Bob"]

    def test_rename(self, spoken: Spoken) -> None:
        assert run("rename", "Bob", "Robert") == 0
        assert spoken.one_line() == "Bob is called Robert now."
        assert names() == ["Ada Lovelace", "Robert"]

    def test_merge(self, spoken: Spoken) -> None:
        assert run("merge", "Ada Lovelace", "Bob") == 0
        assert spoken.one_line() == "Bob is Ada Lovelace now, who has 4 samples."
        assert names() == ["Ada Lovelace"]

    def test_target(self, spoken: Spoken) -> None:
        assert run("target", "Bob", 70) == 0
        assert spoken.one_line() == "Bob is shown at 70 when recognised."
        assert run("target", "Bob", "none") == 0
        assert spoken.one_line() == "Bob is shown like everybody else when recognised."

    def test_erase(self, spoken: Spoken) -> None:
        assert run("erase") == 0
        assert spoken.one_line() == "2 people forgotten. Nothing is left."
        assert names() == []
        assert run("erase") == 0
        assert "Nobody was enrolled" in spoken.one_line()

    def test_reembed(self, spoken: Spoken, monkeypatch: pytest.MonkeyPatch) -> None:
        closed = []

        class OtherNetwork:
            model = OTHER_MODEL

            def embed(self, crops: Image) -> FloatArray:
                return np.stack([vector(9, i) for i in range(len(crops))])

            def close(self) -> None:
                closed.append(True)

        monkeypatch.setattr("engine.still.FaceEngine", OtherNetwork)
        assert run("reembed") == 0
        assert spoken.one_line() == "4 samples of 2 people measured anew for the network in use."
        with Gallery.open() as gallery:
            assert [person.models for person in gallery.people()] == [(OTHER_MODEL,)] * 2
        assert run("reembed") == 0
        assert "Nothing was changed" in spoken.one_line()
        assert closed == [True, True]

    @pytest.mark.parametrize(
        ("argv", "part"),
        [
            (["remove", "Eve"], "nobody called 'Eve' is enrolled: 'people list' tells who is"),
            (["remove", ""], "nobody called '' is enrolled"),
            (["remove", "x" * 10_000], "..."),
            (["rename", "Eve", "Ada"], "nobody called 'Eve'"),
            (["rename", "Bob", "ADA  LOVELACE"], "Ada Lovelace is enrolled already"),
            (["rename", "Bob", " "], "the name is empty"),
            (["rename", "Bob", "x" * 10_000], "the name has 10000 characters"),
            (["merge", "Bob", "Eve"], "nobody called 'Eve'"),
            (["merge", "Bob", "bob"], "cannot be merged with themselves"),
            (["target", "Eve", "70"], "nobody called 'Eve'"),
            (["import", "nothing.agemirror"], "nothing.agemirror cannot be read: no such file"),
        ],
    )
    def test_what_cannot_be_done_is_one_line_and_status_1(self, argv: list[str], part: str, spoken: Spoken) -> None:
        assert run(*argv) == 1
        line = spoken.one_line("err")
        assert part in line
        assert len(line) < 250
        assert names() == ["Ada Lovelace", "Bob"]


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        ([], "required: ACTION"),
        (["dance"], "invalid choice: 'dance'"),
        (["remove"], "required: NAME"),
        (["rename", "Ada"], "required: NEW"),
        (["target", "Ada", "101"], "101 is out of range"),
        (["target", "Ada", "old"], "'old' is no age"),
        (["list", "--csv"], "unrecognized arguments: --csv"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(argv: list[str], part: str, spoken: Spoken) -> None:
    assert run(*argv) == 2
    assert part in spoken.one_line("err")


@pytest.mark.usefixtures("enrolled")
class TestTransfer:
    def test_there_and_back(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "people.agemirror"
        assert run("export", path) == 0
        assert capsys.readouterr().out == f"2 people written to {path}. Only its passphrase opens it.\n"
        assert run("erase") == 0
        capsys.readouterr()
        assert run("import", path) == 0
        assert capsys.readouterr().out == "Ada Lovelace is enrolled: 3 samples\nBob is enrolled: 1 sample\n"
        assert run("import", path) == 0
        assert "Bob was enrolled already: 0 new samples" in capsys.readouterr().out
        assert names() == ["Ada Lovelace", "Bob"]

    def test_a_passphrase_for_the_file_alone(
        self, tmp_path: Path, spoken: Spoken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "people.agemirror"
        monkeypatch.setenv(EXPORT_VARIABLE, "of the file")
        assert run("export", path) == 0
        spoken.one_line()
        monkeypatch.delenv(EXPORT_VARIABLE)
        assert run("import", path) == 1
        assert f"the passphrase does not open {path}" in spoken.one_line("err")

    def test_nobody_to_export(self, tmp_path: Path, spoken: Spoken) -> None:
        run("erase")
        spoken.one_line()
        assert run("export", tmp_path / "people.agemirror") == 1
        assert "nothing to export" in spoken.one_line("err")

    def test_a_script_without_a_passphrase(
        self, tmp_path: Path, spoken: Spoken, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv(PASSPHRASE_VARIABLE)
        assert run("export", tmp_path / "people.agemirror") == 1
        assert PASSPHRASE_VARIABLE in spoken.one_line("err")
        assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("enrolled")
class TestOnATerminal:
    @pytest.mark.parametrize(("answer", "status", "left"), [("y", 0, 1), ("Yes ", 0, 1), ("", 1, 2), ("n", 1, 2)])
    def test_removing_is_asked_about(self, terminal: list[str], answer: str, status: int, left: int) -> None:
        terminal.append(answer)
        assert run("remove", "Bob") == status
        assert len(names()) == left

    def test_unless_it_is_sure(self, terminal: list[str]) -> None:
        assert run("remove", "Bob", "--yes") == 0
        assert run("erase", "--yes") == 0
        assert names() == []

    def test_erasing_is_asked_about(self, terminal: list[str], spoken: Spoken) -> None:
        terminal.append("no")
        assert run("erase") == 1
        assert spoken.one_line("err") == "Nothing was changed."
        assert len(names()) == 2

    def test_passphrases_are_asked_for(self, terminal: list[str], tmp_path: Path) -> None:
        path = tmp_path / "people.agemirror"
        terminal += [PASSPHRASE, "of the file", "of the file"]
        assert run("export", path) == 0
        assert run("erase", "--yes") == 0
        terminal += ["of the file", "a new one", "a new one"]
        assert run("import", path) == 0
        with Gallery.open() as gallery:
            gallery.unlock("a new one")
            assert len(gallery.index(MODEL)) == 4

    def test_a_wrong_one_is_asked_for_again(
        self, terminal: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        terminal += ["wrong", PASSPHRASE, "of the file", "of the file"]
        assert run("export", tmp_path / "people.agemirror") == 0
        assert capsys.readouterr().err == "the passphrase is wrong: try again.\n"
        terminal += ["wrong"] * 3
        assert run("export", tmp_path / "people.agemirror") == 1
        assert capsys.readouterr().err == "the passphrase is wrong: try again.\n" * 3

    @pytest.mark.parametrize("typed", [["one", "two"], [""]])
    def test_a_passphrase_that_is_none(self, terminal: list[str], tmp_path: Path, typed: list[str]) -> None:
        terminal += [PASSPHRASE, *typed]
        assert run("export", tmp_path / "people.agemirror") == 1
        assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("enrolled")
class TestDamage:
    def test_every_action_says_so_in_one_line(self, spoken: Spoken) -> None:
        gallery_file().write_bytes(b"noise" * 1000)
        for argv in (["list"], ["remove", "Bob"], ["rename", "Bob", "Eve"], ["target", "Bob", "5"]):
            assert run(*argv) == 1
            assert "is damaged" in spoken.one_line("err")

    def test_and_erase_begins_anew(self, spoken: Spoken) -> None:
        gallery_file().write_bytes(b"noise" * 1000)
        assert run("erase") == 0
        assert spoken.one_line() == "Everybody is forgotten."
        assert run("list") == 0
