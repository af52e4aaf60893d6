"""The public pair benchmarks of face verification: LFW, which nothing is learned from, and CFP, where some people are.

Who may be learned from in CFP stands in training/data/sets.py (``CFP_KEPT``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from training.data.sets import CFP_KEPT, DataError
from training.metrics.recognition import Flags, Numbers

SUFFIXES = (".jpg", ".jpeg", ".png", ".JPG")


@dataclass(frozen=True, slots=True, eq=False)
class Protocol:
    """Pairs of pictures: first and second (N,) are places in the benchmark's list; same and fold (N,)."""

    name: str
    first: Numbers
    second: Numbers
    same: Flags
    fold: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Benchmark:
    """pictures: each once; people (M,): who is on each, as a number; protocols over them."""

    name: str
    title: str
    pictures: tuple[Path, ...]
    people: Numbers
    protocols: tuple[Protocol, ...]


def lfw(folder: Path, limit: int = 0) -> Benchmark:
    """Any copy of Labeled Faces in the Wild with its pairs.txt (Huang et al. 2007): view 2, 10 folds of 300 + 300.

    Pictures are NAME/NAME_0001.jpg in the folder or in one below it. limit: so many pairs, of every fold and kind
    alike. Raises DataError for a missing list or picture.
    """
    listing = next(
        (path for path in (folder / "pairs.txt", *sorted(folder.glob("*/pairs.txt"))) if path.is_file()), None
    )
    if listing is None:
        raise DataError(f"{folder} holds no pairs.txt: give the folder of LFW with the official list of pairs in it.")
    rows = [line.split("\t") if "\t" in line else line.split() for line in listing.read_text().splitlines() if line]
    folds, count = _heading(listing, rows[0] if rows else [])
    pairs = rows[1:]
    if len(pairs) != 2 * folds * count:
        raise DataError(f"{listing} holds {len(pairs)} pairs, but its first line announces {2 * folds * count}.")
    root = _lfw_root(folder, listing, pairs[0])
    places = _Places()
    table = []
    for number, row in enumerate(pairs):
        kept = number % count < max(1, limit // (2 * folds)) if limit else True
        if not kept:
            continue
        if len(row) not in (3, 4):
            raise DataError(f"{listing}: {' '.join(row)!r} is no pair.")
        one, other = (row[0], row[1]), (row[0], row[2]) if len(row) == 3 else (row[2], row[3])
        first, second = (places.of(_lfw_picture(root, name, int(place)), name) for name, place in (one, other))
        table.append((first, second, len(row) == 3, number // (2 * count)))
    return Benchmark("lfw", "LFW", places.pictures, places.people, (_protocol("lfw", table),))


def _heading(listing: Path, row: Sequence[str]) -> tuple[int, int]:
    try:
        folds, count = (int(cell) for cell in row)
    except ValueError:
        raise DataError(f"{listing} does not begin with the numbers of folds and of pairs: it is not view 2.") from None
    return folds, count


def _lfw_root(folder: Path, listing: Path, pair: Sequence[str]) -> Path:
    roots = chain([listing.parent], _folders(listing.parent), [folder], _folders(folder))
    root = next((root for root in roots if _found(root / pair[0], f"{pair[0]}_{int(pair[1]):04d}")), None)
    if root is None:
        raise DataError(
            f"{folder} does not hold {pair[0]}/{pair[0]}_{int(pair[1]):04d}.jpg, in it or one folder below."
        )
    return root


def _lfw_picture(root: Path, name: str, number: int) -> Path:
    found = _found(root / name, f"{name}_{number:04d}")
    if found is None:
        raise DataError(f"{root / name} does not hold {name}_{number:04d}.jpg: unpack all pictures before measuring.")
    return found


def cfp(folder: Path, limit: int = 0) -> Benchmark:
    """Celebrities in Frontal-Profile (Sengupta et al. 2016): two protocols of 10 folds of 350 + 350 pairs, and the same
    two over those people alone whom nobody learns from.

    ``folder`` holds Protocol and Data/Images, or is one above. Raises DataError for a missing list or picture.
    """
    root = next((r for r in chain([folder], _folders(folder)) if (r / "Protocol" / "Pair_list_F.txt").is_file()), None)
    if root is None:
        raise DataError(f"{folder} holds no Protocol/Pair_list_F.txt: give the folder cfp-dataset.")
    places = _Places()
    listed = {kind: _cfp_list(root, root / "Protocol" / f"Pair_list_{kind}.txt") for kind in "FP"}
    protocols = []
    for name, kinds in (("cfp_ff", "FF"), ("cfp_fp", "FP")):
        table = []
        for fold, part in enumerate(sorted((root / "Protocol" / "Split" / kinds).glob("[0-9]*"))):
            for same in (True, False):
                file = part / ("same.txt" if same else "diff.txt")
                rows = [line.split(",") for line in file.read_text().splitlines() if line.strip()]
                for one, other in rows[: max(1, limit // 20) if limit else None]:
                    ends = (listed[kinds[0]][one.strip()], listed[kinds[1]][other.strip()])
                    first, second = (places.of(path, path.parts[-3]) for path in ends)
                    table.append((first, second, same, fold))
        if not table:
            raise DataError(f"{root} holds no folds in Protocol/Split/{kinds}.")
        protocols.append(_protocol(name, table))
    kept = np.array([int(path.parts[-3]) in CFP_KEPT for path in places.pictures])
    own = (_among(f"{protocol.name}_kept", protocol, kept, places.people) for protocol in protocols)
    return Benchmark("cfp", "CFP", places.pictures, places.people, (*protocols, *(each for each in own if each)))


def _among(name: str, protocol: Protocol, kept: Flags, people: Numbers) -> Protocol | None:
    """The protocol's pairs of one person among the kept pictures (M,), and in every fold as many of two, drawn from the
    same pictures; None where there are none.
    """
    chosen = protocol.same & kept[protocol.first] & kept[protocol.second]
    table = []
    for fold in np.unique(protocol.fold[chosen]):
        ends = [end[chosen & (protocol.fold == fold)] for end in (protocol.first, protocol.second)]
        others = np.stack(np.meshgrid(*map(np.unique, ends)), -1).reshape(-1, 2)
        others = others[people[others[:, 0]] != people[others[:, 1]]]
        drawn = np.random.default_rng(fold).permutation(others)[: len(ends[0])]
        for pairs, same in ((np.stack(ends, 1), True), (drawn, False)):
            table += [(int(first), int(second), same, int(fold)) for first, second in pairs]
    return _protocol(name, table) if table else None


def _cfp_list(root: Path, file: Path) -> dict[str, Path]:
    """Number to picture. Some copies keep the people in train/ and test/."""
    images = root / "Data" / "Images"
    bases = [images, *_folders(images)]
    listed = {}
    for line in file.read_text().splitlines():
        if not line.strip():
            continue
        number, _, name = line.partition(" ")
        place = Path(*Path(name.strip()).parts[-3:])
        found = next((base / place for base in bases if (base / place).is_file()), None)
        if found is None:
            raise DataError(f"{images} does not hold {place}: unpack all pictures before measuring.")
        listed[number] = found
    return listed


READERS = {"lfw": lfw, "cfp": cfp}


class _Places:
    """Gives every picture its place in the list, and every person a number."""

    def __init__(self) -> None:
        self._places: dict[Path, int] = {}
        self._people: dict[str, int] = {}
        self._who: list[int] = []

    def of(self, picture: Path, person: str) -> int:
        if picture not in self._places:
            self._places[picture] = len(self._places)
            self._who.append(self._people.setdefault(person, len(self._people)))
        return self._places[picture]

    @property
    def pictures(self) -> tuple[Path, ...]:
        return tuple(self._places)

    @property
    def people(self) -> Numbers:
        return np.array(self._who, np.int64)


def _protocol(name: str, table: Sequence[tuple[int, int, bool, int]]) -> Protocol:
    first, second, same, fold = (np.array(column) for column in zip(*table, strict=True))
    return Protocol(name, first, second, same.astype(np.bool_), fold)


def _found(folder: Path, stem: str) -> Path | None:
    return next((path for suffix in SUFFIXES if (path := folder / f"{stem}{suffix}").is_file()), None)


def _folders(folder: Path) -> Iterator[Path]:
    return iter(sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else ())
