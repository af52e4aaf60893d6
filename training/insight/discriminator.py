"""What a discriminator goes by: its map over faces of the data and over those that its generator made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from engine.types import FloatArray, Image
from training.aging.pairs import load_pairs
from training.data.faces import load
from training.data.sets import DataError
from training.insight.common import Panel, over, sheet
from training.insight.gradients import gradient
from training.insight.runs import read_aging, read_gan, read_state
from training.ladder.data import Faces, as_images, as_tensor
from training.ladder.diary import fixed_inputs
from training.loops.age import to_tensor
from training.loops.aging import age_map


@dataclass(frozen=True)
class DiscriminatorConfig:
    """run: of the task `aging` (its discriminator scores every patch) or of a rung of the ladder (one score for a face:
    drawn is where a change would move it); data: prepared faces; pairs: of the aging run; count: faces.
    """

    name: str = "see-discriminator"
    run: str = "runs/aging"
    data: str = "data/faces"
    pairs: str = "data/pairs"
    count: int = 6
    out: str = "runs/see-discriminator"


def see(config: DiscriminatorConfig) -> dict[str, float]:
    """Writes discriminator.png; returns the mean scores of real and of made faces, and how often it is right."""
    torch.set_num_threads(1)
    if config.count < 1:
        raise DataError("count: a number above 0 is wanted.")
    patches = read_state(config.run)["config"]["name"] == "aging"
    rows, real, made, title = _patches(config) if patches else _whole(config)
    sheet(Path(config.out) / "discriminator.png", rows, title, inch=1.5)
    return {
        "real": round(float(real.mean()), 3),
        "made": round(float(made.mean()), 3),
        "right": round(float((real > made).mean() + (real == made).mean() / 2), 3),
    }


Found = tuple[list[list[Panel]], FloatArray, FloatArray, str]


def _patches(config: DiscriminatorConfig) -> Found:
    """The patch discriminator: a score for every 54 pixels, of what was to be learned and of what was made."""
    generator, critic = read_aging(config.run)
    faces, pairs = load(Path(config.data)), load_pairs(Path(config.pairs))
    chosen = np.unique(np.linspace(0, len(pairs.rows) - 1, config.count).astype(int))
    before_px = [faces.crops[int(pairs.rows[i])] for i in chosen]
    before, after = to_tensor(before_px), to_tensor([pairs.after[i] for i in chosen])
    source, target = (
        age_map(torch.tensor(np.asarray(each[chosen], np.float32)), before) for each in (pairs.source, pairs.target)
    )
    with torch.no_grad():
        made = (before + generator(before, source, target)).clamp(0, 1)
        scores = [critic(before, each, source, target)[:, 0].numpy() for each in (after, made)]
    limit = max(float(np.abs(each).max()) for each in scores)
    rows = []
    for i, pair in enumerate(chosen):
        years = f"{pairs.source[pair]:.0f} to {pairs.target[pair]:.0f}"
        row = [Panel(before_px[i], years)]
        for words, picture, score in zip(("wanted", "made"), (after[i], made[i]), scores, strict=True):
            shown = _pixels(picture)
            row += [Panel(shown, words), Panel(_heat(score[i], shown, limit), f"score {score[i].mean():+.2f}")]
        rows.append(row)
    title = "the patch discriminator: red passes for wanted, blue for made"
    return rows, scores[0].mean((1, 2)), scores[1].mean((1, 2)), title


def _whole(config: DiscriminatorConfig) -> Found:
    """A discriminator with one score: how much the score depends on each pixel."""
    told, generator, critic = read_gan(config.run)
    faces = Faces(replace(told, data=config.data), "train", told.size)
    latents, labels = fixed_inputs(config.count, told, faces.labels, 1)
    with torch.no_grad():
        made = generator(latents, labels).clamp(-1, 1)
    side = made.shape[-1]  # a growing network may not have reached its full size
    real_px = np.stack([cv2.resize(each, (side, side), interpolation=cv2.INTER_AREA) for each in
                        faces.images[: config.count]])  # fmt: skip
    real, wished = as_tensor(real_px), torch.from_numpy(faces.labels[: config.count])

    def shown(pictures: Tensor, wishes: Tensor, words: str) -> tuple[list[Panel], FloatArray]:
        with torch.no_grad():
            scores = np.asarray(critic(pictures, wishes).float().numpy(), np.float32)
        slopes = gradient(lambda x: critic(x, wishes), pictures)
        maps = (slopes * pictures).sum(1).numpy()
        panels = []
        for picture, score, values in zip(as_images(pictures), scores, maps, strict=True):
            large = np.asarray(cv2.resize(picture, (128, 128), interpolation=cv2.INTER_CUBIC), np.uint8)
            blurred = np.asarray(cv2.GaussianBlur(values, (0, 0), max(side / 48, 0.6)), np.float32)
            panels += [Panel(large, words), Panel(_heat(blurred, large, 0.0), f"score {score:+.2f}")]
        return panels, scores

    left, real_scores = shown(real, wished, "real")
    right, made_scores = shown(made, labels, "made")
    rows = [left[i : i + 2] + right[i : i + 2] for i in range(0, 2 * min(len(real), len(made)), 2)]
    count = min(len(real_scores), len(made_scores))
    title = f"the discriminator of {told.name}: red speaks for real, blue against"
    return rows, real_scores[:count], made_scores[:count], title


def _pixels(picture: Tensor) -> Image:
    return np.asarray(picture.flip(0).permute(1, 2, 0).numpy() * 255 + 0.5, np.uint8)


def _heat(values: FloatArray, shown: Image, limit: float) -> Image:
    size = (shown.shape[1], shown.shape[0])
    return over(np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_LINEAR), np.float32), shown, limit)
