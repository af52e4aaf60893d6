"""The scorecard of a generator: its chief figures, and what is written of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.weights.card import read_card, write_card
from engine.weights.files import write_bytes
from training.evaluation.report import write_report
from training.metrics.aging import Mean, dial_figures, mean_of, monotonic
from training.metrics.realism import NOTE

if TYPE_CHECKING:
    from training.evaluation.aging import Measured, ScorecardConfig
    from training.evaluation.aging_judges import Jury
    from training.evaluation.aging_people import People, Threshold

Flags = NDArray[np.bool_]
Years = NDArray[np.float64]

ADULTS = (20, 75)


@dataclass(frozen=True, eq=False)
class Scorecard:
    """All that was measured of one generator; ``figures`` are what a card gets."""

    name: str
    config: ScorecardConfig
    people: People
    jury: Jury
    measured: Measured
    thresholds: Mapping[str, Threshold]
    realism: Mapping[str, Mapping[str, float]]
    clips: Mapping[str, Mapping[str, float]]
    mirror: Mapping[str, Mapping[str, float]]
    speed: Mapping[str, tuple[float, float]]

    @cached_property
    def years(self) -> NDArray[np.int64]:
        """The true ages (N,)."""
        return self.people.column("years")

    @cached_property
    def adults(self) -> Flags:
        """(N,) of whom following the dial is asked."""
        return np.asarray((self.years >= ADULTS[0]) & (self.years <= ADULTS[1]), np.bool_)

    def band(self, name: str) -> Flags:
        return np.asarray(self.people.band == name, np.bool_)

    def rise(self, judge: str, target: int | None, who: Flags) -> Mean:
        """By how many years the estimates of these people move."""
        return mean_of((self.measured.years[judge][target] - self.measured.before[judge])[who])

    def cosine(self, recogniser: str, target: int | None, who: Flags) -> Mean:
        return mean_of(self.measured.cosine[recogniser][target][who])

    def accepted(self, recogniser: str, target: int | None, who: Flags) -> Mean:
        """TAR at the threshold of FAR 1e-3 among strangers."""
        limit = self.thresholds[recogniser].limit
        return mean_of((self.measured.cosine[recogniser][target][who] >= limit).astype(np.float64))

    def reached(self, judge: str, targets: Sequence[int], who: Flags) -> Years:
        return np.stack([self.measured.years[judge][target][who] for target in targets], axis=1)

    @cached_property
    def figures(self) -> dict[str, float]:
        """The chief figures by name; those that could not be measured are left out."""
        found = dict(self._age_figures())
        found |= dict(self._identity_figures())
        found |= dict(self._picture_figures())
        for name, values in self.realism.items():
            found |= {f"kid_{name}": values["kid"], f"kid_{name}_unchanged": values["unchanged"]}
        found |= dict(self._time_figures())
        return {key: float(value) for key, value in found.items() if math.isfinite(value)}

    def _age_figures(self) -> Iterator[tuple[str, float]]:
        from training.evaluation.aging import MONOTONIC_TARGETS, SLOPE_TARGETS

        everybody = np.ones(len(self.people), np.bool_)
        for judge in self.jury.names:
            for band, target in (("young", 65), ("old", 25)):
                yield f"{band}_to_{target}_{judge}_years", self.rise(judge, target, self.band(band)).value
            still = np.abs(self.measured.years[judge][None] - self.measured.before[judge])
            yield f"own_age_{judge}_years", float(still[everybody].mean())
            raw = np.abs(self.measured.own_raw_years[judge] - self.measured.before[judge])
            yield f"own_age_raw_{judge}_years", float(raw.mean())
            if self.adults.any():
                dial = dial_figures(np.array(SLOPE_TARGETS, float), self.reached(judge, SLOPE_TARGETS, self.adults))
                yield from ((f"{key}_{judge}", dial[key]) for key in ("slope", "mae_years", "bias_years"))
                follows = monotonic(self.reached(judge, MONOTONIC_TARGETS, self.adults))
                yield f"monotonic_{judge}", float(follows.mean())

    def _identity_figures(self) -> Iterator[tuple[str, float]]:
        for name, threshold in self.thresholds.items():
            yield f"threshold_far_1e-3_{name}", threshold.limit
            for band, target in (("young", 65), ("old", 25)):
                who = self.band(band)
                yield f"{band}_to_{target}_identity_{name}", self.cosine(name, target, who).value
                yield f"{band}_to_{target}_tar_{name}", self.accepted(name, target, who).value
                if threshold.card is not None:
                    passed = self.measured.cosine[name][target][who] >= threshold.card
                    yield f"{band}_to_{target}_tar_card_{name}", mean_of(passed.astype(np.float64)).value

    def _picture_figures(self) -> Iterator[tuple[str, float]]:
        measured = self.measured
        yield "own_age_255", float(measured.moved[None].mean())
        yield "own_age_raw_255", float(measured.own_raw_255.mean())
        yield "background_max_255", float(max(values.max() for values in measured.outside.values()))
        yield "background_spilled_255", float(np.mean([v.mean() for t, v in measured.spilled.items() if t is not None]))
        for target, changes in measured.attributes.items():
            held = [change for change in changes if change is not None]
            if held:
                for key, values in zip(held[0]._fields, np.array(held).T, strict=True):
                    yield f"kept_{key}_to_{target}", float(values.mean())
            yield f"kept_mesh_lost_to_{target}", float(len(changes) - len(held))

    def _time_figures(self) -> Iterator[tuple[str, float]]:
        def worst(values: Mapping[str, Mapping[str, float]], key: str) -> float:
            numbers = [each[key] for each in values.values() if math.isfinite(each.get(key, math.nan))]
            return max(numbers, default=math.nan)

        clips = {name: each for name, each in self.clips.items() if not name.startswith("pan-")}
        pans = {name: each for name, each in self.clips.items() if name.startswith("pan-")}
        yield "shimmer_mirror_255", worst(self.mirror, "change_255")
        yield "shimmer_alone_255", worst(self.clips, "change_255")
        yield "shimmer_clips_255", worst(clips, "change_255")
        yield "shimmer_pans_255", worst(pans, "change_255")
        for judge in self.jury.names:
            yield f"age_over_clip_std_{judge}_years", worst(self.clips, f"age_std_{judge}_years")
        for name, (best, _) in self.speed.items():
            yield "ms_" + name.replace(" px ", "_"), best


# --- writing --------------------------------------------------------------------------------------------------------


def write(out: Path, card: Scorecard) -> None:
    """aging.json, aging.md (also printed) and aging.png in the folder."""
    from training.evaluation.aging_sheet import sheet
    from training.evaluation.aging_tables import tables

    page = "\n\n".join([f"# Scorecard of {card.name}", *tables(card)])
    print(page, flush=True)
    write_report(out, "aging", page, details(card))
    if card.measured.pictures:
        done, encoded = cv2.imencode(".png", sheet(card))
        assert done
        write_bytes(out / "aging.png", encoded.tobytes())


def write_figures(path: Path, figures: Mapping[str, float]) -> None:
    """Puts the scorecard on the generator's card, in the place of any older scorecard there."""
    card = read_card(path)
    old = ("young_", "old_", "own_age_", "slope_", "mae_years_", "bias_years_", "monotonic_", "kid_", "shimmer_",
           "threshold_far_", "background_", "kept_", "age_over_clip_", "ms_")  # fmt: skip
    others = {key: value for key, value in card.figures.items() if not key.startswith(old)}
    write_card(path, replace(card, figures={**others, **{key: round(value, 4) for key, value in figures.items()}}))


def details(card: Scorecard) -> dict[str, Any]:
    """Everything, as plain values; every person's estimates too, so that other questions can be asked later."""
    from training.evaluation.aging import TARGETS

    measured = card.measured
    persons = [
        {
            "file": file, "band": str(card.people.band[i]), "years": int(card.years[i]),
            "before": {judge: round(float(values[i]), 2) for judge, values in measured.before.items()},
            "years_at": {judge: {str(t): round(float(by[t][i]), 2) for t in TARGETS}
                         for judge, by in measured.years.items()},
            "cosine_at": {name: {str(t): round(float(by[t][i]), 4) for t in TARGETS}
                          for name, by in measured.cosine.items()},
        }
        for i, file in enumerate(card.people.files)
    ]  # fmt: skip
    return _plain({
        "generator": card.name,
        "figures": card.figures,
        "config": vars(card.config),
        "judges": {"ages": {name: judge.name for name, judge in card.jury.ages.items()},
                   "recognisers": {name: one.name for name, one in card.jury.recognisers.items()}},
        "thresholds": {name: vars(value) for name, value in card.thresholds.items()},
        "realism": {"features": NOTE, **card.realism},
        "clips": card.clips, "mirror": card.mirror,
        "ms_best_and_median": card.speed,
        "people": persons,
    })  # fmt: skip


def _plain(value: Any) -> Any:
    """JSON knows no NaN and no arrays."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
