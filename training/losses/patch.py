"""A patch discriminator that sees the face before, the face after and both ages (pix2pix, Isola et al. 2017)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.losses.texture import fine_bands


class PatchDiscriminator(nn.Module):
    """Scores overlapping patches of about 54 pixels.

    Without spectral normalisation: with it, and shown the whole change, its loss was still 1.74 (2: tells nothing)
    after 800 steps, and smooth faces passed.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        widths = (width, 2 * width, 4 * width)
        layers: list[nn.Module] = []
        before = 3 + 3 + 2
        for after in widths:
            layers += [nn.Conv2d(before, after, 4, 2, 1), nn.LeakyReLU(0.2)]
            before = after
        layers += [nn.Conv2d(before, before, 3, 1, 1), nn.LeakyReLU(0.2)]
        layers += [nn.Conv2d(before, 1, 3, 1, 1)]
        self.body = nn.Sequential(*layers)

    def forward(self, before: Tensor, after: Tensor, source_age: Tensor, target_age: Tensor) -> Tensor:
        """before, after (N, 3, S, S) RGB 0..1; ages (N, 1, S, S) years / 100 -> scores (N, 1, S/8, S/8).

        Of the change its fine detail is shown, magnified: wrinkles are small beside a face.
        """
        detail, _ = fine_bands(after - before)
        return self.body(torch.cat([before - 0.5, detail * 20, source_age, target_age], 1))


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Lim & Ye 2017, equation for the discriminator."""
    return functional.relu(1 - real).mean() + functional.relu(1 + fake).mean()


def hinge_generator(fake: Tensor) -> Tensor:
    return -fake.mean()
