"""Following faces in a drawn-up world: when the detector runs, who keeps which id, who is let go."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from engine.landmarks.mesh import five_points
from engine.live.beside import Beside
from engine.live.follow import EVERY, EVERY_GLANCE, MOST_FACES, FaceFollower, Seen, yaw_from_landmarks
from engine.live.stages import Stages
from engine.types import Detections, Image
from tests.fakes.faces import FakeDetector, FakeMesher, GlancingDetector, Person, World

IMAGE = np.zeros((360, 640, 3), np.uint8)
FRAME_NS = 40_000_000


class Setting:
    """A world, its follower and a clock."""

    def __init__(
        self,
        *people: Person,
        detector: type[FakeDetector] = FakeDetector,
        beside: Beside[Detections] | None = None,
    ) -> None:
        self.world = World(*people)
        self.detector = detector(self.world)
        self.follower = FaceFollower(self.detector, FakeMesher(self.world), beside=beside)
        self.frames = 0
        self.stages = Stages()

    def step(self, frames: int = 1) -> tuple[Seen, ...]:
        for _ in range(frames):
            self.frames += 1
            self.stages = Stages()
            seen = self.follower.follow(IMAGE, self.frames * FRAME_NS, self.stages)
        return seen


def test_a_face_is_shown_from_its_second_frame_with_its_mesh_and_yaw() -> None:
    setting = Setting(Person(200, 150, yaw_degrees=20))
    assert setting.step() == ()
    (seen,) = setting.step()
    assert seen.mesh is not None and np.allclose(seen.mesh, setting.world.people[0].mesh)
    assert seen.yaw_degrees == pytest.approx(20, abs=0.5) or seen.yaw_degrees == pytest.approx(-20, abs=0.5)
    assert seen.width_px == pytest.approx(80, abs=12)


def test_the_detector_rests_while_the_mesh_follows() -> None:
    setting = Setting(Person(200, 150), Person(420, 150))
    setting.step(2)
    before = setting.detector.calls
    for _ in range(5 * EVERY):
        for person in setting.world.people:
            person.x += 2
        assert len(setting.step()) == 2
    assert setting.detector.calls - before == 5


def test_ids_stay_while_faces_move_and_largest_comes_first() -> None:
    small, large = Person(150, 100, width=60), Person(450, 200, width=120)
    setting = Setting(small, large)
    first = setting.step(2)
    assert [s.width_px for s in first] == sorted((s.width_px for s in first), reverse=True)
    for _ in range(60):
        small.x += 1.5
        large.x -= 1.5
        seen = setting.step()
    assert [s.track_id for s in seen] == [s.track_id for s in first]


def test_a_newcomer_is_found_within_one_period_of_detection() -> None:
    setting = Setting(Person(150, 150))
    setting.step(3)
    setting.world.people.append(Person(450, 150))
    counts = [len(setting.step()) for _ in range(EVERY + 1)]
    assert counts[-1] == 2


def test_a_face_that_leaves_is_gone_at_once_and_searched_for() -> None:
    setting = Setting(Person(150, 150), Person(450, 150))
    setting.step(3)
    setting.world.people.pop()
    before = setting.detector.calls
    assert len(setting.step()) == 1
    assert setting.detector.calls == before + 1
    setting.step(10)
    assert setting.detector.calls >= before + 5


def test_a_face_that_comes_back_within_a_second_keeps_its_id() -> None:
    person = Person(200, 150)
    setting = Setting(person)
    (before,) = setting.step(3)
    setting.world.people.clear()
    assert setting.step(8) == ()
    setting.world.people.append(person)
    (after,) = setting.step(3)
    assert after.track_id == before.track_id


def test_with_nobody_there_the_detector_runs_on_every_other_frame() -> None:
    setting = Setting()
    setting.step(20)
    assert setting.detector.calls == 10


def test_a_profile_without_a_mesh_stays_in_place_between_detections() -> None:
    setting = Setting(Person(200, 150, has_mesh=False))
    setting.step(2)
    counts = {len(setting.step()) for _ in range(3 * EVERY)}
    assert counts == {1}
    (seen,) = setting.step()
    assert seen.mesh is None


def test_a_mesh_that_no_detection_confirms_is_let_go() -> None:
    person = Person(200, 150)
    setting = Setting(person)
    assert len(setting.step(3)) == 1
    person.detectable = False
    counts = [len(setting.step()) for _ in range(5 * EVERY)]
    assert counts[EVERY] == 1, "one missed detection is no reason"
    assert counts[-1] == 0


def glancing(*people: Person) -> tuple[Setting, GlancingDetector]:
    setting = Setting(*people, detector=GlancingDetector)
    assert isinstance(setting.detector, GlancingDetector)
    return setting, setting.detector


def test_while_all_are_followed_a_glance_is_enough() -> None:
    setting, detector = glancing(Person(200, 150), Person(420, 150))
    setting.step(2)
    before = detector.calls
    counts = {len(setting.step()) for _ in range(10 * EVERY_GLANCE)}
    assert counts == {2}
    assert (detector.calls - before, detector.glances) == (0, 10)


def test_who_is_new_is_found_by_one_of_three_glances() -> None:
    setting, detector = glancing(Person(200, 150), Person(420, 150))
    setting.step(2)
    setting.world.people.append(Person(300, 260))
    counts = [len(setting.step()) for _ in range(3 * EVERY_GLANCE + 1)]
    assert counts[-1] == 3
    assert detector.glances <= 3


def test_a_mesh_that_no_glance_confirms_is_let_go() -> None:
    person = Person(200, 150)
    setting, _ = glancing(person)
    assert len(setting.step(3)) == 1
    person.detectable = False
    counts = [len(setting.step()) for _ in range(12 * EVERY_GLANCE)]
    assert counts[3 * EVERY_GLANCE] == 1, "one missed round is no reason"
    assert counts[-1] == 0


@pytest.mark.parametrize("reason", ["lost", "profile", "looked into"])
def test_a_whole_detection_where_a_glance_could_miss_something(reason: str) -> None:
    person = Person(200, 150, has_mesh=reason != "profile")
    setting, detector = glancing(person, Person(420, 150))
    setting.step(2)
    setting.follower.look_inside(reason == "looked into")
    before, glances = detector.calls, detector.glances
    if reason == "lost":
        setting.world.people.remove(person)
    setting.step(EVERY)
    assert detector.calls > before
    assert detector.glances == glances


class Held(GlancingDetector):
    """Glances that last until they are let go."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.go = threading.Event()
        self.broken = False

    def glance(self, image: Image) -> Detections:
        assert self.go.wait(20)
        if self.broken:
            raise ValueError("the detector broke")
        return super().glance(image)


@pytest.fixture
def held() -> Iterator[tuple[Setting, Held, Beside[Detections]]]:
    """Two faces that are followed, with glances beside the frames."""
    beside: Beside[Detections] = Beside("glance")
    setting = Setting(Person(200, 150), Person(420, 150), detector=Held, beside=beside)
    assert isinstance(setting.detector, Held)
    setting.step(2)
    yield setting, setting.detector, beside
    setting.detector.go.set()
    setting.follower.close()


def test_no_frame_waits_for_a_glance_beside_it(held: tuple[Setting, Held, Beside[Detections]]) -> None:
    setting, detector, beside = held
    setting.world.people.append(Person(300, 260))
    assert [len(setting.step()) for _ in range(4 * EVERY_GLANCE)] == [2] * 4 * EVERY_GLANCE
    assert (detector.calls, detector.glances) == (1, 0)
    detector.go.set()
    counts = []
    for _ in range(3 * EVERY_GLANCE + 2):
        beside.wait()
        counts.append(len(setting.step()))
    assert counts[-1] == 3
    assert detector.calls == 1


def test_a_glance_is_timed_in_the_frame_that_takes_it(held: tuple[Setting, Held, Beside[Detections]]) -> None:
    setting, detector, beside = held
    setting.step(EVERY_GLANCE)
    assert "detect" not in setting.stages.done()
    detector.go.set()
    beside.wait()
    setting.step()
    assert setting.stages.done()["detect"] >= 0
    assert detector.glances == 1


def test_a_detection_waits_for_the_glance_and_forgets_it(held: tuple[Setting, Held, Beside[Detections]]) -> None:
    setting, detector, _ = held
    setting.step(EVERY_GLANCE)
    setting.world.people.pop()
    threading.Timer(0.05, detector.go.set).start()
    assert len(setting.step()) == 1
    assert (detector.calls, detector.glances) == (2, 1), "one after the other"


def test_what_breaks_beside_is_told_in_a_frame(held: tuple[Setting, Held, Beside[Detections]]) -> None:
    setting, detector, beside = held
    setting.step(EVERY_GLANCE)
    detector.broken = True
    detector.go.set()
    beside.wait()
    with pytest.raises(ValueError, match="the detector broke"):
        setting.step()
    assert len(setting.step()) == 2


def test_reset_and_close_leave_no_glance_behind(held: tuple[Setting, Held, Beside[Detections]]) -> None:
    setting, detector, beside = held
    setting.step(EVERY_GLANCE)
    detector.go.set()
    setting.follower.reset()
    assert beside.take() is None
    setting.follower.close()
    setting.follower.close()
    assert not any(thread.name.startswith("glance") for thread in threading.enumerate())


def test_two_meshes_on_one_face_become_one() -> None:
    one, other = Person(200, 150), Person(420, 150)
    setting = Setting(one, other)
    assert len(setting.step(3)) == 2
    other.x = 205
    setting.world.people.remove(other)
    setting.world.people.insert(0, one)
    seen = setting.step(3)
    assert len(seen) == 1


def test_a_crowd_is_limited() -> None:
    setting = Setting(*(Person(40 + 50 * (i % 12), 60 + 120 * (i // 12), width=30) for i in range(24)))
    assert len(setting.step(20)) == MOST_FACES


def test_after_reset_nothing_is_left_and_ids_are_new() -> None:
    setting = Setting(Person(200, 150))
    (before,) = setting.step(3)
    setting.follower.reset()
    assert setting.step() == ()
    (after,) = setting.step()
    assert after.track_id != before.track_id


def test_only_stages_that_ran_are_timed() -> None:
    setting = Setting(Person(200, 150))
    setting.step()
    assert {"detect", "mesh", "track"} <= set(setting.stages.done())
    setting.step()
    assert "detect" not in setting.stages.done() and "mesh" in setting.stages.done()


@pytest.mark.parametrize("yaw", [-60, -30, 0, 30, 60])
def test_the_rough_yaw_of_five_points_agrees_with_the_head_they_came_from(yaw: float) -> None:
    exact = yaw_from_landmarks(five_points(Person(0, 0).mesh))
    turned = yaw_from_landmarks(five_points(Person(0, 0, yaw_degrees=yaw).mesh))
    assert exact == pytest.approx(0, abs=0.1)
    assert abs(turned) == pytest.approx(abs(yaw), abs=15)


def test_points_that_coincide_count_as_turned_away() -> None:
    assert yaw_from_landmarks(np.zeros((5, 2), np.float32)) == 90.0
