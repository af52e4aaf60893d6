"""Weights of the right form and no skill: small networks with fixed random numbers, for tests only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.weights.card import Card
from tests.builders import PEOPLE, rough_crops

if TYPE_CHECKING:
    from torch import nn

AGER = Card(
    "ager", "ager", (64, 96), licence="none: random numbers", arguments={"width": 4, "multiples": [1, 2, 2, 2, 2]}
)
AGE = Card("age", "age", (112,), licence="none: random numbers", arguments={"width": 4, "multiples": [1, 2, 2, 2]})
EMBEDDER = Card(
    "embedder",
    "embedder",
    (112,),
    crop="arcface",
    licence="none: random numbers",
    arguments={"stem": 8, "channels": [8, 8, 16], "blocks": [1, 1, 1], "features": 32, "dimensions": 16},
    figures={"verify_threshold": 0.45, "identify_threshold": 0.5, "false_accept_rate": 0.001},
)
STYLE = Card(
    "style",
    "style",
    (64,),
    licence="none: random numbers",
    arguments={"styles": ["oil", "ink", "glass"], "width": 4, "blocks": 1},
)


def make_weights(folder: Path) -> Path:
    """Publishes an "ager" and an "age" network into the folder, the same numbers every time; the folder itself."""
    import torch

    from engine.networks import build
    from training.export import publish

    for card in (AGER, AGE, EMBEDDER):
        torch.manual_seed(7)
        module = build(card.network, card.arguments).eval()
        if card is AGER:
            _strengthen(module)
        if card is EMBEDDER:
            _centre(module)
        publish(card, module, folder)
    return folder


def make_style_weights(folder: Path) -> Path:
    """Publishes a "style" network whose styles differ into the folder; the folder itself."""
    import torch

    from engine.networks import build
    from training.export import publish

    torch.manual_seed(7)
    module = build(STYLE.network, STYLE.arguments).eval()
    torch.nn.init.normal_(module.get_submodule("head").get_parameter("weight"))
    publish(STYLE, module, folder)
    return folder


def _strengthen(ager: nn.Module) -> None:
    """Lets a fresh ager change pictures by about 20 of 255: its head begins at zero, and an answer of zeros is none."""
    import torch

    head = ager.get_submodule("head")
    torch.nn.init.normal_(head.get_parameter("weight"))
    with torch.inference_mode():
        answer = ager(torch.rand(1, 3, 64, 64), torch.full((1, 1, 64, 64), 0.3), torch.full((1, 1, 64, 64), 0.7))
        head.get_parameter("weight").mul_(20 / 255 / float(answer.std()))


def _centre(embedder: nn.Module) -> None:
    """Lets a fresh embedder tell faces apart a little: it learns the mean of some pictures, and no longer sees it."""
    import torch

    crops = torch.from_numpy(np.concatenate([rough_crops(number) for number in range(PEOPLE)])[..., ::-1].copy())
    for module in embedder.modules():
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            module.momentum = None  # the plain mean of all that is seen
    embedder.train()
    with torch.inference_mode():
        embedder(crops.permute(0, 3, 1, 2).float() / 255)
    embedder.eval()
