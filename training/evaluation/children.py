"""``evaluate children``: what the field of growth does to adults who are to be children, beside the network alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.geometry.growth import Growth, grow
from engine.weights.growth import load_growth
from training.data.faces import load
from training.data.sets import DataError
from training.evaluation.aging_generators import OwnGenerator, load_generator, shown
from training.evaluation.aging_judges import Jury
from training.evaluation.report import table, write_report

TARGETS = (3, 8, 13)
ADULTS = (20, 50)
_YAW, _SHARPNESS = 0.25, 4.5

Images = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ChildrenJob:
    """data: prepared faces, of which ``people`` adults of ``split`` are made children; second: further age networks,
    others: further recognisers (ONNX), as for the scorecard; weights: folder of generator and growth (None: those that
    ship).
    """

    data: Path
    out: Path
    second: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    people: int = 40
    split: str = "test"
    weights: Path | None = None
    seed: int = 5


def moved(crops: Images, meshes: Floats, field: Floats) -> tuple[Images, Floats]:
    """Crops (N, S, S, 3) moved by a field as the mirror moves the picture, and where their meshes come to lie."""
    size, points = crops.shape[1], field.shape[0]
    pictures = crops.copy()
    for picture in pictures:
        grow(picture, field, np.eye(2, 3), size)
    places = np.clip(np.round(meshes / (size - 1) * (points - 1)).astype(int), 0, points - 1)
    return pictures, np.asarray(meshes + size * field[places[..., 1], places[..., 0]], np.float32)


def evaluate_children(job: ChildrenJob) -> dict[str, float]:
    """Writes children.json and children.md into ``job.out`` and prints the table; returns its figures.

    Raises DataError where there is no table of growth or nobody to measure.
    """
    growth = load_growth(job.weights)
    if growth is None:
        raise DataError(f"{job.weights} holds no growth.toml: make it with `python -m training growth`.")
    generator = load_generator(str(job.weights or ""))
    assert isinstance(generator, OwnGenerator)
    jury = Jury.called("", job.second, str(job.weights or ""), job.others)
    faces = load(job.data)
    rows = faces.rows(job.split)
    low, high = ADULTS
    fit = (faces.years[rows] >= low) & (faces.years[rows] <= high) & ~faces.grey[rows]
    fit &= (faces.yaw[rows] <= _YAW) & (faces.sharpness[rows] >= _SHARPNESS)
    chosen = np.sort(np.random.default_rng(job.seed).permutation(rows[fit])[: job.people])
    if not len(chosen):
        raise DataError(f"{job.data}: no adult of {job.split} is frontal and sharp enough.")
    figures = _measured(np.asarray(faces.crops[chosen]), faces.meshes[chosen], generator, growth, jury)
    ways = {"network": "the network alone", "growth": "with growth, as the mirror has it"}
    heading = ("target", "", *(f"years ({name})" for name in jury.names), *(f"cosine ({n})" for n in jury.recognisers))
    lines = [
        (str(target), words, *(f"{figures[f'{way}_{target}_years_{name}']:.1f}" for name in jury.names),
         *(f"{figures[f'{way}_{target}_cosine_{name}']:.3f}" for name in jury.recognisers))
        for target in TARGETS for way, words in ways.items()
    ]  # fmt: skip
    page = f"# {len(chosen)} adults of {low} to {high} made children\n\n" + table(heading, lines)
    print(page, flush=True)
    job.out.mkdir(parents=True, exist_ok=True)
    write_report(job.out, "children", page, {"figures": figures, "people": len(chosen)})
    return figures


def _measured(crops: Images, meshes: Floats, generator: OwnGenerator, growth: Growth, jury: Jury) -> dict[str, float]:
    source = jury.ages["own"].years(crops, meshes)
    before = {name: recogniser.vectors(crops, meshes) for name, recogniser in jury.recognisers.items()}
    figures: dict[str, float] = {}

    def note(key: str, pictures: Images, places: Floats) -> None:
        for name, judge in jury.ages.items():
            figures[f"{key}_years_{name}"] = float(judge.years(pictures, places).mean())
        for name, recogniser in jury.recognisers.items():
            cosine = (recogniser.vectors(pictures, places) * before[name]).sum(1)
            figures[f"{key}_cosine_{name}"] = float(cosine.mean())

    def painted(target: Sequence[float]) -> Images:
        return shown(crops, generator.residuals(crops, source, np.array(target, np.float64)), meshes)

    for target in TARGETS:
        note(f"network_{target}", painted([target] * len(crops)), meshes)
        field = growth.field(ADULTS[0], target)
        assert field is not None
        asked = painted([growth.painted_age(own, target) for own in source])
        note(f"growth_{target}", *moved(asked, meshes, field))
    return figures
