"""A session on a camera that goes wrong: each fault ends in a clear message, then in recovery, never in a hang."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from engine.live.session import MirrorSession
from engine.settings import Settings
from engine.types import SessionState
from tests.fakes.camera import FakeCamera
from tests.fakes.live import FakePipeline


class Mirror:
    """A session on one fake camera."""

    def __init__(self) -> None:
        self.camera = FakeCamera()
        self.session = MirrorSession(
            Settings(), open_source=lambda _: self.camera.source(), build_engine=lambda _: FakePipeline()
        )

    def wait_for(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain: {self.session.status()}"
            time.sleep(0.005)

    def wait_for_state(self, state: SessionState) -> None:
        self.wait_for(lambda: self.session.status().state is state)

    def pictures_come(self) -> None:
        before = self.session.status().captured
        self.wait_for(lambda: self.session.status().captured > before + 5)


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    mirror = Mirror()
    yield mirror
    mirror.camera.let_go()
    assert mirror.session.stop(5)


@pytest.mark.parametrize(
    ("fault", "value", "healthy"),
    [
        ("frozen", True, False),
        ("black", True, False),
        ("hangs", True, False),
        ("plugged", False, True),
        ("garbage", "not a picture", None),
        ("garbage", np.zeros((0, 0, 3), np.uint8), None),
    ],
    ids=["frozen", "black", "hanging driver", "unplugged", "text for a picture", "empty picture"],
)
def test_a_fault_while_running_is_told_and_passes(mirror: Mirror, fault: str, value: object, healthy: object) -> None:
    mirror.session.start()
    mirror.wait_for_state(SessionState.RUNNING)
    setattr(mirror.camera, fault, value)
    mirror.wait_for_state(SessionState.RECOVERING)
    status = mirror.session.status()
    assert "Fake Camera" in status.message and "\n" not in status.message
    assert status.errors[-1] == status.message
    setattr(mirror.camera, fault, healthy)
    mirror.wait_for_state(SessionState.RUNNING)
    mirror.pictures_come()


@pytest.mark.parametrize(
    ("fault", "value", "healthy"),
    [("refuses", True, False), ("plugged", False, True)],
    ids=["refuses", "not there"],
)
def test_a_camera_that_does_not_open_is_told_and_waited_for(
    mirror: Mirror, fault: str, value: object, healthy: object
) -> None:
    setattr(mirror.camera, fault, value)
    mirror.session.start()
    mirror.wait_for_state(SessionState.RECOVERING)
    assert mirror.session.status().message
    setattr(mirror.camera, fault, healthy)
    mirror.wait_for_state(SessionState.RUNNING)
    assert mirror.session.status().message == ""


def test_a_camera_that_never_opens_is_told_and_can_be_left(mirror: Mirror) -> None:
    mirror.camera.opening_s = math.inf
    mirror.session.start()
    mirror.wait_for_state(SessionState.RECOVERING)
    assert "has not answered" in mirror.session.status().message
    begin = time.monotonic()
    assert mirror.session.stop(5)
    assert time.monotonic() - begin < 3


def test_a_camera_that_opens_slowly_is_only_slow(mirror: Mirror) -> None:
    mirror.camera.opening_s = 0.15
    mirror.session.start()
    assert mirror.session.status().state is SessionState.STARTING
    mirror.wait_for_state(SessionState.RUNNING)
    assert mirror.session.status().errors == ()


def test_a_changed_picture_size_goes_on_and_is_noted(mirror: Mirror) -> None:
    mirror.session.start()
    mirror.wait_for_state(SessionState.RUNNING)
    mirror.camera.size = (48, 32)
    mirror.wait_for(lambda: (r := mirror.session.latest()) is not None and r.frame.image.shape == (32, 48, 3))
    status = mirror.session.status()
    assert status.state is SessionState.RUNNING and "48" in status.message


@pytest.mark.parametrize("fault", ["hangs", "frozen", "black"])
def test_stopping_in_the_middle_of_a_fault_does_not_hang(mirror: Mirror, fault: str) -> None:
    mirror.session.start()
    mirror.wait_for_state(SessionState.RUNNING)
    setattr(mirror.camera, fault, True)
    mirror.wait_for_state(SessionState.RECOVERING)
    begin = time.monotonic()
    assert mirror.session.stop(5)
    assert time.monotonic() - begin < 3
