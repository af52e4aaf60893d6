"""Overlapping square tiles, so that faces too small for a detector's input on the whole image are found."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.types import Detections

# Measured with MediaPipe's full range (192 px input) on portraits pasted into 1280x720: a face needs about 17 input
# pixels to be found always. 5 % of the width is that in a tile of 0.5625 of the width, which is all of a 16:9 height.
TILE_OF_WIDTH = 0.5625
OVERLAP = 0.2


class Tile(NamedTuple):
    """A square region of an image in pixels."""

    left: int
    top: int
    side: int


def squares(width: int, height: int) -> tuple[Tile, ...]:
    """Tiles that cover the image in reading order, neighbours overlapping by at least a fifth; () if it is tiny.

    >>> squares(1280, 720)
    (Tile(left=0, top=0, side=720), Tile(left=560, top=0, side=720))
    """
    side = min(height, width, round(width * TILE_OF_WIDTH))
    if side < 64:
        return ()
    return tuple(Tile(x, y, side) for y in _starts(height, side) for x in _starts(width, side))


def drop_cut(found: Detections, tile: Tile, width: int, height: int) -> Detections:
    """Without the faces that an inner edge of the tile cuts: a neighbour, or the whole image, shows them complete.

    ``found`` is in pixels of the whole image (width x height).
    """
    margin = 0.01 * tile.side
    x1, y1, x2, y2 = found.boxes.T
    cut = (tile.left > 0) & (x1 < tile.left + margin)
    cut |= (tile.top > 0) & (y1 < tile.top + margin)
    cut |= (tile.left + tile.side < width) & (x2 > tile.left + tile.side - margin)
    cut |= (tile.top + tile.side < height) & (y2 > tile.top + tile.side - margin)
    return found.take(~cut)


def _starts(length: int, side: int) -> list[int]:
    if length <= side:
        return [0]
    count = int(np.ceil((length - side) / (side * (1 - OVERLAP)))) + 1
    return [int(start) for start in np.linspace(0, length - side, count).round()]
