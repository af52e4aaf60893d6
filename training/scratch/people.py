"""Tells who of some people a 48 x 48 grey face is, with a small convolutional network written out in NumPy."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.scratch.data import SIDE, grey_faces, load_people, standardised
from training.scratch.descent import Plan, descend, mirrored
from training.scratch.figures import draw_curves
from training.scratch.losses import cross_entropy
from training.scratch.network import people_network


@dataclass(frozen=True)
class ScratchPeopleConfig:
    """data: a prepared folder that tells who is who; held_out: the part of everybody's pictures kept for val.

    Pictures of one moment (frames of one video) must not be in it: some would be learned and others held out.
    """

    name: str = "scratch-people"
    data: str = "data/people"
    out: str = "runs/scratch-people"
    seed: int = 1
    people: int = 20
    held_out: float = 0.2
    width: int = 8
    epochs: int = 30
    batch: int = 32
    rate: float = 0.02
    momentum: float = 0.9
    l2: float = 0.001


def train(config: ScratchPeopleConfig) -> dict[str, float]:
    """Learns everybody's pictures but the held-out ones; writes log.jsonl, curves.png, weights.npz.

    Returns on val: accuracy, cross_entropy, and the accuracy of always guessing who has most pictures in train.
    """
    people = load_people(Path(config.data), config.people, config.held_out, config.seed)
    x, z = (standardised(grey_faces(people.crops, rows))[:, None] for rows in (people.train, people.val))
    centre = x.mean(0)
    x, z = x - centre, z - centre
    known, truth = people.label[people.train], people.label[people.val]
    often = int(np.bincount(known).argmax())

    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    network = people_network(SIDE, config.people, config.width, np.random.default_rng(config.seed))
    plan = Plan(config.epochs, config.batch, config.rate, config.momentum, config.l2)
    curves: dict[str, list[float]] = {"train": [], "val": []}
    figures: dict[str, float] = {}
    started = time.monotonic()
    with (out / "log.jsonl").open("w") as log:
        for epoch, loss in enumerate(descend(network, cross_entropy, x, known, plan, mirrored, config.seed)):
            seconds = time.monotonic() - started
            logits = network.predict(z)
            figures = {
                "accuracy": float((logits.argmax(1) == truth).mean()),
                "cross_entropy": cross_entropy(logits, truth)[0],
            }
            curves["train"].append(loss)
            curves["val"].append(figures["cross_entropy"])
            line = {"epoch": epoch, "seconds": seconds, "train_cross_entropy": loss, **figures}
            text = json.dumps({key: round(value, 3) for key, value in line.items()})
            print(text, flush=True)
            log.write(text + "\n")
            started = time.monotonic()
    draw_curves(out / "curves.png", curves, math.log(config.people), "cross-entropy (nats)")
    network.save(str(out / "weights.npz"))
    figures["constant_accuracy"] = float((truth == often).mean())
    return {key: round(value, 3) for key, value in figures.items()}
