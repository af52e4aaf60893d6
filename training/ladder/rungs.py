"""The rungs by name: which networks each has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from torch import nn

from training.data.sets import DataError
from training.ladder import basic, conditional, dcgan, progressive, r3gan, spectral, stylegan2, wgan_gp
from training.ladder.config import GanConfig


class Rung(NamedTuple):
    """generator of (size, latent, width), discriminator of (size, width); called, both also take labels."""

    generator: Callable[[int, int, int], nn.Module]
    discriminator: Callable[[int, int], nn.Module]
    conditional: bool = False


RUNGS: Mapping[str, Rung] = MappingProxyType(
    {
        "basic": Rung(basic.Generator, basic.Discriminator),
        "dcgan": Rung(dcgan.Generator, dcgan.Discriminator),
        "progressive": Rung(progressive.Generator, progressive.Discriminator),
        "wgan-gp": Rung(wgan_gp.Generator, wgan_gp.Discriminator),
        "spectral": Rung(spectral.Generator, spectral.Discriminator),
        "conditional": Rung(conditional.Generator, conditional.Discriminator, conditional=True),
        "stylegan2": Rung(stylegan2.Generator, stylegan2.Discriminator),
        "r3gan": Rung(r3gan.Generator, r3gan.Discriminator),
    }
)


def build(config: GanConfig) -> tuple[nn.Module, nn.Module]:
    """Generator and discriminator. Raises DataError for an unknown rung or a size it cannot have."""
    if config.rung not in RUNGS:
        raise DataError(f"{config.rung!r} is no rung of the ladder: give {', '.join(RUNGS)}.")
    rung = RUNGS[config.rung]
    try:
        return (
            rung.generator(config.size, config.latent, config.width),
            rung.discriminator(config.size, config.width),
        )
    except ValueError as error:
        raise DataError(f"{config.rung}: {error}.") from None
