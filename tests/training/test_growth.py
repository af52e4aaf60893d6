"""The table of growth is made of mean shapes: what children have, it has, smoothly and at rest at the edge."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.weights.growth import load_growth
from tests.training.faces import face_set, write_faces
from training.aging.growth import GrowthConfig, field_of, make_growth, mean_shapes, thin_plate
from training.data.faces import FaceSet
from training.data.sets import DataError


def grown_up(count: int = 80) -> FaceSet:
    """Faces whose points are drawn towards the middle of the face the younger they are, by a tenth at no age."""
    faces = face_set(count)
    base = np.stack(np.meshgrid(np.linspace(70, 186, 22), np.linspace(80, 220, 22)), -1).reshape(-1, 2)[:478]
    share = 0.9 + 0.1 * np.minimum(faces.years, 20) / 20
    middle = np.array([128.0, 150.0])
    meshes = middle + (base - middle)[None] * share[:, None, None]
    return replace(faces, meshes=meshes.astype(np.float32), yaw=np.zeros(count, np.float32))


def test_mean_shapes_follow_the_age() -> None:
    faces = grown_up()
    ages = np.array([4.0, 12.0, 20.0])
    shapes = mean_shapes(faces, np.arange(80), ages, (2.0, 0.0))
    width = np.ptp(shapes[..., 0], axis=1) / 116
    assert (np.diff(width) > 0.02).all()
    assert width[0] == pytest.approx(0.92, abs=0.015)


def test_ages_of_which_there_is_nobody_are_told() -> None:
    faces = grown_up()
    old = np.flatnonzero(faces.years > 40)
    with pytest.raises(DataError, match="about 5 years old"):
        mean_shapes(faces, old, np.array([5.0]), (1.0, 0.1))


def test_a_thin_plate_passes_through_what_is_known_and_is_flat_between_equals() -> None:
    rng = np.random.default_rng(0)
    places, moves = rng.uniform(0, 100, (12, 2)), rng.normal(size=(12, 2))
    assert np.allclose(thin_plate(places, moves, places, 0.0), moves, atol=1e-6)
    same = np.full((12, 2), (3.0, -1.0))
    assert np.allclose(thin_plate(places, same, rng.uniform(0, 100, (20, 2)), 5.0), same[0], atol=1e-6)


def test_a_field_moves_points_to_where_they_belong_and_rests_at_the_edge() -> None:
    adult = grown_up().meshes[np.argmax(grown_up().years)].astype(np.float64)
    moves = (np.array([128.0, 150.0]) - adult) * 0.1
    field = field_of(adult, moves, 33)
    assert np.abs(field[[0, -1]]).max() == np.abs(field[:, [0, -1]]).max() == 0
    for point in (30, 200, 430):
        x, y = (adult + moves)[point] / 255 * 32
        there = field[round(y), round(x)] * 256
        assert np.abs(there - moves[point]).max() < 1.5


def test_the_table_and_its_card_are_what_the_mirror_reads(tmp_path: Path) -> None:
    write_faces(tmp_path / "faces", grown_up())
    config = GrowthConfig(data=str(tmp_path / "faces"), out=str(tmp_path / "weights"), ages=(4, 12, 20), points=17)
    figures = make_growth(config)
    growth = load_growth(tmp_path / "weights")
    assert growth is not None and figures["most_moved_px_of_256"] > 3
    child, older = growth.field(30, 4), growth.field(30, 12)
    assert child is not None and older is not None
    assert np.abs(child).max() > np.abs(older).max() > 0
    with pytest.raises(DataError, match="rising ages"):
        make_growth(replace(config, ages=(12, 4)))
