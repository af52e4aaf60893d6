"""The region the mesh looks at: its affine, and that cutting finds the right pixels."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from engine.geometry.align import transform
from engine.landmarks import topology
from engine.landmarks.roi import SURROUNDING, SURROUNDING_BOX, Roi, cut, from_box, from_mesh
from engine.types import FloatArray


def blob(x: float, y: float, width: int = 400, height: int = 300, sigma: float = 6.0) -> np.ndarray:
    """A soft spot whose middle can be measured to a fraction of a pixel."""
    v, u = np.mgrid[:height, :width]
    spot = 250 * np.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * sigma**2))
    return np.repeat(spot.astype(np.uint8)[..., None], 3, axis=2)


def middle(image: np.ndarray) -> FloatArray:
    weights = image[..., 0].astype(np.float64)
    v, u = np.mgrid[: image.shape[0], : image.shape[1]]
    return np.array([(weights * u).sum(), (weights * v).sum()], np.float32) / np.float32(weights.sum())


@pytest.mark.parametrize("angle", [0.0, 0.5, -2.0])
@pytest.mark.parametrize(
    ("side", "size"),
    [
        pytest.param(60, 96, id="enlarged"),
        pytest.param(96, 96, id="as it is"),
        pytest.param(150, 40, id="averaged by 3 first"),
        pytest.param(700, 100, id="larger than the image"),
    ],
)
def test_cut_finds_the_spot_where_the_affine_says(angle: float, side: float, size: int) -> None:
    image = blob(203.3, 141.6)
    crop, to_image = cut(image, Roi(198, 150, side, angle), size)
    assert crop.shape == (size, size, 3)
    found = transform(to_image, middle(crop))
    np.testing.assert_allclose(found, middle(image), atol=0.35 * max(side / size, 1))


@pytest.mark.parametrize("x", [-40.0, 390.0, 900.0])
def test_a_region_beyond_the_image_repeats_its_edge(x: float) -> None:
    image = np.full((50, 60, 3), 90, np.uint8)
    crop, _ = cut(image, Roi(x, 25, 40), 32)
    assert np.unique(crop).tolist() == [90]


def test_cut_of_one_pixel() -> None:
    crop, _ = cut(np.full((1, 1, 3), 7, np.uint8), Roi(0, 0, 500), 64)
    assert np.unique(crop).tolist() == [7]


def test_averaging_removes_what_would_alias() -> None:
    stripes = np.zeros((600, 600, 3), np.uint8)
    stripes[:, ::2] = 255
    crop, _ = cut(stripes, Roi(300, 300, 400), 100)
    assert crop[20:80, 20:80].std() < 12


def test_from_box_is_square_about_its_middle_and_rolls_with_the_eyes() -> None:
    box = np.array([10, 20, 50, 70], np.float32)
    roi = from_box(box)
    assert (roi.x, roi.y, roi.side_px, roi.angle) == (30, 45, SURROUNDING_BOX * 50, 0)
    points = np.array([[20, 30], [40, 50], [0, 0], [0, 0], [0, 0]], np.float32)
    assert from_box(box, points).angle == pytest.approx(math.pi / 4)


def test_from_mesh_turns_with_the_face() -> None:
    """A turned mesh gives the turned region of the upright one: same side, its centre carried along."""
    random = np.random.default_rng(0)
    mesh = random.uniform(-40, 40, (topology.POINTS, 2)).astype(np.float32) + np.float32([100, 80])
    mesh[33], mesh[263] = [80, 70], [120, 70]
    upright = from_mesh(mesh.astype(np.float32))
    assert upright.angle == 0
    assert upright.side_px == pytest.approx(SURROUNDING * 80, rel=0.02)
    turn = cv2.getRotationMatrix2D((100, 80), -30, 1.0)
    turned = from_mesh(transform(turn, mesh))
    assert math.degrees(turned.angle) == pytest.approx(30, abs=1e-3)
    assert turned.side_px == pytest.approx(upright.side_px, rel=1e-4)
    expected = transform(turn, np.array([upright.x, upright.y]))
    np.testing.assert_allclose([turned.x, turned.y], expected, atol=1e-2)
