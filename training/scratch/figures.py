"""What a run looks like: loss curves, and the weight vectors of the first layer as pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from training.scratch.layers import Floats


def draw_curves(path: Path, curves: Mapping[str, Sequence[float]], guess: float, unit: str) -> None:
    """One line a curve over the epochs, and a dashed one for the loss of a constant guess."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for name, values in curves.items():
        axes.plot(range(1, len(values) + 1), values, label=name)
    axes.axhline(guess, color="grey", linestyle="--", label="constant guess")
    axes.set(xlabel="epoch", ylabel=unit, ylim=(0, None))
    axes.legend()
    figure.savefig(path, dpi=120)


def weight_sheet(weights: Floats, gap: int = 1) -> Floats:
    """Weight pictures (K, H, W) side by side in a nearly square sheet, each scaled so that its greatest number is 1.

    0 stays 0 (middle grey); what is over is empty.
    """
    K, H, W = weights.shape
    across = int(np.ceil(np.sqrt(K)))
    down = -(-K // across)
    sheet = np.zeros((down * (H + gap) - gap, across * (W + gap) - gap), weights.dtype)
    for number, picture in enumerate(weights):
        top, left = number // across * (H + gap), number % across * (W + gap)
        sheet[top : top + H, left : left + W] = picture / (np.abs(picture).max() + 1e-12)
    return sheet


def draw_weights(path: Path, weights: Floats, title: str) -> None:
    """``weight_sheet`` as a picture, three screen pixels a weight: white adds to the unit, black takes away."""
    sheet = np.kron(weight_sheet(weights), np.ones((3, 3)))
    figure = Figure(figsize=(sheet.shape[1] / 100, sheet.shape[0] / 100 + 0.4), dpi=100, layout="constrained")
    axes = figure.subplots()
    axes.imshow(sheet, cmap="gray", vmin=-1, vmax=1)
    axes.set_axis_off()
    axes.set_title(title, fontsize=9)
    figure.savefig(path)
