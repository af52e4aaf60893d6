"""``compare-embedders``: ways to learn an embedder side by side, on the same people that none of them learned from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.torch import load_file

from engine.networks.embedder import EmbedderNet
from training.checkpoints import CheckpointError
from training.data.compact import middle
from training.data.faces import load
from training.data.sets import UNKNOWN, DataError
from training.evaluation.report import table
from training.loops.embedder import embed
from training.metrics.recognition import equal_error_rate, tar_at_far

_ARGUMENTS = ("stem", "channels", "blocks", "features", "dimensions")
METHODS_FILE = "methods.json"


@dataclass(frozen=True)
class CompareConfig:
    """runs: folders of embedder runs; data: small ArcFace crops that tell who is who, of which the people of the splits
    val and test are compared.
    """

    name: str = "compare-embedders"
    runs: tuple[str, ...] = (
        "runs/embedder-contrastive", "runs/embedder-triplet", "runs/embedder-softmax", "runs/embedder-arcface",
        "runs/embedder-cosface", "runs/embedder-distilled",
    )  # fmt: skip
    data: str = "data/celeba-wild-arc"
    out: str = "runs/embedder-methods"
    limit: int = 0


def compare(config: CompareConfig) -> dict[str, float]:
    """Prints a table and writes it as methods.json and .md; returns TAR at an FAR of 1e-2 by run.

    Raises DataError for a folder that holds no run, or data with nobody to compare.
    """
    faces = load(Path(config.data))
    held = np.concatenate([faces.rows(split) for split in ("val", "test")])
    held = held[faces.identity[held] != UNKNOWN][: config.limit or None]
    people, counts = np.unique(faces.identity[held], return_counts=True)
    held = held[np.isin(faces.identity[held], people[counts > 1])]
    if (counts > 1).sum() < 2:
        raise DataError(f"{config.data}: there are no two held-out people with several pictures each to compare.")
    crops = [middle(faces.crops[row]) for row in held]
    upper = np.triu_indices(len(held), 1)
    who = faces.identity[held]
    same = (who[:, None] == who[None])[upper]
    rows, found = [], {}
    for run in config.runs:
        method, network, size = _network(Path(run))
        points = embed(network, crops, size)
        cosine = (points @ points.T)[upper].astype(np.float64)
        figures = {
            "tar_at_far_1e-2": tar_at_far(cosine, same, 1e-2)[0],
            "tar_at_far_1e-3": tar_at_far(cosine, same, 1e-3)[0],
            "eer": equal_error_rate(cosine, same),
        }
        found[Path(run).name] = figures
        rows.append((method, *(f"{100 * value:.1f} %" for value in figures.values())))
    page = table(("learned by", "TAR at FAR 1e-2", "at 1e-3", "equal error rate"), rows)
    page += f"\n\n{len(held)} pictures of {(counts > 1).sum()} people; {same.sum()} pairs of one person."
    print(page, flush=True)
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / METHODS_FILE).write_text(json.dumps(found, indent=1))
    (out / "methods.md").write_text(page + "\n")
    return {run: figures["tar_at_far_1e-2"] for run, figures in found.items()}


def _network(run: Path) -> tuple[str, EmbedderNet, int]:
    """The method by which a run learned, its averaged network, and the side of the crops that it learned at last."""
    facts, weights = run / "run.json", run / "weights.safetensors"
    if not (facts.is_file() and weights.is_file()):
        raise DataError(f"{run} holds no embedder's run: train one first, with `python -m training embedder`.")
    config = json.loads(facts.read_text(encoding="utf-8"))["config"]
    network = EmbedderNet(**{key: config[key] for key in _ARGUMENTS})
    try:
        network.load_state_dict(load_file(weights))
    except RuntimeError as error:
        raise CheckpointError(f"{weights} does not fit its run.json: {str(error).splitlines()[0]}") from None
    return str(config["method"]), network, int(config["sizes"][-1])
