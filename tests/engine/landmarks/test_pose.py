"""Pose: an average head turned by known angles and seen from far away."""

from __future__ import annotations

import numpy as np
import pytest

from engine.landmarks.pose import (
    HEAD,
    POSE_POINTS,
    YAW_FADE_DEGREES,
    frontal_weight,
    pose_degrees,
    yaw_degrees,
)
from engine.types import FloatArray


def seen(yaw: float, pitch: float = 0.0, roll: float = 0.0, scale: float = 60.0) -> FloatArray:
    """A mesh whose pose points are the head turned: right by yaw, down by pitch, then rolled clockwise."""
    y, p, r = np.radians([yaw, pitch, roll])
    # x right, y down, z away: looking right moves the nose (at -z) to +x; looking down moves it to +y.
    turn_yaw = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    turn_pitch = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    turn_roll = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    mesh = np.zeros((478, 2), np.float32)
    mesh[POSE_POINTS] = (HEAD @ (turn_roll @ turn_yaw @ turn_pitch).T)[:, :2] * scale + [320, 240]
    return mesh


@pytest.mark.parametrize("yaw", [-60, -20, 0, 35, 70])
@pytest.mark.parametrize("scale", [10.0, 300.0])
def test_yaw_is_recovered_at_any_size(yaw: float, scale: float) -> None:
    assert yaw_degrees(seen(yaw, scale=scale)) == pytest.approx(yaw, abs=0.01)


@pytest.mark.parametrize("pitch", [-30, 0, 25])
def test_pitch_is_recovered(pitch: float) -> None:
    pose = pose_degrees(seen(0, pitch))
    assert (pose.yaw, pose.pitch) == (pytest.approx(0, abs=0.01), pytest.approx(pitch, abs=0.01))


@pytest.mark.parametrize("roll", [-90, -15, 40, 170])
def test_roll_is_recovered_and_changes_nothing_else(roll: float) -> None:
    pose = pose_degrees(seen(0, 0, roll))
    assert pose.roll == pytest.approx(roll, abs=0.01)
    assert abs(pose.yaw) < 0.01


@pytest.mark.parametrize("angles", [(30, 15, 0), (-40, 20, 60), (55, -25, -120)])
def test_all_three_together(angles: tuple[float, float, float]) -> None:
    np.testing.assert_allclose(pose_degrees(seen(*angles)), angles, atol=0.01)


def test_looking_right_moves_the_nose_right() -> None:
    """The sign, in the plainest terms: point 4 is the tip of the nose, 33 and 263 the outer eye corners."""
    mesh = seen(25)
    assert mesh[4, 0] > (mesh[33, 0] + mesh[263, 0]) / 2
    assert yaw_degrees(mesh) > 0


def test_a_mesh_without_extent_has_no_pose() -> None:
    assert pose_degrees(np.full((478, 2), 5.0, np.float32)) == (0.0, 0.0, 0.0)


def test_the_effect_fades_smoothly_with_the_yaw_and_the_same_both_ways() -> None:
    degrees = np.arange(-90, 90.01, 0.25)
    weights = np.array([frontal_weight(float(yaw)) for yaw in degrees])
    np.testing.assert_array_equal(weights, weights[::-1])
    low, high = YAW_FADE_DEGREES
    assert (weights[np.abs(degrees) <= low] == 1).all() and (weights[np.abs(degrees) >= high] == 0).all()
    assert (np.diff(weights[degrees >= 0]) <= 0).all()
    assert np.abs(np.diff(weights)).max() < 0.05, "no step"
    assert np.abs(np.diff(weights, 2)).max() < 0.01, "no kink"
