"""Trains the embedder: from a teacher (distillation), or from who is who (siamese, triplets, margin softmax).

One loop for all ways; what differs stands in training/data/lessons.py and training/losses/metric.py.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from engine.networks.embedder import EmbedderNet
from engine.types import FloatArray, Image
from training.data.lessons import Lessons, PeoplesLessons, TeachersLessons, as_seen
from training.data.sets import DataError
from training.data.teacher import SIZE
from training.house import Machine, Run, Samples, decayed
from training.loops.age import as_input, to_tensor

METHODS = ("distillation", "contrastive", "triplet", "arcface", "cosface", "softmax")


@dataclass(frozen=True)
class EmbedderConfig:
    """data: folders of small ArcFace crops, with the teacher's embeddings (shown as often as they are named) or with
    identities; start_from: weights to go on from, of as many blocks or fewer; method: one of METHODS; pictures: of one
    person in a batch; turned: how often an epoch shows a face that looks aside; harm: how often crops are blurred,
    dark, tinted, noisy, in parts of what is usual; hold_out: every so many-th face (distillation) or person (all
    others) is never learned from; sizes: side of the crops in pixels, and the share of the run that ends with each.
    """

    name: str = "embedder"
    data: tuple[str, ...] = ("data/faces-arc",)
    out: str = "runs/embedder"
    start_from: str = ""
    method: str = "distillation"
    seed: int = 1
    stem: int = 32
    channels: tuple[int, ...] = (64, 128, 256)
    blocks: tuple[int, ...] = (2, 3, 2)
    features: int = 512
    dimensions: int = 256
    pictures: int = 4
    turned: int = 1
    harm: float = 1.0
    hold_out: int = 100
    sizes: tuple[int, ...] = (80, 96, 112)
    until: tuple[float, ...] = (0.4, 0.7, 1.0)
    epochs: int = 10
    batch: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    relations: float = 1.0
    threads: int = 1
    limit: int = 0


def lessons_for(config: EmbedderConfig) -> Lessons:
    """What the method learns from. Raises DataError for an unknown method or unfit data."""
    if config.method not in METHODS:
        raise DataError(f"{config.method!r} is no method: give {', '.join(METHODS)}.")
    if config.method == "distillation":
        return TeachersLessons(
            config.data, config.dimensions, config.hold_out, config.relations, config.limit, config.turned
        )
    return PeoplesLessons(config.data, config.method, config.dimensions, config.pictures, config.hold_out, config.limit)


def size_at(config: EmbedderConfig, progress: float) -> int:
    """The side of the crops at this share (0..1) of the run: small first (progressive learning, Tan & Le 2021)."""
    return next((s for s, until in zip(config.sizes, config.until, strict=True) if progress < until), config.sizes[-1])


def deepened(state: dict[str, Tensor], network: EmbedderNet) -> dict[str, Tensor]:
    """The weights of a shallower network for this deeper one, which then answers as that did: a block that is new ends
    in a normalisation of gain and bias zero, so that at first nothing is added to what passes it (Goyal et al. 2017).

    Raises ValueError where the network is not as deep in every stage.
    """
    filled = dict(network.state_dict())
    filled |= {key: value for key, value in state.items() if not key.startswith("stages.")}
    widths, wanted = _widths(state), _widths(filled)
    used = 0
    for place, width in enumerate(wanted):
        if widths[used : used + 1] == [width]:
            its, mine = f"stages.{used}.", f"stages.{place}."
            filled |= {mine + key.removeprefix(its): value for key, value in state.items() if key.startswith(its)}
            used += 1
        else:
            for key in ("weight", "bias"):
                filled[f"stages.{place}.body.4.{key}"] = torch.zeros(width)
    if used < len(widths):
        raise ValueError(f"{len(widths)} blocks do not fit into {len(wanted)}")
    return filled


def _widths(state: dict[str, Tensor]) -> list[int]:
    """The channels of each block, in order."""
    keys = (f"stages.{number}.body.0.weight" for number in itertools.count())
    return [len(state[key]) for key in itertools.takewhile(state.__contains__, keys)]


def take_over(path: str, network: EmbedderNet) -> None:
    """Starts the network from weights of as many blocks or fewer. Raises DataError where they do not fit it."""
    try:
        network.load_state_dict(deepened(load_file(path), network))
    except (OSError, SafetensorError, RuntimeError, ValueError) as error:
        raise DataError(
            f"start_from = {path!r} holds no embedder of these channels, features and dimensions, with as many blocks "
            "or fewer: give one, or leave start_from empty."
        ) from error


@torch.no_grad()
def embed(network: EmbedderNet, crops: list[Image], size: int = SIZE) -> FloatArray:
    """Unit vectors (N, D) of crops (S, S, 3), which the network sees at the side ``size`` that it learned at."""
    network.eval()
    device = next(network.parameters()).device
    found = []
    if size != SIZE:
        crops = [np.asarray(cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA), np.uint8) for crop in crops]
    for start in range(0, len(crops), 64):
        with torch.autocast(device.type, torch.bfloat16):
            found.append(network.points(to_tensor(crops[start : start + 64]).to(device)).float().cpu())
    return np.asarray(functional.normalize(torch.cat(found), dim=1).numpy(), np.float32)


class Pupil(nn.Module):
    """The network together with what is learned beside it, as one module whose output is the loss."""

    def __init__(self, network: EmbedderNet, lessons: Lessons) -> None:
        super().__init__()
        self.network, self.head, self._measure = network, lessons.head, lessons.loss

    def forward(self, images: Tensor, known: Tensor) -> Tensor:
        points = self.network.points(images)
        with torch.autocast(images.device.type, enabled=False):  # angles need more than eight bits of mantissa
            return self._measure(functional.normalize(points.float(), dim=1), known)


def lessons_of_epoch(lessons: Lessons, config: EmbedderConfig, epoch: int) -> Iterator[tuple[int, Samples]]:
    """The faces of one epoch as the network is to see them, in parts of one crop size: first step, samples."""
    places, about = lessons.epoch(config.batch, np.random.default_rng((config.seed, epoch)))
    steps = len(places) // config.batch
    sizes = [size_at(config, (epoch * steps + step) / (config.epochs * steps)) for step in range(steps)]
    starts = [step for step in range(steps) if step == 0 or sizes[step] != sizes[step - 1]]
    for first, last in zip(starts, [*starts[1:], steps], strict=True):

        def make(number: int, first: int = first) -> tuple[Image, Tensor]:
            position = first * config.batch + number
            rng = np.random.default_rng((config.seed, epoch, position + 1))
            crop = as_seen(lessons.crop(places[position]), sizes[first], rng, config.harm)
            return crop, lessons.known(int(about[position]))

        yield first, Samples((last - first) * config.batch, make)


def train(config: EmbedderConfig, resume: bool = False, machine: Machine | None = None) -> dict[str, float] | None:
    """Runs the whole training, writes checkpoints into ``config.out``, returns the figures on what was held out.

    With several processes, losses over pairs see the pairs within each one's share of the batch.
    """
    lessons = lessons_for(config)
    steps = lessons.steps(config.batch)
    if not steps:
        raise DataError(f"{', '.join(config.data)}: fewer faces than one batch of {config.batch}: lower `batch`.")
    run = Run(config, machine, resume)
    network = EmbedderNet(config.stem, config.channels, config.blocks, config.features, config.dimensions)
    network = network.to(memory_format=torch.channels_last)
    if config.start_from:
        take_over(config.start_from, network)
        lessons.meet(lambda crops: embed(network, crops, config.sizes[0]))
    pupil = Pupil(network, lessons)
    optimiser = torch.optim.AdamW(decayed(pupil, config.weight_decay), lr=config.learning_rate)
    learner = run.prepare(pupil, optimiser)
    average = run.average(network, 0.999)
    first = 0
    if run.saved:
        network.load_state_dict(run.saved["network"])
        lessons.head.load_state_dict(run.saved["head"])
        average.network.load_state_dict(run.saved["average"])
        average.updates = run.saved["updates"]
        optimiser.load_state_dict(run.saved["optimiser"])
        first = run.saved["epoch"] + 1
    warm_up = min(300, 1 + config.epochs * steps // 20)
    figures: dict[str, float] = {}
    for epoch in range(first, config.epochs):
        network.train()
        started, total = time.monotonic(), torch.zeros((), device=run.device)
        for start, samples in lessons_of_epoch(lessons, config, epoch):
            batches = run.batches(samples, config.batch, about=f"epoch {epoch + 1} of {config.epochs}")
            for step, (pictures, known) in enumerate(batches, epoch * steps + start):
                warm = min(1.0, (step + 1) / warm_up)
                learner.rate(
                    config.learning_rate * warm * (0.5 + 0.5 * math.cos(math.pi * step / config.epochs / steps))
                )
                loss = learner(as_input(pictures), known)
                learner.learn(loss)
                average.update(network)
                total += loss.detach()
        rate = steps * config.batch / (time.monotonic() - started)
        seen = size_at(config, (epoch + 1) / config.epochs - 1e-9)
        figures = lessons.figures(partial(embed, average.network, size=seen))
        figures["loss"] = run.mean(total / steps)
        run.log("epoch", epoch, {"faces_per_s": rate, **figures})
        state = {
            "network": network.state_dict(),
            "head": lessons.head.state_dict(),
            "average": average.network.state_dict(),
            "optimiser": optimiser.state_dict(),
            "epoch": epoch,
            "updates": average.updates,
        }
        run.save(state, average.network)
    return run.finish(figures)
