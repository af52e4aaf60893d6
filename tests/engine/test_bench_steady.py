"""The shown age is watched over a clip: what is counted, for whom, and what is said when there is nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from engine import bench_steady
from engine.bench_steady import clip_frames, watch, webcam
from engine.cli import main
from engine.live.follow import FaceFollower
from engine.live.pipeline import LivePipeline
from engine.types import AgeEstimate, Image
from tests.builders import face_picture
from tests.fakes.clips import make_clip
from tests.fakes.faces import FakeAger, FakeDetector, FakeEstimator, FakeMesher, Person, World

FRAME_NS = 40_000_000


class Wavering(FakeEstimator):
    """Says another age each time, in turn."""

    def __init__(self, *years: float) -> None:
        super().__init__()
        self._turn = iter(years * 1000)

    def estimate(self, crops: Sequence[Image]) -> tuple[AgeEstimate, ...]:
        return tuple(AgeEstimate(next(self._turn), 4.0, "fake") for _ in crops)


def pipeline(world: World, estimator: FakeEstimator) -> LivePipeline:
    return LivePipeline(FaceFollower(FakeDetector(world), FakeMesher(world)), FakeAger(), estimator)


def frames(count: int) -> Iterator[tuple[Image, int]]:
    for index in range(count):
        yield np.full((240, 320, 3), 90 + index % 2, np.uint8), index * FRAME_NS


def run(*argv: object) -> int:
    return main([str(each) for each in argv], run_app=lambda *a, **o: pytest.fail("the window was opened"))


def test_a_face_of_one_age_does_not_deviate() -> None:
    (face,) = watch(pipeline(World(Person(160, 120)), FakeEstimator(33.0)), frames(100))
    assert (face.low_years, face.high_years, face.changes, face.deviation_years) == (33, 33, 0, 0.0)
    assert 3.0 < face.seconds < 4.0  # from when it has settled on


def test_a_number_that_moves_is_counted() -> None:
    (face,) = watch(pipeline(World(Person(160, 120)), Wavering(*[20.0] * 5, *[60.0] * 200)), frames(400))
    assert face.high_years > face.low_years
    assert face.changes >= 1
    assert face.deviation_years > 0.5


def test_a_face_that_leaves_early_is_left_out() -> None:
    world = World(Person(80, 120), Person(240, 120))

    def leaving() -> Iterator[tuple[Image, int]]:
        for index, frame in enumerate(frames(100)):
            if index == 20:
                world.people.pop()
            yield frame

    assert len(watch(pipeline(world, FakeEstimator()), leaving())) == 1


def test_nobody_and_no_frame_at_all() -> None:
    assert watch(pipeline(World(), FakeEstimator()), frames(20)) == ()
    assert watch(pipeline(World(), FakeEstimator()), frames(0)) == ()


def test_the_simulated_webcam_moves_and_is_always_the_same() -> None:
    picture = face_picture(96)
    first, again = list(webcam(picture, 0.2)), list(webcam(picture, 0.2))
    assert len(first) == 6
    assert all(np.array_equal(a, b) and s == t for (a, s), (b, t) in zip(first, again, strict=True))
    assert not np.array_equal(first[0][0], first[5][0])


def test_a_video_is_watched_up_to_the_given_time(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=20, rate=10)
    times = [time_ns for _, time_ns in clip_frames(str(clip), 1.0)]
    assert len(times) == 11
    assert times[-1] == pytest.approx(1e9)


def test_the_command_measures_the_demo_and_writes_json(
    weights: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AGE_MIRROR_WEIGHTS", str(weights))
    monkeypatch.setattr(bench_steady, "WEBCAM_FPS", 10)
    assert run("bench", "--steady", "demo", "--seconds", 2, "--json", tmp_path / "s.json") == 0
    assert "standard deviation" in capsys.readouterr().out
    report = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert report["clip"] == "demo"
    assert len(report["faces"]) == 1


@pytest.mark.parametrize(("name", "words"), [("nowhere.mp4", "nowhere.mp4"), ("empty.mp4", "no face was shown")])
def test_a_clip_that_shows_nobody_gets_one_line(
    name: str, words: str, weights: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("AGE_MIRROR_WEIGHTS", str(weights))
    make_clip(tmp_path / "empty.mp4", frames=3)
    assert run("bench", "--steady", tmp_path / name) == 1
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
