"""Experiment: WGAN-GP (Gulrajani et al. 2017). DCGAN's networks; the critic measures the distance between the
distributions, so it must be of slope 1 (a penalty, losses.gradient_penalty) and is trained several times a step.

Batch normalisation would let the images of a batch change each other's slope: layer normalisation instead (section 4).
"""

from __future__ import annotations

from torch import nn

from training.ladder import dcgan

Generator = dcgan.Generator


class Discriminator(dcgan.Discriminator):
    """DCGAN's with layer normalisation: one group over all channels and pixels of an image."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__(size, width, norm=lambda channels: nn.GroupNorm(1, channels), bias=True)
