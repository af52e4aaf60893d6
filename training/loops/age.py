"""Trains the age network on prepared faces: label distribution over 0..100 years, webcam-like augmentation."""

from __future__ import annotations

import json
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
from training.averaging import ExponentialAverage
from training.checkpoints import load_checkpoint, save_checkpoint
from training.data.faces import FaceSet, load


@dataclass(frozen=True)
class AgeConfig:
    """size: side of the crop the network sees; label_sigma_years: width of the target distribution; extra: further
    prepared folders to learn from; start_from: weights to begin with (safetensors; "": none).
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
    threads: int = 1
    limit: int = 0


def age_distribution(years: Tensor, sigma: float) -> Tensor:
    """Normalised Gaussians (N, 101) around years (N,) (Gao et al. 2017, equation 2)."""
    grid = torch.arange(YEARS, dtype=torch.float32)
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
    grid = torch.arange(YEARS)
    inside = (grid >= low[:, None]) & (grid <= high[:, None])
    band = -torch.logsumexp(log_chances.masked_fill(~inside, -1e4), 1)
    mean, _ = expected_years(log_chances.exp())
    outside = (mean - mean.clamp(low.float(), high.float())).abs()
    distance = functional.smooth_l1_loss(outside, torch.zeros_like(outside), beta=3.0, reduction="none")
    return (torch.where(low == high, exact, band) + 0.1 * distance).mean()


def expected_years(probabilities: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation (N,), in years, of distributions (N, 101)."""
    grid = torch.arange(probabilities.shape[1], dtype=probabilities.dtype)
    mean = (probabilities * grid).sum(1)
    return mean, ((probabilities * grid**2).sum(1) - mean**2).clamp_min(0).sqrt()


def webcam(crop: NDArray[np.uint8], size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A crop as a webcam might deliver it: a little off, flipped, blurred, noisy, dark, tinted, compressed."""
    side = crop.shape[0]
    scale = size / side * rng.uniform(0.9, 1.12)
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), rng.normal(0, 5), scale)
    matrix[:, 2] = matrix[:, 2] + size / 2 - side / 2 + rng.normal(0, 0.025 * size, 2)
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
    if rng.random() < 0.3:
        value += rng.normal(0, rng.uniform(2, 10), value.shape)
    image = np.clip(value, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 90))])[1]
        image = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    if rng.random() < 0.3:
        x, y = rng.integers(0, size, 2)
        reach = int(rng.integers(size // 8, size // 3))
        image[y : y + reach, x : x + reach] = rng.integers(0, 255, 3)
    return np.ascontiguousarray(image)


def to_tensor(images: list[NDArray[np.uint8]]) -> Tensor:
    """BGR pictures to (N, 3, S, S) RGB in 0..1, channels last."""
    batch = torch.from_numpy(np.stack(images)[..., ::-1].copy())
    return batch.permute(0, 3, 1, 2).float().div_(255).contiguous(memory_format=torch.channels_last)


def balanced_weights(years: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sampling weights that lift rare ages: the inverse square root of how many share the age band (5 years)."""
    bands = years // 5
    weight = 1.0 / np.sqrt(np.bincount(bands)[bands])
    return np.asarray(weight / weight.sum(), np.float64)


@torch.no_grad()
def evaluate(network: AgeNet, faces: FaceSet, rows: NDArray[np.int64], size: int) -> dict[str, float]:
    """MAE and bias in years, and how often the truth lies within the stated spread."""
    network.eval()
    means, spreads = [], []
    for start in range(0, len(rows), 128):
        part = [
            cv2.resize(faces.crops[r], (size, size), interpolation=cv2.INTER_AREA) for r in rows[start : start + 128]
        ]
        with torch.autocast("cpu", torch.bfloat16):
            logits = network.logits(to_tensor([np.asarray(p, np.uint8) for p in part]))
        mean, spread = expected_years(torch.softmax(logits.float(), 1))
        means.append(mean)
        spreads.append(spread)
    error = torch.cat(means).numpy() - faces.years[rows]
    inside = np.abs(error) <= torch.cat(spreads).numpy()
    return {
        "mae_years": float(np.abs(error).mean()),
        "bias_years": float(error.mean()),
        "within_spread": float(inside.mean()),
    }


def train(config: AgeConfig, resume: bool = False) -> dict[str, float]:
    """Runs the whole training, writes checkpoints into ``config.out``, returns the figures on val."""
    torch.set_num_threads(config.threads)
    cv2.setNumThreads(0)
    torch.manual_seed(config.seed)
    sets = [load(Path(folder)) for folder in (config.data, *config.extra)]
    rows = [(number, row) for number, each in enumerate(sets) for row in each.rows("train")[: config.limit or None]]
    chances = balanced_weights(np.array([sets[number].years[row] for number, row in rows]))
    network = AgeNet(config.width, config.multiples, config.blocks).to(memory_format=torch.channels_last)
    if config.start_from:
        network.load_state_dict(load_file(config.start_from))
    decay = [p for p in network.parameters() if p.ndim > 1]
    plain = [p for p in network.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": decay, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=config.learning_rate,
    )
    average = ExponentialAverage(network, 0.998)
    out = Path(config.out)
    first = 0
    if resume and (state := load_checkpoint(out, config)):
        network.load_state_dict(state["network"])
        average.network.load_state_dict(state["average"])
        average.updates = state["updates"]
        optimiser.load_state_dict(state["optimiser"])
        first = state["epoch"] + 1
    steps = len(rows) // config.batch
    figures: dict[str, float] = {}
    for epoch in range(first, config.epochs):
        rng = np.random.default_rng((config.seed, epoch))
        order = rng.choice(len(rows), steps * config.batch, p=chances)
        network.train()
        started, total = time.monotonic(), 0.0
        for step in range(steps):
            progress = (epoch * steps + step) / (config.epochs * steps)
            warm = min(1.0, (epoch * steps + step + 1) / 200)
            for group in optimiser.param_groups:
                group["lr"] = config.learning_rate * warm * (0.5 + 0.5 * math.cos(math.pi * progress))
            chosen = np.sort(order[step * config.batch : (step + 1) * config.batch])
            picked = [(sets[rows[c][0]], rows[c][1]) for c in chosen]
            images = to_tensor([webcam(faces.crops[r], config.size, rng) for faces, r in picked])
            low = torch.tensor([int(faces.low[r]) for faces, r in picked])
            high = torch.tensor([int(faces.high[r]) for faces, r in picked])
            with torch.autocast("cpu", torch.bfloat16):
                logits = network.logits(images)
            loss = age_divergence(logits, low, high, config.label_sigma_years)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            average.update(network)
            total += float(loss.detach())
        figures = evaluate(average.network, sets[0], sets[0].rows("val"), config.size)
        figures["loss"] = total / max(steps, 1)
        state = {
            "network": network.state_dict(),
            "average": average.network.state_dict(),
            "optimiser": optimiser.state_dict(),
            "epoch": epoch,
            "updates": average.updates,
        }
        save_checkpoint(out, config, state, average.network)
        rate = steps * config.batch / (time.monotonic() - started)
        line = {"epoch": epoch, "faces_per_s": round(rate, 1), **{k: round(v, 4) for k, v in figures.items()}}
        print(json.dumps(line), flush=True)
        with (out / "log.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")
    return figures
