"""The grid around a crop: where its cells lie and what they see."""

from __future__ import annotations

import numpy as np
import pytest

from engine.aging.surroundings import (
    ABOVE,
    ASIDE,
    CELLS,
    HEIGHT,
    INSIDE,
    WIDTH,
    cells_to_crop,
    chained,
    face_places,
    from_crop,
    look_around,
)
from engine.geometry.align import invert, transform
from engine.landmarks import topology
from engine.types import Affine, Image
from tests.engine.aging.hair_scene import Head


def turned(scale: float, degrees: float, x: float, y: float) -> Affine:
    a = np.deg2rad(degrees)
    return np.array([[scale * np.cos(a), -scale * np.sin(a), x], [scale * np.sin(a), scale * np.cos(a), y]])


def slope() -> Image:
    """A picture whose value tells where it is: blue is x / 4, green is y / 3."""
    y, x = np.mgrid[:720, :1000]
    return np.ascontiguousarray(np.dstack([x / 4, y / 3, 0 * x]).round().astype(np.uint8))


@pytest.mark.parametrize("size", [256, 384])
def test_the_crop_lies_in_its_part_of_the_grid(size: int) -> None:
    edges = transform(invert(cells_to_crop(size)), np.array([[-0.5, -0.5], [size - 0.5, size - 0.5]]))
    np.testing.assert_allclose(edges[0], (ASIDE - 0.5, ABOVE - 0.5), atol=1e-4)
    np.testing.assert_allclose(edges[1], (ASIDE + CELLS - 0.5, ABOVE + CELLS - 0.5), atol=1e-4)


def test_one_after_the_other_is_the_same_as_chained() -> None:
    first, second = turned(2, 20, 3, 4), turned(0.5, -70, 10, 20)
    points = np.array([[1.0, 2.0], [30.0, -4.0]])
    np.testing.assert_allclose(
        transform(chained(first, second), points), transform(second, transform(first, points)), atol=1e-4
    )


@pytest.mark.parametrize(
    "to_frame",
    [turned(1, 0, 400, 300), turned(2.6, 15, 400, 200), turned(5, -10, 300, 200), turned(8, 0, 150, -20)],
    ids=["as large", "thrice", "fivefold", "eightfold"],
)
def test_each_cell_shows_what_lies_there(to_frame: Affine) -> None:
    around = look_around(slope(), to_frame)
    assert around.cells.shape == (HEIGHT, WIDTH, 3)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    there = transform(to_frame, np.dstack([x, y]).reshape(-1, 2)).reshape(HEIGHT, WIDTH, 2)
    inside = around.shown & (there.min(axis=2) > 12) & (there[..., 0] < 985) & (there[..., 1] < 705)
    assert inside.sum() > 1000
    assert np.abs(around.cells[..., 0] - there[..., 0] / 4)[inside].max() <= 1.5
    assert np.abs(around.cells[..., 1] - there[..., 1] / 3)[inside].max() <= 1.5


def test_cells_beyond_the_frame_are_known() -> None:
    around = look_around(slope(), turned(8, 0, -100, -100))
    assert not around.shown[:12, :].any()
    assert around.shown[14:, 14:].all()
    assert not look_around(slope(), turned(8, 0, 5000, 0)).shown.any()


def test_places_are_told_from_the_face() -> None:
    head = Head()
    mesh = transform(invert(cells_to_crop(head.size)), head.mesh_in_crop)
    places = face_places(mesh)
    for point, along in ((topology.CHIN, 0.0), (topology.FOREHEAD_TOP, 1.0)):
        x, y = np.round(mesh[point]).astype(int)
        assert places.along[y, x] == pytest.approx(along, abs=0.03)
        assert places.across[y, x] == pytest.approx(0, abs=0.03)
    x, y = np.round(mesh[list(topology.FACE_OVAL)].max(axis=0)).astype(int)
    assert places.across[y, x] == pytest.approx(0.5, abs=0.04)
    x, y = np.round(mesh.mean(axis=0)).astype(int)
    assert places.oval[y, x] == 1
    assert places.oval[0].max() == 0


def test_planes_of_the_crop_are_averaged() -> None:
    plane = np.zeros((96, 96, 3), np.float32)
    plane[:2, :2, 1] = (np.arange(4) * 4).reshape(2, 2)
    assert from_crop(plane)[0, 0].tolist() == [0, 6, 0]
    assert np.zeros((HEIGHT, WIDTH))[INSIDE].shape == (CELLS, CELLS)
