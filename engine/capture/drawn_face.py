"""A face drawn by code: nobody's, free of any licence, and plain enough for a face detector to find."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.types import Image

_SIDE_PX = 512
_SHIFT = 4  # OpenCV draws with sixteenths of a pixel
Colour = tuple[int, int, int]
_SKIN: Colour = (150, 180, 224)
_SHADOW: Colour = (96, 124, 178)
_LIGHT: Colour = (188, 210, 240)
_HAIR: Colour = (38, 48, 66)
_LIP: Colour = (104, 104, 186)
_DARK: Colour = (30, 34, 44)
_SHIRT: Colour = (120, 92, 62)


def drawn_face(size: int = _SIDE_PX) -> Image:
    """Head and shoulders (size, size, 4) uint8 BGRA, transparent around; the eyes lie at 0.43 of the height."""
    colour = np.full((_SIDE_PX, _SIDE_PX, 3), _HAIR, np.uint8)
    alpha = np.zeros((_SIDE_PX, _SIDE_PX), np.uint8)
    for draw in (_shoulders, _hair, _ears, _head):
        draw(colour, alpha)
    _shade(colour)
    for x in (-1, 1):
        _eye(colour, 256 + 58 * x, 222, x)
    _nose(colour)
    _mouth(colour)
    soft = cv2.GaussianBlur(colour, (0, 0), 1.2)
    alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), 2.0), np.uint8)
    picture = np.dstack([soft, alpha])
    return np.asarray(cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def _ellipse(
    image: NDArray[np.uint8], centre: tuple[float, float], axes: tuple[float, float], colour: Colour | int,
    angle: float = 0, arc: tuple[float, float] = (0, 360), thickness: int = -1,
) -> None:  # fmt: skip
    scale = 1 << _SHIFT
    cv2.ellipse(
        image,
        (round(centre[0] * scale), round(centre[1] * scale)),
        (round(axes[0] * scale), round(axes[1] * scale)),
        angle,
        *arc,
        colour if isinstance(colour, tuple) else (colour,),
        thickness,
        cv2.LINE_AA,
        _SHIFT,
    )


def _both(colour: Image, alpha: Image, centre: tuple[float, float], axes: tuple[float, float], paint: Colour) -> None:
    _ellipse(colour, centre, axes, paint)
    _ellipse(alpha, centre, axes, 255)


def _tint(image: Image, centre: tuple[float, float], axes: tuple[float, float], paint: Colour, share: float) -> None:
    """Blend a soft ellipse of colour into the image, in place."""
    y, x = np.mgrid[0:_SIDE_PX, 0:_SIDE_PX].astype(np.float32)
    distance = ((x - centre[0]) / axes[0]) ** 2 + ((y - centre[1]) / axes[1]) ** 2
    weight = (share * np.exp(-distance))[..., None]
    image[:] = np.clip(image * (1 - weight) + np.array(paint, np.float32) * weight + 0.5, 0, 255).astype(np.uint8)


def _shoulders(colour: Image, alpha: Image) -> None:
    _both(colour, alpha, (256, 560), (210, 110), _SHIRT)
    cv2.rectangle(colour, (205, 380), (307, 470), _SHADOW, -1)
    cv2.rectangle(alpha, (205, 380), (307, 470), (255,), -1)
    _ellipse(colour, (256, 468), (52, 26), _SHADOW)


def _hair(colour: Image, alpha: Image) -> None:
    _both(colour, alpha, (256, 200), (160, 168), _HAIR)


def _ears(colour: Image, alpha: Image) -> None:
    for x in (-1, 1):
        _both(colour, alpha, (256 + 140 * x, 246), (20, 36), _SHADOW)


def _head(colour: Image, alpha: Image) -> None:
    """An egg: half an ellipse above the eyes, a longer one with a narrower chin below."""
    angles = np.linspace(0, 2 * math.pi, 180)
    down = np.sin(angles)
    width = 138 * (1 - 0.14 * np.clip(down, 0, None) ** 2)
    points = np.stack([256 + width * np.cos(angles), 238 + np.where(down > 0, 182, 150) * down], 1)
    fixed = np.round(points * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(colour, [fixed], _SKIN, cv2.LINE_AA, _SHIFT)
    cv2.fillPoly(alpha, [fixed], (255,), cv2.LINE_AA, _SHIFT)


def _shade(colour: Image) -> None:
    skin = np.all(np.abs(colour.astype(np.int16) - _SKIN) < 3, axis=2)
    shaded = colour.copy()
    _tint(shaded, (240, 150), (110, 60), _LIGHT, 0.7)
    for x in (-1, 1):
        _tint(shaded, (256 + 150 * x, 270), (46, 170), _SHADOW, 0.75)
        _tint(shaded, (256 + 78 * x, 296), (40, 30), (132, 140, 220), 0.35)
        _tint(shaded, (256 + 58 * x, 212), (44, 26), _SHADOW, 0.45)
        _tint(shaded, (256 + 24 * x, 250), (11, 44), _SHADOW, 0.35)
    _tint(shaded, (256, 430), (120, 34), _SHADOW, 0.8)
    _tint(shaded, (256, 362), (40, 10), _SHADOW, 0.45)
    _tint(shaded, (256, 255), (9, 50), _LIGHT, 0.8)
    weight = np.asarray(cv2.GaussianBlur(skin.astype(np.float32), (0, 0), 1.0))[..., None]
    colour[:] = (colour * (1 - weight) + shaded * weight + 0.5).astype(np.uint8)


def _eye(colour: Image, x: float, y: float, side: int) -> None:
    _ellipse(colour, (x, y + 1), (31, 15), _SHADOW)
    _ellipse(colour, (x, y + 1), (28, 12), (232, 236, 240))
    _ellipse(colour, (x, y), (12.5, 12.5), (70, 92, 108))
    _ellipse(colour, (x, y), (6.5, 6.5), (14, 16, 18))
    _ellipse(colour, (x - 4, y - 5), (3, 3), (250, 250, 250))
    _ellipse(colour, (x, y + 3), (31, 17), _DARK, 0, (195, 345), 4)
    _ellipse(colour, (x, y - 6), (32, 17), (104, 130, 180), 0, (200, 340), 2)
    _ellipse(colour, (x + 2 * side, y - 16), (42, 18), _HAIR, 4 * side, (205, 335), 9)


def _nose(colour: Image) -> None:
    _tint(colour, (256, 296), (20, 14), _LIGHT, 0.6)
    for x in (-1, 1):
        _ellipse(colour, (256 + 23 * x, 300), (11, 10), (124, 152, 204), 0, (-70, 110) if x > 0 else (70, 250), 3)
        _ellipse(colour, (256 + 12 * x, 309), (7, 3.5), (62, 72, 112))
    _tint(colour, (256, 318), (26, 7), _SHADOW, 0.6)


def _mouth(colour: Image) -> None:
    _ellipse(colour, (256, 350), (46, 15), _LIP, 0, (0, 180))
    _ellipse(colour, (237, 350), (27, 10), (92, 92, 168), 0, (180, 360))
    _ellipse(colour, (275, 350), (27, 10), (92, 92, 168), 0, (180, 360))
    _ellipse(colour, (256, 343), (48, 9), (52, 52, 98), 0, (12, 168), 3)
    _tint(colour, (256, 360), (22, 4), (150, 150, 216), 0.7)
