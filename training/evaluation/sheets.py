"""Pictures of a measurement: estimates against ages, errors by decade, and how same and different pairs separate."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from engine.weights.files import write_bytes
from training.metrics.age import AgeTable, Part
from training.metrics.recognition import Flags, Roc, Scores

_FIRST, _SECOND = "#2f6f9f", "#c2571a"


def age_sheet(path: Path, sets: Sequence[tuple[str, AgeTable, tuple[Part, ...]]]) -> None:
    """One column a collection: estimate against age (the middle of a band) above, error and bias by decade below."""
    figure = Figure(figsize=(4.2 * len(sets), 7.4), layout="constrained")
    axes = figure.subplots(2, len(sets), squeeze=False)
    rng = np.random.default_rng(0)
    for above, below, (title, ages, decades) in zip(axes[0], axes[1], sets, strict=True):
        true = (ages.low + ages.high) / 2
        above.scatter(true + rng.uniform(-0.4, 0.4, len(true)), ages.years, s=4, alpha=0.25, color=_FIRST, linewidths=0)
        above.plot([0, 100], [0, 100], color="grey", linewidth=0.8)
        above.set(xlim=(0, 100), ylim=(0, 100), xlabel="age", ylabel="estimate", title=title)
        above.set_aspect("equal")
        places = np.arange(len(decades))
        below.bar(places, [part.mae_years for part in decades], color=_FIRST, label="mean error")
        below.plot(places, [part.bias_years for part in decades], "o-", color=_SECOND, label="bias")
        below.axhline(0, color="grey", linewidth=0.8)
        below.set_xticks(places, [part.name for part in decades], rotation=60)
        below.set(ylabel="years")
        below.legend()
    _save(figure, path)


def recognition_sheet(
    path: Path, curves: Mapping[str, Roc], scores: Mapping[str, tuple[Scores, Flags]], threshold: float | None
) -> None:
    """TAR over FAR for every protocol, and the similarities of same and different pairs of each."""
    figure = Figure(figsize=(5.2 + 4.2 * len(scores), 4.6), layout="constrained")
    axes = figure.subplots(1, 1 + len(scores), squeeze=False)[0]
    for name, curve in curves.items():
        inside = curve.far > 0
        axes[0].step(curve.far[inside], curve.tar[inside], where="post", label=name)
    axes[0].set(xscale="log", xlim=(1e-4, 1), ylim=(0, 1.01), xlabel="FAR", ylabel="TAR")
    axes[0].grid(alpha=0.3)
    axes[0].legend(loc="lower right")
    bins = np.linspace(-0.4, 1, 71).tolist()
    for axis, (name, (similarity, same)) in zip(axes[1:], scores.items(), strict=True):
        axis.hist(similarity[~same], bins=bins, alpha=0.6, color=_SECOND, label="two people")
        axis.hist(similarity[same], bins=bins, alpha=0.6, color=_FIRST, label="one person")
        if threshold is not None:
            axis.axvline(threshold, color="black", linewidth=0.8, linestyle="--", label="threshold")
        axis.set(title=name, xlabel="similarity", yticks=[])
        axis.legend()
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    write_bytes(path, picture.getvalue())
