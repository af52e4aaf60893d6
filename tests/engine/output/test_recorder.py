"""A recording holds what was put in, at its times, and never holds up who puts it in."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from functools import partial
from pathlib import Path

import av
import numpy as np
import pytest

from engine.capture.video_reader import VideoReader
from engine.errors import OutputError
from engine.output import recorder as module
from engine.output.recorder import COMMENT, MOST_WAITING, RECORDING_PATTERN, Recorder
from engine.types import Image

FRAME_NS = 40_000_000


def noon() -> datetime:
    return datetime(2031, 2, 3, 12, 0, 0)


def picture(grey: int, width: int = 64) -> Image:
    return np.full((48, width, 3), grey, np.uint8)


def wait_until_taken(recorder: Recorder) -> None:
    until = time.monotonic() + 10
    while recorder._waiting.qsize() and time.monotonic() < until:
        time.sleep(0.002)


def record(recorder: Recorder, greys: list[int], start_ns: int = 7_000_000_000) -> None:
    for i, grey in enumerate(greys):
        assert recorder.add(partial(picture, grey), start_ns + i * FRAME_NS)
        wait_until_taken(recorder)


def test_pictures_times_name_and_folder(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "new" / "folder", now=noon)
    greys = [20, 60, 100, 140, 180, 220]
    record(recorder, greys)
    made = recorder.finish()
    assert made.path == tmp_path / "new" / "folder" / "2031-02-03 12.00.00.mp4"
    assert (made.frames, made.dropped) == (6, 0) and made.seconds == pytest.approx(0.2)
    reader = VideoReader(made.path)
    frames = list(reader)
    reader.close()
    assert [int(image.mean()) for image, _ in frames] == pytest.approx(greys, abs=3)
    assert np.diff([time_ns for _, time_ns in frames]) == pytest.approx([FRAME_NS] * 5, abs=1e6)
    assert sorted(path.name for path in made.path.parent.iterdir()) == [made.path.name], "no part file is left"
    assert list(made.path.parent.glob(RECORDING_PATTERN)) == [made.path]


def test_the_file_says_that_faces_may_have_been_changed(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    record(recorder, [10, 20])
    with av.open(str(recorder.finish().path)) as container:
        assert container.metadata["comment"] == COMMENT


def test_who_adds_never_waits_and_what_is_too_much_is_dropped_and_counted(tmp_path: Path) -> None:
    recorder, go = Recorder(tmp_path), threading.Event()

    def slow() -> Image:
        go.wait(10)
        return picture(50)

    recorder.add(slow, 0)
    wait_until_taken(recorder)
    begin = time.monotonic()
    taken = [recorder.add(lambda: picture(90), (1 + i) * FRAME_NS) for i in range(MOST_WAITING + 5)]
    assert time.monotonic() - begin < 0.5
    go.set()
    made = recorder.finish()
    assert taken == [True] * MOST_WAITING + [False] * 5
    assert (made.frames, made.dropped) == (1 + MOST_WAITING, 5)


def test_time_that_stands_still_or_runs_back_adds_nothing(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    record(recorder, [10, 20])
    assert not recorder.add(lambda: picture(30), 7_000_000_000)
    assert recorder.finish().frames == 2


def test_another_size_ends_it_and_keeps_what_there_is(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    record(recorder, [10, 20])
    recorder.add(lambda: picture(30, width=80), 8_000_000_000)
    until = time.monotonic() + 10
    while not recorder.ended and time.monotonic() < until:
        time.sleep(0.005)
    assert recorder.ended and not recorder.add(lambda: picture(40), 9_000_000_000)
    assert recorder.finish().frames == 2


def test_without_a_picture_there_is_no_file_and_finishing_twice_says_the_same(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    for _ in range(2):
        with pytest.raises(OutputError, match="no picture came"):
            recorder.finish()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    recorder = Recorder(tmp_path / "file" / "folder")
    recorder.add(lambda: picture(10), 0)
    with pytest.raises(OutputError, match="cannot record into"):
        recorder.finish()


def test_an_encoder_that_fails_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: object, image: Image, time_ns: int) -> None:
        raise OutputError("the disk is full.")

    monkeypatch.setattr(module.VideoWriter, "write", broken)
    recorder = Recorder(tmp_path)
    recorder.add(lambda: picture(10), 0)
    with pytest.raises(OutputError, match="the disk is full"):
        recorder.finish()
    assert list(tmp_path.iterdir()) == []
