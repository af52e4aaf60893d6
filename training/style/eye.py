"""The eye: a small plain network that learns textures, so that style has something to be measured with.

It is shown small windows and has to say which of some hundred pictures each was cut from: photographs, and paintings of
all styles with other seeds. Windows of one picture share no subject, only colours, strokes and edges; so that is what
it learns (every picture a class of its own, Dosovitskiy et al. 2014). It answers from the means and deviations of
*every* layer, so that each of them has to know something of texture.

Why not the age network or the embedder? Both were trained to see through light, colour and blur, which is most of what
a style is; and they halve the picture in their first layer, which leaves a grid in pictures made to please them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from engine.types import Image
from training.data.scenes import load_scenes
from training.data.sets import DataError
from training.house import Machine, Run, Samples, decayed
from training.loops.age import as_input
from training.style.paintings import PAINTERS, paint

HELD_OUT = 0.2  # of every picture's width, at the right, nobody learns from
_VAL_BATCHES = 8


@dataclass(frozen=True)
class EyeConfig:
    """channels: of the levels, each at half the resolution of the one before, with two convolutions; window: side in
    px of what it is shown; photographs, paintings: how many pictures to tell apart (paintings: of each style).
    """

    name: str = "style-eye"
    data: str = "data/detector"
    out: str = "runs/style-eye"
    seed: int = 1
    channels: tuple[int, ...] = (24, 48, 96)
    window: int = 48
    photographs: int = 192
    paintings: int = 24
    steps: int = 1500
    batch: int = 32
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    save_every: int = 250
    threads: int = 1


class EyeNet(nn.Module):
    """Plain 3x3 convolutions, after VGG (Simonyan & Zisserman 2015), with mean pooling as in Gatys et al. 2016."""

    def __init__(self, channels: Sequence[int] = (24, 48, 96), answers: int = 264) -> None:
        super().__init__()
        layers, before = [], 3
        for width in channels:
            for _ in range(2):
                layers.append(
                    nn.Sequential(nn.Conv2d(before, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
                )
                before = width
        self.layers = nn.ModuleList(layers)
        self.head = nn.Linear(2 * 2 * sum(channels), answers)

    def features(self, image: Tensor, depth: int | None = None) -> list[Tensor]:
        """image (N, 3, H, W) RGB in 0..1 -> activations of each layer, finest first; ``depth``: only so many."""
        x, found = (image - 0.45) / 0.25, []
        for number, layer in enumerate(self.layers[:depth]):
            if number and number % 2 == 0:
                x = functional.avg_pool2d(x, 2)
            x = layer(x)
            found.append(x)
        return found

    def forward(self, image: Tensor) -> Tensor:
        """image (N, 3, H, W) RGB in 0..1 -> logits (N, answers): from which picture is it?"""
        told = []
        for each in self.features(image):
            flat = each.float().flatten(2)
            told += [flat.mean(2), (flat.var(2) + 1e-4).sqrt()]
        logits: Tensor = self.head(torch.cat(told, 1))
        return logits


class Windows:
    """The pictures to tell apart, and windows of them."""

    def __init__(self, config: EyeConfig) -> None:
        """Raises DataError where there are not enough photographs."""
        self.config = config
        scenes = load_scenes(Path(config.data))
        large = [row for row in scenes.rows("train") if min(scenes.size(int(row))) >= 2 * config.window]
        # Landscapes and things first: they differ more than portraits do.
        large.sort(key=lambda row: (scenes.source[row] != "backgrounds", (row * 7919) % 10007))
        if len(large) < min(config.photographs, 2):
            raise DataError(f"{config.data} has too few pictures of {2 * config.window} px and over ({len(large)}).")
        self.pictures: list[Image] = [scenes.picture(int(row)) for row in large[: config.photographs]]
        side = 8 * config.window
        self.pictures += [paint(style, side, 100 + n) for style in PAINTERS for n in range(config.paintings)]

    def window(self, number: int, rng: np.random.Generator, held_out: bool = False) -> NDArray[np.uint8]:
        """A window of a picture, a little enlarged or reduced, lit and flipped; held out: of its right end."""
        picture, side = self.pictures[number], self.config.window
        height, width = picture.shape[:2]
        border = int(width * (1 - HELD_OUT))
        left, right = (border, width) if held_out else (0, border)
        cut = min(int(side * rng.uniform(0.8, 1.5)), right - left, height)
        x, y = left + int(rng.integers(right - left - cut + 1)), int(rng.integers(height - cut + 1))
        seen = cv2.resize(picture[y : y + cut, x : x + cut], (side, side), interpolation=cv2.INTER_AREA)
        seen = seen[:, :: int(rng.choice((-1, 1)))]
        lit = np.clip(seen * rng.uniform(0.85, 1.15), 0, 255)
        return np.ascontiguousarray(lit.astype(np.uint8))

    def samples(self) -> Samples:
        """All of a run: window and number of its picture."""
        config = self.config

        def make(place: int) -> tuple[NDArray[np.uint8], int]:
            rng = np.random.default_rng((config.seed, place))
            number = int(rng.integers(len(self.pictures)))
            return self.window(number, rng), number

        return Samples(config.steps * config.batch, make)


@torch.no_grad()
def evaluate(network: EyeNet, windows: Windows) -> dict[str, float]:
    """How often the picture is named right, and is among the first five, from windows of the held-out ends."""
    network.eval()
    device = next(network.parameters()).device
    rng, right, near, count = np.random.default_rng(0), 0, 0, 0
    for _ in range(_VAL_BATCHES):
        numbers = rng.integers(len(windows.pictures), size=windows.config.batch)
        seen = torch.from_numpy(np.stack([windows.window(int(n), rng, held_out=True) for n in numbers]))
        best = network(as_input(seen).to(device)).topk(min(5, len(windows.pictures)), 1).indices.cpu().numpy()
        right += int((best[:, 0] == numbers).sum())
        near += int((best == numbers[:, None]).any(1).sum())
        count += len(numbers)
    return {"right": right / count, "among_five": near / count}


def train(config: EyeConfig, resume: bool = False, machine: Machine | None = None) -> dict[str, float] | None:
    """Runs the whole training, writes checkpoints into ``config.out``, returns the figures on the held-out ends."""
    windows = Windows(config)
    run = Run(config, machine, resume)
    network = EyeNet(config.channels, len(windows.pictures)).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(decayed(network, config.weight_decay), lr=config.learning_rate)
    learner = run.prepare(network, optimiser)
    average = run.average(network, 0.995)
    first = 0
    if run.saved:
        network.load_state_dict(run.saved["network"])
        average.network.load_state_dict(run.saved["average"])
        average.updates = run.saved["updates"]
        optimiser.load_state_dict(run.saved["optimiser"])
        first = run.saved["step"]
    figures: dict[str, float] = {}
    total, since, started = torch.zeros((), device=run.device), 0, time.monotonic()
    batches = run.batches(windows.samples(), config.batch, first * config.batch, about="style-eye")
    for done, (pictures, numbers) in enumerate(batches, first + 1):
        network.train()
        progress = (done - 1) / config.steps
        learner.rate(config.learning_rate * min(1.0, done / 100) * (0.5 + 0.5 * np.cos(np.pi * progress)))
        loss = functional.cross_entropy(learner(as_input(pictures)).float(), numbers, label_smoothing=0.1)
        learner.learn(loss, clip=5.0)
        average.update(network)
        total, since = total + loss.detach(), since + 1
        if done % config.save_every and done != config.steps:
            continue
        with run.autocast():
            figures = evaluate(average.network, windows)
        rate = (done - first) * config.batch / (time.monotonic() - started)
        run.log("step", done, {"windows_per_s": rate, "loss": run.mean(total / since), **figures})
        state = {
            "network": network.state_dict(), "average": average.network.state_dict(), "updates": average.updates,
            "optimiser": optimiser.state_dict(), "step": done,
        }  # fmt: skip
        run.save(state, average.network)
        total, since = torch.zeros((), device=run.device), 0
    return run.finish(figures)
