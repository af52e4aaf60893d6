"""The finer half of the aging generator: draws the change of a small face at twice its side."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.networks.ager import OUTPUT_SCALE

FOLD = 4
_COARSE_FOLD = FOLD // 2
_DETAILS = FOLD**2


class FinerNet(nn.Module):
    """Draws a change of half the picture's side at its full side, with the lines and strands that only the picture
    tells.

    The age of a face shows in what is wide, and there a small picture says all: so the generator is asked at 256
    pixels, and this network adds what is finer (in two scales, as the Laplacian pyramid of Denton et al. 2015 does).
    Picture and change are folded onto the same grid (pixel unshuffle). Hair that turns grey keeps its strands, lighter
    in proportion: so some channels are the picture's own detail, and get a gain from all the others (gated linear
    units, Dauphin et al. 2017). The last convolution sees the change itself and begins as bilinear interpolation of it:
    only what is missing has to be learned.

    width, depth: channels and number of the convolutions between.
    """

    def __init__(self, width: int = 32, depth: int = 2) -> None:
        super().__init__()
        self.width = width
        given = 3 * (FOLD**2 + _COARSE_FOLD**2)
        self.stem = nn.Conv2d(given, width + _DETAILS, 3, padding=1)
        between = [(nn.Conv2d(width, width, 3, padding=1), nn.LeakyReLU(0.1)) for _ in range(depth - 1)]
        self.body = nn.Sequential(nn.LeakyReLU(0.1), *(layer for pair in between for layer in pair))
        self.last = nn.Conv2d(width, width + _DETAILS, 3, padding=1)
        self.head = nn.Conv2d(width + _DETAILS + 3 * _COARSE_FOLD**2, 3 * FOLD**2, 3, padding=1, bias=False)
        with torch.no_grad():
            self.head.weight[:, : width + _DETAILS].mul_(0.1)
            self.head.weight[:, width + _DETAILS :] = _interpolation()

    def forward(self, image: Tensor, coarse: Tensor) -> Tensor:
        """image (N, 3, S, S) RGB in 0..1, coarse (N, 3, S/2, S/2): what to add to it at half the side, same units ->
        what to add to it (N, 3, S, S). S must be a multiple of 4.
        """
        change = functional.pixel_unshuffle(coarse / OUTPUT_SCALE, _COARSE_FOLD)
        seen = self.stem(torch.cat([functional.pixel_unshuffle(image - 0.5, FOLD), change], 1))
        x, detail = seen.split([self.width, _DETAILS], 1)
        x, gain = self.last(self.body(x)).split([self.width, _DETAILS], 1)
        parts = torch.cat([functional.leaky_relu(x, 0.1), detail * gain, change], 1)
        squares = functional.conv2d(parts, self.head.weight * OUTPUT_SCALE, padding=1)
        return functional.pixel_shuffle(squares, FOLD)


def _interpolation() -> Tensor:
    """(3 * 16, 3 * 4, 3, 3): bilinear interpolation to twice the side, between the folded forms of both."""
    weight = torch.zeros(3, FOLD, FOLD, 3, _COARSE_FOLD, _COARSE_FOLD, 3, 3)
    along = torch.zeros(FOLD, _COARSE_FOLD, 3)  # from each pixel of a cell to each of its source's, before, here, after
    for place in range(FOLD):
        centre = (place + 0.5) / 2 - 0.5
        for source, share in ((int(centre // 1), 1 - centre % 1), (int(centre // 1) + 1, centre % 1)):
            along[place, source % _COARSE_FOLD, source // _COARSE_FOLD + 1] += share
    for colour in range(3):
        weight[colour, :, :, colour] = torch.einsum("iay,jbx->ijabyx", along, along)
    return weight.flatten(3, 5).flatten(0, 2)
