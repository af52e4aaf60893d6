"""Network definitions only: no files, no devices, no training. Shared by the engine and training/.

This package itself is cheap to import; a network's own module (and torch) is imported by ``build``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """Where a network is defined and what it takes.

    inputs: (name, channels) of each input, all (N, channels, H, W) float32 (square crops for all but the detector and
    the style network, whose second input may be (N, channels, 1, 1), and the generator of faces, whose inputs are
    points: H = W = 1); multiple: H and W must be multiples of it; any_shape: it sees whole pictures, whose sides are
    many; pictures: the program gives it pictures as they are (runtime.on_pictures), so that this is what is prepared.
    """

    module: str
    class_name: str
    inputs: tuple[tuple[str, int], ...]
    multiple: int
    any_shape: bool = False
    pictures: bool = False


REGISTRY = {
    "ager": NetworkSpec(
        "engine.networks.ager", "AgingUNet", (("image", 3), ("source_age", 1), ("target_age", 1)), 32, pictures=True
    ),
    "embedder": NetworkSpec("engine.networks.embedder", "EmbedderNet", (("image", 3),), 16),
    "detector": NetworkSpec("engine.networks.detector", "DetectorNet", (("image", 3),), 32, any_shape=True),
    "age": NetworkSpec("engine.networks.age", "AgeNet", (("image", 3),), 16),
    "faces": NetworkSpec("engine.networks.faces", "FaceGenerator", (("latent", 100), ("wishes", 12)), 1),
    "style": NetworkSpec("engine.networks.style", "StyleNet", (("image", 3), ("style", 3)), 8, any_shape=True),
}


def build(network: str, arguments: Mapping[str, Any]) -> nn.Module:
    """The network that a card names, with fresh weights. Raises KeyError or TypeError for what it does not know."""
    spec = REGISTRY[network]
    module: nn.Module = getattr(import_module(spec.module), spec.class_name)(**arguments)
    return module
