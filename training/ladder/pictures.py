"""The pictures of a run: grids, walks between latents, animation, curves, and what the discriminator looks at."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from engine.images import write_picture
from engine.weights.files import write_bytes
from training.data.sets import DataError
from training.house import LOG_FILE
from training.ladder.data import as_tensor
from training.ladder.layers import EqualConv

Images = NDArray[np.uint8]

SHEETS_FOLDER = "samples"
GAP = 2
"""White pixels between two pictures of a sheet."""
FRAME_MS = 160
LAST_FRAME_MS = 2000
MOST_FRAMES = 80
_LOSSES = ("critic", "generator", "lead", "cycle", "identity")
SCORES = ("own_fid", "own_kid", "diversity")


def grid(images: Images, columns: int, gap: int = GAP) -> Images:
    """(N, S, S, 3) side by side, ``columns`` in a row, on white; what is over stays white."""
    count, side = images.shape[:2]
    rows = -(-count // columns)
    sheet = np.full((rows * (side + gap) - gap, columns * (side + gap) - gap, 3), 255, np.uint8)
    for number, image in enumerate(images):
        top, left = number // columns * (side + gap), number % columns * (side + gap)
        sheet[top : top + side, left : left + side] = image
    return sheet


def between(one: Tensor, other: Tensor, share: float) -> Tensor:
    """The latent ``share`` of the way along the great circle (White 2016): the straight way leads through vectors that
    are shorter than any the generator has learned from.
    """
    a, b = one / one.norm(), other / other.norm()
    angle = torch.arccos((a * b).sum().clamp(-1, 1))
    if angle < 1e-4:
        return torch.lerp(one, other, share)
    way = torch.sin((1 - share) * angle) * a + torch.sin(share * angle) * b
    return way / torch.sin(angle) * torch.lerp(one.norm(), other.norm(), share)


def keep_sheet(out: Path, step: int, sheet: Images) -> None:
    """Puts the sheet of this step among the others of a run; those of later steps, which are done anew, go."""
    folder = out / SHEETS_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for late in sheets(out):
        if int(late.stem) > step:
            late.unlink()
    write_picture(folder / f"{step:07d}.png", sheet)


def sheets(out: Path) -> list[Path]:
    """All sheets of a run, oldest first."""
    return sorted((out / SHEETS_FOLDER).glob("*.png"))


def read_log(out: Path) -> list[dict[str, float]]:
    """The lines of a run's log."""
    return [json.loads(line) for line in (out / LOG_FILE).read_text(encoding="utf-8").splitlines()]


def animate(path: Path, paths: Sequence[Path]) -> int:
    """Writes the sheets one after another as a GIF, evenly thinned to at most 80; returns the number of frames."""
    if not paths:
        raise DataError(f"{path.parent} has no sheets to animate: train a little first.")
    count = min(len(paths), MOST_FRAMES)
    frames = []
    for place in np.linspace(0, len(paths) - 1, count).round().astype(int):
        with Image.open(paths[place]) as picture:
            frames.append(picture.convert("RGB").quantize(128))
    written = io.BytesIO()
    times = [FRAME_MS] * (len(frames) - 1) + [LAST_FRAME_MS]
    frames[0].save(written, "GIF", save_all=True, append_images=frames[1:], duration=times, loop=0)
    write_bytes(path, written.getvalue())
    return len(frames)


def draw_curves(path: Path, lines: Sequence[dict[str, float]], scores: Sequence[str] = SCORES) -> None:
    """Losses over the steps on the left, measurements on the right."""
    figure = Figure(figsize=(13, 3.6), layout="constrained")
    left, *right = figure.subplots(1, 1 + len(scores))
    for name in _LOSSES:
        points = [(line["step"], line[name]) for line in lines if name in line]
        if not points:
            continue
        left.plot([x for x, _ in points], [y for _, y in points], label=name)
    left.set(xlabel="step", title="losses")
    left.legend()
    for axes, name in zip(right, scores, strict=True):
        points = [(line["step"], line[name]) for line in lines if name in line]
        axes.plot([x for x, _ in points], [y for _, y in points], "o-")
        axes.set(xlabel="step", title=name.replace("_", " "))
    save_figure(figure, path)


def save_figure(figure: Figure, path: Path) -> None:
    """As a PNG, whole or not at all."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=100)
    write_bytes(path, picture.getvalue())


def feature_maps(critic: nn.Module, images: Tensor, labels: Tensor | None = None) -> list[tuple[str, Tensor]]:
    """What the convolutions of a network say of images (N, 3, S, S): (name, (N, C, S', S')), in order of work."""
    found: list[tuple[str, Tensor]] = []
    layers = {name: layer for name, layer in critic.named_modules() if isinstance(layer, nn.Conv2d | EqualConv)}

    def remember(name: str) -> Callable[[nn.Module, Any, Tensor], None]:
        def hook(_layer: nn.Module, _inputs: Any, output: Tensor) -> None:
            found.append((name, output.detach().float().cpu()))

        return hook

    hooks = [layer.register_forward_hook(remember(name)) for name, layer in layers.items()]
    learning = critic.training
    critic.eval()
    try:
        with torch.no_grad():
            critic(images, *([labels] if labels is not None else []))
    finally:
        for hook in hooks:
            hook.remove()
        critic.train(learning)
    return [(name, output) for name, output in found if output.shape[2] > 2]


def draw_features(path: Path, critic: nn.Module, faces: Images, labels: Tensor | None = None) -> None:
    """What the discriminator looks at: one row a layer, the eight maps that vary most over the first of the faces
    (N, S, S, 3), brighter where they say more. For a network without convolutions: what its first units add up.
    """
    device = next(critic.parameters()).device
    rows = feature_maps(critic, as_tensor(faces).to(device), None if labels is None else labels.to(device))
    if not rows:
        rows = [("first layer's weights", _first_weights(critic, faces.shape[1]))]
    figure = Figure(figsize=(9, 1.15 * len(rows)), layout="constrained")
    table = figure.subplots(len(rows), 9, squeeze=False)
    for line, (name, output) in zip(table, rows, strict=True):
        best = output[0].flatten(1).std(1).argsort(descending=True)[:8].tolist()
        line[0].imshow(faces[0][..., ::-1])
        line[0].set_title(name, fontsize=6)
        for axes, channel in zip(line[1:], best, strict=False):
            axes.imshow(output[0, channel].numpy(), cmap="gray")
        for axes in line:
            axes.set_axis_off()
    save_figure(figure, path)


def _first_weights(critic: nn.Module, side: int) -> Tensor:
    """(1, units, S, S): the weights of the first linear layer, averaged over the colours."""
    first = next(layer for layer in critic.modules() if isinstance(layer, nn.Linear))
    return first.weight.detach().cpu().unflatten(1, (3, side, side)).mean(1)[None]
