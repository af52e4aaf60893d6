"""Of whom the scorecard is: held-out people by age band, and the strangers who set the recognisers' thresholds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from training.data.faces import FaceSet
from training.data.sets import DataError
from training.evaluation.aging_judges import Jury
from training.metrics.recognition import threshold_of, unlike_pairs

if TYPE_CHECKING:
    from training.evaluation.aging import ScorecardConfig

Images = NDArray[np.uint8]
Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

BANDS = {"child": (0, 19), "young": (20, 35), "middle": (36, 55), "old": (56, 100)}
ADULT = 18
FAR = 1e-3
_BATCH = 8


@dataclass(frozen=True, eq=False)
class People:
    """Whom the figures are of, one row a person: crops and meshes by ``crop`` and ``mesh``, columns (N,)."""

    sets: tuple[FaceSet, ...]
    place: Rows
    row: Rows
    band: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.row)

    def column(self, name: str) -> NDArray[np.int64]:
        """A column of the collections: years, gender, group."""
        return np.array([getattr(self.sets[p], name)[r] for p, r in zip(self.place, self.row, strict=True)], np.int64)

    def faces(self, rows: Rows) -> tuple[Images, Floats]:
        """Crops (N, S, S, 3) and meshes (N, 478, 2) of these rows."""
        pairs = [(self.sets[self.place[i]], self.row[i]) for i in rows]
        return np.stack([np.asarray(s.crops[r]) for s, r in pairs]), np.stack([s.meshes[r] for s, r in pairs])

    @property
    def files(self) -> list[str]:
        return [str(self.sets[p].files[r]) for p, r in zip(self.place, self.row, strict=True)]


@dataclass(frozen=True)
class Threshold:
    """limit: what a recogniser accepts at FAR 1e-3 among strangers; card: what its card says; pairs: of how many;
    left_out: pairs that were taken for one person.
    """

    limit: float
    card: float | None
    pairs: int
    left_out: int


def held_out(faces: FaceSet, split: str) -> Rows:
    """Rows of the split whose age is known to the year and that are frontal, sharp and in colour; where there are none
    such, those of known age.
    """
    rows = faces.rows(split)
    rows = rows[faces.age_known[rows] & (faces.high[rows] - faces.low[rows] <= 1)]
    good = (faces.yaw[rows] < 0.3) & (faces.sharpness[rows] > 4.5) & ~faces.grey[rows]
    return np.asarray(rows[good] if good.any() else rows, np.int64)


def choose(sets: tuple[FaceSet, ...], config: ScorecardConfig) -> People:
    """Of each collection ``people`` of each age band, drawn by the seed. Raises DataError where there is nobody."""
    found: list[tuple[int, int, str]] = []
    for place, faces in enumerate(sets):
        rows = held_out(faces, config.split)
        for band, (low, high) in BANDS.items():
            mine = rows[(faces.years[rows] >= low) & (faces.years[rows] <= high)]
            drawn = np.random.default_rng((config.seed, low)).permutation(mine)
            found += [(place, int(row), band) for row in np.sort(drawn[: config.limit or config.people or None])]
    if not found:
        raise DataError(f"{config.data} holds nobody of known age in {config.split!r}.")
    places, rows_of, bands = zip(*found, strict=True)
    return People(sets, np.array(places, np.int64), np.array(rows_of, np.int64), np.array(bands))


def batches(count: int) -> Iterator[Rows]:
    for start in range(0, count, _BATCH):
        yield np.arange(start, min(start + _BATCH, count))


def stranger_thresholds(sets: tuple[FaceSet, ...], jury: Jury, config: ScorecardConfig) -> dict[str, Threshold]:
    """What each recogniser accepts at FAR 1e-3 among held-out adults of all collections.

    Children are left out, as they look alike to every recogniser and would make the task another.
    """
    rng = np.random.default_rng(config.seed + 1)
    crops, meshes = [], []
    share = max(2, config.impostors // len(sets))
    for faces in sets:
        rows = held_out(faces, config.split)
        adults = rows[faces.years[rows] >= ADULT]
        for row in np.sort(rng.permutation(adults if len(adults) > 1 else rows)[:share]):
            crops.append(np.asarray(faces.crops[row]))
            meshes.append(faces.meshes[row])
    if len(crops) < 2:
        raise DataError("there are no two strangers, from whom a threshold could be learned.")
    vectors = {
        name: np.concatenate([
            recogniser.vectors(np.stack([crops[i] for i in part]), np.stack([meshes[i] for i in part]))
            for part in tqdm(list(batches(len(crops))), desc=f"strangers, {recogniser.name}", disable=None)
        ])
        for name, recogniser in jury.recognisers.items()
    }  # fmt: skip
    pairs, left_out = unlike_pairs(list(vectors.values()))
    if not pairs.any():
        raise DataError("all faces look like one person: no threshold can be learned from them.")
    return {
        name: Threshold(
            threshold_of((rows @ rows.T)[pairs], FAR), jury.recognisers[name].limit, int(pairs.sum()), left_out
        )
        for name, rows in vectors.items()
    }
