"""Finds weights by name and proves that their files are the ones the card describes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import WeightsError
from engine.paths import weights_dir
from engine.weights.card import Card, read_card
from engine.weights.files import sha256_of

CARD = ".toml"
SAFETENSORS = ".safetensors"
IR_FILES = (".xml", ".bin")
INT8_FILES = ("-int8.xml", "-int8.bin")


@dataclass(frozen=True, slots=True)
class Weights:
    """A card and the folder its files lie in."""

    card: Card
    folder: Path

    def path(self, ending: str) -> Path:
        """The file of these weights with this ending, whether it exists or not."""
        return self.folder / (self.card.name + ending)

    def has(self, *endings: str) -> bool:
        """Whether all these files are on the card and on disk."""
        return all(self.path(e).name in self.card.sha256 and self.path(e).is_file() for e in endings)

    def verify(self, ending: str) -> Path:
        """The file's path, after its SHA-256 was found equal to the card's. Raises WeightsError."""
        path = self.path(ending)
        if not path.is_file():
            raise WeightsError(f"{path} is missing: {_remedy(self.card, ending)}.")
        expected = self.card.sha256.get(path.name)
        if expected is None:
            raise WeightsError(f"{path} has no SHA-256 on its card: {_remedy(self.card, ending)}.")
        actual = sha256_of(path)
        if actual != expected:
            raise WeightsError(
                f"{path} is damaged or not the file its card describes "
                f"(SHA-256 {actual[:12]}…, expected {expected[:12]}…): {_remedy(self.card, ending)}."
            )
        return path


def _remedy(card: Card, ending: str) -> str:
    if ending == SAFETENSORS:
        return "restore it from the repository"
    return f"restore it from the repository, or build it with: python -m training export {card.name}"


def find(name: str, folder: Path | None = None) -> Weights:
    """The weights of this name in ``folder`` (default: those that ship). Raises WeightsError if there are none."""
    folder = weights_dir() if folder is None else folder
    path = folder / (name + CARD)
    if not path.is_file():
        known = ", ".join(names(folder)) or "none"
        raise WeightsError(f"no weights are called {name!r} in {folder} (there: {known}).")
    return Weights(read_card(path), folder)


def names(folder: Path | None = None) -> tuple[str, ...]:
    """The names of all weights in the folder, sorted."""
    folder = weights_dir() if folder is None else folder
    return tuple(sorted(path.stem for path in folder.glob("*" + CARD)))
