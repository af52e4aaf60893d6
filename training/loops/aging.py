"""Trains the aging generator on pairs of the same face at two ages, first by distance, then against a discriminator."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from engine.networks.age import AgeNet
from engine.networks.ager import AgingUNet
from training.aging.pairs import load_pairs
from training.aging.windows import HEIGHT, WIDTH, Batch, PairSampler
from training.averaging import ExponentialAverage
from training.data.faces import load
from training.house import Machine, Run, Samples
from training.losses.patch import PatchDiscriminator, hinge_discriminator, hinge_generator
from training.losses.perceptual import PerceptualLoss
from training.losses.texture import texture_loss


@dataclass(frozen=True)
class AgingConfig:
    """steps of ``batch`` faces; until ``adversarial_from`` only distances count, then they become coarse, texture and
    perceptual losses join and the discriminator works, and ``discriminator_lead`` steps later the generator listens to
    it; zero_gap: share of faces whose target is their own age; enlarged: share of faces that are enlarged up to twice;
    freeze_norm_from: from this step on batch normalisation uses its running statistics, as it will in the mirror;
    features: weights of the age network for the perceptual loss ("": fresh); extra, extra_pairs: further prepared
    folders, and the folders of their pairs; start_from: weights of a generator to begin with ("": none).
    """

    name: str = "aging"
    data: str = "data/faces"
    pairs: str = "data/pairs"
    extra: tuple[str, ...] = ()
    extra_pairs: tuple[str, ...] = ()
    start_from: str = ""
    features: str = "runs/age/weights.safetensors"
    out: str = "runs/aging"
    seed: int = 1
    width: int = 24
    multiples: tuple[int, ...] = (1, 2, 4, 5, 6)
    fold: int = 2
    steps: int = 10500
    batch: int = 8
    learning_rate: float = 1.2e-3
    discriminator_rate: float = 4e-4
    zero_gap: float = 0.1
    enlarged: float = 0.4
    l1: float = 10.0
    squares: float = 200.0
    edges: float = 10.0
    perceptual: float = 1.0
    texture: float = 200.0
    adversarial: float = 0.3
    adversarial_from: int = 5500
    discriminator_lead: int = 200
    patch: int = 128
    threads: int = 1
    save_every: int = 250
    freeze_norm_from: int = 5500


def age_map(years: Tensor, like: Tensor) -> Tensor:
    """Years (N,) as constant maps (N, 1, H, W) in units of 100 years."""
    return (years / 100).view(-1, 1, 1, 1).expand(-1, 1, *like.shape[2:])


def edge_loss(made: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """Absolute difference of neighbouring-pixel differences: wrinkles are edges, and L1 alone would soften them."""
    error = made - wanted
    right = (error[..., :, 1:] - error[..., :, :-1]).abs() * weight[..., :, 1:]
    down = (error[..., 1:, :] - error[..., :-1, :]).abs() * weight[..., 1:, :]
    return right.mean() + down.mean()


def _perceptual(config: AgingConfig) -> PerceptualLoss:
    network = AgeNet()
    if config.features:
        network.load_state_dict(load_file(config.features))
    return PerceptualLoss(network).to(memory_format=torch.channels_last)


@dataclass(frozen=True)
class Window:
    """What the perceptual loss and the discriminator look at: a square part of every face, at full resolution."""

    rows: slice
    columns: slice

    @staticmethod
    def random(size: int, rng: np.random.Generator) -> Window:
        top, left = int(rng.integers(0, HEIGHT - size + 1)), int(rng.integers(0, WIDTH - size + 1))
        return Window(slice(top, top + size), slice(left, left + size))

    def __call__(self, tensor: Tensor) -> Tensor:
        return tensor[..., self.rows, self.columns].contiguous(memory_format=torch.channels_last)


class AgingTrainer:
    """The networks, their optimisers and one step of each."""

    def __init__(self, config: AgingConfig, run: Run) -> None:
        self.config, self.run = config, run
        generator = AgingUNet(config.width, config.multiples, fold=config.fold).to(memory_format=torch.channels_last)
        if config.start_from:
            generator.load_state_dict(load_file(config.start_from))
        critic = PatchDiscriminator().to(memory_format=torch.channels_last)
        self.perceptual: PerceptualLoss | None = None
        self.generator = run.prepare(
            generator,
            torch.optim.AdamW(generator.parameters(), config.learning_rate, (0.9, 0.99), weight_decay=1e-4),
        )
        self.critic = run.prepare(critic, torch.optim.Adam(critic.parameters(), config.discriminator_rate, (0.0, 0.99)))
        self.average = run.average(generator, 0.998)

    def state(self, step: int) -> dict[str, Any]:
        return {
            "generator": self.generator.network.state_dict(),
            "critic": self.critic.network.state_dict(),
            "generator_steps": self.generator.optimiser.state_dict(),
            "critic_steps": self.critic.optimiser.state_dict(),
            "average": self.average.network.state_dict(),
            "updates": self.average.updates,
            "step": step,
        }

    def load(self, state: dict[str, Any]) -> int:
        """Takes over a saved state; returns the step to go on with."""
        self.generator.network.load_state_dict(state["generator"])
        self.critic.network.load_state_dict(state["critic"])
        self.generator.optimiser.load_state_dict(state["generator_steps"])
        self.critic.optimiser.load_state_dict(state["critic_steps"])
        self.average.network.load_state_dict(state["average"])
        self.average.updates = int(state["updates"])
        return int(state["step"]) + 1

    def distances(self, batch: Batch, made: Tensor, coarse: bool = False) -> dict[str, Tensor]:
        """How far the made faces are from the wanted ones, pixel by pixel and edge by edge.

        coarse: only means over 4x4 pixels are compared, and edges count a fifth. A wrinkle a pixel off costs twice as
        much as none, so full distances would smooth wrinkles away for ever; other losses judge them from there on.
        """
        config = self.config
        error = (made - batch.after) * batch.weight
        edges = config.edges * edge_loss(made, batch.after, batch.weight)
        if coarse:
            error, edges = functional.avg_pool2d(error, 4), edges / 5
        return {
            "l1": config.l1 * error.abs().mean(),
            # Squares pull hardest where much is to change, which is what a young network should see to first.
            "squares": config.squares * error.square().mean(),
            "edges": edges,
        }

    def perceptual_distance(self, made: Tensor, wanted: Tensor) -> Tensor:
        self.perceptual = self.perceptual or _perceptual(self.config).to(self.run.device)
        with self.run.autocast():
            return self.config.perceptual * self.perceptual(made, wanted)

    def critic_step(self, before: Tensor, real: Tensor, fake: Tensor, ages: tuple[Tensor, Tensor]) -> float:
        """One step of the discriminator, real and fake in one batch; the generator is left alone."""
        scores = self.critic(
            torch.cat([before, before]),
            torch.cat([real, fake.detach()]),
            *(torch.cat([age, age]) for age in ages),
        ).float()
        loss = hinge_discriminator(*scores.chunk(2))
        self.critic.learn(loss)
        return float(loss.detach())

    def fooling(self, before: Tensor, fake: Tensor, ages: tuple[Tensor, Tensor]) -> Tensor:
        """The generator's adversarial loss; leaves no gradient in the discriminator."""
        critic = self.critic.network.requires_grad_(False)
        with self.run.autocast():
            scores = critic(before, fake, *ages).float()
        critic.requires_grad_(True)
        return self.config.adversarial * hinge_generator(scores)

    def step(self, batch: Batch, number: int) -> dict[str, float]:
        """One step of everything that is due; returns the losses."""
        config = self.config
        warm = min(1.0, (number + 1) / 100)
        decay = 0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * number / config.steps))
        self.generator.rate(config.learning_rate * warm * decay)
        self.generator.network.train(number < config.freeze_norm_from)
        source, target = age_map(batch.source, batch.before), age_map(batch.target, batch.before)
        residual = self.generator(batch.before, source, target)
        # As the mirror does it: residual times mask, added.
        made = batch.before + residual.float() * batch.mask
        losses = self.distances(batch, made, coarse=number >= config.adversarial_from)
        notes: dict[str, float] = {}
        if number >= config.adversarial_from:
            window = Window.random(config.patch, np.random.default_rng((config.seed, number, 7)))
            before, fake, real = window(batch.before), window(made), window(batch.after)
            ages = (window(source), window(target))
            losses["texture"] = config.texture * texture_loss(
                made - batch.before, batch.after - batch.before, batch.mask * batch.weight
            )
            if config.perceptual > 0:
                losses["perceptual"] = self.perceptual_distance(fake, real)
            if config.adversarial > 0:
                notes["critic"] = self.critic_step(before, real, fake, ages)
                if number >= config.adversarial_from + config.discriminator_lead:
                    losses["adversarial"] = self.fooling(before, fake, ages)
        self.generator.learn(torch.stack(list(losses.values())).sum(), clip=1.0)
        self.average.update(self.generator.network)
        return {name: float(value.detach()) for name, value in losses.items()} | notes


def train(config: AgingConfig, resume: bool = False, machine: Machine | None = None) -> dict[str, float] | None:
    """Runs the training and writes checkpoints into ``config.out``; returns the last figures."""
    folders = zip((config.data, *config.extra), (config.pairs, *config.extra_pairs), strict=True)
    sampler = PairSampler([(load(Path(data)), load_pairs(Path(pairs))) for data, pairs in folders], config)
    run = Run(config, machine, resume)
    return run_steps(run, AgingTrainer(config, run), sampler.samples(), config.steps, config.batch, config.save_every)


class Trainer(Protocol):
    """What learns step by step from batches of faces."""

    average: ExponentialAverage[AgingUNet]

    def state(self, step: int) -> dict[str, Any]:
        """All that is needed to go on after this step."""

    def load(self, state: dict[str, Any]) -> int:
        """Takes over a saved state; returns the step to go on with."""

    def step(self, batch: Batch, number: int) -> dict[str, float]:
        """One step; returns its losses."""


def run_steps(
    run: Run, trainer: Trainer, samples: Samples, steps: int, batch: int, save_every: int
) -> dict[str, float] | None:
    """From the checkpoint, if there is one, to the last step, with a checkpoint and a line of the log every
    ``save_every`` steps; returns the last figures.
    """
    first = trainer.load(run.saved) if run.saved else 0
    sums: dict[str, float] = {}
    figures: dict[str, float] = {}
    started, counted = time.monotonic(), 0
    batches = run.batches(samples, batch, first * batch, f"to step {steps}")
    for number, columns in enumerate(batches, first):
        for name, value in trainer.step(Batch.of(columns), number).items():
            sums[name] = sums.get(name, 0.0) + value
        counted += 1
        if (number + 1) % save_every and number + 1 < steps:
            continue
        figures = {name: run.mean(value / counted) for name, value in sums.items()}
        rate = counted * batch / (time.monotonic() - started)
        run.log("step", number + 1, {"faces_per_s": rate, **figures})
        run.save(trainer.state(number), trainer.average.network)
        sums, started, counted = {}, time.monotonic(), 0
    return run.finish(figures)
