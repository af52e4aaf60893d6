"""``evaluate age``: the age estimate on held-out collections, through the program's own detection and alignment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.evaluation import app, sheets
from training.evaluation.ages import SETS, Pictured, sample
from training.evaluation.report import check_card, table, write_on_card, write_report
from training.metrics.age import AgeTable, Part, by_decade, by_gender, by_group, figures, worst

WORST_GROUP_LIMIT = 1.3


@dataclass(frozen=True, slots=True)
class AgeJob:
    """folders: which of ages.SETS, and where each lies. limit: pictures of each, 0 for all. weights: folder of the
    network (None: the one that ships). card: gets the figures, if given.
    """

    folders: Mapping[str, Path]
    out: Path
    limit: int = 0
    weights: Path | None = None
    card: Path | None = None
    detector: str = "mediapipe"
    processes: int = 1
    reuse: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of one collection."""

    name: str
    title: str
    table: AgeTable
    figures: Mapping[str, float]
    parts: Mapping[str, tuple[Part, ...]]
    counts: Mapping[str, int]
    missed: tuple[str, ...]
    goal_years: float

    @property
    def worst_part(self) -> tuple[str, float]:
        """The gender or group with the greatest error, and how many times the mean that is."""
        both = [worst(self.parts[key], self.figures["mae_years"]) for key in ("gender", "group")]
        return max(both, key=lambda each: each[1])


def evaluate_age(job: AgeJob) -> dict[str, float]:
    """Measures every collection, prints the tables, writes age.json, age.md and age.png; returns the card's figures.

    Raises DataError for a folder that is not what it should be, before any network runs.
    """
    if job.card is not None:
        check_card(job.card, "age")
    chosen = {name: sample(SETS[name].read(folder), job.limit) for name, folder in job.folders.items()}
    job.out.mkdir(parents=True, exist_ok=True)
    measured = [_measured(name, pictures, job) for name, pictures in chosen.items()]
    page = "\n\n".join(["# Age estimate, measured through `analyze`", *_tables(measured)])
    print(page, flush=True)
    card = {f"{m.name}_{key}": value for m in measured for key, value in _card_figures(m).items()}
    report = {"figures": card, "limit": job.limit, "sets": {m.name: _details(m) for m in measured}}
    write_report(job.out, "age", page, report)
    sheets.age_sheet(job.out / "age.png", [(m.title, m.table, m.parts["decade"]) for m in measured])
    if job.card is not None:
        write_on_card(job.card, card)
    return card


def _measured(name: str, pictures: Sequence[Pictured], job: AgeJob) -> Measured:
    answers = app.analyze(
        [p.path for p in pictures],
        weights=job.weights,
        detector=job.detector,
        processes=job.processes,
        kept=job.out / f"{name}.jsonl",
        reuse=job.reuse,
        name=SETS[name].title,
    )
    ages = age_table(pictures, answers.seen)
    missed = tuple(Path(seen.path).name for seen, y in zip(answers.seen, ages.years, strict=True) if np.isnan(y))
    return Measured(
        name,
        SETS[name].title,
        ages,
        {**figures(ages), "ms_per_picture": answers.ms_per_picture},
        {"decade": by_decade(ages), "gender": by_gender(ages), "group": by_group(ages)},
        app.count(answers.seen),
        missed,
        SETS[name].goal_years,
    )


def age_table(pictures: Sequence[Pictured], seen: Sequence[app.Seen]) -> AgeTable:
    """Labels and estimates side by side; NaN where no face or no age was found."""
    ages = []
    for answer in seen:
        face = app.principal(answer)
        age = None if face is None else face["age"]
        ages.append((np.nan, np.nan) if age is None else (age["years"], age["spread_years"]))
    columns = [np.array([getattr(p, key) for p in pictures]) for key in ("low", "high", "gender", "group", "person")]
    low, high, gender, group, person = columns
    years, spread = np.array(ages, np.float64).reshape(-1, 2).T
    return AgeTable(low, high, years, spread, gender, group, person)


def _card_figures(measured: Measured) -> dict[str, float]:
    """What goes on the card of one collection."""
    keys = ("mae_years", "bias_years", "rmse_years", "within_5_years", "within_spread", "pictures", "missed")
    short = {key: measured.figures[key] for key in keys}
    if SETS[measured.name].bands:
        short["years_outside_band"] = short.pop("mae_years")
    return {**short, "worst_group_ratio": measured.worst_part[1]}


def _details(measured: Measured) -> dict[str, Any]:
    return {
        "title": measured.title,
        "goal_years": measured.goal_years,
        "figures": dict(measured.figures),
        "counts": dict(measured.counts),
        "worst": measured.worst_part,
        "parts": {key: [part._asdict() for part in parts] for key, parts in measured.parts.items()},
        "missed_files": measured.missed,
    }


def _tables(measured: Sequence[Measured]) -> list[str]:
    heading = ("set", "pictures", "missed", "error", "95 %", "goal", "RMSE", "bias", "≤ 5 years", "in spread",
               "worst group", "ms")  # fmt: skip
    main = table(heading, [_row(m) for m in measured])
    notes = (
        "Error: mean of |estimate - age| in years; of FairFace, which knows ages by bands, the mean distance outside"
        " the band. In spread: 68 % would be exact. Worst group: its error over the mean"
        f" (at most {WORST_GROUP_LIMIT} is wanted)."
    )
    parts = [_part_table(f"by {key}", key, measured) for key in ("decade", "gender", "group")]
    return [main, notes, *(part for part in parts if part)]


def _row(measured: Measured) -> tuple[str, ...]:
    f = measured.figures
    name, ratio = measured.worst_part
    met = "✓" if f["mae_years"] <= measured.goal_years else "✗"
    return (
        measured.title,
        f"{f['pictures']:.0f}",
        f"{f['missed']:.0f}",
        f"{f['mae_years']:.2f}",
        f"{f['mae_low_years']:.2f}-{f['mae_high_years']:.2f}",
        f"{measured.goal_years:.1f} {met}",
        f"{f['rmse_years']:.2f}",
        f"{f['bias_years']:+.2f}",
        f"{100 * f['within_5_years']:.1f} %",
        f"{100 * f['within_spread']:.1f} %",
        f"{name} x {ratio:.2f}" if name else "-",
        f"{f['ms_per_picture']:.0f}" if f["ms_per_picture"] else "kept",
    )


def _part_table(title: str, key: str, measured: Sequence[Measured]) -> str:
    """Error and bias of every part, a collection a column; "" where no collection tells."""
    names: dict[str, None] = {}
    for m in measured:
        names |= dict.fromkeys(part.name for part in m.parts[key])
    if not names:
        return ""
    if key == "decade":
        names = dict.fromkeys(sorted(names, key=lambda name: int(name.split("-")[0])))
    rows = []
    for name in names:
        cells = [name]
        for m in measured:
            part = next((p for p in m.parts[key] if p.name == name), None)
            cells.append(f"{part.mae_years:.2f} ({part.bias_years:+.2f}; {part.faces})" if part else "-")
        rows.append(cells)
    return table((f"{title}: error (bias; faces)", *(m.title for m in measured)), rows)
