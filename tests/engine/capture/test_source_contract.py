"""What holds for every source besides tests/contracts/test_sources.py: rates, threads, pixels nobody can change."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.capture.demo import DemoSource
from engine.capture.media import FolderSource, PictureSource, VideoSource
from engine.capture.protocol import Source
from engine.images import write_picture
from tests.fakes.camera import FakeCamera
from tests.fakes.clips import make_clip

Make = Callable[[Path], Source]


def _picture(folder: Path) -> Path:
    write_picture(folder / "a.png", np.full((48, 64, 3), 100, np.uint8))
    return folder / "a.png"


SOURCES: dict[str, Make] = {
    "camera": lambda folder: FakeCamera().source(),
    "demo": lambda folder: DemoSource(),
    "picture": lambda folder: PictureSource(_picture(folder)),
    "folder": lambda folder: FolderSource(_picture(folder).parent, loop=True),
    "video": lambda folder: VideoSource(make_clip(folder / "a.mp4", frames=4), loop=True),
}


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    return SOURCES[request.param](tmp_path)


def test_frames_cannot_be_painted_on(source: Source) -> None:
    source.open()
    frame = source.read()
    assert frame is not None
    with pytest.raises(ValueError, match="read-only"):
        frame.image[0, 0] = 0
    source.close()


def test_the_rate_is_measured(source: Source) -> None:
    source.open()
    for _ in range(3):
        source.read()
    assert 0 < source.fps_measured < 1000
    source.close()


def test_closing_while_another_thread_reads(source: Source) -> None:
    source.open()
    ended = threading.Event()

    def read_on() -> None:
        while source.read() is not None:
            pass
        ended.set()

    reader = threading.Thread(target=read_on, daemon=True)
    reader.start()
    time.sleep(0.1)
    source.close()
    assert ended.wait(3)
    reader.join(3)
