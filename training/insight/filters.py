"""The first layer's filters: the only weights that can be looked at as pictures, for they lie on pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from engine.errors import WeightsError
from engine.types import FloatArray, Image
from training.data.sets import DataError
from training.insight.common import Panel, network, sheet, weights_of
from training.ladder.pictures import grid

_CELL_PX = 36
_COLUMNS = 8


@dataclass(frozen=True)
class FiltersConfig:
    """networks: whose filters; weights: of all of them ("": those that ship, or lie in ``folder``; "fresh": untrained;
    a run or a file, which is for one network).
    """

    name: str = "see-filters"
    networks: tuple[str, ...] = ("age", "embedder", "detector")
    weights: str = ""
    folder: str = ""
    out: str = "runs/see-filters"


def pictures(filters: FloatArray) -> Image:
    """Filters (C, K, K, 3) as a grid of patches: grey is zero, each stretched to its own largest weight."""
    largest = np.abs(filters).max((1, 2, 3), keepdims=True)
    levels = np.asarray(filters / np.maximum(largest, 1e-12) * 127 + 128, np.uint8)
    order = np.argsort(-_colour(filters))
    cells = [cv2.resize(levels[i], (_CELL_PX, _CELL_PX), interpolation=cv2.INTER_NEAREST) for i in order]
    return grid(np.stack(cells), _COLUMNS)


def _colour(filters: FloatArray) -> FloatArray:
    """(C,) how far each filter is from one that looks at brightness alone, 0..1."""
    own = np.square(filters).sum((1, 2, 3))
    grey = 3 * np.square(filters.mean(3)).sum((1, 2))
    return np.where(own > 0, 1 - grey / np.maximum(own, 1e-12), 0).astype(np.float32)


def see(config: FiltersConfig) -> dict[str, int]:
    """Writes filters.png; returns how many filters each network has. A network that is not there is left out."""
    found: dict[str, FloatArray] = {}
    missing: list[str] = []
    for kind in config.networks:
        try:
            found[kind] = weights_of(network(kind, config.weights, config.folder).module)
        except KeyError:
            raise DataError(f"{kind!r} is no network: give age, embedder, detector.") from None
        except WeightsError as error:
            missing.append(str(error))
    if not found:
        raise DataError(missing[0] if missing else "name a network: --set networks='[\"age\"]'.")
    row = [Panel(pictures(f), f"{kind}: {len(f)} of {f.shape[1]}x{f.shape[2]}") for kind, f in found.items()]
    sheet(Path(config.out) / "filters.png", [row], "first-layer filters (colour first)", inch=3.2, smooth=False)
    return {kind: len(filters) for kind, filters in found.items()}
