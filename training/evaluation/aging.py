"""``evaluate aging``: the scorecard of a generator, ours or another's, over people that nobody learned from.

Every face is given to the generator as the mirror gives it: the aligned wide crop and the age that our network
estimates of it; what comes back is added inside the face mask. Each target is then judged by several age networks and
recognisers, of which all but the first of each kind should have had no part in any loss of the generator.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from engine.geometry.boxes import from_points
from engine.landmarks.mask import head_mask
from engine.landmarks.mesh import FaceMesher
from training.data.faces import FaceSet, load
from training.data.sets import DataError
from training.evaluation import aging_report
from training.evaluation.aging_clips import clip_figures, mirror_figures
from training.evaluation.aging_generators import SIZES, Generator, load_generator, shown
from training.evaluation.aging_judges import Jury
from training.evaluation.aging_people import People, batches, choose, held_out, stranger_thresholds
from training.evaluation.report import check_card
from training.metrics.attributes import AttributeChange, attribute_change
from training.metrics.realism import FaceFeatures, kernel_distance

Images = NDArray[np.uint8]
Floats = NDArray[np.float32]
Years = NDArray[np.float64]
Rows = NDArray[np.int64]

SLOPE_TARGETS = (10, 20, 30, 40, 50, 60, 70, 80)
MONOTONIC_TARGETS = (20, 30, 40, 50, 60, 70, 75)
OLDER, YOUNGER = 65, 25
TARGETS = tuple(sorted({*SLOPE_TARGETS, *MONOTONIC_TARGETS, OLDER, YOUNGER}))
CLOSE_LOOK = (YOUNGER, OLDER)
"""Targets at which attributes and realism are measured too."""
REAL_WITHIN_YEARS = 5


@dataclass(frozen=True)
class ScorecardConfig:
    """data: prepared faces, also: further prepared folders; of each the people of ``split``. generator: whose scorecard
    ("": the one that ships; a folder of weights, a card, a run's folder, or an ONNX file described by ``adapter``).

    age: our estimator; second: others, in order (ONNX with an adapter, or weights). embedder: folder of ours; others:
    ONNX recognisers. people: of each age band (0: all); impostors: faces whose pairs give the threshold; sheet: rows of
    the contact sheet of each band; clips: videos, of which ``seconds`` are looked at; pans: how many stills are panned;
    mirror: also measure the live mirror on the clips, where the generator lies in a folder of weights; rounds: of the
    timing (0: none); card: gets the chief figures.
    """

    name: str = "evaluate"
    data: str = "data/faces"
    also: tuple[str, ...] = ()
    split: str = "test"
    out: str = "runs/evaluate-aging"
    generator: str = ""
    adapter: str = ""
    age: str = ""
    second: tuple[str, ...] = ()
    embedder: str = ""
    others: tuple[str, ...] = ()
    people: int = 60
    limit: int = 0
    impostors: int = 600
    sheet: int = 6
    clips: tuple[str, ...] = ()
    seconds: float = 6.0
    pans: int = 4
    mirror: bool = True
    rounds: int = 20
    card: str = ""
    seed: int = 5


@dataclass(eq=False)
class Measured:
    """What was found of N people; dictionaries by target (None: the own age), each (N,).

    before, years, and own_raw by judge; cosine by recogniser; moved: mean change of the picture inside the mask;
    outside: greatest change outside of it; spilled: mean of what the network would have added there.
    """

    before: dict[str, Years] = field(default_factory=dict)
    years: dict[str, dict[int | None, Years]] = field(default_factory=dict)
    own_raw_years: dict[str, Years] = field(default_factory=dict)
    own_raw_255: Years = field(default_factory=lambda: np.zeros(0))
    cosine: dict[str, dict[int | None, Years]] = field(default_factory=dict)
    moved: dict[int | None, Years] = field(default_factory=dict)
    outside: dict[int | None, Years] = field(default_factory=dict)
    spilled: dict[int | None, Years] = field(default_factory=dict)
    attributes: dict[int, list[AttributeChange | None]] = field(default_factory=dict)
    features: dict[int | None, Years] = field(default_factory=dict)
    pictures: dict[int, dict[int | None, Images]] = field(default_factory=dict)


def evaluate(config: ScorecardConfig) -> dict[str, float]:
    """Writes aging.json, aging.md and aging.png into ``config.out``; returns the chief figures.

    Raises DataError where there is nobody to measure or a network does not fit, before the long work.
    """
    import torch

    torch.set_num_threads(1)
    if config.card:
        _check_for_card(config)
    generator = load_generator(config.card or config.generator, config.adapter)
    jury = Jury.called(config.age, config.second, config.embedder, config.others)
    sets = tuple(load(Path(folder)) for folder in (config.data, *config.also))
    people = choose(sets, config)
    thresholds = stranger_thresholds(sets, jury, config)
    drawn = [int(i) for band in ("young", "old") for i in np.flatnonzero(people.band == band)[: config.sheet]]
    measured = measure(people, generator, jury, drawn)
    realism = realism_figures(sets, people, measured, config)
    clips = clip_figures([Path(clip) for clip in config.clips], _stills(people, config), config.seconds, generator,
                         dict(jury.ages), OLDER)  # fmt: skip
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    mirror = _mirror(config, out)
    sizes = SIZES if generator.masked and generator.size == SIZES[0] else (generator.size,)
    speed = {f"{size} px {precision}": generator.ms(size, precision, 0) for size in sizes
             for precision in ("f32", "bf16")} if config.rounds else {}  # fmt: skip
    card = aging_report.Scorecard(
        generator.name, config, people, jury, measured, thresholds, realism, clips, mirror, speed
    )
    aging_report.write(out, card)
    if config.card:
        aging_report.write_figures(Path(config.card), card.figures)
    return {key: round(value, 4) for key, value in card.figures.items()}


def _check_for_card(config: ScorecardConfig) -> None:
    check_card(Path(config.card), "ager")
    for given, why in (
        (config.generator, "generator: the network beside the card is measured"),
        (config.adapter, "adapter: the network beside the card is measured"),
        (config.limit, "limit: a card tells figures of whole bands"),
        (not config.second, "no second estimator: give --set second=FILE"),
    ):
        if given:
            raise DataError(f"a card does not go with {why}.")


def _stills(people: People, config: ScorecardConfig) -> list[Images]:
    """Young faces for the pans."""
    young = np.flatnonzero(people.band == "young")
    rows = young if len(young) else np.arange(len(people))
    return [people.faces(rows[i : i + 1])[0][0] for i in range(min(config.pans, len(rows)))]


def _mirror(config: ScorecardConfig, out: Path) -> dict[str, dict[str, float]]:
    """The live mirror on the clips, for weights that it can load: a folder with all its networks."""
    place = Path(config.card).resolve().parent if config.card else Path(config.generator) if config.generator else None
    whole = place is None or all((place / f"{name}.toml").is_file() for name in ("ager", "age"))
    if not config.mirror or not whole:
        return {}
    return {
        Path(clip).stem: mirror_figures(Path(clip), place, config.seconds, OLDER, out / "shimmer.json")
        for clip in config.clips
    }


# --- the measuring --------------------------------------------------------------------------------------------------


def measure(people: People, generator: Generator, jury: Jury, drawn: list[int]) -> Measured:
    """All targets of all people; the pictures of the people ``drawn`` are kept."""
    parts: list[Measured] = []
    features = FaceFeatures.shipped()
    mesher = FaceMesher()
    try:
        for rows in tqdm(list(batches(len(people))), unit="batch", desc="people", disable=None):
            parts.append(_measure_part(people, rows, generator, jury, features, mesher, set(drawn)))
    finally:
        mesher.close()
    return _joined(parts)


def _measure_part(
    people: People,
    rows: Rows,
    generator: Generator,
    jury: Jury,
    features: FaceFeatures,
    mesher: FaceMesher,
    drawn: set[int],
) -> Measured:
    crops, meshes = people.faces(rows)
    found = Measured()
    found.before = {name: judge.years(crops, meshes) for name, judge in jury.ages.items()}
    vectors = {name: one.vectors(crops, meshes) for name, one in jury.recognisers.items()}
    found.years = {name: {} for name in jury.ages}
    found.cosine = {name: {} for name in jury.recognisers}
    source = found.before["own"]
    inside = np.stack([head_mask(mesh, crops.shape[1]) for mesh in meshes])
    held = [_mesh(mesher, crop, mesh) for crop, mesh in zip(crops, meshes, strict=True)]
    raw = shown(crops, generator.residuals(crops, source, source, raw=True), meshes, generator.masked)
    found.own_raw_years = {name: judge.years(raw, meshes) for name, judge in jury.ages.items()}
    found.own_raw_255 = np.abs(raw.astype(np.float32) - crops).mean((1, 2, 3)).astype(np.float64)
    found.pictures = {int(row): {} for row in rows if int(row) in drawn}
    found.features[None] = features.pooled(crops)
    for target in (None, *TARGETS):
        wanted = source if target is None else np.full(len(rows), float(target))
        residuals = generator.residuals(crops, source, wanted)
        made = shown(crops, residuals, meshes, generator.masked)
        for name, judge in jury.ages.items():
            found.years[name][target] = judge.years(made, meshes)
        for name, one in jury.recognisers.items():
            found.cosine[name][target] = (vectors[name] * one.vectors(made, meshes)).sum(1).astype(np.float64)
        change = np.abs(made.astype(np.float32) - crops).mean(3)
        nothing = inside == 0
        found.moved[target] = _mean_where(change, ~nothing)
        found.outside[target] = (change * nothing).max((1, 2)).astype(np.float64)
        found.spilled[target] = _mean_where(np.abs(residuals).mean(3), nothing)
        if target in CLOSE_LOOK:
            after = [_mesh(mesher, crop, mesh) for crop, mesh in zip(made, meshes, strict=True)]
            found.attributes[target] = [
                None if a is None or b is None else attribute_change(a, b) for a, b in zip(held, after, strict=True)
            ]
            found.features[target] = features.pooled(made)
        for place, row in enumerate(rows):
            if int(row) in drawn:
                found.pictures[int(row)][target] = made[place]
    return found


def _mean_where(values: Floats, where: NDArray[np.bool_]) -> Years:
    """The mean of each picture (N, H, W) over its flags; 0 without any."""
    return np.asarray((values * where).sum((1, 2), dtype=np.float64) / np.maximum(where.sum((1, 2)), 1), np.float64)


def _mesh(mesher: FaceMesher, crop: Images, expected: Floats) -> Floats | None:
    """The mesh that is found in the crop where one is expected (478, 2), or None."""
    box = from_points(expected[None, :468])[0]
    found = mesher.mesh(crop, np.asarray(box, np.float32), passes=2)
    return None if found is None else found.points


def _joined(parts: list[Measured]) -> Measured:
    """Batches as one."""

    def rows(values: list[Years]) -> Years:
        return np.concatenate(values)

    first = parts[0]
    whole = Measured()
    whole.before = {k: rows([p.before[k] for p in parts]) for k in first.before}
    whole.own_raw_years = {k: rows([p.own_raw_years[k] for p in parts]) for k in first.own_raw_years}
    whole.own_raw_255 = rows([p.own_raw_255 for p in parts])
    whole.years = {k: {t: rows([p.years[k][t] for p in parts]) for t in first.years[k]} for k in first.years}
    whole.cosine = {k: {t: rows([p.cosine[k][t] for p in parts]) for t in first.cosine[k]} for k in first.cosine}
    for name in ("moved", "outside", "spilled", "features"):
        kind = getattr(first, name)
        setattr(whole, name, {t: rows([getattr(p, name)[t] for p in parts]) for t in kind})
    whole.attributes = {t: [each for p in parts for each in p.attributes[t]] for t in first.attributes}
    whole.pictures = {row: made for p in parts for row, made in p.pictures.items()}
    return whole


def realism_figures(
    sets: tuple[FaceSet, ...], people: People, measured: Measured, config: ScorecardConfig
) -> dict[str, dict[str, float]]:
    """KID of the made faces against real ones of the target age, in the features of our own age network.

    Beside it ``unchanged``, the same people as they were (how far there is to go), and ``floor``, one half of the real
    faces against the other. The real faces are held-out ones (test and val) within five years of the target, resized by
    area averages as the made ones are (Parmar et al. 2022).
    """
    features = FaceFeatures.shipped()
    found: dict[str, dict[str, float]] = {}
    for band, target in (("young", OLDER), ("old", YOUNGER)):
        mine = people.band == band
        real = np.concatenate([_real_features(faces, target, features) for faces in sets])
        if mine.sum() < 2 or len(real) < 4:
            continue
        made, before = measured.features[target][mine], measured.features[None][mine]
        half = np.random.default_rng(config.seed).permutation(len(real))
        kid = kernel_distance(made, real)
        found[f"{band}_to_{target}"] = {
            "kid": kid.distance,
            "kid_error": kid.error,
            "unchanged": kernel_distance(before, real).distance,
            "floor": kernel_distance(real[half[::2]], real[half[1::2]]).distance,
            "real_faces": float(len(real)),
            "made_faces": float(mine.sum()),
        }
    return found


def _real_features(faces: FaceSet, target: int, features: FaceFeatures) -> Years:
    rows = np.concatenate([held_out(faces, split) for split in ("test", "val")])
    rows = rows[np.abs(faces.years[rows] - target) <= REAL_WITHIN_YEARS]
    if not len(rows):
        return np.zeros((0, _width(features)))
    return np.concatenate([
        features.pooled(np.stack([np.asarray(faces.crops[row]) for row in rows[start : start + 32]]))
        for start in range(0, len(rows), 32)
    ])  # fmt: skip


def _width(features: FaceFeatures) -> int:
    return int(features.pooled(np.zeros((1, 112, 112, 3), np.uint8)).shape[1])
