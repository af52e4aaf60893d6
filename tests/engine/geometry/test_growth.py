"""Faces move to a child's proportions by a smooth field, and nothing else moves."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.geometry.growth import Growth, grow
from engine.types import Affine, FloatArray, Image

SIZE = 64


def bump(x: float, y: float, points: int = 9) -> FloatArray:
    """A field that moves the middle of the crop by this much, in sides, and its edge not at all."""
    line = np.minimum(1, 2 - 2 * np.abs(np.linspace(-1, 1, points)))
    return (np.outer(line, line)[..., None] * (x, y)).astype(np.float32)


def table() -> Growth:
    fields = np.stack([bump(0.1, 0.0), bump(0.04, 0.0), bump(0, 0)])
    return Growth(np.array([2, 10, 20], np.float32), fields)


def scene() -> Image:
    coarse = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (240, 160), interpolation=cv2.INTER_CUBIC), np.uint8)


def grown(picture: Image, field: FloatArray, affine: Affine) -> Image:
    result = picture.copy()
    grow(result, field, affine, SIZE)
    return result


def placed(scale: float = 1.0, turn: float = 0.0, x: float = 60.0, y: float = 40.0) -> Affine:
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    return np.array([[cos, -sin, x], [sin, cos, y]], np.float64)


@pytest.mark.parametrize(("source", "target", "middle"), [
    (40, 2, 0.1), (40, 0, 0.1), (40, 6, 0.07), (40, 15, 0.02), (10, 2, 0.06), (2, 40, -0.1),
])  # fmt: skip
def test_a_field_lies_between_those_of_the_ages_beside(source: float, target: float, middle: float) -> None:
    field = table().field(source, target)
    assert field is not None
    assert field[4, 4, 0] == pytest.approx(middle, abs=1e-6)


@pytest.mark.parametrize(("source", "target"), [(30, 70), (70, 20), (20, 95), (8, 8)])
def test_adults_and_those_who_stay_as_they_are_keep_their_shape(source: float, target: float) -> None:
    assert table().field(source, target) is None


def test_the_network_paints_less_where_the_field_moves() -> None:
    growth = table()
    assert growth.painted_age(40, 60) == 60 and growth.painted_age(40, 15) == 15
    asked = [growth.painted_age(40, years) for years in np.arange(0, 15.1, 0.25)]
    assert (np.diff(asked) > 0).all(), "the dial is still followed"
    assert asked[0] >= 10
    assert growth.painted_age(9, 4) == 4, "a child's face is one already"
    assert 4 < growth.painted_age(14, 4) < growth.painted_age(30, 4)


@pytest.mark.parametrize("affine", [placed(), placed(1.7), placed(0.8, 0.5), placed(-1.2, 0.1, 150, 120)])
def test_the_middle_moves_as_the_field_says(affine: Affine) -> None:
    before = scene()
    result = grown(before, bump(0.1, -0.05), affine)
    centre = affine @ [(SIZE - 1) / 2, (SIZE - 1) / 2, 1]
    origin = centre - affine[:, :2] @ np.array([0.1, -0.05]) * SIZE
    got, wanted = (
        cv2.getRectSubPix(image.astype(np.float32), (1, 1), tuple(map(float, place)))[0, 0]
        for image, place in ((result, centre), (before, origin))
    )
    assert np.abs(got - wanted).max() < 12


def test_beyond_the_crop_nothing_moves() -> None:
    picture = scene()
    result = grown(picture, bump(0.1, 0.1), placed())
    assert (result != picture).any()
    outside = np.ones(picture.shape[:2], bool)
    outside[40 : 40 + SIZE + 1, 60 : 60 + SIZE + 1] = False
    assert np.array_equal(result[outside], picture[outside])


@pytest.mark.parametrize("affine", [placed(x=-300), placed(y=500), placed(x=238, y=-62)])
def test_a_crop_at_or_beyond_the_edge_does_no_harm(affine: Affine) -> None:
    assert grown(scene(), bump(0.2, 0.2), affine).shape == scene().shape


def test_a_field_of_nothing_leaves_the_picture_as_it_is() -> None:
    assert np.array_equal(grown(scene(), bump(0, 0), placed(1.3, 0.2)), scene())


@pytest.mark.parametrize(
    ("ages", "fields"),
    [
        ([2, 10], np.zeros((3, 5, 5, 2))),
        ([10, 2], np.zeros((2, 5, 5, 2))),
        ([2, 10], np.full((2, 5, 5, 2), np.nan)),
        ([2, 10], np.zeros((2, 5, 4, 2))),
        ([2], np.zeros((1, 5, 5, 2))),
    ],
)
def test_a_table_that_is_none_is_told(ages: list[float], fields: FloatArray) -> None:
    with pytest.raises(ValueError, match="growth"):
        Growth(np.array(ages, np.float32), fields.astype(np.float32))
