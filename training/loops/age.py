"""Trains the age network on prepared faces: label distribution over 0..100 years, webcam-like augmentation."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from engine.networks.age import YEARS, AgeNet
from training.data.compact import inner_side, middle
from training.data.faces import FaceSet, load
from training.data.sets import DataError
from training.data.shards import reading_order
from training.house import Machine, Run, Samples, decayed


@dataclass(frozen=True)
class AgeConfig:
    """size: side of the crop the network sees; label_sigma_years: width of the target distribution; extra: further
    prepared folders to learn from; start_from: weights to begin with (safetensors; "": none); balance: how far rare
    ages are lifted, from 0 (not at all) to 1 (every age as often as any other).
    """

    name: str = "age"
    data: str = "data/faces"
    extra: tuple[str, ...] = ()
    out: str = "runs/age"
    start_from: str = ""
    seed: int = 1
    size: int = 112
    width: int = 32
    multiples: tuple[int, ...] = (1, 2, 4, 6)
    blocks: int = 2
    epochs: int = 10
    batch: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    label_sigma_years: float = 2.5
    balance: float = 0.5
    threads: int = 1
    limit: int = 0


def age_distribution(years: Tensor, sigma: float) -> Tensor:
    """Normalised Gaussians (N, 101) around years (N,) (Gao et al. 2017, equation 2)."""
    grid = torch.arange(YEARS, dtype=torch.float32, device=years.device)
    weight = torch.exp(-((grid - years.float()[:, None]) ** 2) / (2 * sigma**2))
    return weight / weight.sum(1, keepdim=True)


def age_divergence(logits: Tensor, low: Tensor, high: Tensor, sigma: float) -> Tensor:
    """How far predicted distributions (N, 101) are from what is known of the ages (N,): a scalar.

    An exact age (low == high) asks for a narrow Gaussian around it (Kullback-Leibler divergence) and for the mean to
    be near; a band asks only that the probability lies inside it.
    """
    log_chances = functional.log_softmax(logits.float(), 1)
    middle = (low + high).float() / 2
    wanted = age_distribution(middle, sigma)
    exact = (wanted * (wanted.clamp_min(1e-12).log() - log_chances)).sum(1)
    grid = torch.arange(YEARS, device=logits.device)
    inside = (grid >= low[:, None]) & (grid <= high[:, None])
    band = -torch.logsumexp(log_chances.masked_fill(~inside, -1e4), 1)
    mean, _ = expected_years(log_chances.exp())
    outside = (mean - mean.clamp(low.float(), high.float())).abs()
    distance = functional.smooth_l1_loss(outside, torch.zeros_like(outside), beta=3.0, reduction="none")
    return (torch.where(low == high, exact, band) + 0.1 * distance).mean()


def expected_years(probabilities: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation (N,), in years, of distributions (N, 101)."""
    grid = torch.arange(probabilities.shape[1], dtype=probabilities.dtype, device=probabilities.device)
    mean = (probabilities * grid).sum(1)
    return mean, ((probabilities * grid**2).sum(1) - mean**2).clamp_min(0).sqrt()


def webcam(crop: NDArray[np.uint8], size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A crop as a webcam might deliver it: a little off, flipped, blurred, noisy, dark, tinted, compressed."""
    side = crop.shape[0]
    scale = size / inner_side(side) * rng.uniform(0.92, 1.08)
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), rng.normal(0, 4), scale)
    matrix[:, 2] = matrix[:, 2] + size / 2 - side / 2 + rng.normal(0, 0.02 * size, 2)
    image = cv2.warpAffine(crop, matrix, (size, size), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    if rng.random() < 0.5:
        image = image[:, ::-1]
    if rng.random() < 0.25:
        factor = rng.uniform(1.2, 3.0)
        small = cv2.resize(image, (int(size / factor),) * 2, interpolation=cv2.INTER_AREA)
        image = cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR)
    value = image.astype(np.float32)
    gain = rng.uniform(0.75, 1.25) * rng.uniform(0.92, 1.08, 3)
    value = (value / 255) ** rng.uniform(0.75, 1.35) * 255 * gain
    if rng.random() < 0.15:
        value = value.mean(2, keepdims=True).repeat(3, 2)
    if rng.random() < 0.2:
        value += rng.normal(0, rng.uniform(2, 10), value.shape)
    if rng.random() < 0.15:
        value = printed(value, rng)
    image = np.clip(value, 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 90))])[1]
        image = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    if rng.random() < 0.2:
        x, y = rng.integers(0, size, 2)
        reach = int(rng.integers(size // 8, size // 3))
        image[y : y + reach, x : x + reach] = rng.integers(0, 255, 3)
    return np.ascontiguousarray(image)


def printed(value: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A picture (S, S, 3) as an old print that was scanned: grain, faded blacks, a yellowed cast. Without it grain
    passes for wrinkles, and old photographs of the young are taken for the old.
    """
    size = value.shape[0]
    coarse = int(size * rng.uniform(0.4, 1.0))
    grain = rng.normal(0, rng.uniform(3, 14), (coarse, coarse)).astype(np.float32)
    faded = value * rng.uniform(0.6, 0.95) + rng.uniform(5, 45)
    cast = 1 + rng.uniform(0, 0.18) * np.array([-1.0, 0.0, 0.7], np.float32)
    aged: NDArray[np.float32] = (faded * cast + cv2.resize(grain, (size, size))[..., None]).astype(np.float32)
    return aged


def to_tensor(images: list[NDArray[np.uint8]]) -> Tensor:
    """BGR pictures to (N, 3, S, S) RGB in 0..1, channels last."""
    return as_input(torch.from_numpy(np.stack(images)))


def as_input(pictures: Tensor) -> Tensor:
    """BGR pictures (N, S, S, 3) uint8 to (N, 3, S, S) RGB in 0..1, channels last, on the same device."""
    return pictures.flip(3).permute(0, 3, 1, 2).float().div_(255).contiguous(memory_format=torch.channels_last)


def balanced_weights(years: NDArray[np.int64], balance: float = 0.5) -> NDArray[np.float64]:
    """Sampling weights that lift rare ages: the inverse of how many share the age band (5 years), to this power."""
    bands = years // 5
    weight = 1.0 / np.bincount(bands)[bands] ** balance
    return np.asarray(weight / weight.sum(), np.float64)


@torch.no_grad()
def evaluate(network: AgeNet, faces: FaceSet, rows: NDArray[np.int64], size: int) -> dict[str, float]:
    """MAE and bias in years, and how often the truth lies within the stated spread."""
    network.eval()
    device = next(network.parameters()).device
    means, spreads = [], []
    for start in range(0, len(rows), 128):
        part = [
            cv2.resize(middle(faces.crops[r]), (size, size), interpolation=cv2.INTER_AREA)
            for r in rows[start : start + 128]
        ]
        with torch.autocast(device.type, torch.bfloat16):
            logits = network.logits(to_tensor([np.asarray(p, np.uint8) for p in part]).to(device))
        mean, spread = expected_years(torch.softmax(logits.float(), 1))
        means.append(mean)
        spreads.append(spread)
    error = torch.cat(means).cpu().numpy() - faces.years[rows]
    inside = np.abs(error) <= torch.cat(spreads).cpu().numpy()
    return {
        "mae_years": float(np.abs(error).mean()),
        "bias_years": float(error.mean()),
        "within_spread": float(inside.mean()),
    }


class AgeFaces:
    """The faces of known age of all sets that may be learned from, and those that the network is chosen on."""

    def __init__(self, config: AgeConfig) -> None:
        """Raises DataError where there is nothing to learn from or to choose on."""
        self.config = config
        self.sets = [load(Path(folder)) for folder in (config.data, *config.extra)]
        known = [each.rows("train")[each.age_known[each.rows("train")]][: config.limit or None] for each in self.sets]
        self.places = [(number, int(row)) for number, rows in enumerate(known) for row in rows]
        first = self.sets[0]
        self.val = first.rows("val")[first.age_known[first.rows("val")]]
        if len(self.places) < config.batch or not len(self.val):
            raise DataError(
                f"{config.data} has too few faces of known age ({len(self.places)} in train, {len(self.val)} in val): "
                "a batch and one are needed."
            )
        self.chances = balanced_weights(
            np.array([self.sets[number].years[row] for number, row in self.places]), config.balance
        )
        shards = np.array([self.sets[number].shard[row] for number, row in self.places])
        which = np.array([number for number, _ in self.places])
        self.shards = np.where(shards < 0, shards, shards * len(self.sets) + which)
        self.steps = len(self.places) // config.batch

    def epoch(self, number: int) -> Samples:
        """The augmented faces of one epoch, drawn evenly over the ages: picture, youngest and oldest possible age."""
        config = self.config
        rng = np.random.default_rng((config.seed, number))
        drawn = rng.choice(len(self.places), self.steps * config.batch, p=self.chances)
        drawn = drawn[reading_order(self.shards[drawn], rng)]
        # Within a batch the order means nothing to the network, but much to the disk.
        drawn = np.sort(drawn.reshape(self.steps, config.batch), 1).ravel()

        def make(position: int) -> tuple[NDArray[np.uint8], int, int]:
            which, row = self.places[drawn[position]]
            faces = self.sets[which]
            rng = np.random.default_rng((config.seed, number, position + 1))
            return webcam(faces.crops[row], config.size, rng), int(faces.low[row]), int(faces.high[row])

        return Samples(len(drawn), make)


def train(config: AgeConfig, resume: bool = False, machine: Machine | None = None) -> dict[str, float] | None:
    """Runs the whole training, writes checkpoints into ``config.out``, returns the figures on val."""
    faces = AgeFaces(config)
    run = Run(config, machine, resume)
    network = AgeNet(config.width, config.multiples, config.blocks).to(memory_format=torch.channels_last)
    if config.start_from:
        network.load_state_dict(load_file(config.start_from))
    optimiser = torch.optim.AdamW(decayed(network, config.weight_decay), lr=config.learning_rate)
    learner = run.prepare(network, optimiser, "logits")
    average = run.average(network, 0.998)
    first = 0
    if run.saved:
        network.load_state_dict(run.saved["network"])
        average.network.load_state_dict(run.saved["average"])
        average.updates = run.saved["updates"]
        optimiser.load_state_dict(run.saved["optimiser"])
        first = run.saved["epoch"] + 1
    figures: dict[str, float] = {}
    for epoch in range(first, config.epochs):
        network.train()
        started, total = time.monotonic(), torch.zeros((), device=run.device)
        batches = run.batches(faces.epoch(epoch), config.batch, about=f"epoch {epoch + 1} of {config.epochs}")
        for step, (pictures, low, high) in enumerate(batches, epoch * faces.steps):
            warm = min(1.0, (step + 1) / 200)
            progress = step / (config.epochs * faces.steps)
            learner.rate(config.learning_rate * warm * (0.5 + 0.5 * math.cos(math.pi * progress)))
            logits = learner.by("logits", as_input(pictures))
            loss = age_divergence(logits, low, high, config.label_sigma_years)
            learner.learn(loss)
            average.update(network)
            total += loss.detach()
        rate = faces.steps * config.batch / (time.monotonic() - started)
        figures = evaluate(average.network, faces.sets[0], faces.val, config.size)
        figures["loss"] = run.mean(total / faces.steps)
        run.log("epoch", epoch, {"faces_per_s": rate, **figures})
        state = {
            "network": network.state_dict(),
            "average": average.network.state_dict(),
            "optimiser": optimiser.state_dict(),
            "epoch": epoch,
            "updates": average.updates,
        }
        run.save(state, average.network)
    return run.finish(figures)
