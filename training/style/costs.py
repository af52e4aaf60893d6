"""The costs of style transfer, in the features of a network of ours (Gatys, Ecker & Bethge 2016, with it for VGG).

Content: the same deep features at the same places. Style: the same *Gram matrices*, that is which features go together
how often, wherever they are. Total variation: no more unrest than needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from engine.errors import WeightsError
from engine.networks.age import AgeNet
from engine.weights.store import SAFETENSORS, find
from training.data.sets import DataError
from training.style.eye import EyeConfig, EyeNet

EYE_FILE = Path(__file__).parent / "eye.safetensors"
# Numbers of the activations of ``features``, finest first.
STYLE_LAYERS = (0, 1, 2, 3, 4, 5)
CONTENT_LAYERS = (4,)


def load_looker(weights: str) -> EyeNet | AgeNet:
    """The network whose features are compared, frozen.

    weights: "eye" for the one beside this file, "age" for the age network that ships, a safetensors file of a
    `style-eye` run, or "" for a fresh eye (for trying out). Raises DataError where there is none or it is another's.
    """
    network: EyeNet | AgeNet
    try:
        if weights == "age":
            card = find("age")
            network = AgeNet(**card.card.arguments)
            network.load_state_dict(load_file(card.path(SAFETENSORS)))
        else:
            state = load_file(EYE_FILE if weights == "eye" else weights) if weights else {}
            answers = len(state["head.weight"]) if state else 2
            network = EyeNet(EyeConfig().channels, answers)
            if state:
                network.load_state_dict({key: value.float() for key, value in state.items()})
    except (WeightsError, OSError, RuntimeError, KeyError, SafetensorError) as error:
        raise DataError(f"looker = {weights!r} is no eye or age network: {str(error).splitlines()[0]}") from error
    return network.eval().requires_grad_(False).to(memory_format=torch.channels_last)


def gram(features: Tensor) -> Tensor:
    """Features (N, C, H, W) -> (N, C, C): the mean over all places of each product of two features.

    >>> gram(torch.tensor([[[[1.0, 3.0]], [[2.0, 0.0]]]]))
    tensor([[[5., 1.],
             [1., 2.]]])
    """
    flat = features.float().flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


def total_variation(image: Tensor) -> Tensor:
    """Mean squared difference of neighbouring pixels of (N, C, H, W), across plus down: a scalar."""
    across = (image[..., 1:] - image[..., :-1]).float().square().mean()
    return across + (image[..., 1:, :] - image[..., :-1, :]).float().square().mean()


def light_cost(made: Tensor, wanted: Tensor, cell: int = 4) -> Tensor:
    """How differently light and dark lie in two pictures (N, 3, H, W), in cells of so many pixels: (N,), 0 to 2.

    One minus the correlation, so that a painting may have its own contrast and its own blackest black. An eye for
    textures does not mind where a face is bright; people do.
    """
    shades = [functional.avg_pool2d(each.float().mean(1), cell).flatten(1) for each in (made, wanted)]
    one, other = (shade - shade.mean(1, keepdim=True) for shade in shades)
    return 1 - functional.cosine_similarity(one, other, dim=1, eps=1e-4)


@dataclass(frozen=True)
class StyleGoal:
    """What a painting asks for: Gram matrices (C, C) for every scale and layer."""

    grams: tuple[tuple[Tensor, ...], ...]

    def to(self, device: torch.device) -> StyleGoal:
        return StyleGoal(tuple(tuple(each.to(device) for each in scale) for scale in self.grams))


class StyleCosts(nn.Module):
    """Content and style cost over the frozen features of a network.

    scales: how often the picture is halved before its Gram matrices are compared as well, so that strokes larger than
    the network's eye count too.
    """

    def __init__(
        self,
        looker: EyeNet | AgeNet,
        style_layers: Sequence[int] = STYLE_LAYERS,
        content_layers: Sequence[int] = CONTENT_LAYERS,
        scales: int = 2,
    ) -> None:
        super().__init__()
        self.looker = looker
        self.style_layers, self.content_layers, self.scales = tuple(style_layers), tuple(content_layers), scales
        self.depth = max((*self.style_layers, *self.content_layers)) + 1

    def train(self, mode: bool = True) -> StyleCosts:
        """Stays in evaluation mode: its batch statistics are part of the measure."""
        return super().train(False)

    def look(self, image: Tensor) -> list[list[Tensor]]:
        """Pictures (N, 3, H, W) RGB in 0..1 -> the features of every scale, finest first."""
        found = []
        for scale in range(self.scales):
            found.append(self.looker.features(image, self.depth))
            if scale + 1 < self.scales:
                image = functional.avg_pool2d(image, 2)
        return found

    @torch.no_grad()
    def style_goal(self, painting: Tensor) -> StyleGoal:
        """What the painting (1, 3, H, W) RGB in 0..1 asks for; strokes count at the size they have in it."""
        return StyleGoal(tuple(tuple(gram(scale[i])[0] for i in self.style_layers) for scale in self.look(painting)))

    def content_goal(self, image: Tensor, grad: bool = False) -> list[Tensor]:
        """The deep features of pictures (N, 3, H, W), which say what is where; grad: gradients flow back."""
        with torch.set_grad_enabled(grad):
            found = self.looker.features(image, max(self.content_layers) + 1)
        return [found[i] for i in self.content_layers]

    def style_cost(self, seen: list[list[Tensor]], goals: Sequence[StyleGoal]) -> Tensor:
        """How far each picture's Gram matrices are from its goal's: (N,), about 1 for a picture of another kind.

        Squared distance over the squared size of the goal, averaged over scales and layers, so that each counts alike.
        """
        total = torch.zeros(len(goals), device=seen[0][0].device)
        for scale, features in enumerate(seen):
            for place, layer in enumerate(self.style_layers):
                wanted = torch.stack([goal.grams[scale][place] for goal in goals])
                distance = (gram(features[layer]) - wanted).square().sum((1, 2))
                total = total + distance / wanted.square().sum((1, 2))
        return total / (len(seen) * len(self.style_layers))

    def content_cost(self, seen: Sequence[Tensor], goal: Sequence[Tensor]) -> Tensor:
        """How far each picture's deep features are from the wanted ones, over their variance: (N,)."""
        total = torch.zeros(len(goal[0]), device=goal[0].device)
        for mine, wanted in zip(seen, goal, strict=True):
            scale = wanted.float().var((1, 2, 3)) + 1e-6
            total = total + (mine.float() - wanted.float()).square().mean((1, 2, 3)) / scale
        return total / len(goal)
