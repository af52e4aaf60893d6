"""The scorecard's tables: what is wanted and what came out, by target, by gap, and by who the people are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from training.evaluation.report import table
from training.metrics.age import GENDERS, GROUPS
from training.metrics.aging import TOLERANCE_YEARS, dial_figures, monotonic
from training.metrics.realism import NOTE

if TYPE_CHECKING:
    from training.evaluation.aging_report import Scorecard

Flags = NDArray[np.bool_]

GAPS = ((0, 10), (10, 20), (20, 30), (30, 40), (40, 50), (50, 100))
WHOLE_BAND = 2
"""A part of the people with fewer is not told."""

# What is wanted of a generator: figure, words, goal, and whether more or less is better.
GOALS = (
    ("young_to_65_{judge}_years", "20-35 to 65, years ({judge})", 25.0, ">="),
    ("young_to_65_identity_own", "identity at it, cosine", 0.6, ">="),
    ("young_to_65_tar_own", "identity at it, TAR@FAR 1e-3", 0.95, ">="),
    ("old_to_25_{judge}_years", "over 55 to 25, years ({judge})", -15.0, "<="),
    ("slope_{judge}", "slope of the dial ({judge})", 0.6, ">="),
    ("monotonic_{judge}", "follow the dial from 20 to 75 ({judge})", 0.95, ">="),
    ("own_age_{judge}_years", "target = own age, moves years ({judge})", 2.0, "<"),
    ("own_age_255", "target = own age, moves the picture /255", 1.0, "<"),
    ("shimmer_mirror_255", "shimmer in the mirror, worst clip /255", 1.0, "<="),
    ("shimmer_alone_255", "shimmer of the network alone, worst /255", 1.0, "<="),
)


def tables(card: Scorecard) -> list[str]:
    """The page's parts in order."""
    judges = ", ".join(f"{name}: {judge.name}" for name, judge in card.jury.ages.items())
    recognisers = ", ".join(f"{name}: {one.name}" for name, one in card.jury.recognisers.items())
    bands = ", ".join(f"{int(card.band(name).sum())} {name}" for name in dict.fromkeys(card.people.band.tolist()))
    intro = (
        f"Held-out people ({card.config.split}): {bands}. Age estimators: {judges}. Recognisers: {recognisers}."
        f" The first of each is the program's own. Means with the interval of 95 % over people."
    )
    parts = [intro, goal_table(card), _targets(card), _gaps(card), _thresholds(card), _parts_table(card)]
    parts += [_pictures(card), _clips(card), _speed(card)]
    return [part for part in parts if part]


def goal_table(card: Scorecard) -> str:
    """What is wanted, what came out, and whether that is enough; what was not measured is said."""
    rows = []
    for key, words, goal, sense in GOALS:
        for judge in card.jury.names[:2] if "{judge}" in key else ("",):
            value = card.figures.get(key.format(judge=judge))
            if value is None:
                shown, met = "not measured", ""
            else:
                kept = {">=": value >= goal, "<=": value <= goal, "<": value < goal}[sense]
                shown, met = f"{value:.3f}".rstrip("0").rstrip("."), "✓" if kept else "✗"
            rows.append((words.format(judge=judge), shown, f"{sense} {goal:g}", met))
    return table(("wanted", "found", "goal", ""), rows)


def _targets(card: Scorecard) -> str:
    """Reached age, identity and change of the picture at each target, for young and old people."""
    from training.evaluation.aging import TARGETS

    rows = []
    for band in ("young", "old"):
        who = card.band(band)
        if not who.any():
            continue
        for target in TARGETS:
            cells = [f"{band} to {target}"]
            for judge in card.jury.names:
                moved = card.rise(judge, target, who)
                cells += [f"{card.measured.years[judge][target][who].mean():.1f}",
                          f"{moved.value:+.1f} ({moved.low:+.1f}..{moved.high:+.1f})"]  # fmt: skip
            for name in card.jury.recognisers:
                share = card.accepted(name, target, who).value
                cells.append(f"{card.cosine(name, target, who).value:.3f} / {100 * share:.0f} %")
            rows.append([*cells, f"{card.measured.moved[target][who].mean():.2f}"])
    heading = ["people and target"]
    for judge in card.jury.names:
        heading += [f"{judge} reached", f"{judge} moved"]
    heading += [f"identity {name}: cosine / TAR" for name in card.jury.recognisers]
    return table((*heading, "change /255"), rows) if rows else ""


def _gaps(card: Scorecard) -> str:
    """Identity by how far the target lies from the estimated age, over all people and targets."""
    from training.evaluation.aging import TARGETS

    source = card.measured.before["own"]
    rows = []
    for sign, word in ((1, "older"), (-1, "younger")):
        for low, high in GAPS:
            cells = [f"{word} by {low}-{high}"]
            counts = 0
            for name, threshold in card.thresholds.items():
                values = np.concatenate([
                    card.measured.cosine[name][t][(sign * (t - source) >= low) & (sign * (t - source) < high)]
                    for t in TARGETS
                ])  # fmt: skip
                counts = len(values)
                if counts:
                    cells.append(f"{values.mean():.3f} / {100 * (values >= threshold.limit).mean():.0f} %")
            if counts:
                rows.append([*cells, str(counts)])
    heading = ("gap in years", *(f"identity {name}: cosine / TAR" for name in card.thresholds), "pictures")
    return table(heading, rows)


def _thresholds(card: Scorecard) -> str:
    parts = [
        f"{name} accepts from {value.limit:.3f} on ({value.pairs} pairs of strangers, all adults, of the held-out"
        f" people; {value.left_out} pairs above 0.6 taken for one person and left out"
        + (f"; its card says {value.card:.3f})" if value.card is not None else ")")
        for name, value in card.thresholds.items()
    ]
    return "TAR at FAR 1e-3: " + "; ".join(parts) + "."


def by_part(card: Scorecard) -> Iterator[tuple[str, Flags]]:
    """The people by band, gender, group and collection, with the words for each."""
    for band in dict.fromkeys(card.people.band.tolist()):
        yield f"age: {band}", card.band(band)
    columns: tuple[tuple[str, Mapping[int, str]], ...] = (("gender", GENDERS), ("group", GROUPS))
    for name, words in columns:
        column = card.people.column(name)
        for key in np.unique(column[column >= 0]):
            yield f"{name}: {words.get(int(key), str(key))}", column == key
    if len(card.people.sets) > 1:
        folders = (card.config.data, *card.config.also)
        for place, folder in enumerate(folders):
            yield f"from: {Path(folder).name}", card.people.place == place


def _parts_table(card: Scorecard) -> str:
    from training.evaluation.aging import MONOTONIC_TARGETS, SLOPE_TARGETS

    targets = np.array(SLOPE_TARGETS, np.float64)
    judges = card.jury.names[:2]
    rows = []
    for words, who in by_part(card):
        if who.sum() < WHOLE_BAND:
            continue
        cells = [words, str(int(who.sum()))]
        for judge in judges:
            dial = dial_figures(targets, card.reached(judge, SLOPE_TARGETS, who))
            follows = monotonic(card.reached(judge, MONOTONIC_TARGETS, who)).mean()
            cells.append(
                f"{dial['mae_years']:.1f} / {dial['bias_years']:+.1f} / {dial['slope']:.2f} / {100 * follows:.0f} %"
            )
        for band, target in (("young", 65), ("old", 25)):
            mine = who & card.band(band)
            if mine.sum() < WHOLE_BAND:
                cells.append("-")
                continue
            moved = " and ".join(f"{card.rise(judge, target, mine).value:+.1f}" for judge in judges)
            share = card.accepted("own", target, mine).value
            cells.append(f"{moved}; {card.cosine('own', target, mine).value:.2f} / {100 * share:.0f} %")
        rows.append(cells)
    heading = ("people", "number", *(f"{judge}: MAE / bias / slope / follows" for judge in judges),
               "young to 65: years; cosine / TAR", "old to 25: years; cosine / TAR")  # fmt: skip
    note = (
        f"MAE, bias and slope over the targets {SLOPE_TARGETS[0]}..{SLOPE_TARGETS[-1]}; follows: nowhere from"
        f" {MONOTONIC_TARGETS[0]} to {MONOTONIC_TARGETS[-1]} does the estimate fall by more than"
        f" {TOLERANCE_YEARS} years."
    )
    return table(heading, rows) + "\n\n" + note if rows else ""


def _pictures(card: Scorecard) -> str:
    """Realism, the background, what is kept, and the own age."""
    f = card.figures
    lines = []
    for name, values in card.realism.items():
        lines.append(
            f"- Realism, {name.replace('_', ' ')}: KID {values['kid']:.4f} ± {values['kid_error']:.4f} against"
            f" {values['real_faces']:.0f} real faces of that age (the same people unchanged: {values['unchanged']:.4f};"
            f" half of the real ones against the other half: {values['floor']:.4f}). {NOTE}."
        )
    lines.append(
        f"- Background: changed by at most {f['background_max_255']:g}/255; the network itself would add"
        f" {f['background_spilled_255']:.2f}/255 there."
    )
    for target in card.measured.attributes:
        if f"kept_pose_degrees_to_{target}" in f:
            moved = [f[f"kept_{key}_to_{target}"] for key in ("pose_degrees", "mouth_open", "smile", "eyes_open")]
            lines.append(
                f"- Kept at target {target}: pose moves by {moved[0]:.2f} degrees, the mouth's opening by"
                f" {moved[1]:.3f}, its width by {moved[2]:.3f}, the eyes' opening by {moved[3]:.3f} (ratios); no mesh"
                f" found any more on {f[f'kept_mesh_lost_to_{target}']:.0f}."
            )
    raw = ", ".join(f"{f[f'own_age_raw_{judge}_years']:.2f} years ({judge})" for judge in card.jury.names)
    lines.append(
        f"- Own age: the mirror does not ask the network within half a year; the network alone moves {raw} and"
        f" {f['own_age_raw_255']:.2f}/255."
    )
    return "\n".join(lines)


def _clips(card: Scorecard) -> str:
    rows = []
    kinds: tuple[tuple[str, Mapping[str, Mapping[str, float]]], ...] = (("alone", card.clips), ("mirror", card.mirror))
    for word, clips in kinds:
        for name, found in clips.items():
            ages = [
                f"{_number(found[f'age_std_{judge}_years'])} ({_number(found[f'age_before_std_{judge}_years'])})"
                if f"age_std_{judge}_years" in found else "-"
                for judge in card.jury.names
            ]  # fmt: skip
            rows.append([f"{name}, {word}", _number(found["change_255"]), _number(found["picture_255"]),
                         _number(found["moving_255"]), f"{100 * found['still_share']:.0f} %", *ages,
                         f"{found['frames']:.0f}"])  # fmt: skip
    if not rows:
        return ""
    heading = ("clip", "shimmer /255", "camera noise /255", "where it moves /255", "still",
               *(f"age deviates, {judge} (unchanged)" for judge in card.jury.names), "frames")  # fmt: skip
    note = (
        "Shimmer: deviation over time of what is added, followed along the optical flow, where that is below half a"
        " pixel a frame. Alone: the network on every frame, nothing steadied; mirror: the live pipeline."
    )
    return table(heading, rows) + "\n\n" + note


def _number(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "-"


def _speed(card: Scorecard) -> str:
    if not card.speed:
        return ""
    rows = [(name, f"{best:.1f}", f"{median:.1f}") for name, (best, median) in card.speed.items()]
    return table(("one face", "best ms", "median ms"), rows)
