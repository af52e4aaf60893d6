"""What excites a unit most: the patches of real faces to which it answers loudest (Zeiler & Fergus 2014, section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from engine.types import FloatArray, Image
from training.data.sets import DataError
from training.insight.common import Panel, activations, collection, looked_at, network, seen, sheet
from training.insight.receptive import Field, field_of


@dataclass(frozen=True)
class UnitsConfig:
    """data: a prepared folder, or one of pictures; network: age or embedder; layer: 0 is the stem, then the blocks, -1
    the last; units: by number ((): the eight that differ most from face to face); patches: of each; limit: faces.
    """

    name: str = "see-units"
    data: str = "data/faces"
    network: str = "age"
    weights: str = ""
    folder: str = ""
    layer: int = 3
    units: tuple[int, ...] = ()
    patches: int = 8
    limit: int = 2000
    batch: int = 32
    out: str = "runs/see-units"


class Loudest(NamedTuple):
    """How loud each unit became for each face and where: (N, C), and (N, C, 2) row and column of the map."""

    values: FloatArray
    places: NDArray[np.int64]


def loudest(maps: FloatArray) -> Loudest:
    """The largest value of each map of (N, C, H, W), and its place."""
    count, channels, _, width = maps.shape
    flat = maps.reshape(count, channels, -1)
    best = flat.argmax(2)
    values = np.take_along_axis(flat, best[..., None], 2)[..., 0]
    return Loudest(values, np.stack(np.divmod(best, width), -1))


def favourites(values: FloatArray, unit: int, count: int) -> NDArray[np.int64]:
    """The faces (rows of ``values``) that excite the unit most, the loudest first."""
    return np.argsort(-values[:, unit], kind="stable")[:count]


def patch(picture: Image, field: Field, place: NDArray[np.int64]) -> Image:
    """What a unit at this place (row, column) of its map sees of a picture (S, S, 3)."""
    (top, bottom), (left, right) = (field.span(int(each), len(picture)) for each in place)
    return picture[top:bottom, left:right]


def see(config: UnitsConfig) -> dict[str, object]:
    """Writes units.png: a row for each unit, its favourite patches from the loudest on."""
    faces, seer = collection(config.data, config.limit), network(config.network, config.weights, config.folder)
    parts = []
    with torch.no_grad():
        for start in range(0, len(faces), config.batch):
            layers = activations(seer.module, seen(seer, faces.crops[start : start + config.batch]))
            if not -len(layers) <= config.layer < len(layers):
                raise DataError(f"layer {config.layer}: this network has the layers 0 to {len(layers) - 1}.")
            parts.append(loudest(layers[config.layer][1].float().numpy()))
    values, places = (np.concatenate(each) for each in zip(*parts, strict=True))
    depth = config.layer % len(layers)
    units = config.units or tuple(int(i) for i in np.argsort(-values.std(0), kind="stable")[:8])
    if not all(0 <= unit < values.shape[1] for unit in units):
        raise DataError(f"units: this layer has the units 0 to {values.shape[1] - 1}.")
    field = field_of(seer.module, depth)
    rows = []
    for unit in units:
        best = favourites(values, unit, config.patches)
        shown = looked_at(seer, faces.crops[best])
        cells = [_square(patch(one, field, places[row, unit])) for row, one in zip(best, shown, strict=True)]
        words = [f"unit {unit}: {values[row, unit]:.1f}" if not i else f"{values[row, unit]:.1f}" for i, row in
                 enumerate(best)]  # fmt: skip
        rows.append([Panel(cell, word) for cell, word in zip(cells, words, strict=True)])
    title = (
        f"{layers[depth][0]} of the {config.network} network: patches of {min(field.size, seer.size)} px that excite"
    )
    sheet(Path(config.out) / "units.png", rows, f"{title} each unit most", inch=1.0)
    return {"faces": len(faces), "layer": layers[depth][0], "field_px": field.size, "units": list(units)}


def _square(image: Image, side: int = 96) -> Image:
    """Enlarged to the same size, pixels as they are; cut by the crop's edge: on grey."""
    full = max(image.shape[:2])
    ground = np.full((full, full, 3), 128, np.uint8)
    ground[: image.shape[0], : image.shape[1]] = image
    return np.asarray(cv2.resize(ground, (side, side), interpolation=cv2.INTER_NEAREST), np.uint8)
