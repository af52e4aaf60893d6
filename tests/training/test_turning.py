"""Turned faces: the mesh turns as a head does, the picture goes with it, and the teacher's answers come along."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.landmarks.mesh import five_points
from engine.landmarks.topology import NOSE_TIP, POINTS
from training.data import turning
from training.data.faces import load
from training.data.sets import DataError
from training.data.synthetic import write_smoke_data
from training.data.turning import TurnConfig, mean_depth, ringed, triangles_of, turn, turn_face, turned_points


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> TurnConfig:
    places = write_smoke_data(tmp_path_factory.mktemp("turn"), "TurnConfig")
    return TurnConfig(**places, sharpness_limit=0.0, yaw_limit=9.0)


@pytest.fixture(scope="module")
def depth(config: TurnConfig) -> np.ndarray:
    faces = load(Path(config.data))
    return mean_depth(faces.crops[:4])


def test_a_face_is_deepest_at_its_outline_and_nearest_at_the_nose(depth: np.ndarray) -> None:
    assert depth.shape == (POINTS,)
    assert depth[NOSE_TIP] == pytest.approx(0, abs=0.02)
    assert depth[[234, 454]].min() > 0.4  # before the ears
    assert 0.1 < depth[33] < depth[234]


def test_turning_keeps_distances_and_moves_the_nose_to_the_wished_side(config: TurnConfig, depth: np.ndarray) -> None:
    points = ringed(load(Path(config.data)).meshes[0], depth)
    turned = turned_points(points, 40, 8)
    before, after = (np.linalg.norm(each[:100, None] - each[None, :100], axis=2) for each in (points, turned))
    np.testing.assert_allclose(after, before, atol=0.01)
    left, right = (turned_points(points, yaw, 0)[NOSE_TIP, 0] - points[NOSE_TIP, 0] for yaw in (-40, 40))
    assert left == pytest.approx(-right, abs=0.01)
    assert abs(left) > 10


def test_no_turn_gives_the_face_as_it_was(config: TurnConfig, depth: np.ndarray) -> None:
    faces, small = load(Path(config.data)), load(Path(config.targets))
    triangles = triangles_of(faces.meshes.mean(0), depth)
    same = turn_face(faces.crops[0], faces.meshes[0], depth, triangles, 0, 0)
    inner = np.s_[30:100, 30:98]
    assert np.abs(same.crop[inner].astype(int) - small.crops[0][inner]).mean() < 6
    np.testing.assert_allclose(same.mesh, small.meshes[0], atol=0.6)


def test_a_turned_face_is_aligned_anew_and_hides_its_far_cheek(config: TurnConfig, depth: np.ndarray) -> None:
    faces = load(Path(config.data))
    marked = faces.crops[0].copy()
    far, near = (faces.meshes[0][point].astype(int) for point in (50, 280))
    cv2.circle(marked, far.tolist(), 8, (0, 255, 0), -1)
    cv2.circle(marked, near.tolist(), 8, (255, 0, 0), -1)
    made = turn_face(marked, faces.meshes[0], depth, triangles_of(faces.meshes.mean(0), depth), 75, 0)
    other = turn_face(marked, faces.meshes[0], depth, triangles_of(faces.meshes.mean(0), depth), -75, 0)
    wanted = load(Path(config.targets)).meshes[0]
    # The eyes keep their height on the template, whatever the turn.
    assert five_points(made.mesh)[:2, 1].mean() == pytest.approx(five_points(wanted)[:2, 1].mean(), abs=4)

    def greens(crop: np.ndarray) -> int:
        b, g, r = (crop[..., k].astype(int) for k in range(3))
        return int(((g > 200) & (b < 90) & (r < 90)).sum())

    assert sorted((greens(made.crop) > 5, greens(other.crop) > 5)) == [False, True]


def test_the_task_writes_faces_with_the_teachers_answers_for_them_unturned(config: TurnConfig) -> None:
    count = turn(config)
    made, targets = load(Path(config.out)), load(Path(config.targets))
    assert count == len(made) == len(targets.rows("train"))
    answers = np.load(Path(config.targets) / "teacher.npy")
    np.testing.assert_array_equal(np.load(Path(config.out) / "teacher.npy"), answers[targets.rows("train")])
    assert made.yaw.min() > 0.2
    first = np.array(made.crops)
    turn(config)
    np.testing.assert_array_equal(load(Path(config.out)).crops, first)


def test_what_does_not_fit_is_told(config: TurnConfig, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="frontal and sharp"):
        turn(replace(config, yaw_limit=-1.0))
    with pytest.raises(DataError, match="teach"):
        turn(replace(config, targets=config.data))
    with pytest.raises(DataError, match="no face"):
        turning.mean_depth(np.zeros((2, 256, 256, 3), np.uint8))
