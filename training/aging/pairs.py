"""Makes the pairs the generator learns from: a real face, and the same face at another age by transfer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from training.aging import prototypes as prototypes_module
from training.aging.exemplars import Cast, composed
from training.aging.hair import HairFinder
from training.aging.meshspace import SIZE
from training.aging.prototypes import Prototypes
from training.aging.transfer import Regions, Strengths, change_age, prepare_face
from training.data.faces import FaceSet, spread
from training.data.faces import load as load_faces
from training.data.labels import with_labels
from training.data.sets import DataError

CHUNK = 400


@dataclass(frozen=True)
class PairsConfig:
    """targets: how many other ages a face; youngest/oldest: range of target ages; gap_years: the least
    change; exemplars: "chosen" by name, or "oldest" of the data; lenders: the sets that the mean faces (the first of
    them) and the exemplars come from ((): ``data``).
    """

    name: str = "pairs"
    data: str = "data/faces"
    out: str = "data/pairs"
    seed: int = 1
    targets: int = 2
    youngest: float = 4.0
    oldest: float = 90.0
    gap_years: float = 4.0
    yaw_limit: float = 0.4
    sharpness_limit: float = 4.2
    least_years: int = 6
    exemplars: str = "chosen"
    lenders: tuple[str, ...] = ()
    processes: int = 1
    limit: int = 0


@dataclass(frozen=True)
class Pairs:
    """after (P, 256, 256, 3) uint8 BGR; rows (P,) into the face set; source and target (P,) years."""

    after: NDArray[np.uint8]
    rows: NDArray[np.int64]
    source: NDArray[np.float32]
    target: NDArray[np.float32]


def sources(faces: FaceSet, config: PairsConfig, split: str = "train") -> NDArray[np.int64]:
    """Rows that are sharp, frontal enough and coloured."""
    rows = faces.rows(split)
    good = (faces.yaw[rows] < config.yaw_limit) & (faces.sharpness[rows] > config.sharpness_limit)
    good &= ~faces.grey[rows] & (faces.years[rows] >= config.least_years) & (faces.gender[rows] >= 0)
    rows = rows[good]
    if not config.limit or config.limit >= len(rows):
        return rows
    # A part is drawn so that rare ages have their share.
    bands = faces.years[rows] // 5
    chances = 1 / np.sqrt(np.bincount(bands)[bands])
    rng = np.random.default_rng((config.seed, 2))
    return np.sort(rng.choice(rows, config.limit, replace=False, p=chances / chances.sum()))


_worker: dict[str, object] = {}


def _lenders(config: PairsConfig) -> tuple[str, ...]:
    return config.lenders or (config.data,)


def _faces(config: PairsConfig) -> FaceSet:
    return with_labels(load_faces(Path(config.data)), Path(config.data))


def _start_worker(config: PairsConfig) -> None:
    cv2.setNumThreads(1)
    lenders = _lenders(config)
    prototypes = prototypes_module.load(Path(lenders[0]) / "prototypes.npz")
    _worker.update(
        faces=_faces(config),
        prototypes=prototypes,
        regions=Regions.of(prototypes.space.mean),
        cast=composed([load_faces(Path(folder)) for folder in lenders], prototypes, config.exemplars),
        hair=HairFinder(),
    )


def _make(job: tuple[list[int], NDArray[np.float32]]) -> NDArray[np.uint8]:
    faces, prototypes, regions, cast, finder = (_worker[k] for k in ("faces", "prototypes", "regions", "cast", "hair"))
    assert isinstance(faces, FaceSet) and isinstance(prototypes, Prototypes) and isinstance(regions, Regions)
    assert isinstance(cast, Cast) and isinstance(finder, HairFinder)
    rows, targets = job
    made = np.empty((*targets.shape, SIZE, SIZE, 3), np.uint8)
    for i, row in enumerate(rows):
        gender = int(faces.gender[row])
        hair = finder.find(faces.crops[row], faces.meshes[row], faces.corners[row])
        face = prepare_face(faces.crops[row], faces.meshes[row], gender, prototypes, hair)
        exemplar = cast.for_face(gender, float(face.skin[0]))
        for k, target in enumerate(targets[i]):
            after = change_age(face, float(faces.years[row]), float(target), exemplar, prototypes, regions, Strengths())
            made[i, k] = np.clip(np.round(after), 0, 255)
    return made


def make_pairs(config: PairsConfig) -> int:
    """Writes all pairs into ``config.out`` in chunks; a second start continues where the first was stopped."""
    faces = _faces(config)
    lender = Path(_lenders(config)[0])
    if not (lender / "prototypes.npz").is_file():
        lending = load_faces(lender)
        prototypes_module.save(prototypes_module.build(lending, lending.rows("train")), lender / "prototypes.npz")
    rows = np.random.default_rng(config.seed).permutation(sources(faces, config))
    rng = np.random.default_rng((config.seed, 1))
    targets = rng.uniform(config.youngest, config.oldest, (len(rows), config.targets)).astype(np.float32)
    near = np.abs(targets - faces.years[rows][:, None]) < config.gap_years
    targets[near] = np.where(targets > 45, config.youngest + 14, config.oldest - 15)[near]
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    facts = {"pairs": targets.size, "config": {k: v for k, v in vars(config).items() if k not in ("processes",)}}
    done_file, array_file = out / "done.json", out / "after.npy"
    done = 0
    if done_file.is_file() and array_file.is_file():
        state = json.loads(done_file.read_text())
        if state["facts"] != facts:
            raise DataError(f"{out} holds pairs of another configuration: give another `out`, or delete it.")
        done = state["done"]
        after = np.lib.format.open_memmap(array_file, mode="r+")  # type: ignore[no-untyped-call]
    else:
        np.savez(out / "facts.npz", rows=rows, source=faces.years[rows].astype(np.float32), target=targets)
        after = np.lib.format.open_memmap(  # type: ignore[no-untyped-call]
            array_file, mode="w+", dtype=np.uint8, shape=(*targets.shape, SIZE, SIZE, 3)
        )
    jobs = [(s, ([int(r) for r in rows[s : s + CHUNK]], targets[s : s + CHUNK])) for s in range(done, len(rows), CHUNK)]
    with tqdm(total=len(rows), initial=done, unit="face", desc="pairs", disable=None) as bar:
        work = spread(_make, [job for _, job in jobs], config.processes, _start_worker, (config,))
        for (start, job), made in zip(jobs, work, strict=True):
            after[start : start + len(made)] = made
            after.flush()
            done_file.write_text(json.dumps({"facts": facts, "done": start + len(made)}))
            bar.update(len(job[0]))
    return int(targets.size)


def load_pairs(folder: Path) -> Pairs:
    """The pairs made so far. Raises DataError where there are none."""
    if not (folder / "done.json").is_file():
        raise DataError(f"{folder} holds no pairs: run `python -m training pairs` first.")
    done = json.loads((folder / "done.json").read_text())["done"]
    with np.load(folder / "facts.npz") as facts:
        rows, source, target = facts["rows"][:done], facts["source"][:done], facts["target"][:done]
    after = np.load(folder / "after.npy", mmap_mode="r")[:done]
    count = target.shape[1]
    return Pairs(after.reshape(-1, SIZE, SIZE, 3), np.repeat(rows, count), np.repeat(source, count), target.reshape(-1))
