"""Trains the embedder: from a teacher (distillation), or from who is who (siamese, triplets, margin softmax).

One loop for all ways; what differs stands in training/data/lessons.py and training/losses/metric.py.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import load_file
from torch.nn import functional

from engine.networks.embedder import EmbedderNet
from engine.types import FloatArray, Image
from training.averaging import ExponentialAverage
from training.checkpoints import load_checkpoint, save_checkpoint
from training.data.lessons import Lessons, PeoplesLessons, TeachersLessons, as_seen
from training.data.sets import DataError
from training.loops.age import to_tensor

METHODS = ("distillation", "contrastive", "triplet", "arcface", "cosface", "softmax")


@dataclass(frozen=True)
class EmbedderConfig:
    """data: folders of small ArcFace crops, with the teacher's embeddings or with identities; method: one of METHODS;
    pictures: of one person in a batch; hold_out: every so many-th face (distillation) or person (all others) is never
    learned from; sizes: side of the crops in pixels, and the share of the run that ends with each.
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
        return TeachersLessons(config.data, config.dimensions, config.hold_out, config.relations, config.limit)
    return PeoplesLessons(config.data, config.method, config.dimensions, config.pictures, config.hold_out, config.limit)


def size_at(config: EmbedderConfig, progress: float) -> int:
    """The side of the crops at this share (0..1) of the run: small first (progressive learning, Tan & Le 2021)."""
    return next((s for s, until in zip(config.sizes, config.until, strict=True) if progress < until), config.sizes[-1])


@torch.no_grad()
def embed(network: EmbedderNet, crops: list[Image]) -> FloatArray:
    """Unit vectors (N, D) of crops (S, S, 3)."""
    network.eval()
    found = []
    for start in range(0, len(crops), 64):
        with torch.autocast("cpu", torch.bfloat16):
            found.append(network.points(to_tensor(crops[start : start + 64])).float())
    return np.asarray(functional.normalize(torch.cat(found), dim=1).numpy(), np.float32)


def train(config: EmbedderConfig, resume: bool = False) -> dict[str, float]:
    """Runs the whole training, writes checkpoints into ``config.out``, returns the figures on what was held out."""
    torch.set_num_threads(config.threads)
    cv2.setNumThreads(0)
    torch.manual_seed(config.seed)
    lessons = lessons_for(config)
    network = EmbedderNet(config.stem, config.channels, config.blocks, config.features, config.dimensions)
    network = network.to(memory_format=torch.channels_last)
    if config.start_from:
        network.load_state_dict(load_file(config.start_from))
    learned = [*network.parameters(), *lessons.head.parameters()]
    optimiser = torch.optim.AdamW(
        [
            {"params": [p for p in learned if p.ndim > 1], "weight_decay": config.weight_decay},
            {"params": [p for p in learned if p.ndim <= 1], "weight_decay": 0.0},
        ],
        lr=config.learning_rate,
    )
    average = ExponentialAverage(network, 0.999)
    out = Path(config.out)
    first = 0
    if resume and (state := load_checkpoint(out, config)):
        network.load_state_dict(state["network"])
        lessons.head.load_state_dict(state["head"])
        average.network.load_state_dict(state["average"])
        average.updates = state["updates"]
        optimiser.load_state_dict(state["optimiser"])
        first = state["epoch"] + 1
    steps = lessons.steps(config.batch)
    if not steps:
        raise DataError(f"{', '.join(config.data)}: fewer faces than one batch of {config.batch}: lower `batch`.")
    warm_up = min(300, 1 + config.epochs * steps // 20)
    figures: dict[str, float] = {}
    for epoch in range(first, config.epochs):
        rng = np.random.default_rng((config.seed, epoch))
        network.train()
        started, total, seen = time.monotonic(), 0.0, 0
        for step, (crops, known) in enumerate(lessons.batches(config.batch, rng)):
            progress = (epoch * steps + step) / (config.epochs * steps)
            warm = min(1.0, (epoch * steps + step + 1) / warm_up)
            for group in optimiser.param_groups:
                group["lr"] = config.learning_rate * warm * (0.5 + 0.5 * math.cos(math.pi * progress))
            size = size_at(config, progress)
            images = to_tensor([as_seen(crop, size, rng) for crop in crops])
            with torch.autocast("cpu", torch.bfloat16):
                points = network.points(images)
            loss = lessons.loss(functional.normalize(points.float(), dim=1), known)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            average.update(network)
            total += float(loss.detach())
            seen += len(crops)
        figures = lessons.figures(lambda crops: embed(average.network, crops)) | {"loss": total / steps}
        state = {
            "network": network.state_dict(),
            "head": lessons.head.state_dict(),
            "average": average.network.state_dict(),
            "optimiser": optimiser.state_dict(),
            "epoch": epoch,
            "updates": average.updates,
        }
        save_checkpoint(out, config, state, average.network)
        rate = seen / (time.monotonic() - started)
        line = {"epoch": epoch, "faces_per_s": round(rate, 1), **{k: round(v, 4) for k, v in figures.items()}}
        print(json.dumps(line), flush=True)
        with (out / "log.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")
    return figures
