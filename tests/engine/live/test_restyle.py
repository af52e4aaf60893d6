"""The style in the live picture: nothing while it is off, loaded once on the slow worker, and never in the way."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import DeviceError, WeightsError
from engine.live.follow import FaceFollower
from engine.live.pipeline import LivePipeline
from engine.live.protocol import Pace
from engine.live.restyle import Restyler
from engine.live.stages import Stages
from engine.settings import NO_STYLE, Settings, SettingsError
from engine.types import Frame, FrameResult, Image
from tests.fakes.faces import FakeAger, FakeDetector, FakeEstimator, FakeMesher, Person, World

IMAGE = np.full((36, 64, 3), 100, np.uint8)


class FakeStylist:
    device = "fake/style"

    def __init__(self, error: Exception | None = None) -> None:
        self.painted: list[str] = []
        self.closed = 0
        self.error = error

    def paint(self, image: Image, style: str) -> Image:
        if self.error is not None:
            raise self.error
        self.painted.append(style)
        return np.asarray(255 - image, np.uint8)

    def close(self) -> None:
        self.closed += 1


class Loader:
    """Counts how often it is asked; raises ``error`` while there is one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.stylist = FakeStylist()
        self.loads = 0

    def __call__(self) -> FakeStylist:
        self.loads += 1
        if self.error is not None:
            raise self.error
        return self.stylist


def do_chores(restyler: Restyler) -> int:
    done = 0
    while (chore := restyler.chore()) is not None:
        chore()
        done += 1
        assert done < 5, "it never has enough"
    return done


def test_off_it_loads_nothing_and_gives_back_the_very_picture() -> None:
    loader, stages = Loader(), Stages()
    restyler = Restyler(loader)
    assert restyler.paint(IMAGE, NO_STYLE, stages) is IMAGE
    assert do_chores(restyler) == loader.loads == 0
    assert "style" not in stages.done()
    assert restyler.settled(NO_STYLE)
    assert restyler.device is None


def test_on_it_loads_once_and_paints_from_then_on() -> None:
    loader, stages = Loader(), Stages()
    restyler = Restyler(loader)
    assert restyler.paint(IMAGE, "oil", stages) is IMAGE, "the picture does not wait for the network"
    assert not restyler.settled("oil")
    assert do_chores(restyler) == 1
    assert restyler.paint(IMAGE, "oil", stages)[0, 0, 0] == 155
    assert restyler.settled("oil")
    assert "style" in stages.done()
    assert restyler.device == "fake/style"
    restyler.paint(IMAGE, "ink", stages)
    assert loader.stylist.painted == ["oil", "ink"]
    assert restyler.paint(IMAGE, NO_STYLE, stages) is IMAGE
    assert loader.loads == 1
    assert do_chores(restyler) == 0


def test_weights_that_are_missing_cost_the_style_and_not_the_picture() -> None:
    loader = Loader(WeightsError("there is no style network: restore it."))
    restyler = Restyler(loader)
    for _ in range(3):
        assert restyler.paint(IMAGE, "oil", Stages()) is IMAGE
        do_chores(restyler)
    assert loader.loads == 1, "it is not tried again and again"
    assert restyler.problem is loader.error
    assert restyler.settled("oil")
    loader.error = None
    assert restyler.paint(IMAGE, "ink", Stages()) is IMAGE
    assert restyler.problem is None
    do_chores(restyler)
    assert restyler.paint(IMAGE, "ink", Stages()) is not IMAGE


@pytest.mark.parametrize("error", [DeviceError("the device is gone."), ValueError("not learned")])
def test_a_network_that_fails_while_painting_is_told_and_left(error: Exception) -> None:
    loader = Loader()
    restyler = Restyler(loader)
    restyler.paint(IMAGE, "oil", Stages())
    do_chores(restyler)
    loader.stylist.error = error
    assert restyler.paint(IMAGE, "oil", Stages()) is IMAGE
    assert restyler.problem is error
    loader.stylist.error = None
    assert restyler.paint(IMAGE, "oil", Stages()) is IMAGE, "until another style is chosen"
    assert restyler.paint(IMAGE, "ink", Stages()) is not IMAGE


def test_without_any_network_the_reason_is_told() -> None:
    restyler = Restyler()
    restyler.paint(IMAGE, "oil", Stages())
    do_chores(restyler)
    assert str(restyler.problem) == "there is no style network."


def test_what_was_left_undone_is_loaded_by_the_next_run() -> None:
    loader = Loader()
    restyler = Restyler(loader)
    restyler.paint(IMAGE, "oil", Stages())
    assert restyler.chore() is not None  # and nobody does it
    assert restyler.chore() is None
    restyler.reset()
    assert do_chores(restyler) == 1


def test_closing_lets_go_also_of_what_arrives_later() -> None:
    loader = Loader()
    restyler = Restyler(loader)
    restyler.paint(IMAGE, "oil", Stages())
    chore = restyler.chore()
    assert chore is not None
    restyler.close()
    chore()
    restyler.close()
    assert loader.stylist.closed == 1
    assert restyler.device is None


def test_settings_know_their_styles() -> None:
    assert Settings().style == NO_STYLE
    with pytest.raises(SettingsError, match=r"style 'cubism' is unknown: choose one of none, oil, ink, glass\."):
        Settings(style="cubism")


class Scene:
    """A face before the camera, and the pipeline with a style network."""

    def __init__(self) -> None:
        world = World(Person(160, 150, width=130))
        self.loader = Loader()
        self.pipeline = LivePipeline(
            FaceFollower(FakeDetector(world), FakeMesher(world)),
            FakeAger(),
            FakeEstimator(),
            restyler=Restyler(self.loader),
        )
        self.frames = 0
        self.image = np.random.default_rng(0).integers(0, 255, (360, 640, 3), np.uint8)

    def step(self, style: str, frames: int = 1, target: float | None = None) -> FrameResult:
        for _ in range(frames):
            self.frames += 1
            frame = Frame(self.image, self.frames, 10**9 + self.frames * 40_000_000)
            result = self.pipeline.process(frame, Settings(target_age=target, style=style), Pace(40.0, 30.0))
            chore = self.pipeline.chore()
            if chore is not None:
                chore()
        return result


def test_in_the_pipeline_it_comes_last_and_leaves_the_frame_alone() -> None:
    scene = Scene()
    off = scene.step(NO_STYLE, 3)
    assert np.shares_memory(off.aged, off.frame.image)
    assert "style" not in off.stages_ms
    assert scene.loader.loads == 0
    on = scene.step("oil", 3)
    np.testing.assert_array_equal(on.aged, 255 - on.frame.image)
    assert "style" in on.stages_ms
    assert scene.pipeline.devices["style"] == "fake/style"
    aged = scene.step(NO_STYLE, 30, target=80.0)
    both = scene.step("oil", 1, target=80.0)
    assert not np.array_equal(aged.aged, aged.frame.image)
    np.testing.assert_allclose(both.aged.astype(int), 255 - aged.aged.astype(int), atol=1)  # it settles for long
    scene.pipeline.close()
    assert scene.loader.stylist.closed == 1


def test_a_still_picture_is_settled_once_it_is_painted() -> None:
    scene = Scene()
    scene.step(NO_STYLE, 14)
    assert scene.pipeline.settled(Settings())
    assert not scene.pipeline.settled(Settings(style="ink"))
    scene.step("ink", 2)
    assert scene.pipeline.settled(Settings(style="ink"))
    assert not scene.pipeline.settled(Settings())
