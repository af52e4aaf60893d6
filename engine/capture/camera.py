"""Webcams: found by name, opened without hanging, watched, and opened again when they come back."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable

import cv2

from engine.capture.camera_list import CameraInfo, find_again, list_cameras
from engine.capture.grabber import Capture, CaptureFactory, Grabber, Request, Shot
from engine.capture.pace import RateMeter
from engine.capture.watchdog import Fault, Limits, Watchdog, equal
from engine.errors import NoCameraError, StalledError
from engine.types import Frame, Image

__all__ = ["CameraInfo", "CameraSource", "Limits", "Request", "list_cameras", "open_capture"]

log = logging.getLogger(__name__)
_BACKENDS = {"linux": cv2.CAP_V4L2, "darwin": cv2.CAP_AVFOUNDATION, "win32": cv2.CAP_DSHOW}
_MAX_STUCK = 3


def open_capture(index: int) -> Capture:
    """OpenCV's camera of this index, with the back end that opens fastest and knows MJPG on this system."""
    # Its warnings about absent cameras become our errors.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    return cv2.VideoCapture(index, _BACKENDS.get(sys.platform, cv2.CAP_ANY))


class CameraSource:
    """One camera, by index or by stable id. After a fault ``read`` goes on trying: see the protocol.

    ``any_camera``: if there is no camera of this index, take the first that is free. Once a camera has been opened,
    only the same one (by its stable id, wherever it is plugged in) is opened again.
    """

    live = True

    def __init__(
        self,
        index: int = 0,
        *,
        stable_id: str = "",
        any_camera: bool = False,
        request: Request | None = None,
        limits: Limits | None = None,
        factory: CaptureFactory = open_capture,
        cameras: Callable[[], tuple[CameraInfo, ...]] = list_cameras,
    ) -> None:
        self._wanted = CameraInfo(index, f"Camera {index}", stable_id)
        self._any_camera = any_camera
        self._request = request or Request()
        self._limits = limits or Limits()
        self._factory = factory
        self._cameras = cameras
        self._stop = threading.Event()
        self._lock = threading.RLock()
        self._meter = RateMeter()
        self._camera: CameraInfo | None = None  # the one that was opened and is to be opened again
        self._trying = self._wanted
        self._grabber: Grabber | None = None
        self._opened = False
        self._stuck: list[Grabber] = []
        self._watchdog = Watchdog(self._limits)
        self._failures = 0
        self._next_index = 0
        self._last_number = -1
        self._dark_since_ns: int | None = None
        self._frozen: Image | None = None
        self.size = (0, 0)
        self.notice = ""

    @property
    def name(self) -> str:
        return self._trying.name

    @property
    def stable_id(self) -> str:
        """Names this camera over replugging and restarts; empty where the system gives no id."""
        return self._trying.stable_id

    @property
    def fps_measured(self) -> float:
        return self._meter.fps

    def open(self) -> None:
        """Raises NoCameraError if none answers in time; ``read`` then goes on trying."""
        with self._lock:
            if self._grabber is None and not self._stop.is_set():
                self._start()

    def read(self) -> Frame | None:
        with self._lock:
            while not self._stop.is_set():
                if self._grabber is None:
                    self._reopen()
                elif not self._opened:
                    self._wait_open(self._grabber)
                else:
                    frame = self._next(self._grabber)
                    if frame is not None:
                        return frame
            return None

    def interrupt(self) -> None:
        self._stop.set()

    def close(self) -> None:
        """Release the camera. A driver that holds it longer is left to itself and reported in the log."""
        self.interrupt()
        with self._lock:
            self._drop()

    # Opening

    def _reopen(self) -> None:
        waits = self._limits.back_off_s
        self._stop.wait(waits[min(self._failures, len(waits) - 1)])
        self._failures += 1
        if not self._stop.is_set():
            self._start()

    def _start(self) -> None:
        self._stuck = [grabber for grabber in self._stuck if grabber.alive]
        if len(self._stuck) >= _MAX_STUCK:
            raise StalledError(f"{self.name} hangs. Unplug it and plug it in again, or restart the program.")
        self._trying = self._choose()
        self._grabber = Grabber(self._factory, self._trying.index, self._request, self._limits.failing_s, self._meter)
        self._wait_open(self._grabber)

    def _choose(self) -> CameraInfo:
        cameras = self._cameras()
        wanted = self._camera or self._wanted
        found = find_again(wanted, cameras)
        if found is not None:
            return found
        if self._camera is not None and (cameras or wanted.stable_id):
            raise NoCameraError(f"{wanted.name} is unplugged. Plug it in again, and the picture comes back.")
        if not cameras and not wanted.stable_id:
            return wanted  # the system may know cameras that it does not list
        if self._any_camera and cameras:
            return next((camera for camera in cameras if not camera.busy), cameras[0])
        known = ", ".join(f"{camera.index} ({camera.name})" for camera in cameras) or "none"
        what = "The chosen camera is not there" if wanted.stable_id else f"There is no camera {wanted.index}"
        raise NoCameraError(f"{what}. Found: {known}. Plug it in, or choose another camera, a file or the demo.")

    def _wait_open(self, grabber: Grabber) -> None:
        opened = grabber.wait_open(self._limits.opening_s, self._stop)
        if opened is None:
            if not self._stop.is_set():  # it is not given up: a camera that opens at last is welcome
                raise NoCameraError(f"{self.name} has not answered yet. Still trying; closing other programs may help.")
        elif not opened:
            self._drop()
            raise NoCameraError(self._nobody_answered())
        else:
            self._opened = True
            self._camera = self._trying
            self._last_number = -1
            self._watchdog = Watchdog(self._limits)
            log.info("%s is open", self.name)

    def _nobody_answered(self) -> str:
        if not self._trying.stable_id and not self._cameras():
            return "No camera was found. Plug one in, or choose a file or the demo."
        reason = self._trying.reason or "it could not be opened; perhaps another program is using it"
        why = f"busy: {reason}" if self._trying.busy else reason
        return f"No camera answered. Tried: {self.name} ({why})."

    def _drop(self) -> None:
        grabber, self._grabber, self._opened = self._grabber, None, False
        self._meter.clear()
        if grabber is not None and not grabber.stop(self._limits.closing_s):
            log.warning("%s: its driver does not let go", self.name)
            self._stuck.append(grabber)

    # Pictures

    def _next(self, grabber: Grabber) -> Frame | None:
        """The next good frame, or None: look again. Raises StalledError."""
        garbage_before = grabber.garbage
        # Some cameras need seconds for their first picture and then send thirty a second.
        patience_s = self._limits.missing_s if self._last_number >= 0 else self._limits.opening_s
        shot = grabber.take(patience_s, self._stop)
        if shot is None:
            if self._stop.is_set():
                return None
            garbage = grabber.garbage > garbage_before
            self._drop()
            raise StalledError(self._why_missing(garbage))
        self._check_still(shot.image)
        fault = self._watchdog.look(shot.image, shot.taken_ns)
        if fault is Fault.FROZEN:
            self._frozen = shot.image
            self._drop()
            raise StalledError(f"{self.name} is frozen: its picture has stopped changing. Opening it again.")
        if self._dark(fault, shot):
            return None
        if self._watchdog.healthy:
            self._failures = 0
        return self._frame(shot)

    def _why_missing(self, garbage: bool) -> str:
        if garbage:
            return f"{self.name} sends data that is no picture. Opening it again."
        cameras = self._cameras()
        if self._trying.stable_id and find_again(self._trying, cameras) is None:
            return f"{self.name} is unplugged. Plug it in again, and the picture comes back."
        return f"{self.name} has stopped sending pictures. Opening it again."

    def _check_still(self, image: Image) -> None:
        """After a freeze: a virtual camera that shows the very same picture after reopening is no broken camera."""
        if self._frozen is not None:
            if equal(image, self._frozen):
                self._watchdog = Watchdog(self._limits, still_is_fine=True)
                self.notice = f"{self.name} gives a picture that never changes."
            self._frozen = None

    def _dark(self, fault: Fault | None, shot: Shot) -> bool:
        """True while a camera known to be black still is; then nothing is shown. Raises StalledError when told anew."""
        if not self._watchdog.black:
            self._dark_since_ns = None
            return False
        if self._dark_since_ns is None:
            if fault is not Fault.BLACK:
                return False
            self._dark_since_ns = shot.taken_ns
        elif shot.taken_ns - self._dark_since_ns < self._limits.black_reopen_s * 1e9:
            return True
        else:
            self._dark_since_ns = shot.taken_ns
            self._drop()
        raise StalledError(f"{self.name} sends only black pictures. Is its cover closed, or its privacy switch on?")

    def _frame(self, shot: Shot) -> Frame:
        size = (shot.image.shape[1], shot.image.shape[0])
        if size != self.size:
            self._note_size(size)
            self.size = size
        # Gaps stay visible: pictures that nobody took in time count too.
        self._next_index += shot.number - self._last_number
        self._last_number = shot.number
        return Frame(shot.image, self._next_index - 1, shot.taken_ns)

    def _note_size(self, size: tuple[int, int]) -> None:
        text = f"{size[0]}x{size[1]}"
        asked = (self._request.width, self._request.height)
        if self.size != (0, 0):
            self.notice = f"{self.name} changed its picture size to {text}."
        elif size != asked:
            self.notice = f"{self.name} gives {text} instead of {asked[0]}x{asked[1]}."
        log.info("%s: pictures of %s", self.name, text)
