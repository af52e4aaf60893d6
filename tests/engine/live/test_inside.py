"""Looking inside: what is shown of a frame is true, and nothing at all is done while nobody looks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.live import pipeline as pipeline_module
from engine.live.follow import EVERY, FaceFollower
from engine.live.identity import Recogniser
from engine.live.inside import EVERY_S, PICTURE_PX, SIDE_PX, Inside, InsideFace, Sighting, Tap, shrunk
from engine.live.pipeline import LivePipeline
from engine.live.protocol import Pace
from engine.recognition.index import GalleryIndex
from engine.settings import Settings
from engine.types import AgeEstimate, Detections, FloatArray, Frame, FrameResult, Image
from tests.fakes.faces import FakeAger, FakeDetector, FakeEstimator, FakeMesher, Person, World

SEVENTY = Settings(target_age=70.0)
ADA, BOB = np.eye(3, dtype=np.float32)[:2]
PEOPLE = GalleryIndex.of("fake", [(1, "Ada", None, [ADA]), (2, "Bob", None, [BOB])])


class Telling(FakeDetector):
    """Proposes each face twice."""

    @property
    def candidates(self) -> Detections:
        found = super().detect(np.zeros((1, 1, 3), np.uint8))
        return found.take(np.repeat(np.arange(len(found)), 2))


class Certain(FakeEstimator):
    """Knows the year, and says so by a distribution."""

    def estimate(self, crops: Any) -> tuple[AgeEstimate, ...]:
        chances = np.zeros(101, np.float32)
        chances[30] = 1
        return tuple(replace(each, distribution=chances) for each in super().estimate(crops))


class Embedder:
    size, device, model = 112, "fake", "fake"

    def __init__(self) -> None:
        self.looked = 0

    def embed(self, crops: Any) -> FloatArray:
        self.looked += len(crops)
        return np.stack([ADA * np.float32(0.8) + BOB * np.float32(0.6)] * len(crops))

    def close(self) -> None: ...


class Scene:
    """A world, its pipeline and a clock of 25 frames a second."""

    def __init__(self, *people: Person, settings: Settings = SEVENTY, known: GalleryIndex | None = None) -> None:
        self.embedder = Embedder()
        recogniser = Recogniser(lambda: self.embedder)
        recogniser.know(known)
        follower = FaceFollower(Telling(World(*people)), FakeMesher(World(*people)))
        self.pipeline = LivePipeline(follower, FakeAger(), Certain(), recogniser=recogniser)
        self.settings, self.number = settings, 0
        self.image = np.random.default_rng(0).integers(0, 256, (720, 1280, 3), np.uint8)

    def step(self, frames: int = 1, *, still: bool = False) -> FrameResult:
        for _ in range(frames):
            self.number += 1
            image = self.image if still else self.image.copy()
            frame = Frame(image, self.number, self.number * 40_000_000)
            result = self.pipeline.process(frame, self.settings, Pace(40.0, 30.0))
            chore = self.pipeline.chore()
            if chore is not None:
                chore()
        return result

    def face(self) -> InsideFace:
        inside = self.pipeline.inside()
        assert inside is not None and inside.face is not None
        return inside.face


def test_every_stage_of_the_face_is_shown() -> None:
    scene = Scene(Person(600, 300, width=200), known=PEOPLE)
    scene.pipeline.look_inside(True)
    scene.step(60)
    inside, face = scene.pipeline.inside(), scene.face()
    assert inside is not None and inside.sighting is not None and (inside.faces, inside.people) == (1, 2)
    assert (len(inside.sighting.candidates), len(inside.sighting.kept)) == (2, 1)
    assert inside.sighting.image.shape == (360, PICTURE_PX, 3)
    x1, y1, x2, y2 = inside.sighting.kept.boxes[0]
    assert x1 < 300 < x2 and y1 < 150 < y2, "boxes shrink with the picture"
    assert face.crop.shape == (SIDE_PX, SIDE_PX, 3) and face.mesh is not None
    assert abs(float(face.mesh[:, 0].mean()) - SIDE_PX / 2) < 3, "the mesh is in pixels of the crop"
    assert face.distribution is not None and face.distribution.argmax() == 30
    assert face.likeness is not None and [match.person for match in face.likeness] == ["Ada", "Bob"]
    assert face.residual is not None and face.residual.mean() == pytest.approx(-40)
    assert face.mask is not None and face.mask.max() == pytest.approx(1) and face.mask.min() == 0
    assert face.aged.astype(int).mean() < face.crop.mean() - 5 and face.target_age == 70


def test_nothing_is_done_while_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> Any:
        raise AssertionError("something was made for somebody who does not look")

    for name in ("look_at", "shrunk", "Inside"):
        monkeypatch.setattr(pipeline_module, name, never)
    monkeypatch.setattr("engine.live.follow.Sighting", never)
    monkeypatch.setattr(GalleryIndex, "nearest", never)
    monkeypatch.setattr(Tap, "learn", never)
    scene = Scene(Person(600, 300, width=200), known=PEOPLE)
    scene.step(40)
    assert scene.pipeline.inside() is None
    scene.pipeline.look_inside(True)
    with pytest.raises(AssertionError, match="does not look"):
        scene.step(EVERY)


def test_who_stops_looking_lets_go_of_everything() -> None:
    scene = Scene(Person(600, 300, width=200), known=PEOPLE)
    scene.pipeline.look_inside(True)
    scene.step(60)
    scene.pipeline.look_inside(False)
    assert scene.pipeline.inside() is None
    before = scene.embedder.looked
    scene.step(20)
    assert scene.pipeline.inside() is None and scene.pipeline._follower.sighting is None
    assert scene.pipeline._sighting is None and scene.embedder.looked == before, "sure of the name: no more looks"


def test_a_few_times_a_second_and_not_more() -> None:
    scene = Scene(Person(600, 300, width=200))
    scene.pipeline.look_inside(True)
    seen: list[Inside] = []
    for _ in range(100):
        scene.step()
        inside = scene.pipeline.inside()
        assert inside is not None
        if not seen or inside is not seen[-1]:
            seen.append(inside)
    gaps = np.diff([each.time_ns for each in seen]) / 1e9
    assert len(seen) == 15 and gaps.min() >= EVERY_S and gaps.max() < EVERY_S + 0.05


def test_another_source_forgets_what_was_seen() -> None:
    scene = Scene(Person(600, 300, width=200))
    scene.pipeline.look_inside(True)
    scene.step(30)
    scene.pipeline.reset()
    assert scene.pipeline.inside() is None
    scene.step(8)
    assert scene.pipeline.inside() is not None, "somebody still looks"


def test_a_picture_that_stands_still_is_looked_at_once_more_and_then_rests() -> None:
    scene = Scene(Person(600, 300, width=200))
    scene.step(80, still=True)
    assert scene.pipeline.settled(scene.settings)
    scene.pipeline.look_inside(True)
    assert not scene.pipeline.settled(scene.settings), "one more frame is needed to look into"
    steps = 0
    while not scene.pipeline.settled(scene.settings):
        scene.step(still=True)
        steps += 1
        assert steps < 100, "it never rests"
    inside = scene.pipeline.inside()
    assert inside is not None and inside.sighting is not None
    assert scene.face().distribution is not None and scene.face().residual is not None


def test_a_face_that_is_not_changed_has_no_residual() -> None:
    scene = Scene(Person(600, 300, width=200), settings=Settings(target_age=None))
    scene.pipeline.look_inside(True)
    scene.step(30)
    face = scene.face()
    assert face.residual is None and face.mask is None and face.target_age is None
    assert np.array_equal(face.aged, face.crop)


def test_an_empty_picture_has_no_face_inside() -> None:
    scene = Scene()
    scene.pipeline.look_inside(True)
    scene.step(30)
    inside = scene.pipeline.inside()
    assert inside is not None and inside.face is None and inside.sighting is not None
    assert len(inside.sighting.candidates) == 0


def test_of_several_faces_the_patch_belongs_to_the_one_that_is_shown() -> None:
    scene = Scene(Person(300, 300, width=90), Person(800, 300, width=200))
    large = scene.step(60).faces[0]
    scene.settings = replace(SEVENTY, face_targets=((int(large.track_id or 0), 50.0),))
    scene.pipeline.look_inside(True)
    scene.step(60)
    face = scene.face()
    assert face.track_id == large.track_id and face.target_age == 50
    assert face.residual is not None and face.residual.mean() == pytest.approx(-20)


def test_a_shrunk_sighting_keeps_the_best_candidates_at_their_places() -> None:
    boxes = np.array([[0, 0, 100, 50]] * 300, np.float32)
    many = Detections(boxes, np.linspace(0, 1, 300, dtype=np.float32), np.zeros((300, 5, 2), np.float32))
    image: Image = np.zeros((640, 1280, 3), np.uint8)
    small = shrunk(Sighting(image, many, many.take(np.array([0]))))
    assert len(small.candidates) == 200 and small.candidates.scores[0] == 1
    assert small.kept.boxes[0].tolist() == [-0.25, -0.25, 49.75, 24.75]
