"""The style network: paints a whole picture anew in one of several manners, in one pass."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

# Cells of pixels that the first layer folds into channels; the deepest level is half of that again.
FOLD = 4
# Size of the canvas in cells of FOLD pixels: larger pictures than 768 x 1280 are not painted.
CANVAS = (192, 320)
# A fresh network gives back nearly the picture itself: this steep a logistic curve is closest to a straight line.
_STEEP = 4.0


def woven(height: int = CANVAS[0], width: int = CANVAS[1]) -> Tensor:
    """The canvas (1, 2, height, width): fixed noise of mean 0 and deviation 1, fine and coarse, the same every time.

    A convolution has nothing to go by where a wall is plain, and would paint it plain; on a canvas it can set strokes
    there too, and because the canvas stands still, so do they.
    """
    noise = torch.randn(1, 2, height + 12, width + 12, generator=torch.Generator().manual_seed(7))
    steps = torch.arange(-6.0, 7.0)
    layers = []
    for layer, reach in enumerate((0.8, 2.0)):  # cells
        bell = torch.exp(-(steps**2) / (2 * reach**2))
        bell = torch.outer(bell, bell)[None, None]
        layers.append(functional.conv2d(noise[:, layer : layer + 1], bell / bell.square().sum().sqrt()))
    return torch.cat(layers, 1)


class _StyleNorm(nn.Module):
    """Instance normalisation whose scale and shift belong to a style (Dumoulin et al. 2017, "A Learned Representation
    for Artistic Style"): all styles share the strokes that the convolutions know, each takes them in its own measure.
    """

    def __init__(self, channels: int, styles: int) -> None:
        super().__init__()
        # Styles begin a little apart, or they would go one way together for long.
        self.scale = nn.Parameter(1 + 0.2 * torch.randn(styles, channels))
        self.shift = nn.Parameter(torch.zeros(styles, channels))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """x (N, C, H, W), style (N, K) -> (N, C, H, W)."""
        x = functional.instance_norm(x)
        return x * (style @ self.scale)[..., None, None] + (style @ self.shift)[..., None, None]


class _Painted(nn.Module):
    """Convolution, style normalisation and, unless it ends a block, a rectifier."""

    def __init__(self, inputs: int, outputs: int, styles: int, stride: int = 1, rectify: bool = True) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm = _StyleNorm(outputs, styles)
        self.rectify = rectify

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        x = self.norm(self.convolution(x), style)
        return functional.relu(x) if self.rectify else x


class StyleNet(nn.Module):
    """Feed-forward style transfer (Johnson et al. 2016) with one set of weights for all styles.

    For speed the picture is folded 4x4 into channels (pixel unshuffle), and the residual blocks work at an eighth of
    its side; all convolutions are dense 3x3. On the way up nearest neighbour and convolution (Odena et al. 2016) and a
    last unfolding of 2x2 that starts as plain enlargement (ICNR, Aitken et al. 2017), blurred by [1 2 1], so that no
    grid appears.
    Beside the picture it sees a canvas of fixed noise, see ``woven``.

    styles: their names, in the order of the channels of ``style``; width: channels at a quarter of the resolution.
    """

    canvas: Tensor
    blur: Tensor

    def __init__(self, styles: Sequence[str] = ("oil", "ink", "glass"), width: int = 32, blocks: int = 4) -> None:
        super().__init__()
        self.styles = tuple(styles)
        count = len(self.styles)
        self.stem = _Painted(3 * FOLD**2 + 2, width, count)
        self.down = _Painted(width, 2 * width, count, stride=2)
        self.first = nn.ModuleList(_Painted(2 * width, 2 * width, count) for _ in range(blocks))
        self.second = nn.ModuleList(_Painted(2 * width, 2 * width, count, rectify=False) for _ in range(blocks))
        self.up = nn.ModuleList([_Painted(2 * width, width, count), _Painted(width, width // 2, count)])
        self.head = nn.Conv2d(width // 2, 3 * 4, 3, padding=1)
        with torch.no_grad():
            self.head.weight.copy_(0.1 * self.head.weight[::4].repeat_interleave(4, 0))
            self.head.bias.zero_()  # type: ignore[union-attr]
        self.register_buffer("canvas", woven(), persistent=False)
        tap = torch.tensor([1.0, 2.0, 1.0]) / 4
        self.register_buffer("blur", torch.outer(tap, tap).expand(3, 1, 3, 3).clone(), persistent=False)

    def forward(self, image: Tensor, style: Tensor) -> Tensor:
        """image (N, 3, H, W) RGB in 0..1, style (N, K, h, w), of which the mean counts: how much of each style, in all
        1 -> the picture (N, 3, H, W) in that style, RGB in 0..1. H and W must be multiples of 8.
        """
        return self.on_canvas(image, style, self.canvas)

    def on_canvas(self, image: Tensor, style: Tensor, canvas: Tensor) -> Tensor:
        """As ``forward``, on another canvas (1, 2, h, w) of at least (H/4, W/4) cells, used from the upper left on."""
        style = style.mean((2, 3))  # (N, K)
        folded = functional.pixel_unshuffle(image - 0.5, FOLD)  # (N, 48, H/4, W/4)
        canvas = canvas[:, :, : folded.shape[2], : folded.shape[3]].expand(folded.shape[0], -1, -1, -1)
        x = self.stem(torch.cat([folded, canvas], 1), style)  # (N, width, H/4, W/4)
        x = self.down(x, style)  # (N, 2 width, H/8, W/8)
        for first, second in zip(self.first, self.second, strict=True):
            x = x + second(first(x, style), style)
        for up in self.up:
            x = up(functional.interpolate(x, scale_factor=2.0, mode="nearest"), style)
        drawn = functional.pixel_shuffle(self.head(x), 2)  # (N, 3, H, W)
        drawn = functional.conv2d(drawn, self.blur, padding=1, groups=3)
        return torch.sigmoid(drawn + _STEEP * (image - 0.5))
