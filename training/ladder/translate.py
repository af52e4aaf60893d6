"""Trains the CycleGAN: the same rhythm as loop.py, with faces instead of latents and two games at once."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from engine.weights.files import write_bytes
from training.data.sets import DataError
from training.house import Machine, Run
from training.ladder import pictures
from training.ladder.config import check
from training.ladder.cyclegan import PatchCritics, Translators, kept, there_and_back
from training.ladder.data import Faces, as_images, as_tensor
from training.ladder.loop import one_device, seed_step
from training.ladder.losses import GAMES
from training.metrics.realism import NOTE, FaceFeatures, frechet_distance, kernel_distance

Images = NDArray[np.uint8]

SHOWN = 8


@dataclass(frozen=True)
class CycleConfig:
    """young, old: first and last year of the faces of each side; cycle, identity: weights of the L1 distances; the
    other keys as in GanConfig. youngest, oldest and limit hold for both sides.
    """

    name: str = "gan-cyclegan"
    data: str = "data/faces-small"
    out: str = "runs/gan-cyclegan"
    seed: int = 1
    size: int = 64
    face_part: float = 0.64
    yaw_limit: float = 0.5
    youngest: int = 0
    oldest: int = 100
    young: tuple[int, ...] = (18, 32)
    old: tuple[int, ...] = (60, 100)
    width: int = 24
    batch: int = 8
    steps: int = 20000
    generator_rate: float = 2e-4
    discriminator_rate: float = 2e-4
    momentum: tuple[float, ...] = (0.5, 0.999)
    cycle: float = 10.0
    identity: float = 5.0
    average_decay: float = 0.998
    save_every: int = 500
    measure_every: int = 4000
    measure_faces: int = 300
    reference: str = "val"
    features: str = "age"
    threads: int = 1
    limit: int = 0


def side_of(config: CycleConfig, ages: tuple[int, ...], split: str) -> Faces:
    """The faces of these ages. Raises DataError where there are too few."""
    years = {"youngest": max(ages[0], config.youngest), "oldest": min(ages[1], config.oldest)}
    return Faces(replace(config, **years), split, config.size)  # type: ignore[arg-type]


class CycleTrainer:
    """The networks, their optimisers and one step of each."""

    def __init__(self, config: CycleConfig, young: Faces, old: Faces, run: Run) -> None:
        self.config, self.young, self.old, self.run = config, young, old, run
        translators = Translators(config.width).to(memory_format=torch.channels_last)
        critics = PatchCritics(config.width).to(memory_format=torch.channels_last)
        betas = (config.momentum[0], config.momentum[1])
        self.translators = run.prepare(
            translators, torch.optim.Adam(translators.parameters(), config.generator_rate, betas)
        )
        self.critics = run.prepare(critics, torch.optim.Adam(critics.parameters(), config.discriminator_rate, betas))
        self.average = run.average(translators, config.average_decay)

    def state(self, step: int) -> dict[str, Any]:
        return {
            "translators": self.translators.network.state_dict(),
            "critics": self.critics.network.state_dict(),
            "translator_steps": self.translators.optimiser.state_dict(),
            "critic_steps": self.critics.optimiser.state_dict(),
            "average": self.average.network.state_dict(),
            "updates": self.average.updates,
            "step": step,
        }

    def load(self, state: dict[str, Any]) -> int:
        """Takes over a saved state; returns the step to go on with."""
        self.translators.network.load_state_dict(state["translators"])
        self.critics.network.load_state_dict(state["critics"])
        self.translators.optimiser.load_state_dict(state["translator_steps"])
        self.critics.optimiser.load_state_dict(state["critic_steps"])
        self.average.network.load_state_dict(state["average"])
        self.average.updates = int(state["updates"])
        return int(state["step"])

    def step(self, number: int) -> dict[str, Tensor]:
        """One step of both generators, then one of both discriminators; returns the losses."""
        config, game = self.config, GAMES["least-squares"]
        seed_step(config.seed, number)
        young = self.young.batch(number, config.batch, config.seed)[0].to(self.run.device)
        old = self.old.batch(number, config.batch, config.seed)[0].to(self.run.device)
        critics = self.critics.network.requires_grad_(False)
        with self.run.autocast():
            made = there_and_back(self.translators.network.train(), young, old)
            scores = critics(made[0], made[1])
        fooling = torch.stack([game.generator(each.float(), each.float()) for each in scores]).sum()
        cycle = config.cycle * kept([(made[2], young), (made[3], old)])
        identity = config.identity * kept([(made[4], old), (made[5], young)])
        self.translators.learn(fooling + cycle + identity)
        critics.requires_grad_(True)
        self.average.update(self.translators.network)
        real = self.critics(old, young)
        fake = self.critics(made[0].detach().float(), made[1].detach().float())
        pairs = zip(real, fake, strict=True)
        critic = torch.stack([game.discriminator(a.float(), b.float()) for a, b in pairs]).sum() / 2
        self.critics.learn(critic)
        losses = {"generator": fooling, "cycle": cycle, "identity": identity, "critic": critic}
        return {name: loss.detach() for name, loss in losses.items()}

    @torch.no_grad()
    def translated(self, images: Images, way: str) -> Images:
        """Faces (N, S, S, 3) after ``way``, "older" or "younger", with the averaged networks."""
        network = getattr(self.average.network.eval(), way)
        parts = [images[start : start + 64] for start in range(0, len(images), 64)]
        with self.run.autocast():
            return np.concatenate([as_images(network(as_tensor(part).to(self.run.device))) for part in parts])

    def sheet(self, young: Images, old: Images) -> Images:
        """Young faces, made older, and back; old faces, made younger, and back."""
        aged, rejuvenated = self.translated(young, "older"), self.translated(old, "younger")
        rows = [young, aged, self.translated(aged, "younger"), old, rejuvenated, self.translated(rejuvenated, "older")]
        return pictures.grid(np.concatenate(rows), len(young))


class Judge:
    """Measures held-out young faces that were made older, against real old ones."""

    def __init__(self, config: CycleConfig) -> None:
        self.instrument = FaceFeatures.shipped(config.features)
        self.young = side_of(config, config.young, config.reference).images[: config.measure_faces]
        old = side_of(config, config.old, config.reference).images
        self.old, self.before = self.instrument.pooled(old), self.instrument.pooled(self.young)
        self.years = self.instrument.years(self.young)
        self.facts = {
            "note": NOTE,
            "features": {"weights": config.features, "sha256": self.instrument.digest},
            "reference": {"data": config.data, "part": config.reference, "old": len(old), "young": len(self.young)},
            "untouched": {
                "about": "what the young faces get as they are",
                "own_fid": frechet_distance(self.before, self.old),
                "own_kid": kernel_distance(self.before, self.old).distance,
            },
        }

    def figures(self, trainer: CycleTrainer) -> dict[str, float]:
        """own_fid, own_kid: to real old faces; years_added: as the age network sees it, which the run never saw;
        changed: distance of face and aged face, as in training.metrics.realism.
        """
        aged = trainer.translated(self.young, "older")
        seen = self.instrument.pooled(aged)
        kernel = kernel_distance(seen, self.old)
        return {
            "own_fid": frechet_distance(seen, self.old),
            "own_kid": kernel.distance,
            "own_kid_error": kernel.error,
            "years_added": float((self.instrument.years(aged) - self.years).mean()),
            "changed": float(self.instrument.distances(self.young, aged).mean()),
        }


def train(config: CycleConfig, resume: bool = False, machine: Machine | None = None) -> dict[str, float] | None:
    """Runs the training, writes checkpoints, sheets and figures into ``config.out``; returns the last figures."""
    check(config)
    if len(config.young) != 2 or len(config.old) != 2:
        raise DataError("young and old want two years each, the first and the last.")
    young, old = (side_of(config, ages, "train") for ages in (config.young, config.old))
    run = Run(config, one_device(machine), resume)
    trainer = CycleTrainer(config, young, old, run)
    first = trainer.load(run.saved) if run.saved else 0
    judge: Judge | None = None
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
        figures["faces_per_s"] = 2 * counted * config.batch / (time.monotonic() - started)
        if not np.isfinite(list(figures.values())).all():
            raise DataError(f"step {done}: the losses are no longer finite. Lower the rates and --resume.")
        pictures.keep_sheet(run.out, done, trainer.sheet(young.images[:SHOWN], old.images[:SHOWN]))
        if measure:
            judge = judge or Judge(config)
            figures |= judge.figures(trainer)
        run.log("step", done, figures)
        run.save(trainer.state(done), trainer.average.network)
        sums, started, counted = {}, time.monotonic(), 0
    finish(config, (judge or Judge(config)).facts, trainer)
    return run.finish(figures)


def finish(config: CycleConfig, facts: dict[str, Any], trainer: CycleTrainer) -> None:
    """Animation, curves, feature maps and metrics.json."""
    out = Path(config.out)
    lines = pictures.read_log(out)
    pictures.animate(out / "progress.gif", pictures.sheets(out))
    pictures.draw_curves(out / "curves.png", lines, ("own_fid", "own_kid", "years_added"))
    aged = trainer.translated(trainer.young.images[:SHOWN], "older")
    pictures.draw_features(out / "feature-maps.png", trainer.critics.network.old, aged)
    networks = {"generators": trainer.translators.network, "discriminators": trainer.critics.network}
    facts = facts | {
        "parameters": {name: sum(p.numel() for p in network.parameters()) for name, network in networks.items()},
        "by_step": [line for line in lines if "own_fid" in line],
    }
    write_bytes(out / "metrics.json", (json.dumps(facts, indent=1) + "\n").encode())
