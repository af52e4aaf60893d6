"""Trains the finer network: what the generator adds to a face of 256 pixels, drawn at 384 and 512.

The generator's own answer at the full side has lines as fine as that side shows, but changes large faces less than
small ones; its answer for the face made smaller has the years. So what is learned is the latter, enlarged, with the
finest lines of the former, and hair that has strands (training/aging/retouch.py). All of it is in the picture and in
the small answer, for a light network to find.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engine.networks.ager import AgingUNet
from engine.networks.finer import FinerNet
from training.aging.large import SIDE, LargeBatch, LargeFaces
from training.aging.retouch import blurred, unfrowned, with_strands
from training.house import Machine, Run
from training.loops.aging import age_map, edge_loss, run_steps
from training.loops.aging_distilled import GRID, OLDER, loaded, wished
from training.losses.texture import texture_loss

_SMALL = 256  # the generator's side
_SIDES = (384, 512)
_LINES_PX = 1.5  # of a Gaussian, at 512: what is finer is not seen at 256 pixels
_STRAND_PX, _SURROUNDINGS_PX = 0.8, 8.0  # at 512


@dataclass(frozen=True)
class FinerConfig:
    """data: folders of large crops (task `large`); generator: weights of the one that the finer network follows, at 256
    pixels, of ``width``, ``multiples`` and ``fold``; teacher: those of one of the same shape, whose answer at full side
    tells the finest lines; fine_lines: how strong these are on the skin of faces that become older, in parts of what
    they were there; frowns: what is left of dark blotches between the brows in them; strands: contrast of hair that
    turns grey, in parts of what it had; finer_width, finer_depth: of the network that learns.
    """

    name: str = "aging-finer"
    data: tuple[str, ...] = ("data/mebeauty-large", "data/celeba-wild-large", "data/aaf-large")
    generator: str = "runs/aging-distilled-eighth/weights.safetensors"
    teacher: str = "runs/aging-seventh/weights.safetensors"
    start_from: str = ""
    out: str = "runs/aging-finer"
    seed: int = 1
    width: int = 24
    multiples: tuple[int, ...] = (2, 4, 5, 6)
    fold: int = 4
    dead_zone: float = 0.002
    finer_width: int = 32
    finer_depth: int = 2
    fine_lines: float = 1.6
    frowns: float = 0.4
    strands: float = 1.0
    steps: int = 3000
    batch: int = 4
    learning_rate: float = 2e-3
    l1: float = 10.0
    squares: float = 200.0
    edges: float = 10.0
    texture: float = 80.0
    threads: int = 1
    save_every: int = 100


class FinerTrainer:
    """The generator, its teacher at full side, the network that learns, and one step of it."""

    def __init__(self, config: FinerConfig, run: Run) -> None:
        self.config, self.run = config, run
        shape = config.width, config.multiples
        generator = AgingUNet(*shape, dead_zone=config.dead_zone, fold=config.fold)
        teacher = AgingUNet(*shape, fold=config.fold)
        for name, network in (("generator", generator), ("teacher", teacher)):
            loaded(name, getattr(config, name), network)
        self.generator, self.teacher = (
            each.to(run.device, memory_format=torch.channels_last).eval().requires_grad_(False)
            for each in (generator, teacher)
        )
        finer = FinerNet(config.finer_width, config.finer_depth)
        if config.start_from:
            loaded("start_from", config.start_from, finer)
        finer = finer.to(memory_format=torch.channels_last)
        optimiser = torch.optim.AdamW(finer.parameters(), config.learning_rate, (0.9, 0.99), weight_decay=1e-4)
        self.finer = run.prepare(finer, optimiser)
        self.average = run.average(finer, 0.998)

    def state(self, step: int) -> dict[str, Any]:
        return {
            "finer": self.finer.network.state_dict(),
            "finer_steps": self.finer.optimiser.state_dict(),
            "average": self.average.network.state_dict(),
            "updates": self.average.updates,
            "step": step,
        }

    def load(self, state: dict[str, Any]) -> int:
        """Takes over a saved state; returns the step to go on with."""
        self.finer.network.load_state_dict(state["finer"])
        self.finer.optimiser.load_state_dict(state["finer_steps"])
        self.average.network.load_state_dict(state["average"])
        self.average.updates = int(state["updates"])
        return int(state["step"]) + 1

    def step(self, batch: LargeBatch, number: int) -> dict[str, float]:
        """One step down the distance to what is to be added; returns the losses, and how much of it is missed that
        plain enlarging misses, too (1: as much; of squares).
        """
        config = self.config
        warm = min(1.0, (number + 1) / 100)
        decay = 0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * number / config.steps))
        self.finer.rate(config.learning_rate * warm * decay)
        rng = np.random.default_rng((config.seed, number, 13))
        batch = _sized(batch, int(rng.choice(_SIDES)))
        target = wished(batch.ages, rng)
        small = _resized(batch.faces, _SMALL)
        with torch.no_grad(), self.run.autocast():
            coarse = self.generator(small, age_map(batch.ages, small), age_map(target, small)).float()
        wanted = self.wanted(batch, coarse, target, rng)
        half = _resized(coarse, batch.faces.shape[2] // 2)
        made = self.finer(batch.faces, half.contiguous(memory_format=torch.channels_last)).float()
        weight = 0.2 + 0.8 * batch.mask
        error = (made - wanted) * weight
        losses = {
            "l1": config.l1 * error.abs().mean(),
            "squares": config.squares * error.square().mean(),
            "edges": config.edges * edge_loss(made, wanted, weight),
            "texture": config.texture * texture_loss(made, wanted, batch.mask),
        }
        self.finer.learn(torch.stack(list(losses.values())).sum(), clip=1.0)
        self.average.update(self.finer.network)
        with torch.no_grad():
            plain = (_resized(half, batch.faces.shape[2]) - wanted) * weight
            missed = error.square().sum() / plain.square().sum().clamp(min=1e-9)
        return {name: float(value.detach()) for name, value in losses.items()} | {"missed": float(missed)}

    @torch.no_grad()
    def wanted(self, batch: LargeBatch, coarse: Tensor, target: Tensor, rng: np.random.Generator) -> Tensor:
        """What is to be added (N, 3, S, S) to faces to which the generator adds ``coarse`` (N, 3, 256, 256)."""
        config, faces = self.config, batch.faces
        older = ((target - batch.ages) / OLDER).clamp(0, 1).view(-1, 1, 1, 1)
        aside = tuple(int(pixels) for pixels in rng.integers(0, GRID, 2))  # the teacher's folding leaves a faint grid
        shifted = faces.roll(aside, (2, 3)).contiguous(memory_format=torch.channels_last)
        with self.run.autocast():
            full = self.teacher(shifted, age_map(batch.ages, faces), age_map(target, faces)).float()
        full = full.roll((-aside[0], -aside[1]), (2, 3))
        full = unfrowned(full, batch.frown * older, config.frowns)
        scale = faces.shape[2] / SIDE
        fine = full - blurred(full, _LINES_PX * scale)
        change = _resized(coarse, faces.shape[2]) + fine * (1 + (config.fine_lines - 1) * batch.skin * older)
        if config.strands > 0:
            sizes = _STRAND_PX, _SURROUNDINGS_PX * scale
            change = with_strands(change, faces, batch.skin, older, config.strands, sizes)
        return change


def _resized(planes: Tensor, side: int) -> Tensor:
    """Square planes (N, C, S, S) with this side: means of areas where it is smaller, else bilinear."""
    if planes.shape[2] == side:
        return planes
    if side < planes.shape[2]:
        return functional.adaptive_avg_pool2d(planes, side)
    return functional.interpolate(planes, (side, side), mode="bilinear")


def _sized(batch: LargeBatch, side: int) -> LargeBatch:
    if side == SIDE:
        return batch
    faces, mask, skin, frown = (_resized(each, side) for each in (batch.faces, batch.mask, batch.skin, batch.frown))
    return LargeBatch(faces, mask, skin, frown, batch.ages)


def train(config: FinerConfig, resume: bool = False, machine: Machine | None = None) -> dict[str, float] | None:
    """Runs the training and writes checkpoints into ``config.out``; returns the last figures."""
    faces = LargeFaces(config.data, config.seed)
    run = Run(config, machine, resume)
    samples = faces.samples(config.steps * config.batch)
    trainer = FinerTrainer(config, run)
    return run_steps(run, trainer, samples, config.steps, config.batch, config.save_every, LargeBatch.of)
