"""Quality falls with each thing that makes a face hard to judge."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.age.quality import face_quality, ramp
from engine.types import Image


@pytest.fixture
def crop() -> Image:
    """Structure at several scales, as a face has."""
    rng = np.random.default_rng(0)
    image = np.full((112, 112), 128.0)
    for cells, strength in ((4, 30), (14, 15), (56, 30)):
        layer = rng.normal(0, strength, (cells, cells)).astype(np.float32)
        image += cv2.resize(layer, (112, 112), interpolation=cv2.INTER_LINEAR)
    return np.repeat(np.clip(image, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def test_a_large_sharp_frontal_face_is_good(crop: Image) -> None:
    assert face_quality(crop, 200.0, 0.0) > 0.9


@pytest.mark.parametrize("kind", ["small", "turned", "dark", "bright", "flat", "blurred"])
def test_each_fault_lowers_it(crop: Image, kind: str) -> None:
    width, yaw, seen = 200.0, 0.0, crop
    if kind == "small":
        width = 30.0
    elif kind == "turned":
        yaw = -60.0
    elif kind == "dark":
        seen = (crop * 0.2).astype(np.uint8)
    elif kind == "bright":
        seen = np.clip(crop.astype(int) + 125, 0, 255).astype(np.uint8)
    elif kind == "flat":
        seen = (128 + (crop.astype(float) - 128) * 0.2).astype(np.uint8)
    else:
        seen = np.asarray(cv2.GaussianBlur(crop, (0, 0), 4), np.uint8)
    assert 0 <= face_quality(seen, width, yaw) < 0.6 < face_quality(crop, 200.0, 0.0)


@pytest.mark.parametrize("value", [0, 255])
def test_an_empty_picture_has_none(value: int) -> None:
    assert face_quality(np.full((64, 64, 3), value, np.uint8), 200.0) == 0.0


def test_the_crops_own_size_hardly_matters(crop: Image) -> None:
    large = np.asarray(cv2.resize(crop, (256, 256), interpolation=cv2.INTER_CUBIC), np.uint8)
    assert face_quality(large, 200.0) == pytest.approx(face_quality(crop, 200.0), abs=0.1)


@pytest.mark.parametrize(
    ("value", "bounds", "result"),
    [(0, (0, 10), 0), (10, (0, 10), 1), (-5, (0, 10), 0), (50, (0, 10), 1), (3, (4, 2), 0.5), (5, (4, 2), 0)],
)
def test_ramp(value: float, bounds: tuple[float, float], result: float) -> None:
    assert ramp(value, bounds) == result
