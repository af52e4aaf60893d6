"""Cameras that go wrong on command: the driver's side of engine.capture.camera, without a driver.

camera = FakeCamera()
source = camera.source()      # a real CameraSource with short limits
camera.black = True           # while another thread reads
...
camera.let_go()               # at the end: frees every thread that hangs in the fake driver
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from engine.capture.camera import CameraInfo, CameraSource, Limits, Request

QUICK = Limits(
    opening_s=0.3,
    failing_s=0.1,
    missing_s=0.4,
    frozen_s=0.25,
    black_s=0.25,
    black_reopen_s=0.6,
    back_off_s=(0.02, 0.05),
    closing_s=0.3,
)


class FakeCamera:
    """One camera. Set its faults at any time; they take effect with the next picture or opening.

    plugged: it is there. refuses: opening fails at once. opening_s: opening takes so long (inf: for ever).
    frozen, black: what the pictures show. hangs: the driver never returns from grab(). garbage: delivered instead of
    a picture, any object. still: even a freshly opened camera shows the same picture.
    """

    def __init__(
        self,
        name: str = "Fake Camera",
        *,
        index: int = 0,
        stable_id: str = "fake:1",
        size: tuple[int, int] = (64, 48),
        fps: float = 100.0,
    ) -> None:
        self.name = name
        self.index = index
        self.stable_id = stable_id
        self.size = size
        self.fps = fps
        self.plugged = True
        self.refuses = False
        self.busy = False
        self.opening_s = 0.0
        self.frozen = False
        self.still = False
        self.black = False
        self.hangs = False
        self.garbage: Any = None
        self.opened = 0
        self.released = 0
        self.asked: dict[int, float] = {}
        self._gone = threading.Event()

    def info(self) -> CameraInfo:
        reason = "another program is using it" if self.busy else ""
        return CameraInfo(self.index, self.name, self.stable_id, self.busy, reason)

    def source(self, *, limits: Limits = QUICK, any_camera: bool = False) -> CameraSource:
        """A real source that talks to this camera alone."""
        return FakeBus([self]).source(self.index, limits=limits, any_camera=any_camera)

    def let_go(self) -> None:
        """Free all threads that hang in this camera, now and later."""
        self._gone.set()

    def open(self) -> FakeCapture:
        if self.opening_s:
            self._gone.wait(min(self.opening_s, threading.TIMEOUT_MAX))
        self.opened += 1
        return FakeCapture(self, works=self.plugged and not self.refuses and not self._gone.is_set())

    def wait_while_hanging(self) -> None:
        while self.hangs and not self._gone.is_set():
            self._gone.wait(0.01)


class FakeBus:
    """The sockets of a computer: which cameras are in, and under which index."""

    def __init__(self, cameras: Iterable[FakeCamera] = ()) -> None:
        self.cameras = list(cameras)

    def list(self) -> tuple[CameraInfo, ...]:
        return tuple(camera.info() for camera in self.cameras if camera.plugged)

    def open(self, index: int) -> FakeCapture:
        for camera in self.cameras:
            if camera.plugged and camera.index == index:
                return camera.open()
        return FakeCapture(FakeCamera(), works=False)

    def source(
        self, index: int = 0, *, stable_id: str = "", limits: Limits = QUICK, any_camera: bool = False
    ) -> CameraSource:
        return CameraSource(
            index,
            stable_id=stable_id,
            any_camera=any_camera,
            request=Request(64, 48, 30),
            limits=limits,
            factory=self.open,
            cameras=self.list,
        )


class FakeCapture:
    """What cv2.VideoCapture would be for a fake camera."""

    def __init__(self, camera: FakeCamera, *, works: bool) -> None:
        self._camera = camera
        self._works = works
        self._count = camera.opened * 1000
        self._last: np.ndarray[Any, Any] | None = None

    def isOpened(self) -> bool:  # noqa: N802
        return self._works

    def set(self, prop: int, value: float, /) -> bool:
        self._camera.asked[prop] = value
        return True

    def grab(self) -> bool:
        time.sleep(1 / self._camera.fps)
        self._camera.wait_while_hanging()
        return self._works and self._camera.plugged

    def retrieve(self) -> tuple[bool, Any]:
        camera = self._camera
        if camera.garbage is not None:
            if isinstance(camera.garbage, Exception):
                raise camera.garbage
            return True, camera.garbage
        if not (camera.frozen and self._last is not None and self._last.shape[:2] == camera.size[::-1]):
            self._count += 1
            self._last = picture(camera.size, 7 if camera.still else self._count, black=camera.black)
        return True, self._last.copy()

    def release(self) -> None:
        self._camera.released += 1


def picture(size: tuple[int, int], seed: int, *, black: bool = False) -> np.ndarray[Any, Any]:
    """Noise around mid grey, different for every seed; or all but black."""
    noise = np.random.default_rng(seed).integers(0, 8, (size[1], size[0], 3), np.uint8)
    return noise if black else np.asarray(noise + 100, np.uint8)
