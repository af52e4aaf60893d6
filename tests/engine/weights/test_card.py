"""Cards survive writing and reading, and refuse what they do not know."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from engine.errors import WeightsError
from engine.weights.card import Card, read_card, write_card

FULL = Card(
    name="ager",
    network="ager",
    sizes=(256, 384, 512),
    crop="wide",
    licence='for "research" only\nsecond line \\ \x7f é',
    data=("UTKFace", "made pairs"),
    command="python -m training ager",
    seed=3,
    notes="",
    arguments={"width": 24, "multiples": [1, 2], "half": True, "rate": 0.5},
    figures={"mae_years utkface-test": 5.25, "count": 3},
    sha256={"ager.safetensors": "0" * 64, "ager.xml": "ab" * 32},
)


def test_a_written_card_reads_back_the_same(tmp_path: Path) -> None:
    write_card(tmp_path / "ager.toml", FULL)
    again = read_card(tmp_path / "ager.toml")
    assert {f.name: getattr(again, f.name) for f in fields(Card)} == {
        f.name: getattr(FULL, f.name) for f in fields(Card)
    }
    assert [p.name for p in tmp_path.iterdir()] == ["ager.toml"]


def test_a_card_cannot_be_changed_through_the_mapping_it_was_made_from() -> None:
    source = {"ager.xml": "0" * 64}
    card = Card("ager", "ager", (256,), sha256=source)
    source["other.xml"] = "1" * 64
    assert list(card.sha256) == ["ager.xml"]


def test_with_sha256_adds_and_replaces() -> None:
    card = FULL.with_sha256({"ager.bin": "1" * 64, "ager.xml": "2" * 64})
    assert card.sha256 == {"ager.safetensors": "0" * 64, "ager.xml": "2" * 64, "ager.bin": "1" * 64}
    assert FULL.sha256["ager.xml"] == "ab" * 32


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('name = "x"\nnetwork = "ager"\nsizes = [256]\ncolour = 1\n', "unknown key 'colour'"),
        ('network = "ager"\nsizes = [256]\n', "'name' is missing"),
        ('name = "x"\nnetwork = "ager"\nsizes = 256\n', "'sizes' has the wrong type"),
        ('name = "x"\nnetwork = "ager"\nsizes = ["256"]\n', "'sizes' has the wrong type"),
        ('name = "x"\nnetwork = "ager"\nsizes = [true]\n', "'sizes' has the wrong type"),
        ('name = "x"\nnetwork = "ager"\nsizes = []\n', "at least one positive size"),
        ('name = "x"\nnetwork = "ager"\nsizes = [256]\ncrop = "tight"\n', "crop must be"),
        ('name = "x"\nnetwork = "ager"\nsizes = [256]\nseed = "1"\n', "'seed' has the wrong type"),
        ('name = "x"\nnetwork = "ager"\nsizes = [256]\n[sha256]\n"x.bin" = "12"\n', "64 hexadecimal"),
        ('name = "x"\nnetwork = "ager"\nsizes = [256]\n[sha256]\n"../x.bin" = "' + "0" * 64 + '"\n', "beside the card"),
        ('name = "../x"\nnetwork = "ager"\nsizes = [256]\n', "is no name"),
        ('name = "y"\nnetwork = "ager"\nsizes = [256]\n', "the card names 'y'"),
        ("name = \n", "not a valid card"),
        ("\xff\xfe", "not a valid card"),
    ],
)
def test_a_bad_card_is_refused_with_its_reason(tmp_path: Path, text: str, part: str) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(WeightsError) as caught:
        read_card(path)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_card_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"none\.toml cannot be read"):
        read_card(tmp_path / "none.toml")
