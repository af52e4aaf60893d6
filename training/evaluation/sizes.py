"""``evaluate sizes``: do large faces grow as old as small ones, and how fine are they drawn?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.geometry.scales import shrunk
from training.aging.skin import skin_mask
from training.data.faces import FaceSet, load
from training.data.sets import DataError
from training.evaluation.aging_generators import SIZES, Generator, load_generator, shown
from training.evaluation.aging_judges import Jury
from training.evaluation.report import table, write_report

_YAW = 0.25
_FINE_PX = 1.5  # of a Gaussian, in crops of 512 pixels: what is finer than this is fine

Images = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SizesJob:
    """data: folders of large crops (task `large`), of which all frontal people of ``splits`` between ``youngest`` and
    ``oldest`` are made ``target`` years old, ``people`` at most; weights: folder of the generator (None: what ships);
    second: further age networks, others: further recognisers (ONNX), as for the scorecard.
    """

    data: tuple[Path, ...]
    out: Path
    second: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    splits: tuple[str, ...] = ("test",)
    people: int = 100
    youngest: int = 20
    oldest: int = 35
    target: float = 65.0
    weights: Path | None = None
    seed: int = 5


def evaluate_sizes(job: SizesJob) -> dict[str, float]:
    """Writes sizes.json and sizes.md into ``job.out`` and prints the table; returns its figures. Raises DataError."""
    generator = load_generator(str(job.weights or ""))
    jury = Jury.called("", job.second, str(job.weights or ""), job.others)
    crops, meshes = _people(job)
    source = jury.ages["own"].years(crops, meshes)
    figures: dict[str, float] = {"people": float(len(crops))}
    for size in SIZES:
        figures |= _measured(job, size, (crops, meshes), source, generator, jury)
    heading = (
        "side",
        *(f"years ({n})" for n in jury.names),
        *(f"cosine ({n})" for n in jury.recognisers),
        "fine lines",
    )
    lines = [
        (f"{size} px", *(f"{figures[f'{size}_gained_{name}']:+.1f}" for name in jury.names),
         *(f"{figures[f'{size}_cosine_{name}']:.3f}" for name in jury.recognisers), f"{figures[f'{size}_fine']:.2f}")
        for size in SIZES
    ]  # fmt: skip
    page = f"# {len(crops)} large faces of {job.youngest} to {job.oldest} made {job.target:.0f}\n\n" + table(
        heading, lines
    )
    print(page, flush=True)
    job.out.mkdir(parents=True, exist_ok=True)
    write_report(job.out, "sizes", page, {"figures": figures})
    return figures


def _people(job: SizesJob) -> tuple[Images, Floats]:
    """Large crops (N, S, S, 3) and their meshes."""
    found: list[tuple[FaceSet, int]] = []
    for folder in job.data:
        faces = load(folder)
        fit = np.isin(faces.split, job.splits) & ~faces.grey & (faces.yaw <= _YAW)
        fit &= (faces.years >= job.youngest) & (faces.years <= job.oldest)
        found += [(faces, int(row)) for row in np.flatnonzero(fit)]
    if not found:
        raise DataError(f"no frontal face of {job.youngest} to {job.oldest} years in {', '.join(map(str, job.data))}.")
    order = np.random.default_rng(job.seed).permutation(len(found))[: job.people]
    chosen = [found[place] for place in np.sort(order)]
    return np.stack([faces.crops[row] for faces, row in chosen]), np.stack([faces.meshes[row] for faces, row in chosen])


def _measured(
    job: SizesJob,
    size: int,
    people: tuple[Images, Floats],
    source: NDArray[np.float64],
    generator: Generator,
    jury: Jury,
) -> dict[str, float]:
    """Years gained, likeness kept, and detail of up to three pixels that is added to the skin, in 8-bit units, where
    the faces are asked about at this side and all else happens at their own.
    """
    crops, meshes = people
    side = crops.shape[1]
    asked = np.stack([shrunk(crop, size) for crop in crops])
    changes = generator.residuals(asked, source, np.full(len(crops), job.target))
    changes = np.stack([cv2.resize(each, (side, side), interpolation=cv2.INTER_LINEAR) for each in changes])
    made = shown(crops, np.asarray(changes, np.float32), meshes)
    figures = {f"{size}_fine": float(np.mean([_fine(c, m) for c, m in zip(changes, meshes, strict=True)]))}
    for name, judge in jury.ages.items():
        gained = judge.years(made, meshes) - judge.years(crops, meshes)
        figures[f"{size}_gained_{name}"] = float(gained.mean())
    for name, recogniser in jury.recognisers.items():
        cosine = (recogniser.vectors(made, meshes) * recogniser.vectors(crops, meshes)).sum(1)
        figures[f"{size}_cosine_{name}"] = float(cosine.mean())
    return figures


def _fine(change: Floats, mesh: Floats) -> float:
    """Root mean square of the fine part of a change on the skin."""
    light = np.asarray(change.mean(axis=2), np.float32)
    fine = light - cv2.GaussianBlur(light, (0, 0), _FINE_PX)
    skin = skin_mask(mesh, change.shape[0])
    return float(np.sqrt((fine**2 * skin).sum() / max(float(skin.sum()), 1.0)))
