"""Every fault a camera can have ends in a clear sentence and in recovery, and nothing hangs."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.capture.camera import CameraSource, open_capture
from engine.errors import NoCameraError, SourceError
from engine.types import Frame
from tests.fakes.camera import QUICK, FakeBus, FakeCamera
from tests.fakes.clips import make_clip

LIMIT_S = 15.0


@pytest.fixture
def camera() -> Iterator[FakeCamera]:
    camera = FakeCamera()
    yield camera
    camera.let_go()


def read_until(source: CameraSource, done: Callable[[list[Frame], list[str]], bool]) -> tuple[list[Frame], list[str]]:
    """Read as a session does until ``done``; the frames and the messages since the call."""
    frames: list[Frame] = []
    messages: list[str] = []
    end = time.monotonic() + LIMIT_S
    while not done(frames, messages):
        assert time.monotonic() < end, f"{len(frames)} frames and {messages}"
        try:
            frame = source.read()
        except SourceError as error:
            messages.append(str(error))
            continue
        assert frame is not None
        frames.append(frame)
    return frames, messages


def some_frames(frames: list[Frame], messages: list[str]) -> bool:
    return len(frames) >= 5


def a_message(frames: list[Frame], messages: list[str]) -> bool:
    return bool(messages)


def fault_and_recovery(source: CameraSource, camera: FakeCamera, fault: str, value: object) -> str:
    """Break one thing while the camera runs, and mend it after the first message; returns that message."""
    healthy = getattr(camera, fault)
    setattr(camera, fault, value)
    _, messages = read_until(source, a_message)
    setattr(camera, fault, healthy)
    frames, _ = read_until(source, some_frames)
    assert frames[-1].image.mean() > 90
    return messages[0]


def test_healthy_camera_counts_its_frames_and_measures_its_rate(camera: FakeCamera) -> None:
    source = camera.source()
    source.open()
    frames, messages = read_until(source, lambda frames, _: len(frames) >= 40)
    source.close()
    assert messages == []
    assert source.name == "Fake Camera"
    assert source.size == (64, 48)
    indices = [frame.index for frame in frames]
    assert indices == sorted(set(indices)) and indices[0] < 5
    times = [frame.captured_ns for frame in frames]
    assert times == sorted(times) and times[-1] <= time.monotonic_ns()
    assert camera.released == 1


def test_measured_rate_is_that_of_the_camera_and_falls_to_zero_after_a_fault() -> None:
    camera = FakeCamera(fps=50)
    source = camera.source()
    source.open()
    read_until(source, lambda frames, _: len(frames) >= 30)
    assert 20 < source.fps_measured < 55
    camera.plugged = False
    read_until(source, a_message)
    assert source.fps_measured == 0
    source.close()


def test_mjpg_and_the_size_are_asked_for_at_opening(camera: FakeCamera) -> None:
    source = camera.source()
    source.open()
    assert camera.asked[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*"MJPG")
    assert camera.asked[cv2.CAP_PROP_FRAME_WIDTH] == 64
    assert next(iter(camera.asked)) == cv2.CAP_PROP_FOURCC  # the size depends on it
    source.close()


def test_a_camera_that_never_opens_is_told_and_can_be_closed(camera: FakeCamera) -> None:
    camera.opening_s = math.inf
    source = camera.source()
    start = time.monotonic()
    with pytest.raises(NoCameraError, match="Fake Camera has not answered yet"):
        source.open()
    with pytest.raises(NoCameraError, match="not answered"):
        source.read()
    assert camera.opened == 0  # one thread hangs in the driver, and not one more for every attempt
    source.close()
    assert source.read() is None
    assert time.monotonic() - start < 5


def test_a_camera_that_opens_slowly_is_welcome_when_it_comes(camera: FakeCamera) -> None:
    camera.opening_s = 0.8
    source = camera.source()
    with pytest.raises(NoCameraError):
        source.open()
    frames, messages = read_until(source, some_frames)
    assert all("not answered yet" in message for message in messages)
    assert frames[0].image.shape == (48, 64, 3)
    assert camera.opened == 1
    source.close()


def test_a_camera_that_refuses_says_why_and_opens_later(camera: FakeCamera) -> None:
    camera.refuses = camera.busy = True
    source = camera.source()
    with pytest.raises(NoCameraError) as told:
        source.open()
    assert str(told.value) == "No camera answered. Tried: Fake Camera (busy: another program is using it)."
    read_until(source, lambda _, messages: len(messages) >= 2)
    camera.refuses = camera.busy = False
    read_until(source, some_frames)
    source.close()


def test_no_camera_at_all() -> None:
    source = FakeBus().source()
    with pytest.raises(NoCameraError, match="No camera was found"):
        source.open()
    source.close()


def test_the_first_camera_may_appear_later() -> None:
    camera = FakeCamera(index=2)
    camera.plugged = False
    source = FakeBus([camera]).source(0, any_camera=True)
    with pytest.raises(NoCameraError):
        source.open()
    camera.plugged = True
    read_until(source, some_frames)
    assert source.name == "Fake Camera"
    source.close()


def test_an_index_that_is_not_there_names_those_that_are() -> None:
    source = FakeBus([FakeCamera("Desk", index=1), FakeCamera("Door", index=3, stable_id="fake:2")]).source(0)
    with pytest.raises(NoCameraError, match=r"There is no camera 0\. Found: 1 \(Desk\), 3 \(Door\)\."):
        source.open()
    source.close()


def test_any_camera_prefers_one_that_is_free() -> None:
    busy, free = FakeCamera("Desk", index=1), FakeCamera("Door", index=3, stable_id="fake:2")
    busy.busy = True
    source = FakeBus([busy, free]).source(0, any_camera=True)
    source.open()
    assert (source.name, source.stable_id, busy.opened) == ("Door", "fake:2", 0)
    source.close()


@pytest.mark.parametrize(
    ("fault", "value", "message"),
    [
        ("frozen", True, "Fake Camera is frozen: its picture has stopped changing. Opening it again."),
        ("black", True, "Fake Camera sends only black pictures. Is its cover closed, or its privacy switch on?"),
        ("hangs", True, "Fake Camera has stopped sending pictures. Opening it again."),
        ("plugged", False, "Fake Camera is unplugged. Plug it in again, and the picture comes back."),
        ("garbage", "not a picture", "Fake Camera sends data that is no picture. Opening it again."),
        ("garbage", np.zeros((0, 0, 3), np.uint8), "Fake Camera sends data that is no picture. Opening it again."),
        ("garbage", np.full((48, 64, 3), 100.0), "Fake Camera sends data that is no picture. Opening it again."),
        ("garbage", cv2.error("broken JPEG"), "Fake Camera sends data that is no picture. Opening it again."),
    ],
)
def test_fault_message_and_recovery(camera: FakeCamera, fault: str, value: object, message: str) -> None:
    source = camera.source()
    source.open()
    before, _ = read_until(source, some_frames)
    assert fault_and_recovery(source, camera, fault, value) == message
    after, _ = read_until(source, some_frames)
    assert after[0].index > before[-1].index  # the count goes on
    source.close()
    assert source.read() is None


def test_black_pictures_are_shown_only_until_they_are_called_a_fault(camera: FakeCamera) -> None:
    """And again after the camera was reopened: the screen does not flicker between black and the message."""
    source = camera.source()
    source.open()
    read_until(source, some_frames)
    camera.black = True
    read_until(source, a_message)
    opened = camera.opened
    frames, _ = read_until(source, lambda _, messages: camera.opened > opened and len(messages) >= 1)
    assert frames == []
    camera.black = False
    read_until(source, some_frames)
    source.close()


def test_a_single_bad_picture_is_passed_over(camera: FakeCamera) -> None:
    source = camera.source()
    source.open()
    read_until(source, some_frames)
    camera.garbage = "noise"
    time.sleep(0.1)
    camera.garbage = None
    _, messages = read_until(source, some_frames)
    assert messages == []
    source.close()


@pytest.mark.parametrize("garbage", [np.full((48, 64), 100, np.uint8), np.full((48, 64, 4), 100, np.uint8)])
def test_grey_and_four_channel_pictures_are_turned_into_bgr(camera: FakeCamera, garbage: object) -> None:
    camera.garbage = garbage
    source = camera.source()
    source.open()
    frame = source.read()
    assert frame is not None and frame.image.shape == (48, 64, 3) and int(frame.image[0, 0, 0]) == 100
    source.close()


def test_a_changed_size_is_taken_on_and_noted(camera: FakeCamera) -> None:
    source = camera.source()
    source.open()
    read_until(source, some_frames)
    camera.size = (32, 24)
    _, messages = read_until(source, lambda frames, _: bool(frames) and frames[-1].image.shape == (24, 32, 3))
    assert messages == []
    assert source.size == (32, 24)
    assert source.notice == "Fake Camera changed its picture size to 32x24."
    source.close()


def test_a_size_other_than_asked_for_is_noted() -> None:
    camera = FakeCamera(size=(80, 60))
    source = camera.source()
    source.open()
    source.read()
    assert source.notice == "Fake Camera gives 80x60 instead of 64x48."
    source.close()


def test_a_picture_that_stands_still_even_after_reopening_is_shown(camera: FakeCamera) -> None:
    camera.still = True  # a virtual camera with a placeholder
    source = camera.source()
    source.open()
    _, messages = read_until(source, a_message)
    assert "frozen" in messages[0]
    _, messages = read_until(source, lambda frames, _: len(frames) >= 60)
    assert messages == []
    assert source.notice == "Fake Camera gives a picture that never changes."
    source.close()


def test_the_same_camera_is_found_again_under_another_index() -> None:
    camera, other = FakeCamera("Desk"), FakeCamera("Door", index=1, stable_id="fake:2")
    source = FakeBus([camera, other]).source(0, any_camera=True)
    source.open()
    read_until(source, some_frames)
    camera.plugged = False
    other.index = 0  # the other one takes its place
    _, messages = read_until(source, lambda _, messages: len(messages) >= 2)
    assert set(messages) == {"Desk is unplugged. Plug it in again, and the picture comes back."}
    camera.plugged, camera.index = True, 4
    read_until(source, some_frames)
    assert source.name == "Desk" and other.opened == 0
    source.close()


def test_opening_by_stable_id() -> None:
    desk, door = FakeCamera("Desk"), FakeCamera("Door", index=1, stable_id="fake:2")
    source = FakeBus([desk, door]).source(stable_id="fake:2")
    source.open()
    assert source.name == "Door" and desk.opened == 0
    source.close()
    gone = FakeBus([desk]).source(stable_id="fake:2")
    with pytest.raises(NoCameraError, match=r"The chosen camera is not there\. Found: 0 \(Desk\)\."):
        gone.open()
    gone.close()


@pytest.mark.parametrize("state", ["opening", "hanging", "black", "unplugged"])
def test_interrupt_ends_a_waiting_read_soon(camera: FakeCamera, state: str) -> None:
    source = camera.source()
    if state == "opening":
        camera.opening_s = math.inf
        with pytest.raises(NoCameraError):
            source.open()
    else:
        source.open()
        read_until(source, some_frames)
        setattr(camera, {"hanging": "hangs", "black": "black", "unplugged": "plugged"}[state], state != "unplugged")
    ended = threading.Event()

    def read_on() -> None:
        frame: Frame | None = None
        while True:
            try:
                frame = source.read()
            except SourceError:
                continue
            if frame is None:
                break
        ended.set()

    reader = threading.Thread(target=read_on, daemon=True)
    reader.start()
    time.sleep(0.15)
    source.interrupt()
    assert ended.wait(3)
    reader.join(3)
    source.close()
    source.close()


def test_after_interrupt_nothing_is_opened(camera: FakeCamera) -> None:
    source = camera.source()
    source.interrupt()
    source.open()
    assert source.read() is None
    assert camera.opened == 0
    source.close()


def test_a_driver_that_hangs_for_ever_does_not_eat_threads(camera: FakeCamera) -> None:
    camera.hangs = True
    source = camera.source()
    source.open()
    before = threading.active_count()
    _, messages = read_until(source, lambda _, messages: "hangs" in "".join(messages))
    assert threading.active_count() <= before + 3
    assert messages[-1].startswith("Fake Camera hangs. Unplug it and plug it in again")
    camera.hangs = False
    read_until(source, some_frames)
    source.close()


def test_a_driver_that_raises_is_a_fault_like_any_other(camera: FakeCamera) -> None:
    bus = FakeBus([camera])

    def broken(index: int) -> None:
        raise RuntimeError("driver")

    source = CameraSource(0, limits=QUICK, factory=broken, cameras=bus.list)  # type: ignore[arg-type]
    with pytest.raises(NoCameraError, match="Tried: Fake Camera"):
        source.open()
    source.close()


def test_opencv_itself_behind_the_same_door(tmp_path: Path) -> None:
    """A real cv2.VideoCapture, here on a file: its pictures come, and its end is the end of a camera."""
    clip = str(make_clip(tmp_path / "clip.avi", frames=12))
    camera = FakeCamera("File")
    source = CameraSource(0, limits=QUICK, factory=lambda index: cv2.VideoCapture(clip), cameras=FakeBus([camera]).list)
    source.open()
    _, messages = read_until(source, lambda frames, messages: bool(messages) and source.size == (64, 48))
    assert messages == ["File has stopped sending pictures. Opening it again."]
    frames, _ = read_until(source, lambda frames, _: len(frames) >= 1)  # opened again, from the start
    assert frames[0].image.shape == (48, 64, 3)
    source.close()


def test_this_computer_answers_in_time() -> None:
    """Whatever is plugged in here: the real driver gives a picture or a sentence, and lets go."""
    source = CameraSource(97)
    start = time.monotonic()
    with pytest.raises(NoCameraError):
        source.open()
    source.close()
    assert time.monotonic() - start < 20


def test_opencv_says_nothing_of_a_camera_that_is_not_there(capfd: pytest.CaptureFixture[str]) -> None:
    capture = open_capture(97)  # OpenCV itself, as the program uses it
    assert not capture.isOpened()
    capture.release()
    assert capfd.readouterr().err == ""
