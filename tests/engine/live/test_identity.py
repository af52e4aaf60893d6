"""Names in the live pipeline: who is looked at, when, by whom, and what it costs the picture: nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import WeightsError
from engine.live.follow import FaceFollower
from engine.live.identity import FaceIdentity, Recogniser
from engine.live.pipeline import LivePipeline
from engine.live.protocol import Pace
from engine.recognition.identify import Thresholds
from engine.recognition.index import GalleryIndex
from engine.settings import Settings
from engine.types import FloatArray, Frame, FrameResult, Image, Match
from tests.fakes.faces import FakeAger, FakeDetector, FakeEstimator, FakeMesher, Person, World

MODEL = "fake"
ADA, BOB = np.eye(3, dtype=np.float32)[:2]
PEOPLE = GalleryIndex.of(MODEL, [(1, "Ada", 80.0, [ADA]), (2, "Bob", None, [BOB])])
NO_TARGET = Settings(target_age=None)


class FakeEmbedder:
    """Tells people by the grey value of their face: 60 is Ada, 120 is Bob, anything else nobody."""

    size = 112
    device = "fake/embedder"
    model = MODEL

    def __init__(self) -> None:
        self.crops: list[Image] = []
        self.threads: set[str] = set()
        self.closed = 0

    def embed(self, crops: Sequence[Image]) -> FloatArray:
        self.crops.extend(crops)
        self.threads.add(threading.current_thread().name)
        rows = []
        for crop in crops:
            grey = int(crop[56, 56, 0])
            rows.append(ADA if abs(grey - 60) < 10 else BOB if abs(grey - 120) < 10 else np.float32([0, 0, 1]))
        return np.stack(rows)

    def close(self) -> None:
        self.closed += 1


class Scene:
    """A world whose faces are grey squares, its pipeline and a clock of 25 frames a second."""

    def __init__(self, *people: tuple[Person, int], settings: Settings = NO_TARGET, only: str | None = None) -> None:
        self.people = list(people)
        self.world = World(*(person for person, _ in people))
        self.embedder = FakeEmbedder()
        self.loads = 0
        self.ager = FakeAger()
        self.pipeline = LivePipeline(
            FaceFollower(FakeDetector(self.world), FakeMesher(self.world)),
            self.ager,
            FakeEstimator(),
            recogniser=Recogniser(self.load, Thresholds()),
            only_person=only,
        )
        self.settings = settings
        self.frames = 0
        self.begin_ns = time.monotonic_ns()

    def load(self) -> FakeEmbedder:
        self.loads += 1
        return self.embedder

    def frame(self) -> Frame:
        noise = np.random.default_rng(0).integers(-20, 20, (360, 640, 1))
        image = np.full((360, 640, 3), 200, np.int64)
        for person, grey in self.people:
            x1, y1, x2, y2 = (int(v) for v in person.box)
            image[max(y1, 0) : y2, max(x1, 0) : x2] = grey
        image = np.clip(image + noise * (image < 200), 0, 255)
        for person, grey in self.people:
            image[int(person.y) - 5 : int(person.y) + 45, int(person.x) - 8 : int(person.x) + 8] = grey
        self.frames += 1
        return Frame(image.astype(np.uint8), self.frames - 1, self.begin_ns + self.frames * 40_000_000)

    def step(self, frames: int = 1, frame: Frame | None = None) -> FrameResult:
        for _ in range(frames):
            result = self.pipeline.process(frame or self.frame(), self.settings, Pace(40.0, 30.0))
            chore = self.pipeline.chore()
            if chore is not None:
                chore()
        return result

    def names(self, frames: int = 1) -> list[str | None]:
        faces = sorted(self.step(frames).faces, key=lambda face: float(face.box[0]))
        return [None if face.person is None else face.person.person for face in faces]


def two() -> Scene:
    return Scene((Person(160, 150, width=130), 60), (Person(470, 150, width=130), 120))


def test_faces_get_their_names() -> None:
    scene = two()
    scene.pipeline.know(PEOPLE)
    assert scene.names(40) == ["Ada", "Bob"]
    face = scene.step().faces[0]
    assert face.person is not None
    assert face.person.similarity == pytest.approx(1.0)


def test_a_stranger_has_no_name() -> None:
    scene = Scene((Person(300, 150, width=130), 30))
    scene.pipeline.know(PEOPLE)
    assert scene.names(100) == [None]
    assert scene.embedder.crops


@pytest.mark.parametrize("people", [None, GalleryIndex.empty(MODEL)], ids=["no gallery", "nobody in it"])
def test_with_nobody_to_recognise_nothing_is_computed(people: GalleryIndex | None) -> None:
    scene = two()
    scene.pipeline.know(people)
    assert scene.names(60) == [None, None]
    assert scene.loads == 0
    assert scene.pipeline.devices == {"ager": "fake/ager", "age": "fake/age"}


def test_the_network_is_loaded_once_and_then_named() -> None:
    scene = two()
    scene.pipeline.know(PEOPLE)
    result = scene.step(60)
    assert scene.loads == 1
    assert scene.pipeline.devices["embedder"] == "fake/embedder"
    shown = [scene.step() for _ in range(110)]
    assert any("name" in each.stages_ms for each in shown)
    assert "name" not in result.stages_ms or result.stages_ms["name"] >= 0


def test_faces_are_looked_at_often_until_it_is_sure_and_rarely_afterwards() -> None:
    scene = Scene((Person(300, 150, width=130), 60))
    scene.pipeline.know(PEOPLE)
    scene.step(75)
    first = len(scene.embedder.crops)
    assert 2 <= first <= 5
    scene.step(250)
    assert 2 <= len(scene.embedder.crops) - first <= 3


def test_profiles_are_not_looked_at() -> None:
    scene = Scene((Person(200, 150, width=130, yaw_degrees=75), 60), (Person(450, 150, has_mesh=False), 60))
    scene.pipeline.know(PEOPLE)
    scene.step(40)
    assert scene.embedder.crops == []


def test_without_a_network_the_picture_goes_on_and_the_reason_is_told() -> None:
    scene = two()

    def broken() -> FakeEmbedder:
        raise WeightsError("the file is damaged: restore it.")

    scene.pipeline._recogniser = Recogniser(broken)
    scene.pipeline.know(PEOPLE)
    assert scene.pipeline.names_problem == ""
    assert scene.names(40) == [None, None]
    assert scene.pipeline.names_problem == "the file is damaged: restore it."
    none = Recogniser(None, why="no weights are called 'embedder'.")
    assert none.problem == "no weights are called 'embedder'."


def test_people_of_another_network_are_told_and_new_ones_are_welcome() -> None:
    scene = two()
    scene.pipeline.know(GalleryIndex.of("older", [(1, "Ada", None, [ADA])]))
    assert scene.names(40) == [None, None]
    assert "another network" in scene.pipeline.names_problem
    scene.pipeline.know(PEOPLE)
    assert scene.pipeline.names_problem == ""
    assert scene.names(40) == ["Ada", "Bob"]


def test_who_is_forgotten_loses_the_name_at_once() -> None:
    scene = two()
    scene.pipeline.know(PEOPLE)
    scene.step(40)
    scene.pipeline.know(GalleryIndex.of(MODEL, [(2, "Bob", None, [BOB])]))
    assert scene.names() == [None, None]
    assert scene.names(40) == [None, "Bob"]


def test_an_answer_that_was_found_among_other_people_is_thrown_away() -> None:
    identity = FaceIdentity()
    identity.meet(PEOPLE)
    for _ in range(5):
        identity.vote(GalleryIndex.empty(MODEL), Match("Ada", 0.9), 1.0, Thresholds())
    assert identity.person is None
    assert identity.count == 0


class TestPreferredAge:
    def test_is_followed_once_its_person_is_recognised(self) -> None:
        scene = two()
        scene.pipeline.know(PEOPLE)
        faces = sorted(scene.step(80).faces, key=lambda face: float(face.box[0]))
        assert [face.target_age for face in faces] == [80.0, None]

    def test_gives_way_to_the_hand_on_the_dial(self) -> None:
        scene = Scene((Person(300, 150, width=130), 60))
        scene.pipeline.know(PEOPLE)
        assert scene.step(80).faces[0].target_age == 80.0
        scene.settings = replace(scene.settings, target_age=50.0)
        assert scene.step(60).faces[0].target_age == 50.0
        scene.settings = replace(scene.settings, target_age=None)
        assert scene.step(60).faces[0].target_age is None, "turned back, it stays with the dial"

    def test_a_change_of_the_gallery_does_not_take_the_dial_away_again(self) -> None:
        scene = Scene((Person(300, 150, width=130), 60), settings=Settings(target_age=20.0))
        scene.pipeline.know(PEOPLE)
        assert scene.step(80).faces[0].target_age == 80.0
        scene.settings = replace(scene.settings, target_age=50.0)
        scene.step(40)
        scene.pipeline.know(replace(PEOPLE, names=("Ada", "Rob")))
        assert scene.step(80).faces[0].target_age == 50.0
        scene.pipeline.know(replace(PEOPLE, target_ages=(65.0, None)))
        assert scene.step(80).faces[0].target_age == 65.0, "a new wish counts"

    def test_gives_way_to_a_target_of_the_face_itself(self) -> None:
        scene = Scene((Person(300, 150, width=130), 60))
        scene.pipeline.know(PEOPLE)
        track = scene.step(80).faces[0].track_id
        assert track is not None
        scene.settings = replace(scene.settings, face_targets=((track, 10.0),))
        assert scene.step(60).faces[0].target_age == 10.0

    def test_counts_for_nothing_where_the_effect_is_off(self) -> None:
        scene = Scene((Person(300, 150, width=130), 60), settings=Settings(enabled=False))
        scene.pipeline.know(PEOPLE)
        assert not scene.step(80).faces[0].aged


def test_only_one_person_is_changed_where_that_was_asked_for() -> None:
    scene = Scene(
        (Person(160, 150, width=130), 60),
        (Person(470, 150, width=130), 120),
        settings=Settings(target_age=70.0),
        only="Bob",
    )
    scene.pipeline.know(PEOPLE)
    faces = sorted(scene.step(80).faces, key=lambda face: float(face.box[0]))
    assert [face.target_age for face in faces] == [None, 70.0]


def test_a_still_picture_is_settled_once_everybody_is_known() -> None:
    scene = two()
    scene.pipeline.know(PEOPLE)
    still = scene.frame()
    settled = []
    for i in range(60):
        scene.step(frame=Frame(still.image, i, scene.begin_ns + i * 40_000_000))
        settled.append(scene.pipeline.settled(scene.settings))
    assert settled[-1]
    assert not settled[12], "the picture stands still, but who they are is not known yet"
    scene.pipeline.watch(True)
    assert not scene.pipeline.settled(scene.settings)


class TestObserving:
    def test_five_times_a_second_the_largest_face_is_observed(self) -> None:
        scene = Scene((Person(160, 150, width=100), 60), (Person(470, 150, width=140), 120))
        scene.pipeline.watch(True)
        times = set()
        for _ in range(60):
            scene.step()
            seen = scene.pipeline.observation()
            if seen is not None:
                times.add(seen.time_ns)
        assert 8 <= len(times) <= 13
        assert seen is not None
        assert (seen.faces, seen.size) == (2, (640, 360))
        assert seen.embedding is not None
        np.testing.assert_array_equal(seen.embedding.vector, BOB)
        assert seen.embedding.model == MODEL
        assert seen.crop is not None
        assert seen.crop.shape == (112, 112, 3)
        assert seen.measures is not None
        assert seen.measures.width_px == pytest.approx(scene.world.people[1].box[2] - scene.world.people[1].box[0])

    def test_or_the_face_that_was_chosen(self) -> None:
        scene = two()
        faces = sorted(scene.step(10).faces, key=lambda face: float(face.box[0]))
        for face, vector in zip(faces, (ADA, BOB), strict=True):
            scene.pipeline.watch(True, face.track_id)
            scene.step(10)
            seen = scene.pipeline.observation()
            assert seen is not None
            assert seen.track_id == face.track_id
            assert seen.embedding is not None
            np.testing.assert_array_equal(seen.embedding.vector, vector)

    def test_nobody_in_front_is_an_observation_too(self) -> None:
        scene = Scene()
        scene.pipeline.watch(True)
        scene.step(10)
        seen = scene.pipeline.observation()
        assert seen is not None
        assert (seen.faces, seen.measures) == (0, None)

    def test_after_the_end_nothing_is_observed_or_kept(self) -> None:
        scene = two()
        scene.pipeline.watch(True)
        scene.step(10)
        scene.pipeline.watch(False)
        assert scene.pipeline.observation() is None
        before = len(scene.embedder.crops)
        scene.step(20)
        assert scene.pipeline.observation() is None
        assert len(scene.embedder.crops) == before

    def test_an_observation_that_arrives_late_is_dropped(self) -> None:
        scene = two()
        scene.step(10)
        scene.pipeline.watch(True)
        scene.pipeline.process(scene.frame(), scene.settings, Pace())
        chore = scene.pipeline.chore()
        assert chore is not None
        scene.pipeline.watch(False)
        chore()
        assert scene.pipeline.observation() is None


def test_close_lets_go_of_the_network_and_reset_of_the_faces() -> None:
    scene = two()
    scene.pipeline.know(PEOPLE)
    scene.step(40)
    scene.pipeline.reset()
    assert scene.step().faces == ()
    assert scene.names(40) == ["Ada", "Bob"], "who is known survives another source"
    scene.pipeline.close()
    scene.pipeline.close()
    assert scene.embedder.closed == 1
