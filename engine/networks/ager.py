"""The aging generator: a residual U-Net that is told the source and the target age."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

# Residuals are a few hundredths; with outputs of order one an optimiser's single step would overshoot them.
OUTPUT_SCALE = 0.1
# In years / 100: nothing older was learned, so a stretched target goes no further, unless that is asked for.
_OLDEST = 0.9


def _conv(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.1)
    )


class _Modulation(nn.Module):
    """Scales and shifts every channel by the two ages (FiLM, Perez et al. 2018): how much of a wrinkle, not where."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(2, 32, 1), nn.LeakyReLU(0.1), nn.Conv2d(32, 2 * channels, 1))

    def forward(self, x: Tensor, ages: Tensor) -> Tensor:
        scale, shift = self.layers(ages).chunk(2, dim=1)  # (N, C, 1, 1) each
        modulated: Tensor = x * (1 + scale) + shift
        return modulated


class AgingUNet(nn.Module):
    """Predicts what to add to a face so that it looks ``target_age`` instead of ``source_age``.

    Shape after FRAN (Zoss et al. 2022, "Production-Ready Face Re-Aging for Visual Effects"): a U-Net over the picture
    and two constant age maps, which returns an RGB residual; the ages also modulate every level. For speed the picture
    is folded into channels first (pixel unshuffle), all convolutions over it are dense 3x3 with batch normalisation
    (which costs nothing once it is folded into them), and the unfolded residual is blurred by [1 2 1], or [1 2 2 2 1]
    for a fold of 4, so that the folding leaves no grid.

    multiples: channels of each level in units of ``width``, each level half the resolution of the one before; fold:
    pixels a side that become one at the first level. dead_zone: changes smaller than this (in 0..1) are left out and
    all others made smaller by it (soft threshold, Donoho 1995), so that what should stay does stay: 0 while it learns.
    stretch: how many years older a face becomes for each year older that is asked for, because others see less of it
    than was meant: 1 while it learns. Not towards younger ages, where estimates do not follow so evenly.
    """

    blur: Tensor

    def __init__(
        self,
        width: int = 24,
        multiples: Sequence[int] = (1, 2, 4, 5, 6),
        dead_zone: float = 0.0,
        stretch: float = 1.0,
        fold: int = 2,
    ) -> None:
        super().__init__()
        self.dead_zone, self.stretch, self.fold = dead_zone, stretch, fold
        channels = [width * m for m in multiples]
        self.stem = _conv(5 * fold**2, channels[0])
        self.down = nn.ModuleList(
            nn.Sequential(nn.AvgPool2d(2), _conv(a, b), _conv(b, b)) for a, b in pairwise(channels)
        )
        self.up = nn.ModuleList(
            nn.Sequential(_conv(a + b, b), _conv(b, b)) for a, b in zip(channels[:0:-1], channels[-2::-1], strict=True)
        )
        self.down_ages = nn.ModuleList(_Modulation(n) for n in channels[1:])
        self.up_ages = nn.ModuleList(_Modulation(n) for n in channels[-2::-1])
        self.head = nn.Conv2d(channels[0], 3 * fold**2, 3, padding=1)
        with torch.no_grad():  # an untrained network changes next to nothing
            self.head.weight.mul_(0.1)
        self.register_buffer("blur", _blur_of_cells(fold), persistent=False)

    def forward(self, image: Tensor, source_age: Tensor, target_age: Tensor) -> Tensor:
        """image (N, 3, S, S) RGB in 0..1, ages (N, 1, S, S) in years / 100 -> residual (N, 3, S, S), same units.

        S must be a multiple of 32. A cell has one age: of its pixels, the first one's.
        """
        source_age, target_age = (each[:, :, :: self.fold, :: self.fold] for each in (source_age, target_age))
        if self.stretch != 1:
            further = target_age + (self.stretch - 1) * (target_age - source_age).clamp(min=0)
            target_age = torch.minimum(further, target_age.clamp(min=_OLDEST))
        maps = torch.cat([source_age - 0.4, target_age - source_age], dim=1)  # (N, 2, S/fold, S/fold)
        x = self._folded(image - 0.5, maps)  # (N, C, S/fold, S/fold)
        ages = 2 * maps.mean((2, 3), keepdim=True)
        skips = []
        for down, modulate in zip(self.down, self.down_ages, strict=True):
            skips.append(x)
            x = modulate(down(x), ages)
        for up, modulate, skip in zip(self.up, self.up_ages, reversed(skips), strict=True):
            x = functional.interpolate(x, scale_factor=2.0, mode="nearest")
            x = modulate(up(torch.cat([x, skip], dim=1)), ages)
        residual = functional.conv2d(self.head(x) * OUTPUT_SCALE, self.blur, padding=1)
        residual = functional.pixel_shuffle(residual, self.fold)  # (N, 3, S, S)
        if self.dead_zone > 0:
            residual = residual - residual.clamp(-self.dead_zone, self.dead_zone)
        return residual

    def _folded(self, image: Tensor, maps: Tensor) -> Tensor:
        """The first level from the image (N, 3, S, S) and the cells' ages (N, 2, S/fold, S/fold).

        All pixels of a cell have one age: their weights are summed up, instead of the ages being folded.
        """
        convolution, *others = self.stem
        assert isinstance(convolution, nn.Conv2d)
        places = self.fold**2
        weight = convolution.weight
        ages = [weight[:, n * places : (n + 1) * places].sum(1, keepdim=True) for n in (3, 4)]
        weight = torch.cat([weight[:, : 3 * places], *ages], dim=1)
        x = torch.cat([functional.pixel_unshuffle(image, self.fold), maps], dim=1)
        x = functional.conv2d(x, weight, padding=1)
        for layer in others:
            x = layer(x)
        return x


def _blur_of_cells(fold: int) -> Tensor:
    """The blur [1 2 1], or [1 2 2 2 1] for a fold of 4, of an RGB picture, as a convolution (3 F, 3 F, 3, 3) over its
    folded form, F = fold ** 2 channels a colour: three planes of full size are slow, 48 of a sixteenth are quick.

    A box as wide as a cell has no answer to anything that repeats with the cells; [1 1] makes it odd.
    """
    tap = torch.cat([torch.ones(1), torch.full((fold - 1,), 2.0), torch.ones(1)]) / (2 * fold)
    along = torch.zeros(fold, fold, 3)  # from each pixel of a cell's side to each of the cells before, here and after
    for after in range(fold):
        for place, share in enumerate(tap, after - fold // 2):
            along[after, place % fold, place // fold + 1] += share
    colour = torch.einsum("abc,xyz->axbycz", along, along).reshape(fold**2, fold**2, 3, 3)
    blur = torch.zeros(3, fold**2, 3, fold**2, 3, 3)
    for plane in range(3):
        blur[plane, :, plane] = colour
    return blur.flatten(2, 3).flatten(0, 1)
