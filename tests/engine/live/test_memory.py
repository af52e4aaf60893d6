"""What is remembered of a face: gliding targets, steadied points, when its age is due."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest

from engine.live.memory import GLIDE_S, FaceMemory, Glide, Memories
from engine.types import AgeEstimate
from tests.fakes.faces import Person

MS = 1_000_000
ESTIMATE = AgeEstimate(30.0, 4.0, "fake")


def test_a_glide_begins_at_the_own_age_and_arrives_in_the_stated_time() -> None:
    glide = Glide()
    assert glide.step(70, 30, 0) == 30
    path = [glide.step(70, 30, i * 40 * MS) for i in range(1, 40)]
    assert path == sorted(path)
    assert path[0] < 50
    arrived = next(i for i, value in enumerate(path, 1) if value >= 30 + 0.95 * 40)
    assert arrived * 0.04 == pytest.approx(GLIDE_S, abs=0.05)
    assert path[-1] == 70.0


def test_a_glide_is_the_same_at_any_frame_rate() -> None:
    slow, fast = Glide(), Glide()
    for i in range(11):
        at_slow = slow.step(70, 30, i * 20 * MS)
    for i in range(101):
        at_fast = fast.step(70, 30, i * 2 * MS)
    assert at_slow == pytest.approx(at_fast, abs=0.01)


def test_a_dial_in_motion_is_followed_without_standing_still() -> None:
    glide = Glide()
    glide.step(30, 30, 0)
    values = [glide.step(30 + i, 30, i * 40 * MS) for i in range(1, 30)]
    lag = 30 + 29 - values[-1]
    assert 0 < lag < 4
    assert min(np.diff(values)) > 0


def test_time_that_stands_still_moves_nothing() -> None:
    glide = Glide()
    glide.step(70, 30, 5)
    assert glide.step(70, 30, 5) == 30


def test_points_of_a_still_face_shiver_less_than_what_was_measured() -> None:
    rng = np.random.default_rng(0)
    memory = FaceMemory()
    mesh = Person(200, 150).mesh
    noisy = [mesh + rng.normal(0, 0.5, mesh.shape).astype(np.float32) for _ in range(60)]
    smooth = [memory.smooth(points, 80, i * 40 * MS) for i, points in enumerate(noisy)]
    steps = [np.abs(b[1] - a[1]).mean() for a, b in itertools.pairwise(smooth[20:])]
    raw = [np.abs(b - a).mean() for a, b in itertools.pairwise(noisy[20:])]
    assert np.mean(steps) < 0.4 * np.mean(raw)
    assert smooth[-1][0].shape == (478, 2) and smooth[-1][1].shape == (5, 2)


def test_an_age_is_due_at_once_then_soon_then_rarely() -> None:
    memory = FaceMemory()
    asked = []
    for i in range(400):
        if memory.age_is_due(i * 40 * MS):
            memory.age_was_asked(i * 40 * MS)
            memory.age.update(ESTIMATE)
            asked.append(i * 0.04)
    assert asked[0] == 0.0
    assert len([t for t in asked if t < 1.0]) >= 5
    assert len([t for t in asked if t > 4]) <= 13, "12 s: one a second"


def test_estimates_reach_their_face_and_those_of_the_gone_are_thrown_away() -> None:
    memories = Memories()
    memories.of(1, 0)
    worker = threading.Thread(target=memories.learn, args=((1, 2), (ESTIMATE, ESTIMATE), (0.8, 0.9)))
    worker.start()
    worker.join()
    memory = memories.of(1, 0)
    assert memory.age.value is None
    memories.take_in()
    assert memory.age.value is not None and memory.age.value.years == 30.0 and memory.quality == 0.8
    assert len(memories) == 1


def test_faces_are_forgotten_after_two_seconds_and_not_before() -> None:
    memories = Memories()
    memories.of(1, 0)
    memories.of(2, 1500 * MS)
    memories.forget(1900 * MS)
    assert len(memories) == 2
    memories.forget(2100 * MS)
    assert len(memories) == 1
    memories.clear()
    assert len(memories) == 0
