"""Experiment: spectral normalisation (Miyato et al. 2018). DCGAN's generator; in the discriminator every layer is
divided by its greatest singular value (power iteration, one step a forward), so that its slope is bounded without a
penalty. No other normalisation; hinge loss.
"""

from __future__ import annotations

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from training.ladder import dcgan

Generator = dcgan.Generator


class Discriminator(dcgan.Discriminator):
    """DCGAN's with spectral instead of batch normalisation."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__(size, width, norm=lambda _: nn.Identity(), bias=True, wrap=spectral_norm)
