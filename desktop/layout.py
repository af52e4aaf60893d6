"""Where things stand in the window, as pure geometry in logical pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COMPACT_BELOW_PX = 860
BAR_HEIGHT_PX, BAR_HEIGHT_COMPACT_PX = 92, 84
BAR_WIDEST_PX = 1240
MARGIN_PX, MARGIN_COMPACT_PX = 14, 8
DRAWER_WIDTH_PX = 348
PICTURE_NARROWEST_PX = 220


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in whole logical pixels."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Arrangement:
    """``picture`` is the room for the picture; its lowest ``reserved`` pixels lie under the bar."""

    picture: Box
    bar: Box
    drawer: Box
    reserved: int
    compact: bool


def arrange(width: int, height: int, drawer_open: float) -> Arrangement:
    """The parts of a window. ``drawer_open`` runs from 0 (shut) to 1 (open); the drawer takes room, never covers.

    >>> arrange(1280, 800, 1.0).picture.width
    932
    """
    compact = width < COMPACT_BELOW_PX
    margin = MARGIN_COMPACT_PX if compact else MARGIN_PX
    bar_height = BAR_HEIGHT_COMPACT_PX if compact else BAR_HEIGHT_PX
    bar_width = min(width - 2 * margin, BAR_WIDEST_PX)
    bar = Box((width - bar_width) // 2, height - margin - bar_height, bar_width, bar_height)
    full = min(DRAWER_WIDTH_PX, width - PICTURE_NARROWEST_PX)
    taken = round(full * drawer_open)
    # The bar keeps its place while a drawer opens, so the drawer ends above it.
    drawer = Box(width - taken, 0, full, max(bar.y - margin, 0))
    return Arrangement(Box(0, 0, width - taken, height), bar, drawer, height - bar.y + margin // 2, compact)


@dataclass(frozen=True, slots=True)
class Viewport:
    """Where an image lies on a widget: ``scale`` widget pixels per image pixel, top left at (left, top)."""

    left: float
    top: float
    scale: float
    image_width: int
    image_height: int
    mirrored: bool = False

    @property
    def width(self) -> float:
        return self.image_width * self.scale

    @property
    def height(self) -> float:
        return self.image_height * self.scale

    def to_widget(self, points: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.float64]:
        """Image points (..., 2) as widget points; pixel centres go to pixel centres."""
        out = (np.asarray(points, np.float64) + 0.5) * self.scale
        if self.mirrored:
            out[..., 0] = self.width - out[..., 0]
        out += (self.left, self.top)
        return out

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """A widget point as an image point."""
        across = x - self.left
        if self.mirrored:
            across = self.width - across
        return across / self.scale - 0.5, (y - self.top) / self.scale - 0.5

    def contains(self, x: float, y: float) -> bool:
        return self.left <= x < self.left + self.width and self.top <= y < self.top + self.height


def letterbox(width: int, height: int, image_width: int, image_height: int, reserved: int, mirrored: bool) -> Viewport:
    """The largest whole picture in a room of ``width`` x ``height``.

    It is centred across. Up and down it moves out of the ``reserved`` lowest pixels as far as the empty bands allow:
    the bar covers as little of the picture as it can, and the picture is never smaller for it.
    """
    scale = min(width / image_width, height / image_height)
    spare = height - image_height * scale
    free = height - reserved - image_height * scale
    top = min(spare / 2, max(free / 2, 0.0))
    return Viewport((width - image_width * scale) / 2, top, scale, image_width, image_height, mirrored)
