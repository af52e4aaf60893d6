"""Feature maps layer by layer: from edges that are still the face to places of which only the network knows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.images import letterbox, read_picture
from engine.types import Image
from training.insight.common import Panel, activations, face_crop, grey, looked_at, network, seen, sheet
from training.loops.age import to_tensor


@dataclass(frozen=True)
class FeaturesConfig:
    """picture: of one face (the detector sees the whole of it); network: age, embedder or detector; weights: "" what
    ships, "fresh", a run or a file; maps: so many of each layer, those that vary most.
    """

    name: str = "see-features"
    picture: str = "face.jpg"
    network: str = "age"
    weights: str = ""
    folder: str = ""
    maps: int = 8
    out: str = "runs/see-features"


def liveliest(maps: Tensor, count: int) -> list[int]:
    """Numbers of the maps (C, H, W) that vary most over the picture, the liveliest first."""
    return [int(i) for i in maps.flatten(1).std(1).argsort(descending=True)[:count]]


def see(config: FeaturesConfig) -> dict[str, int]:
    """Writes features.png; returns how many maps each layer has."""
    image = face_crop(config.picture) if config.network != "detector" else np.asarray(read_picture(config.picture))
    seer = network(config.network, config.weights, config.folder)
    shown: Image
    if config.network == "detector":
        shown, _ = letterbox(image, 320, 320)
        tensor = to_tensor([shown])
    else:
        shown, tensor = looked_at(seer, [image])[0], seen(seer, [image])
    with torch.no_grad():
        layers = activations(seer.module, tensor)
    rows = []
    for name, maps in layers:
        one = maps[0].float()
        what = f"{name}: {one.shape[0]} x {one.shape[1]}x{one.shape[2]}"
        row = [Panel(shown, what)]
        rows.append(row + [Panel(grey(one[i].numpy()), f"unit {i}") for i in liveliest(one, config.maps)])
    title = f"feature maps of the {config.network} network, brighter where a unit says more"
    sheet(Path(config.out) / "features.png", rows, title, inch=1.0)
    return {name: int(maps.shape[1]) for name, maps in layers}
