"""The card beside every set of weights: what it is, made from what, how good, and the SHA-256 of each file."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.errors import WeightsError
from engine.weights.files import write_bytes

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Card:
    """One set of weights.

    name: file stem, lower case. network: key in engine.networks.REGISTRY. arguments: what that class is built with.
    sizes: sides of the input crop in pixels it is meant for, the usual one first. crop: how the crop is aligned
    ("wide" or "arcface"). sha256: file name to hash. figures: measured, with the data set in the name.
    split, metric: which part of the data was learned from and which measured, and what the figures are.
    licence, data, command, seed, commit: what the weights may be used for, what they were made from, and how to rebuild
    them; commit of the code that trained them, with "+" behind it where files had been changed since.
    """

    name: str
    network: str
    sizes: tuple[int, ...]
    crop: str = "wide"
    licence: str = ""
    data: tuple[str, ...] = ()
    split: str = ""
    metric: str = ""
    command: str = ""
    seed: int = 0
    commit: str = ""
    notes: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)
    sha256: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise WeightsError(f"card: {self.name!r} is no name: use lower-case letters, digits, - and _.")
        if self.crop not in ("wide", "arcface"):
            raise WeightsError(f"card {self.name}: crop must be 'wide' or 'arcface', not {self.crop!r}.")
        if not self.sizes or min(self.sizes) < 1:
            raise WeightsError(f"card {self.name}: sizes must name at least one positive size in pixels.")
        for file, digest in self.sha256.items():
            if Path(file).name != file:
                raise WeightsError(f"card {self.name}: {file!r} must lie beside the card.")
            if not _SHA256.fullmatch(digest):
                raise WeightsError(f"card {self.name}: the SHA-256 of {file} is not 64 hexadecimal digits.")
        for key in ("arguments", "figures", "sha256"):
            object.__setattr__(self, key, MappingProxyType(dict(getattr(self, key))))

    @property
    def size(self) -> int:
        """The usual side of the input crop in pixels."""
        return self.sizes[0]

    def with_sha256(self, hashes: Mapping[str, str]) -> Card:
        """This card with these hashes added or replaced."""
        return replace(self, sha256={**self.sha256, **hashes})


_REQUIRED = ("name", "network", "sizes")
_TYPES: dict[str, tuple[type, ...]] = {
    "name": (str,), "network": (str,), "sizes": (list,), "crop": (str,), "licence": (str,), "data": (list,),
    "split": (str,), "metric": (str,), "command": (str,), "seed": (int,), "commit": (str,), "notes": (str,),
    "arguments": (dict,), "figures": (dict,), "sha256": (dict,),
}  # fmt: skip
_ENTRIES: dict[str, tuple[type, ...]] = {"sizes": (int,), "data": (str,), "figures": (int, float), "sha256": (str,)}


def _fits(value: Any, types: tuple[type, ...]) -> bool:
    return isinstance(value, types) and not (isinstance(value, bool) and bool not in types)


def _check_value(path: Path, key: str, value: Any) -> None:
    good = _fits(value, _TYPES[key])
    if good and key in _ENTRIES:
        entries = value.values() if isinstance(value, dict) else value
        good = all(_fits(entry, _ENTRIES[key]) for entry in entries)
    if not good:
        raise WeightsError(f"{path}: the value of {key!r} has the wrong type.")


def read_card(path: Path) -> Card:
    """The card in this TOML file. Raises WeightsError if it is missing, broken, or has unknown or missing keys."""
    try:
        with open(path, "rb") as file:
            values = tomllib.load(file)
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}): restore it from the repository.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WeightsError(f"{path} is not a valid card: {error}.") from error
    known = [f.name for f in fields(Card)]
    for key in values:
        if key not in known:
            raise WeightsError(f"{path}: unknown key {key!r}; a card knows {', '.join(known)}.")
    for key in _REQUIRED:
        if key not in values:
            raise WeightsError(f"{path}: the key {key!r} is missing.")
    for key, value in values.items():
        _check_value(path, key, value)
    values["sizes"] = tuple(values["sizes"])
    values["data"] = tuple(values.get("data", ()))
    card = Card(**values)
    if card.name != path.stem:
        raise WeightsError(f"{path}: the card names {card.name!r} but the file is called {path.name}.")
    return card


def write_card(path: Path, card: Card) -> None:
    """Writes the card as TOML, whole or not at all."""
    plain = {f.name: getattr(card, f.name) for f in fields(Card)}
    tables = {key: value for key, value in plain.items() if isinstance(value, Mapping)}
    lines = [f"{key} = {_toml(value)}" for key, value in plain.items() if key not in tables]
    for key, table in tables.items():
        lines += ["", f"[{key}]", *(f"{_key(entry)} = {_toml(value)}" for entry, value in table.items())]
    write_bytes(path, ("\n".join(lines) + "\n").encode())


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)


def _toml(value: Any) -> str:
    """A TOML value. JSON strings and numbers are TOML too, with the exception of DEL."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(entry) for entry in value) + "]"
    raise WeightsError(f"a card cannot hold a {type(value).__name__}.")
