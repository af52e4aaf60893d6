"""Asks the style network to paint a picture anew, small, and enlarges what it painted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from engine.errors import WeightsError
from engine.runtime import Network, load_network
from engine.types import FloatArray, Image
from engine.weights.store import find

AREAS_PX = (400 * 224, 320 * 180, 256 * 144)
"""How many pixels the network paints: the first, or as many as this computer paints in time."""
BUDGET_MS = 14.0
"""A painting that takes longer, painted again and again, makes the next ones smaller."""
HIGHEST_PX, WIDEST_PX = 736, 1248
"""The network's canvas is no larger, with the border around the picture."""
MULTIPLE = 8
DETAIL = 0.35
"""How much of the fine light and dark that the enlargement has lost comes back from the picture itself."""
_BORDER_PX = 16  # mirrored around the picture, because a convolution does not know what to do at an edge
_TRIED = 20  # paintings before their best time is judged


def painted_size(height: int, width: int, area_px: int) -> tuple[int, int]:
    """Height and width in which a picture is painted: of this area at most, same shape, multiples of 8.

    >>> painted_size(720, 1280, 400 * 224), painted_size(100, 90, 400 * 224)
    ((224, 400), (96, 88))
    """
    scale = min(1.0, (area_px / (height * width)) ** 0.5, HIGHEST_PX / height, WIDEST_PX / width)

    def side(length: int) -> int:
        return max(MULTIPLE, MULTIPLE * round(length * float(scale) / MULTIPLE))

    return side(height), side(width)


class Stylist:
    """The style network with pictures in and out. One thread at a time."""

    def __init__(self, network: Network, styles: Sequence[str]) -> None:
        self._network = network
        self.styles = tuple(styles)
        self._level = 0
        self._best_ms = float("inf")
        self._count = 0

    @classmethod
    def load(cls, device: str = "auto", *, folder: Path | None = None, precision: str = "auto") -> Stylist:
        """The network "style", warmed up. Raises WeightsError, DeviceError."""
        styles = find("style", folder).card.arguments.get("styles", ())
        if not styles:
            raise WeightsError("card style: it names no styles (arguments.styles).")
        return cls(load_network("style", device, folder=folder, precision=precision), styles)

    @property
    def device(self) -> str:
        return self._network.device

    @property
    def area_px(self) -> int:
        """How many pixels are painted at most."""
        return AREAS_PX[self._level]

    def paint(self, image: Image, style: str) -> Image:
        """The picture (H, W, 3) uint8 BGR in this style, a new one of the same size.

        Raises ValueError for a style that the network has not learned, DeviceError if the device fails.
        """
        if style not in self.styles:
            raise ValueError(f"style {style!r}: the network has learned {', '.join(self.styles)}")
        height, width = image.shape[:2]
        rows, columns = painted_size(height, width, self.area_px)
        small = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)
        wide = cv2.copyMakeBorder(small, *(_BORDER_PX,) * 4, cv2.BORDER_REFLECT)
        tensor = np.asarray(cv2.dnn.blobFromImage(wide, 1 / 255, swapRB=True), np.float32)
        begin = time.perf_counter()
        planes = self._network(tensor, self._chosen(style))
        self._judge(1e3 * (time.perf_counter() - begin))
        inner = planes[0, :, _BORDER_PX : _BORDER_PX + rows, _BORDER_PX : _BORDER_PX + columns]
        painted = cv2.convertScaleAbs(cv2.merge([inner[2], inner[1], inner[0]]), alpha=255)
        return _enlarged(np.asarray(painted, np.uint8), image, np.asarray(small, np.uint8))

    def _chosen(self, style: str) -> FloatArray:
        chosen = np.zeros((1, len(self.styles), 1, 1), np.float32)
        chosen[0, self.styles.index(style)] = 1
        return chosen

    def _judge(self, took_ms: float) -> None:
        """Goes down a size where even the quickest of some paintings was too slow."""
        self._best_ms, self._count = min(self._best_ms, took_ms), self._count + 1
        if self._count >= _TRIED:
            if self._best_ms > BUDGET_MS and self._level + 1 < len(AREAS_PX):
                self._level += 1
            self._best_ms, self._count = float("inf"), 0

    def close(self) -> None:
        """Lets go of the network; twice is safe."""
        self._network.close()


def _enlarged(painted: Image, image: Image, small: Image) -> Image:
    """The painting at the picture's size, with some of the light and dark in it that ``small`` (its model) lacks."""
    height, width = image.shape[:2]
    large = cv2.resize(painted, (width, height), interpolation=cv2.INTER_CUBIC)
    if large.shape == painted.shape:
        return np.asarray(large, np.uint8)
    fine = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    coarse = cv2.resize(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (width, height), interpolation=cv2.INTER_LINEAR)
    for sign, combine in (((fine, coarse), cv2.add), ((coarse, fine), cv2.subtract)):
        part = cv2.convertScaleAbs(cv2.subtract(*sign), alpha=DETAIL)  # what is below zero is cut off
        large = combine(large, cv2.merge([part, part, part]))
    return np.asarray(large, np.uint8)
