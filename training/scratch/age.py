"""Tells the age from a 48 x 48 grey face with one hidden layer, learned by gradient descent written out in NumPy."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.faces import FaceSet, load
from training.data.sets import DataError
from training.scratch.data import SIDE, grey_faces, standardised
from training.scratch.descent import Plan, descend, mirrored
from training.scratch.figures import draw_curves, draw_weights
from training.scratch.layers import Floats, Linear
from training.scratch.losses import mean_squared_error
from training.scratch.network import Network, age_network


@dataclass(frozen=True)
class ScratchAgeConfig:
    """age: folder of a finished run of the age network, measured on the same faces ("": left out)."""

    name: str = "scratch-age"
    data: str = "data/faces"
    out: str = "runs/scratch-age"
    age: str = ""
    split: str = "val"
    seed: int = 1
    hidden: int = 256
    epochs: int = 30
    batch: int = 64
    rate: float = 0.01
    momentum: float = 0.9
    l2: float = 0.01
    limit: int = 0


def errors(years: Floats, truth: NDArray[np.int64]) -> dict[str, float]:
    """Root mean squared and mean absolute error of (N,), in years."""
    error = years - truth
    return {"rmse_years": float(np.sqrt(np.mean(error**2))), "mae_years": float(np.mean(np.abs(error)))}


def constant_errors(known: NDArray[np.int64], truth: NDArray[np.int64]) -> dict[str, float]:
    """The errors of one guess for all: the mean of the known ages for RMSE, their median for MAE, the best for each."""
    mean, median = (np.full(len(truth), value, np.float64) for value in (known.mean(), np.median(known)))
    return {"rmse_years": errors(mean, truth)["rmse_years"], "mae_years": errors(median, truth)["mae_years"]}


def _flipped(x: Floats, rng: np.random.Generator) -> Floats:
    return mirrored(x.reshape(-1, SIDE, SIDE), rng).reshape(x.shape)


def _age_network_errors(config: ScratchAgeConfig, faces: FaceSet, rows: NDArray[np.int64]) -> dict[str, float]:
    import torch

    from training.evaluation.aging_judges import load_judge

    torch.set_num_threads(1)
    judge = load_judge(config.age)
    parts = (judge.years(faces.crops[[row]], faces.meshes[[row]]) for row in rows)
    return errors(np.concatenate(list(parts)), faces.years[rows])


def _draw_weights(path: Path, network: Network) -> None:
    """The hidden units' weights, from those that make the answer youngest to those that make it oldest."""
    first, last = (layer for layer in network.layers if isinstance(layer, Linear))
    order = np.argsort(last.weight.value[:, 0])
    pictures = first.weight.value.T.reshape(-1, SIDE, SIDE)[order]
    draw_weights(path, pictures, "weights of the hidden units: at the top those that say young, at the bottom old")


def train(config: ScratchAgeConfig) -> dict[str, float]:
    """Learns from train; writes log.jsonl, curves.png, weights.png, weights.npz; returns the split's figures."""
    faces = load(Path(config.data))
    rows, held = faces.rows("train")[: config.limit or None], faces.rows(config.split)
    if not len(rows) or not len(held):
        raise DataError(f"{config.data} has no faces in its split train or {config.split}.")
    x, z = (standardised(grey_faces(faces.crops, part)).reshape(len(part), -1) for part in (rows, held))
    centre = x.mean(0)
    x, z = x - centre, z - centre
    known, truth = faces.years[rows], faces.years[held]
    mean, spread = known.mean(), known.std()
    target = ((known - mean) / spread).astype(np.float32)[:, None]
    guess = constant_errors(known, truth)

    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    network = age_network(SIDE**2, config.hidden, np.random.default_rng(config.seed))
    plan = Plan(config.epochs, config.batch, config.rate, config.momentum, config.l2)
    curves: dict[str, list[float]] = {"train": [], config.split: []}
    figures: dict[str, float] = {}
    started = time.monotonic()
    with (out / "log.jsonl").open("w") as log:
        for epoch, loss in enumerate(descend(network, mean_squared_error, x, target, plan, _flipped, config.seed)):
            seconds = time.monotonic() - started
            figures = errors(mean + spread * network.predict(z)[:, 0], truth)
            curves["train"].append(float(loss * spread**2))
            curves[config.split].append(figures["rmse_years"] ** 2)
            line = {"epoch": epoch, "seconds": seconds, "train_rmse_years": curves["train"][-1] ** 0.5, **figures}
            text = json.dumps({key: round(value, 3) for key, value in line.items()})
            print(text, flush=True)
            log.write(text + "\n")
            started = time.monotonic()
    draw_curves(out / "curves.png", curves, guess["rmse_years"] ** 2, "mean squared error (years²)")
    _draw_weights(out / "weights.png", network)
    network.save(str(out / "weights.npz"))
    figures |= {f"constant_{key}": value for key, value in guess.items()}
    if config.age:
        compared = _age_network_errors(config, faces, held)
        figures |= {f"age_network_{key}": value for key, value in compared.items()}
    return {key: round(value, 3) for key, value in figures.items()}
