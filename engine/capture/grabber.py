"""One opening of one camera on a thread of its own, because drivers may block for minutes and cannot be stopped."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import cv2

from engine.capture.pace import Clock, RateMeter
from engine.capture.watchdog import as_image
from engine.types import Image

log = logging.getLogger(__name__)
_SLICE_S = 0.05  # how often a waiting reader looks whether it was interrupted
_PAUSE_S = 0.01  # after a failed grab, so that a dead driver does not cost a whole core
MJPG = cv2.VideoWriter.fourcc(*"MJPG")


class Capture(Protocol):
    """The part of cv2.VideoCapture that is used."""

    def isOpened(self) -> bool: ...  # noqa: N802 (OpenCV's name)
    def set(self, propId: int, value: float, /) -> bool: ...  # noqa: N803
    def grab(self) -> bool: ...
    def retrieve(self) -> tuple[bool, Any]: ...
    def release(self) -> None: ...


CaptureFactory = Callable[[int], Capture]


@dataclass(frozen=True, slots=True)
class Request:
    """What a camera is asked for at opening; it may give something else."""

    width: int = 1280
    height: int = 720
    fps: float = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A picture, its number since opening (gaps are pictures nobody took), and when it was taken."""

    image: Image
    number: int
    taken_ns: int


class Grabber:
    """Opens the camera and keeps its newest picture. Nothing here waits longer than it was told to."""

    def __init__(
        self, factory: CaptureFactory, index: int, request: Request, failing_s: float, meter: RateMeter,
        clock: Clock = time.monotonic_ns,
    ) -> None:  # fmt: skip
        self._factory = factory
        self._index = index
        self._request = request
        self._failing_s = failing_s
        self._meter = meter
        self._clock = clock
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._opened: bool | None = None
        self._ended = False
        self._shot: Shot | None = None
        self._count = 0
        self.garbage = 0
        self._thread = threading.Thread(target=self._run, name=f"camera-{index}", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def wait_open(self, timeout_s: float, stop: threading.Event) -> bool | None:
        """True: it is open. False: it refused. None: still opening after this time, or ``stop`` was set."""
        self._wait(lambda: self._opened is not None, timeout_s, stop)
        return self._opened

    def take(self, timeout_s: float, stop: threading.Event) -> Shot | None:
        """The newest picture not taken yet; None if none comes in time, the camera has gone, or ``stop`` was set."""
        self._wait(lambda: self._shot is not None or self._ended, timeout_s, stop)
        with self._changed:
            shot, self._shot = self._shot, None
            return shot

    def stop(self, timeout_s: float) -> bool:
        """Ask the thread to release the camera and end; False if the driver holds it longer than this."""
        self._stopping.set()
        self._thread.join(timeout_s)
        return not self.alive

    def _wait(self, done: Callable[[], bool], timeout_s: float, stop: threading.Event) -> None:
        end = time.monotonic() + timeout_s
        with self._changed:
            while not done() and not stop.is_set():
                left = end - time.monotonic()
                if left <= 0:
                    return
                self._changed.wait(min(_SLICE_S, left))

    def _run(self) -> None:
        capture: Capture | None = None
        try:
            capture = self._factory(self._index)
            opened = capture.isOpened()
            if opened:
                self._ask(capture)
            self._tell(opened)
            if opened:
                self._loop(capture)
        except Exception:
            log.exception("camera %d: its driver failed", self._index)
        finally:
            if capture is not None:
                with suppress(Exception):
                    capture.release()
            self._tell(bool(self._opened), ended=True)

    def _ask(self, capture: Capture) -> None:
        wishes = (
            (cv2.CAP_PROP_FOURCC, MJPG),  # before the size: uncompressed 720p does not fit through USB 2 at 30 fps
            (cv2.CAP_PROP_FRAME_WIDTH, self._request.width),
            (cv2.CAP_PROP_FRAME_HEIGHT, self._request.height),
            (cv2.CAP_PROP_FPS, self._request.fps),
        )
        for prop, value in wishes:
            with suppress(cv2.error):
                capture.set(prop, value)

    def _loop(self, capture: Capture) -> None:
        good_ns = self._clock()
        while not self._stopping.is_set():
            # grab() waits for the picture, retrieve() unpacks it: the time between them is when it was taken.
            grabbed = _try(capture.grab) is True
            taken_ns = self._clock()
            if not grabbed:
                if taken_ns - good_ns > self._failing_s * 1e9:
                    return
                self._stopping.wait(_PAUSE_S)
                continue
            good_ns = taken_ns
            done, raw = _try(capture.retrieve) or (False, None)
            image = as_image(raw) if done else None
            if image is None:
                self.garbage += 1
                self._stopping.wait(_PAUSE_S)
                continue
            self._meter.add(taken_ns)
            with self._changed:
                self._shot = Shot(image, self._count, taken_ns)
                self._count += 1
                self._changed.notify_all()

    def _tell(self, opened: bool, ended: bool = False) -> None:
        with self._changed:
            self._opened = opened
            self._ended = ended
            self._changed.notify_all()


def _try(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        log.info("a camera's driver failed: %s", error)
        return None
