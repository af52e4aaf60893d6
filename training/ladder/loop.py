"""Trains every rung of the ladder: a few steps of the discriminator, one of the generator, and so on."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from training.data.sets import DataError
from training.house import Machine, Run
from training.ladder import progressive, stylegan2
from training.ladder.config import GanConfig, check
from training.ladder.data import Faces, as_images
from training.ladder.diary import Diary
from training.ladder.losses import GAMES, gradient_penalty, path_lengths, zero_centred_penalty
from training.ladder.rungs import RUNGS, build


def one_device(machine: Machine | None) -> Machine:
    """The machine with a single device: a slope of a slope cannot be shared among processes. Raises DataError."""
    machine = Machine() if machine is None else machine
    if machine.nodes != 1 or machine.devices not in ("auto", "1"):
        raise DataError("a rung of the ladder trains on one device: give --devices 1, and run several side by side.")
    return replace(machine, devices="1")


def seed_step(seed: int, number: int) -> None:
    """All that is random in a step follows from its number, so that a resumed run draws what a whole one does."""
    torch.manual_seed(int(np.random.default_rng((seed, number)).integers(2**62)))


class GanTrainer:
    """The networks, their optimisers and one step of each."""

    def __init__(self, config: GanConfig, faces: Faces, run: Run) -> None:
        if config.game not in GAMES:
            raise DataError(f"{config.game!r} is no game: give {', '.join(GAMES)}.")
        self.config, self.faces, self.run, self.game = config, faces, run, GAMES[config.game]
        generator, critic = (each.to(memory_format=torch.channels_last) for each in build(config))
        betas = (config.momentum[0], config.momentum[1])
        self.generator = run.prepare(
            generator, torch.optim.Adam(generator.parameters(), config.generator_rate, betas, eps=1e-8)
        )
        self.critic = run.prepare(
            critic, torch.optim.Adam(critic.parameters(), config.discriminator_rate, betas, eps=1e-8)
        )
        self.average = run.average(generator, config.average_decay)
        self.mean_path = 0.0

    def parameters(self) -> dict[str, int]:
        """How many each network has."""
        networks = {"generator": self.generator.network, "discriminator": self.critic.network}
        return {name: sum(p.numel() for p in network.parameters()) for name, network in networks.items()}

    def state(self, step: int) -> dict[str, Any]:
        return {
            "generator": self.generator.network.state_dict(),
            "critic": self.critic.network.state_dict(),
            "generator_steps": self.generator.optimiser.state_dict(),
            "critic_steps": self.critic.optimiser.state_dict(),
            "average": self.average.network.state_dict(),
            "updates": self.average.updates,
            "mean_path": self.mean_path,
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
        self.mean_path = float(state["mean_path"])
        return int(state["step"])

    # -- one step -----------------------------------------------------------------------------------------------------

    def grow(self, number: int) -> None:
        """Sets how far growing networks are grown in this step."""
        steps = min(self.config.grow_steps or self.config.steps, self.config.steps)
        for network in (self.generator.network, self.critic.network, self.average.network):
            if isinstance(network, progressive.Grown):
                network.progress = progressive.progress_at(number, steps, network.levels)

    def pace(self, number: int) -> None:
        """Sets both rates for this step: as configured, and falling at the end of the run where that is wished."""
        config = self.config
        share = min(1.0, (config.steps - number) / config.fall_steps) if config.fall_steps else 1.0
        self.generator.rate(share * config.generator_rate)
        self.critic.rate(share * config.discriminator_rate)

    def real(self, number: int) -> tuple[Tensor, Tensor]:
        """The batch of this number on the device, as large and sharp as the networks are grown."""
        images, labels = self.faces.batch(number, self.config.batch, self.config.seed)
        images, labels = images.to(self.run.device), labels.to(self.run.device)
        critic = self.critic.network
        if isinstance(critic, progressive.Grown):
            level, share = critic.fade()
            images = nn.functional.avg_pool2d(images, 2 ** (critic.levels - level))
            images = progressive.faded(images, share)
        return images, labels

    def latent(self) -> Tensor:
        return torch.randn(self.config.batch, self.config.latent).to(self.run.device)

    def critic_step(self, real: Tensor, labels: Tensor, penalise: bool) -> dict[str, Tensor]:
        """One step of the discriminator; the generator is left alone. Real and fake faces come as batches of their own:
        in one batch, normalisation would tell them apart.
        """
        with torch.no_grad():
            fake = self.generator(self.latent(), labels).float()
        real_scores, fake_scores = self.critic(real, labels).float(), self.critic(fake, labels).float()
        losses = {"critic": self.game.discriminator(real_scores, fake_scores)}
        if penalise:
            losses |= self.penalties(real, fake, labels)
        self.critic.learn(torch.stack(list(losses.values())).sum())
        right = (real_scores.mean() - fake_scores.mean()).detach()
        return {name: loss.detach() for name, loss in losses.items()} | {"lead": right}

    def penalties(self, real: Tensor, fake: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """In full precision: slopes of slopes are small numbers."""
        config, found = self.config, {}

        def critic(images: Tensor) -> Tensor:
            return self.critic.network(images, labels).float()

        often = config.penalty_every
        if config.r1 > 0:
            found["r1"] = often * config.r1 * zero_centred_penalty(critic, real)
        if config.r2 > 0:
            found["r2"] = often * config.r2 * zero_centred_penalty(critic, fake)
        if config.gradient_penalty > 0:
            mix = torch.rand(len(real)).to(real.device)
            found["gradient_penalty"] = often * config.gradient_penalty * gradient_penalty(critic, real, fake, mix)
        return found

    def generator_step(self, real: Tensor, labels: Tensor, penalise: bool) -> dict[str, Tensor]:
        """One step of the generator; leaves no gradient in the discriminator."""
        critic = self.critic.network.requires_grad_(False)
        fake = self.generator(self.latent(), labels).float()
        with self.run.autocast():
            fake_scores = critic(fake, labels).float()
            real_scores = critic(real, labels).float() if self.game.paired else fake_scores
        losses = {"generator": self.game.generator(real_scores, fake_scores)}
        if penalise and self.config.path_length > 0:
            losses["path_length"] = self.path_penalty()
        self.generator.learn(torch.stack(list(losses.values())).sum())
        critic.requires_grad_(True)
        self.average.update(self.generator.network)
        return {name: loss.detach() for name, loss in losses.items()}

    def path_penalty(self) -> Tensor:
        """How unevenly styles move the picture, around the running mean of the path length (Karras et al. 2020)."""
        network, config = self.generator.network, self.config
        if not isinstance(network, stylegan2.Generator):
            raise DataError(f"path_length is for stylegan2, not for {config.rung}: set it to 0.")
        styles = network.mapping(self.latent()[: max(config.batch // 2, 1)])
        images = network.synthesis(styles).float()
        lengths = path_lengths(images, styles, torch.randn_like(images))
        self.mean_path += 0.01 * (float(lengths.detach().mean()) - self.mean_path)
        return config.penalty_every * config.path_length * (lengths - self.mean_path).square().mean()

    def step(self, number: int) -> dict[str, Tensor]:
        """One step of everything that is due; returns the losses."""
        config = self.config
        seed_step(config.seed, number)
        self.grow(number)
        self.pace(number)
        self.generator.network.train()
        self.critic.network.train()
        penalise = number % config.penalty_every == 0
        notes: dict[str, Tensor] = {}
        for turn in range(config.critic_steps):
            real, labels = self.real(number * config.critic_steps + turn)
            notes |= self.critic_step(real, labels, penalise)
        return notes | self.generator_step(real, labels, penalise)


def painted(network: nn.Module, latents: Tensor, labels: Tensor, size: int, run: Run) -> np.ndarray[Any, Any]:
    """Faces (N, S, S, 3) uint8 BGR for latents and labels, enlarged to ``size`` while the network still grows."""
    network.eval()
    found = []
    seed_step(0, 0)  # for networks that add noise
    for start in range(0, len(latents), 64):
        part = slice(start, start + 64)
        with torch.no_grad(), run.autocast():
            images = network(latents[part].to(run.device), labels[part].to(run.device)).float()
        found.append(as_images(nn.functional.interpolate(images, size=(size, size), mode="nearest")))
    return np.concatenate(found)


def train(config: GanConfig, resume: bool = False, machine: Machine | None = None) -> dict[str, float] | None:
    """Runs the training, writes checkpoints, sheets and figures into ``config.out``; returns the last figures.

    Raises DataError where data or configuration do not fit, and where the losses run away.
    """
    check(config)
    faces = Faces(config, "train", config.size)
    run = Run(config, one_device(machine), resume)
    trainer = GanTrainer(config, faces, run)
    first = trainer.load(run.saved) if run.saved else 0

    def paint(latents: Tensor, labels: Tensor) -> np.ndarray[Any, Any]:
        return painted(trainer.average.network, latents, labels, config.size, run)

    diary = Diary(config, faces, paint, trainer.parameters(), RUNGS[config.rung].conditional)
    sums: dict[str, Tensor] = {}
    figures: dict[str, float] = {}
    started, counted = time.monotonic(), 0
    for number in tqdm(range(first, config.steps), initial=first, total=config.steps, unit="step", disable=None):
        for name, value in trainer.step(number).items():
            sums[name] = sums[name] + value if name in sums else value  # stays on the device: no waiting
        counted, done = counted + 1, number + 1
        measure = done % config.measure_every == 0 or done == config.steps
        if done % config.save_every and not measure:
            continue
        figures = {name: float(value) / counted for name, value in sums.items()}
        figures["faces_per_s"] = counted * config.batch * config.critic_steps / (time.monotonic() - started)
        if not np.isfinite(list(figures.values())).all():
            raise DataError(f"step {done}: the losses are no longer finite. Lower the rates and --resume.")
        diary.sheet(done)
        if measure:
            figures |= diary.measure()
        run.log("step", done, figures)
        run.save(trainer.state(done), trainer.average.network)
        sums, started, counted = {}, time.monotonic(), 0
    trainer.grow(config.steps)
    diary.finish(trainer.critic.network, figures)
    return run.finish(figures)
