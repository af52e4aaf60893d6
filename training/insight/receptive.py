"""Receptive fields: which pixels a unit of some layer can see at all, from kernels, strides and paddings.

Araujo, Norris & Sim 2019, "Computing receptive fields of convolutional neural networks", equations 2 to 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn


@dataclass(frozen=True)
class Field:
    """size: side in pixels of what one unit sees; jump: pixels between neighbours; start: left edge of the first one,
    which is negative where it sees padding.
    """

    size: int = 1
    jump: int = 1
    start: int = 0

    def after(self, kernel: int, stride: int, padding: int) -> Field:
        """The field behind one more layer.

        >>> Field().after(3, 2, 1).after(3, 1, 1)
        Field(size=7, jump=2, start=-3)
        """
        return Field(self.size + (kernel - 1) * self.jump, self.jump * stride, self.start - padding * self.jump)

    def span(self, place: int, side: int) -> tuple[int, int]:
        """First pixel and first one behind what the unit at this place sees of a picture of this side."""
        first = self.start + place * self.jump
        return max(first, 0), min(first + self.size, side)


def field_of(module: Any, depth: int) -> Field:
    """The field of a unit of ``activations(module)[depth]``, along the convolutions: skips see no more than they."""
    field = Field()
    for part in (module.stem, *list(module.stages)[:depth]):
        for name, layer in part.named_modules():
            if isinstance(layer, nn.Conv2d) and "skip" not in name.split("."):
                field = field.after(int(layer.kernel_size[0]), int(layer.stride[0]), int(layer.padding[0]))
    return field
