"""Wrinkles as shading: what is fine in a change of the skin makes it darker or lighter, and leaves its hue alone.

Mesh-space transfer and a discriminator that sees small patches both let colour into fine lines: red and orange beside a
fold, green at its rim. A fold is a matter of light: it changes all three channels in proportion (Retinex, Land and
McCann 1971), and what is wide, a paler or redder skin, may have a colour of its own.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.landmarks import topology
from engine.landmarks.mask import face_mask

_FINE_PX = 14  # lines up to about this wide are fine, in pixels of the picture
_DARKEST, _LIGHTEST = 0.5, 0.35  # a fine line never changes the light by more than these shares
_HOLLOW, _SHINE = -0.8, 1.5  # and what is wide by these
_HAIR = (0.35, 0.6)  # hair on skin is darker than the first of these parts of the skin's light; skin lighter than both
_HOLE_PX = 72  # eyes and lips of a face in a crop of 512 pixels are no higher than this
_EYES, _LIPS = 1.6, 1.25  # how much larger than their outlines they are left out
_WARMTH = (0.85, 1.05, 1.2)  # light that went through skin is red: shadows lose least of it
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601


def skin_mask(mesh: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """(size, size) 1 on the skin of a face with this mesh (478, 2), softly 0 on eyes and lips and outside."""
    points = np.asarray(mesh, np.float64)
    holes = np.zeros((size, size), np.uint8)
    for outline, grow in ((topology.RIGHT_EYE, _EYES), (topology.LEFT_EYE, _EYES), (topology.LIPS_OUTER, _LIPS)):
        ring = points[list(outline)]
        middle = ring.mean(axis=0)
        cv2.fillPoly(holes, [np.round((ring - middle) * grow + middle).astype(np.int32)], 255)
    holes = np.asarray(cv2.blur(holes, (5, 5)), np.uint8)
    return np.asarray(face_mask(mesh, size) * (1 - holes.astype(np.float32) / 255), np.float32)


def without_holes(skin: Tensor) -> Tensor:
    """(N, 1, H, W) of skin with its eyes and lips filled (morphological closing), softly; H and W divide by four."""
    reach = _HOLE_PX // 8
    small = functional.pad(functional.avg_pool2d(skin, 4), (reach,) * 4)  # skin must not grow as far as the edge
    grown = functional.max_pool2d(small, 2 * reach + 1, 1, reach)
    closed = -functional.max_pool2d(-grown, 2 * reach + 1, 1)
    return functional.interpolate(closed, skin.shape[-2:], mode="bilinear")


def wide_part(x: Tensor) -> Tensor:
    """What is wider than a fine line, of (N, C, H, W): two box blurs, which together weigh as a triangle that is
    ``_FINE_PX`` wide at half its height; at half the resolution, as it is smooth.
    """
    small, width = functional.avg_pool2d(x, 2), _FINE_PX // 2
    for _ in range(2):
        small = functional.avg_pool2d(small, (width, 1), 1, (width // 2, 0), count_include_pad=False)
        small = functional.avg_pool2d(small, (1, width), 1, (0, width // 2), count_include_pad=False)
    return functional.interpolate(small, x.shape[-2:], mode="bilinear")


def light_of(x: Tensor) -> Tensor:
    """How light each pixel is: (N, 3, H, W) RGB -> (N, 1, H, W)."""
    return (x * torch.tensor(_LUMA, device=x.device, dtype=x.dtype).view(1, 3, 1, 1)).sum(1, keepdim=True)


def as_shading(change: Tensor, picture: Tensor, share: Tensor, wide_too: bool = False) -> Tensor:
    """The change (N, 3, H, W) of a picture (N, 3, H, W), RGB in 0..1, with its fine part as shading where ``share``
    (N, 1, H, W) is 1, and as it is where that is 0.

    fine' = colour * ((1 + s)^w - 1), with s = fine light / light, bent so that it never exceeds -0.5 and 0.35, and w
    the warmth of shadows in skin, channel by channel.

    wide_too: what is wide becomes shading as well, so that a hollow cheek is no red patch. It keeps the mean over the
    skin of the colour that it loses (a paler or yellower skin), and all colour where the picture is darker than its
    skin, as beards and brows are, which turn grey.
    """
    wide = wide_part(change)
    colour = wide_part(picture + wide).clamp(0.02, 1)
    shade = light_of(change - wide) / light_of(colour)
    bent = torch.where(shade < 0, _DARKEST * torch.tanh(shade / _DARKEST), _LIGHTEST * torch.tanh(shade / _LIGHTEST))
    warmth = torch.tensor(_WARMTH, device=change.device, dtype=change.dtype).view(1, 3, 1, 1)
    fine = colour * ((1 + bent) ** warmth - 1)
    shaded = wide + fine
    if wide_too:
        shaded = shaded - _uneven_colour(wide, picture, share, warmth)
    return change + share * (shaded - change)


def _uneven_colour(wide: Tensor, picture: Tensor, share: Tensor, warmth: Tensor) -> Tensor:
    """What of a wide change is neither shading nor the same all over the skin, (N, 3, H, W)."""
    colour, light = wide_part(picture).clamp(0.02, 1), light_of(picture)
    shade = (light_of(wide) / light_of(colour)).clamp(_HOLLOW, _SHINE)
    rest = wide - colour * ((1 + shade) ** warmth - 1)
    area = share.sum((2, 3), keepdim=True).clamp(min=1e-6)
    mean, usual = ((each * share).sum((2, 3), keepdim=True) / area for each in (rest, light))
    dark, bright = _HAIR
    is_skin = wide_part(((light / usual.clamp(min=1e-3) - dark) / (bright - dark)).clamp(0, 1))
    return is_skin * (rest - mean)
