"""How much fine detail there is and of what pattern, place by place: what keeps wrinkles from being averaged away.

Pixel distances reward a softened wrinkle over a sharp one that lies a pixel off. Here each place (a 16-pixel window)
is asked for the right amount of detail, after the texture losses of neural style transfer (Gatys et al. 2016), and for
detail that correlates with the wanted one.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

WINDOW, STRIDE = 16, 8


def fine_bands(change: Tensor) -> tuple[Tensor, Tensor]:
    """The detail of up to about 2 and about 5 pixels in (N, C, H, W)."""
    soft = functional.avg_pool2d(change, 5, 1, 2)
    softer = functional.avg_pool2d(soft, 9, 1, 4)
    return change - soft, soft - softer


def texture_loss(made: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """made, wanted: what is added to a face (N, 3, H, W); weight (N, 1, H, W) in 0..1 -> a scalar.

    Per band and window: |e_m - e_w| + e_w (1 - corr) / 2, with e the root mean square of the detail's lightness.
    """
    shares = functional.avg_pool2d(weight, WINDOW, STRIDE)
    total = made.new_zeros(())
    for mine, goal in zip(
        fine_bands(made.mean(1, keepdim=True)), fine_bands(wanted.mean(1, keepdim=True)), strict=True
    ):
        own = (functional.avg_pool2d(mine**2, WINDOW, STRIDE) + 1e-6).sqrt()
        due = (functional.avg_pool2d(goal**2, WINDOW, STRIDE) + 1e-6).sqrt()
        likeness = functional.avg_pool2d(mine * goal, WINDOW, STRIDE) / (own * due)
        total = total + (((own - due).abs() + due * (1 - likeness) / 2) * shares).mean()
    return total
