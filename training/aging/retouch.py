"""What a pupil is to do better than its teacher: lines and folds, frowns, grey hair with strands, beards, no rims.

A network that learned by distances adds to dark hair what makes it grey on the whole, the same to a strand and to the
shadow beside it. So the strands lose their contrast, and hair looks like felt. Light that falls on lighter hair makes
all of it lighter in proportion (Retinex, Land and McCann 1971): a strand stays as many times as bright as its
surroundings. And of the lines on skin the finest are lost most.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.landmarks import topology
from training.aging.skin import light_of, without_holes

GREY_BEARDS, WHITE_HAIR = (45.0, 70.0), (58.0, 82.0)  # years between which they come
_LINES_PX = 1.5  # of a Gaussian, at a face of 256 px: lines up to about twice this wide are the finest
_FOLDS_PX = 6.0  # and folds up to about twice this
_FROWN_PX = 6.0  # a frown is a blotch of up to about twice this
_STRAND_PX, _SURROUNDINGS_PX = 0.8, 4.0  # strands are wider than a camera's noise, and narrower than a lock
_FLOOR = 12 / 255  # black hair is a little lighter than black: nothing is infinitely lighter than it
_LIGHTER = (0.15, 0.45)  # by these shares hair has to become lighter until its strands count, and count in full
_HAIR = (0.35, 0.6)  # parts of the skin's light: darker than the first is hair, lighter than the second none
_MOST = 3.0  # times that a strand's contrast may grow
_NEAR_PX, _LOCK_PX = 26.0, 2.0  # skin nearest to a beard, and locks of it, as Gaussians
_DARK = (0.42, 0.68)  # parts of that skin's light: darker than the first is beard, lighter than the second none
_ENOUGH, _BEYOND = (0.1, 0.3), (0.3, 0.6)  # parts that a beard covers: less is shadow; below the chin: more is long
_CHIN_PX, _FADED_PX = 16, 9.0  # so far below its place a long beard is looked for, and so softly its grey ends
_GREY, _COLOURLESS = 0.7, 0.8  # parts of the skin's light that a grey beard has, and of its colour that it loses
# Of the mesh, where a beard can be: from one ear along the jaw to the other, and back across cheeks and nose.
_BEARD = (361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 205, 98, 2, 327, 425)
_BACKGROUND = (1.15, 1.35)  # parts of the skin's light: what is darker than the first may be hair
_BROW_ENDS, _BROWS_BETWEEN = (55, 285), (9, 8)  # of the mesh: inner ends of the brows, and the middle between them


def blurred(planes: Tensor, sigma: float) -> Tensor:
    """(N, C, H, W) under a Gaussian of this standard deviation in pixels; the edge is repeated."""
    reach = max(1, round(3 * sigma))
    places = torch.arange(-reach, reach + 1, device=planes.device, dtype=planes.dtype)
    taps = torch.exp(-0.5 * (places / sigma) ** 2)
    taps = (taps / taps.sum()).expand(planes.shape[1], 1, 1, -1)
    for turned, pad in ((taps, (reach, reach, 0, 0)), (taps.mT, (0, 0, reach, reach))):
        padded = functional.pad(planes, pad, mode="replicate")
        planes = functional.conv2d(padded, turned, groups=planes.shape[1])
    return planes


def frown_mask(mesh: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """(size, size) softly 1 between the brows of a face with this mesh (478, 2), 0 elsewhere."""
    ends, middle = np.asarray(mesh, np.float64)[list(_BROW_ENDS)], np.asarray(mesh, np.float64)[list(_BROWS_BETWEEN)]
    wide = float(np.linalg.norm(ends[0] - ends[1]))
    centre = middle.mean(axis=0)
    mask = np.zeros((size, size), np.uint8)
    cv2.circle(mask, (round(centre[0]), round(centre[1])), round(0.55 * wide), 255, -1)
    soft = max(1.0, 0.2 * wide)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), soft), np.float32) / 255


def beard_mask(mesh: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """(size, size) softly 1 where a face with this mesh (478, 2) can have a beard, 0 elsewhere and on the lips."""
    points = np.asarray(mesh, np.float64)
    mask = np.zeros((size, size), np.uint8)
    cv2.fillPoly(mask, [np.round(points[list(_BEARD)]).astype(np.int32)], 255)
    reach = max(1, round(0.05 * float(np.linalg.norm(points[_BEARD[0]] - points[_BEARD[-1]]))))
    mask = np.asarray(cv2.dilate(mask, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)), np.uint8)
    cv2.fillPoly(mask, [np.round(points[list(topology.LIPS_OUTER)]).astype(np.int32)], 0)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), max(1.0, 0.4 * reach)), np.float32) / 255


def greyed_beards(change: Tensor, picture: Tensor, skin: Tensor, beard: Tensor, share: Tensor) -> Tensor:
    """The change (N, 3, H, W) of a picture (N, 3, H, W), RGB in 0..1, with beards and moustaches turned grey.

    A beard is what is darker than the skin of the upper face that is nearest, if there is enough of it: the light that
    falls from one side is on both. Long ones turn grey above and fade towards the chin: what is beyond it is outside of
    the face, and stays dark. skin, beard (N, 1, H, W): where skin and where a beard can be (nowhere on faces that have
    none for certain); share (N, 1, 1, 1): how grey, in 0..1.
    """
    bare = (skin * (1 - beard)).clamp(0, 1)
    near = blurred(light_of(picture) * bare, _NEAR_PX) / blurred(bare, _NEAR_PX).clamp(min=1e-4)
    dark = 1 - _share(blurred(light_of(picture), _LOCK_PX) / near.clamp(min=1e-3), *_DARK)
    below = (beard.roll(_CHIN_PX, 2) - beard).clamp(min=0)
    below[:, :, :_CHIN_PX] = 0
    enough, beyond = (_share(_part(dark, where), *limits) for where, limits in ((beard, _ENOUGH), (below, _BEYOND)))
    faded = 1 - beyond * (2.5 * blurred(below, _FADED_PX)).clamp(0, 1)
    weight = beard * dark * enough * faded * share
    after = blurred(picture + change, _LOCK_PX)
    grey = (_GREY * near - light_of(after)).clamp(min=0)
    return change + weight * (grey - _COLOURLESS * (after - light_of(after)))


def _part(amount: Tensor, where: Tensor) -> Tensor:
    """The mean of the amount (N, 1, H, W) where that is 1, as (N, 1, 1, 1)."""
    return (amount * where).sum((2, 3), keepdim=True) / where.sum((2, 3), keepdim=True).clamp(min=1)


def _usual(light: Tensor, skin: Tensor) -> Tensor:
    """How light the skin is on the whole, (N, 1, 1, 1), never quite black."""
    return ((light * skin).sum((2, 3), keepdim=True) / skin.sum((2, 3), keepdim=True).clamp(min=1e-6)).clamp(min=1e-3)


def by_years(target: Tensor, years: tuple[float, float]) -> Tensor:
    """How far ages (N,) are from the first of these years to the second, in 0..1, as (N, 1, 1, 1)."""
    return _share(target, *years).view(-1, 1, 1, 1)


def _share(value: Tensor, low: float, high: float) -> Tensor:
    """How far the value is from low to high, in 0..1."""
    return ((value - low) / (high - low)).clamp(0, 1)


def without_rims(change: Tensor, picture: Tensor, skin: Tensor) -> Tensor:
    """The change (N, 3, H, W) of a picture (N, 3, H, W), RGB in 0..1, without what lies outside of the face on a
    background brighter than its skin (N, 1, H, W): the change of dark hair ends in a pale rim there.
    """
    light = light_of(picture)
    bright = _share(light / _usual(light, skin), *_BACKGROUND)
    return change * (1 - bright * (1 - without_holes(skin)))


def deepened(change: Tensor, share: Tensor, fine: float, folds: float) -> Tensor:
    """The change (N, 3, H, W) with stronger lines where share (N, 1, H, W) is 1: the finest ``fine`` times as strong,
    what is wider, up to folds, ``folds`` times where it darkens, and by a third of that where it lightens.
    """
    light = light_of(change)
    soft = blurred(light, _LINES_PX)
    middle = soft - blurred(light, _FOLDS_PX)
    stronger = torch.where(middle < 0, middle, middle / 3)
    return change + share * ((fine - 1) * (light - soft) + (folds - 1) * stronger)


def unfrowned(change: Tensor, share: Tensor, kept: float) -> Tensor:
    """The change (N, 3, H, W) with only so much of what it darkens in blotches, where share (N, 1, H, W) is 1."""
    light = light_of(change)
    dark = (light - blurred(light, _FROWN_PX)).clamp(max=0)
    return change - (1 - kept) * share * dark


def whitened(change: Tensor, picture: Tensor, skin: Tensor, share: Tensor, more: float) -> Tensor:
    """The change (N, 3, H, W) of a picture (N, 3, H, W), RGB in 0..1, with dark hair that becomes lighter becoming so
    by this part more; skin (N, 1, H, W): where it is, to know how light it is; share (N, 1, 1, 1): of it, in 0..1.
    """
    hair = _Hair(change, picture, skin)
    return change + more * share * hair.weight * (hair.after - hair.before).clamp(min=0)


class _Hair:
    """Dark hair and its light, all (N, 1, H, W): ``before`` and ``after`` the change, without strands; how many times
    lighter it became; weight: 1 where it is hair that becomes lighter.
    """

    def __init__(self, change: Tensor, picture: Tensor, skin: Tensor) -> None:
        light = light_of(picture)
        self.before, self.after = (blurred(each, _SURROUNDINGS_PX) for each in (light, light_of(picture + change)))
        self.times = ((self.after + _FLOOR) / (self.before + _FLOOR)).clamp(0, _MOST)
        is_hair = 1 - _share(self.before / _usual(light, skin), *_HAIR)
        self.weight = is_hair * _share(self.times - 1, *_LIGHTER)


def with_strands(change: Tensor, picture: Tensor, skin: Tensor, share: Tensor, strength: float) -> Tensor:
    """The change (N, 3, H, W) of a picture (N, 3, H, W), RGB in 0..1, after which dark hair that becomes lighter has
    ``strength`` times the contrast, in proportion, that its strands had; skin and share as for ``whitened``.
    """
    hair = _Hair(change, picture, skin)
    strands = blurred(light_of(picture), _STRAND_PX) - hair.before
    now = blurred(light_of(picture + change), _STRAND_PX) - hair.after
    return change + hair.weight * share * (strength * hair.times * strands - now)
