"""One contract for every source of pictures: camera, picture, folder, video and demo."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.capture.demo import DemoSource
from engine.capture.factory import open_source
from engine.capture.protocol import Source
from engine.images import write_picture
from engine.settings import Settings
from tests.fakes.camera import FakeCamera
from tests.fakes.clips import frame_image, make_clip

Make = Callable[[], Source]
KINDS = ("camera", "demo", "picture", "folder", "video", "looped video")
SOON_S = 2.0


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with clip.mp4 and a folder of two pictures."""
    folder = tmp_path_factory.mktemp("media")
    make_clip(folder / "clip.mp4", frames=6, rate=50)
    (folder / "pictures").mkdir()
    for index in range(2):
        write_picture(folder / "pictures" / f"{index}.png", frame_image(index, (64, 48)))
    return folder


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest, media: Path) -> Iterator[Make]:
    """Makes sources of one kind, and closes them all at the end."""
    camera = FakeCamera()
    path = {"picture": "pictures/0.png", "folder": "pictures", "video": "clip.mp4", "looped video": "clip.mp4"}
    made: list[Source] = []

    def build() -> Source:
        if request.param == "camera":
            source: Source = camera.source()
        elif request.param == "demo":
            source = DemoSource()
        else:
            loop = request.param == "looped video"
            source = open_source(Settings(source=str(media / path[request.param]), loop=loop))
        made.append(source)
        return source

    yield build
    camera.let_go()
    for source in made:
        source.close()


def test_tells_about_itself_before_it_is_opened(make: Make) -> None:
    source = make()
    assert source.name
    assert isinstance(source.live, bool)
    assert source.fps_measured == 0
    assert source.notice == ""


def test_gives_frames_that_are_numbered_and_timed(make: Make) -> None:
    source = make()
    source.open()
    frames = [frame for frame in (source.read() for _ in range(4)) if frame]
    assert len(frames) == 4
    for frame in frames:
        height, width = frame.image.shape[:2]
        assert source.size == (width, height)
        assert frame.image.flags.c_contiguous
    indexes = [frame.index for frame in frames]
    assert indexes == sorted(set(indexes))
    times = [frame.captured_ns for frame in frames]
    assert times == sorted(times)
    assert abs(time.monotonic_ns() - times[-1]) < SOON_S * 1e9


def test_a_frame_is_not_overwritten_by_the_next(make: Make) -> None:
    source = make()
    source.open()
    first = source.read()
    assert first
    kept = first.image.copy()
    for _ in range(3):
        source.read()
    np.testing.assert_array_equal(first.image, kept)


@pytest.mark.parametrize("make", ["picture", "folder", "video", "looped video"], indirect=True)
def test_files_wait_for_a_slow_reader(make: Make) -> None:
    source = make()
    assert not source.live
    source.open()
    indexes = []
    for _ in range(5):
        frame = source.read()
        time.sleep(0.05)
        indexes.append(frame and frame.index)
    assert indexes == [0, 1, 2, 3, 4]


def test_opening_twice_is_safe(make: Make) -> None:
    source = make()
    source.open()
    source.open()
    assert source.read() is not None


def test_closing_twice_is_safe_and_ends_it(make: Make) -> None:
    source = make()
    source.open()
    assert source.read() is not None
    source.close()
    source.close()
    assert source.read() is None


def test_closing_unopened_is_safe(make: Make) -> None:
    source = make()
    source.close()
    source.close()


def test_interrupt_from_another_thread_ends_reading_soon(make: Make) -> None:
    source = make()
    source.open()
    ended = threading.Event()

    def read() -> None:
        while source.read() is not None:
            pass
        ended.set()

    thread = threading.Thread(target=read)
    thread.start()
    time.sleep(0.05)
    source.interrupt()
    thread.join(SOON_S)
    assert ended.is_set()


def test_interrupted_before_it_is_opened_it_never_starts(make: Make) -> None:
    source = make()
    source.interrupt()
    source.open()
    assert source.read() is None


def test_a_second_source_of_the_same_kind_starts_anew(make: Make) -> None:
    first, second = make(), make()
    first.open()
    first.read()
    first.close()
    second.open()
    frame = second.read()
    assert frame is not None
    assert frame.index < 30
