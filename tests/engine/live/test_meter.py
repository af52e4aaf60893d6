"""What comes out is measured off the fast path, smoothed, and only while it is asked for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from engine.live.follow import FaceFollower
from engine.live.identity import Recogniser
from engine.live.meter import EVERY_S, JUMP_YEARS, RunningOutcome
from engine.live.pipeline import LivePipeline
from engine.live.protocol import Pace
from engine.settings import Settings
from engine.types import AgeEstimate, FloatArray, Frame, FrameResult, Image, Outcome
from tests.fakes.faces import FakeAger, FakeDetector, FakeMesher, Person, World


class Reader:
    """An age for every darkness: one grey level below 128 is one year above 30."""

    size, device = 112, "fake/age"

    def __init__(self) -> None:
        self.looks = 0

    def estimate(self, crops: Sequence[Image]) -> tuple[AgeEstimate, ...]:
        self.looks += len(crops)
        return tuple(AgeEstimate(30 + 128 - float(crop[56, 56, 0]), 3.0, "fake") for crop in crops)

    def close(self) -> None:
        pass


class Likeness:
    """Vectors whose angle grows with the difference in darkness."""

    size, device, model = 112, "fake/embedder", "fake"

    def embed(self, crops: Sequence[Image]) -> FloatArray:
        turns = np.array([(128 - float(crop[56, 56, 0])) / 100 for crop in crops])
        return np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)

    def close(self) -> None:
        pass


class Mirror:
    def __init__(self, *, embedder: bool = True, meter: bool = True) -> None:
        world = World(Person(200, 150))
        self.reader = Reader()
        follower = FaceFollower(FakeDetector(world), FakeMesher(world))
        recogniser = Recogniser(Likeness) if embedder else Recogniser(None)
        self.pipeline = LivePipeline(follower, FakeAger(), self.reader, recogniser=recogniser)
        self.settings = Settings(target_age=70.0, meter=meter)
        self.frames, self.begin_ns = 0, time.monotonic_ns()

    def step(self, frames: int = 1) -> FrameResult:
        for _ in range(frames):
            image = np.full((360, 640, 3), 128, np.uint8)
            frame = Frame(image, self.frames, self.begin_ns + self.frames * 40_000_000)
            self.frames += 1
            result = self.pipeline.process(frame, self.settings, Pace(40.0, 30.0))
            chore = self.pipeline.chore()
            if chore is not None:
                chore()
        return result


def test_the_result_is_measured_and_not_the_face_before() -> None:
    result = Mirror().step(100)
    outcome = result.faces[0].result
    assert outcome is not None and result.faces[0].age is not None
    assert outcome.years == pytest.approx(70, abs=1) and result.faces[0].age.years == pytest.approx(30, abs=1)
    assert outcome.likeness == pytest.approx(np.cos(0.4), abs=0.01)


def test_only_while_it_is_asked_for_and_a_few_times_a_second() -> None:
    mirror = Mirror(meter=False)
    assert mirror.step(100).faces[0].result is None
    before = mirror.reader.looks
    mirror.step(100)
    quiet = mirror.reader.looks - before
    mirror.settings = replace(mirror.settings, meter=True)
    mirror.step(100)
    looks = mirror.reader.looks - before - 2 * quiet
    assert 100 * 0.04 / EVERY_S * 0.5 <= looks <= 100 * 0.04 / EVERY_S + 3


def test_without_a_network_for_likeness_the_age_is_told() -> None:
    outcome = Mirror(embedder=False).step(100).faces[0].result
    assert outcome is not None and outcome.likeness is None and outcome.years == pytest.approx(70, abs=1)


def test_a_face_that_is_not_changed_has_no_result() -> None:
    mirror = Mirror()
    mirror.step(60)
    mirror.settings = replace(mirror.settings, enabled=False)
    assert mirror.step(60).faces[0].result is None


def test_it_does_not_flicker_and_follows_a_jump() -> None:
    running, random = RunningOutcome(), np.random.default_rng(3)
    shown = []
    for noise in random.normal(0, 3, 60):
        running.update(Outcome(60 + noise, 0.7 + noise / 50))
        assert running.value is not None
        shown.append(running.value.years)
    assert np.std(shown[10:]) < 3 * 0.6 and np.abs(np.diff(shown[10:])).max() < 3.5
    running.update(Outcome(shown[-1] - JUMP_YEARS - 5, 0.4))
    assert running.value is not None
    assert running.value.years == pytest.approx(shown[-1] - JUMP_YEARS - 5)
