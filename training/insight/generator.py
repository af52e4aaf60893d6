"""Inside the aging U-Net: what it adds at several target ages, and what each skip connection contributes to that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from engine.types import FloatArray, Image
from training.data.sets import DataError
from training.insight.age import years_of
from training.insight.common import Panel, coloured, face_crop, grey, network, seen, sheet
from training.loops.aging import age_map

FULL_GREY_LEVELS = 48.0


@dataclass(frozen=True)
class GeneratorConfig:
    """picture: of one face; weights: of the generator ("": what ships, "fresh", a run or a file); ages: target years;
    source: the years it looks now (-1: as the age network in weights/ sees it).
    """

    name: str = "see-generator"
    picture: str = "face.jpg"
    weights: str = ""
    folder: str = ""
    ages: tuple[int, ...] = (5, 20, 40, 60, 80)
    source: float = -1.0
    out: str = "runs/see-generator"


def residual(module: Any, image: Tensor, source: float, target: float) -> FloatArray:
    """What the generator adds to a face (1, 3, S, S): (S, S, 3) BGR in 8-bit units."""
    maps = (age_map(torch.tensor([years]), image) for years in (source, target))
    with torch.no_grad():
        added = module(image, *maps)[0]
    return np.asarray(added.flip(0).permute(1, 2, 0).numpy() * 255, np.float32)


@contextmanager
def silenced(module: Any, level: int) -> Iterator[None]:
    """While it lasts, the skip connection of this level (0: the finest) carries nothing."""
    up = module.up[len(module.up) - 1 - level]
    first: Any = up[0][0]
    assert isinstance(first, nn.Conv2d)
    coarse = first.in_channels - first.out_channels  # what comes from below stands before the skip

    def cut(_: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor]:
        without = inputs[0].clone()
        without[:, coarse:] = 0
        return (without,)

    hook = up.register_forward_pre_hook(cut)
    try:
        yield
    finally:
        hook.remove()


def skips(module: Any, image: Tensor, source: float, target: float) -> list[Tensor]:
    """The maps (C, H, W) that the skip connections carry, the finest first."""
    found: list[Tensor] = []

    def remember(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        found.append(inputs[0][0].detach())

    hooks = [down.register_forward_pre_hook(remember) for down in module.down]
    try:
        residual(module, image, source, target)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def see(config: GeneratorConfig) -> dict[str, object]:
    """Writes generator.png (every target age) and skips.png (the last one); returns how much is added."""
    if not config.ages or not all(0 <= years <= 100 for years in config.ages):
        raise DataError("ages: years from 0 to 100 are wanted.")
    crop, seer = face_crop(config.picture), network("ager", config.weights, config.folder)
    image = seen(seer, [crop])
    source = config.source if config.source >= 0 else _source(crop, config)
    added = {years: residual(seer.module, image, source, years) for years in config.ages}
    top = [Panel(crop, f"as it is: {source:.0f}")]
    below = [Panel(coloured(np.zeros(crop.shape[:2], np.float32), 1), "nothing")]
    for years, change in added.items():
        top.append(Panel(_plus(crop, change), f"to {years}"))
        below.append(Panel(coloured(_grey(change), FULL_GREY_LEVELS), f"adds {np.abs(change).mean():.1f} on average"))
    out = Path(config.out)
    full = f"red brighter, blue darker, full at {FULL_GREY_LEVELS:.0f} of 255"
    sheet(out / "generator.png", [top, below], f"the generator's residual ({full})", inch=1.7)
    last = config.ages[-1]
    told = _draw_skips(out / "skips.png", seer.module, image, crop, source, last, added[last])
    means = {str(years): round(float(np.abs(change).mean()), 2) for years, change in added.items()}
    return {"source": round(source, 1), "mean_levels": means, "lost_without_skip": told}


def _source(crop: Image, config: GeneratorConfig) -> float:
    judge = network("age", "fresh" if config.weights == "fresh" else "", config.folder)
    with torch.no_grad():
        return float(years_of(judge.module, seen(judge, [crop])))


def _draw_skips(
    path: Path, module: Any, image: Tensor, crop: Image, source: float, target: float, whole: FloatArray
) -> list[float]:
    """A row for each skip: its four liveliest maps, what is added without it, and the difference; returns the share of
    the residual that is lost with each.
    """
    rows, shares = [], []
    size = max(float(np.abs(whole).mean()), 1e-9)
    for level, maps in enumerate(skips(module, image, source, target)):
        best = maps.flatten(1).std(1).argsort(descending=True)[:4].tolist()
        with silenced(module, level):
            without = residual(module, image, source, target)
        shares.append(round(float(np.abs(whole - without).mean()) / size, 3))
        row = [
            Panel(grey(maps[i].numpy()), f"skip {level}: {maps.shape[0]} maps of {maps.shape[2]} px") for i in best[:1]
        ]
        row += [Panel(grey(maps[i].numpy()), f"map {i}") for i in best[1:]]
        row.append(Panel(coloured(_grey(without), FULL_GREY_LEVELS), "residual without it"))
        row.append(Panel(coloured(_grey(whole - without), FULL_GREY_LEVELS), f"what it gave: {shares[-1]:.0%}"))
        rows.append(row)
    sheet(path, rows, f"the U-Net's skips, for the age of {target:.0f}: fine lines come by fine skips", inch=1.5)
    return shares


def _grey(change: FloatArray) -> FloatArray:
    return np.asarray(cv2.cvtColor(change, cv2.COLOR_BGR2GRAY), np.float32)


def _plus(crop: Image, change: FloatArray) -> Image:
    return np.asarray(np.clip(crop + change, 0, 255), np.uint8)
