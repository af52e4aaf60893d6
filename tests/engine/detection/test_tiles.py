"""Tiles: they cover the image, overlap, and hand cut faces to their neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from engine.detection.tiles import OVERLAP, TILE_OF_WIDTH, Tile, drop_cut, squares
from engine.types import Detections
from tests.builders import boxes

SIZES = [(1280, 720), (640, 480), (720, 1280), (500, 500), (3000, 400), (301, 997)]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_tiles_cover_every_pixel_and_stay_inside(width: int, height: int) -> None:
    seen = np.zeros((height, width), int)
    for left, top, side in squares(width, height):
        assert 0 <= left <= left + side <= width
        assert 0 <= top <= top + side <= height
        seen[top : top + side, left : left + side] += 1
    assert seen.min() >= 1


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_face_as_large_as_the_overlap_is_whole_in_one_tile(width: int, height: int) -> None:
    tiles = squares(width, height)
    side = OVERLAP * tiles[0].side - 2
    random = np.random.default_rng(0)
    for _ in range(200):
        x, y = random.uniform(0, width - side), random.uniform(0, height - side)
        assert any(
            tile.left <= x and x + side <= tile.left + tile.side and tile.top <= y and y + side <= tile.top + tile.side
            for tile in tiles
        )


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_five_percent_of_the_width_is_large_enough_in_a_tile(width: int, height: int) -> None:
    """192 input pixels a tile: 17 of them for a face are found always (see tiles.py)."""
    side = squares(width, height)[0].side
    assert 0.05 * width * 192 / side >= 17
    assert side <= np.ceil(TILE_OF_WIDTH * width)


@pytest.mark.parametrize("size", [(1, 1), (60, 2000), (100, 30)])
def test_tiny_images_have_no_tiles(size: tuple[int, int]) -> None:
    assert squares(*size) == ()


def at(*rows: tuple[float, float, float, float]) -> Detections:
    count = len(rows)
    return Detections(boxes(*rows), np.ones(count, np.float32), np.zeros((count, 5, 2), np.float32))


def test_faces_cut_by_an_inner_edge_are_dropped() -> None:
    left_tile, right_tile = Tile(0, 0, 720), Tile(560, 0, 720)
    found = at((600, 100, 718, 240), (300, 100, 400, 220), (-4, 0, 90, 110))
    assert drop_cut(found, left_tile, 1280, 720).boxes[:, 0].tolist() == [300, -4], "the image's own border may cut"
    found = at((561, 100, 640, 200), (700, -3, 800, 100), (1200, 50, 1290, 150))
    assert drop_cut(found, right_tile, 1280, 720).boxes[:, 0].tolist() == [700, 1200]
