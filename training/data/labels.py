"""Age and gender of prepared faces of which neither is told, as our own networks see them (pseudo-labels).

Years are those of the age network that ships. Gender is a logistic regression on the embedder's vectors, learned from
a set that tells it. Both are guesses: good enough to choose exemplars and sources for pairs, never to measure with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from tqdm import tqdm

from training.data.faces import FaceSet, load
from training.data.sets import DataError
from training.evaluation.aging_judges import OwnRecogniser, load_judge

Look = Callable[[NDArray[np.uint8], NDArray[np.float32]], NDArray[Any]]

LABELS_FILE = "labels.npz"
_PART = 64
_SURE = 0.8


@dataclass(frozen=True)
class LabelConfig:
    """data: prepared faces to be labelled; known: prepared faces whose gender is told; samples: how many of those."""

    name: str = "label"
    data: str = "data/mebeauty"
    known: str = "data/faces"
    samples: int = 4000
    seed: int = 1
    limit: int = 0


def label(config: LabelConfig) -> dict[str, float]:
    """Writes years and gender of every face into ``labels.npz``; says how sure the gender is on faces that tell it.

    Faces of whose gender the regression is not sure (0.8) get -1.
    """
    known, faces = load(Path(config.known)), load(Path(config.data))
    told = np.flatnonzero((known.gender >= 0) & (known.years >= 14))
    if len(told) < 8:
        raise DataError(
            f"{config.known} tells the gender of {len(told)} adults only: name another with --set known=DIR."
        )
    told = np.random.default_rng(config.seed).permutation(told)[: config.samples]
    recogniser, judge = OwnRecogniser(), load_judge("")
    vectors = _each(known, told, recogniser.vectors)
    rows = np.arange(len(faces))[: config.limit or None]
    first, rest = told[: len(told) * 3 // 4], told[len(told) * 3 // 4 :]
    female = _logistic(vectors[: len(first)], known.gender[first])
    right = (female(vectors[len(first) :]) > 0.5) == known.gender[rest]
    chance = female(_each(faces, rows, recogniser.vectors))
    years = _each(faces, rows, judge.years)
    gender = np.where(chance > _SURE, 1, np.where(chance < 1 - _SURE, 0, -1))
    np.savez(Path(config.data) / LABELS_FILE, years=years.astype(np.float32), gender=gender)
    return {"gender_right": float(right.mean()), "gender_sure": float((gender >= 0).mean()), "faces": len(rows)}


def with_labels(faces: FaceSet, folder: Path) -> FaceSet:
    """The faces with our own guesses where nothing is told. Raises DataError where there are no guesses either."""
    if faces.age_known.all() and (faces.gender >= 0).mean() > 0.9:
        return faces
    file = folder / LABELS_FILE
    if not file.is_file():
        raise DataError(f"{folder} does not tell ages: run `python -m training label --data {folder}` first.")
    with np.load(file) as labels:
        years, gender = np.round(labels["years"]).astype(np.int64), labels["gender"]
    return replace(
        faces,
        years=np.where(faces.age_known, faces.years, years),
        gender=np.where(faces.gender >= 0, faces.gender, gender),
    )


def _each(faces: FaceSet, rows: NDArray[np.int64], look: Look) -> NDArray[np.float64]:
    """What ``look`` says of these faces (N, ...)."""
    found = []
    for start in tqdm(range(0, len(rows), _PART), desc="label", unit="part", disable=None):
        part = rows[start : start + _PART]
        found.append(np.asarray(look(faces.crops[part], faces.meshes[part]), np.float64))
    return np.concatenate(found)


def _logistic(
    vectors: NDArray[np.float64], classes: NDArray[np.int64]
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """The chance (N,) of class 1 for vectors (N, D), by logistic regression with a little L2."""
    x, y = torch.from_numpy(vectors), torch.from_numpy(classes).double()
    weight = torch.zeros(x.shape[1] + 1, dtype=torch.float64, requires_grad=True)
    steps = torch.optim.LBFGS([weight], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        steps.zero_grad()
        value = functional.binary_cross_entropy_with_logits(x @ weight[:-1] + weight[-1], y)
        value = value + 1e-4 * weight.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    steps.step(loss)  # type: ignore[no-untyped-call]
    learned = weight.detach().numpy()
    return lambda rows: np.asarray(1 / (1 + np.exp(-(rows @ learned[:-1] + learned[-1]))))
