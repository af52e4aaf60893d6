"""What discriminator and generator want, and the gradient penalties that keep the game steady; pure functions.

Convention: scores (N,) are raw (no sigmoid), high for "real"; images (N, 3, S, S) RGB in -1..1.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

Critic = Callable[[Tensor], Tensor]


class Game(NamedTuple):
    """Both sides' losses of (scores of real, scores of fake); paired: the generator's also needs those of the real."""

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]
    paired: bool = False


def _wasserstein(real: Tensor, fake: Tensor) -> Tensor:
    return fake.mean() - real.mean()


def _hinge(real: Tensor, fake: Tensor) -> Tensor:
    return relu(1 - real).mean() + relu(1 + fake).mean()


def _logistic(real: Tensor, fake: Tensor) -> Tensor:
    return softplus(-real).mean() + softplus(fake).mean()


def _squares(real: Tensor, fake: Tensor) -> Tensor:
    return (real - 1).square().mean() + fake.square().mean()


GAMES = MappingProxyType(
    {
        # Goodfellow et al. 2014, section 3: the generator maximises log D(G(z)), which does not saturate.
        "non-saturating": Game(_logistic, lambda real, fake: softplus(-fake).mean()),
        # Mao et al. 2017, equation 9 with a = 0, b = c = 1.
        "least-squares": Game(_squares, lambda real, fake: (fake - 1).square().mean()),
        # Lim & Ye 2017; Miyato et al. 2018, equations 16 and 17.
        "hinge": Game(_hinge, lambda real, fake: -fake.mean()),
        # Arjovsky et al. 2017, equation 2; it needs a critic of bounded slope.
        "wasserstein": Game(_wasserstein, lambda real, fake: -fake.mean()),
        # Jolicoeur-Martineau 2019 and Huang et al. 2024, equation 2: each fake is judged against one real face, so
        # that leaving out a part of the data always costs something.
        "relativistic": Game(
            lambda real, fake: softplus(fake - real).mean(), lambda real, fake: softplus(real - fake).mean(), True
        ),
    }
)


def squared_slopes(critic: Critic, images: Tensor) -> Tensor:
    """(N,) the squared length of the critic's gradient at each image; it can be differentiated once more."""
    images = images.detach().requires_grad_(True)
    (slopes,) = torch.autograd.grad(critic(images).sum(), images, create_graph=True)
    return slopes.square().flatten(1).sum(1)


def zero_centred_penalty(critic: Critic, images: Tensor) -> Tensor:
    """Half the mean squared slope: R1 on real images, R2 on fake ones (Mescheder et al. 2018, equation 9)."""
    return squared_slopes(critic, images).mean() / 2


def gradient_penalty(critic: Critic, real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
    """Mean (slope - 1)^2 between real and fake images (WGAN-GP, Gulrajani et al. 2017, equation 3).

    mix: (N,) in 0..1, how much of the fake is in each image between.
    """
    between = torch.lerp(real, fake, mix.view(-1, 1, 1, 1))
    return ((squared_slopes(critic, between) + 1e-12).sqrt() - 1).square().mean()


def path_lengths(images: Tensor, styles: Tensor, noise: Tensor) -> Tensor:
    """(N,) how far a random change of the image moves the style that made it: the length of the gradient of
    (images * noise / S).sum() by the styles (N, D); StyleGAN2 (Karras et al. 2020, equation 4).
    """
    moved = (images * noise).sum() / (images.shape[2] * images.shape[3]) ** 0.5
    (slopes,) = torch.autograd.grad(moved, styles, create_graph=True)
    return (slopes.square().sum(1) + 1e-12).sqrt()
