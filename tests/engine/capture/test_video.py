"""Videos: every frame once, in order, upright, at its time; and what is no video is refused in one clear line."""

from __future__ import annotations

import threading
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from engine.capture.media import VideoSource
from engine.capture.video_reader import VideoReader
from engine.errors import InputError, VideoError
from tests.fakes.clips import index_of, make_clip


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".avi", ".ts"])
def test_every_frame_in_order_on_every_pass(tmp_path: Path, suffix: str) -> None:
    reader = VideoReader(make_clip(tmp_path / f"clip{suffix}", frames=25))
    for _ in range(2):
        frames = list(reader)
        assert [index_of(image) for image, _ in frames] == [i % 10 for i in range(25)]
        steps = np.diff([time_ns for _, time_ns in frames])
        assert steps == pytest.approx([40e6] * 24, abs=1e6)
    assert (reader.size, reader.rate) == ((64, 48), 25)
    reader.close()


def test_colours_and_type(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", frames=3, size=(640, 480))
    for accurate, tolerance in ((False, 8), (True, 3)):
        reader = VideoReader(path, accurate=accurate)
        image, _ = next(iter(reader))
        assert image.shape == (480, 640, 3) and image.dtype == np.uint8 and image.flags.c_contiguous
        assert image[100, 480].min() >= 255 - tolerance and image[400, 480].max() <= tolerance
        reader.close()


@pytest.mark.parametrize(
    ("rotation", "white_corner"),
    [
        ({"degrees": 0}, (0, 1)),
        ({"degrees": 90}, (0, 0)),
        ({"degrees": -90}, (1, 1)),
        ({"degrees": 180}, (1, 0)),
        ({"degrees": 0, "hflip": True}, (0, 0)),
    ],
)
def test_pictures_are_turned_upright(
    tmp_path: Path, rotation: dict[str, object], white_corner: tuple[int, int]
) -> None:
    """The white quarter is at the top right of the coded picture; angles count anticlockwise."""
    reader = VideoReader(make_clip(tmp_path / "clip.mp4", frames=3, size=(96, 64), rotation=rotation))
    image, _ = next(iter(reader))
    size = (64, 96) if rotation["degrees"] in (90, -90) else (96, 64)
    assert reader.size == size == (image.shape[1], image.shape[0])
    quarters = image[8::16, 8::16, 0]
    row, column = white_corner
    assert quarters[-row, -column] > 240
    assert quarters[row - 1, column - 1] < 200
    reader.close()


def test_uneven_times_are_kept(tmp_path: Path) -> None:
    ticks = [0, 33, 70, 100, 180, 200, 233]
    reader = VideoReader(make_clip(tmp_path / "clip.mp4", frames=len(ticks), rate=30, ticks=ticks))
    assert [round(time_ns / 1e6) for _, time_ns in reader] == ticks
    reader.close()


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such file: .*gone\.mp4\. Check the spelling\."):
        VideoReader(tmp_path / "gone.mp4")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("text.mp4", b"hello\n" * 200, "not a video: text.mp4 is in no known video format"),
        ("empty.mp4", b"", "not a video: empty.mp4 is empty."),
        ("list.mp4", b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n", "not a video: list.mp4"),
        ("list.mp4", b"ffconcat version 1.0\nfile 'other.mp4'\n", "not a video: list.mp4"),
        ("noise.avi", np.random.default_rng(0).bytes(5000), "not a video: noise.avi"),
    ],
)
def test_what_is_no_video(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(VideoError, match=message) as told:
        VideoReader(tmp_path / name)
    assert "\n" not in str(told.value)


def test_a_folder_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="is a folder"):
        VideoReader(tmp_path)


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    import av

    from tests.fakes.clips import SOUND_RATE

    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        track = container.add_stream("aac", rate=SOUND_RATE)
        for start in range(0, 10 * 1024, 1024):
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 2048), np.int16), format="s16", layout="stereo")
            sound.sample_rate, sound.pts, sound.time_base = SOUND_RATE, start, Fraction(1, SOUND_RATE)
            container.mux(track.encode(sound))
        container.mux(track.encode(None))
    with pytest.raises(VideoError, match=r"sound\.mp4 has no picture track"):
        VideoReader(path)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
@pytest.mark.parametrize("share", [0.03, 0.6])
def test_a_truncated_file_is_reported(tmp_path: Path, suffix: str, share: float) -> None:
    """Whatever the cut leaves is read first; cut before its index there is nothing to read."""
    whole = make_clip(tmp_path / f"whole{suffix}", frames=100, size=(320, 240)).read_bytes()
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(VideoError, match=r"cut off|no known video format"):
        for _ in VideoReader(cut):
            pass


def test_a_file_cut_behind_its_index_says_how_much_there_is(tmp_path: Path) -> None:
    whole = move_index_forward(make_clip(tmp_path / "whole.mp4", frames=100, size=(320, 240)), tmp_path / "front.mp4")
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    count = 0
    with pytest.raises(VideoError, match=r"cut.mp4 is cut off or damaged after \d+ of 100 pictures"):
        for _ in VideoReader(cut):
            count += 1
    assert 20 < count < 90


def move_index_forward(source: Path, target: Path) -> Path:
    import av

    with av.open(str(source)) as old, av.open(str(target), "w", container_options={"movflags": "faststart"}) as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    return target


def test_unpaced_source_is_fast_and_tells_clip_times(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", frames=60, rate=Fraction(30000, 1001))
    start = time.monotonic()
    with VideoSource(path, paced=False) as source:
        assert (source.size, source.rate, source.frames_expected) == ((64, 48), Fraction(30000, 1001), 60)
        frames = list(source)
    assert time.monotonic() - start < 1.5
    assert [frame.index for frame in frames] == list(range(60))
    assert frames[59].captured_ns == pytest.approx(59 * 1001 / 30000 * 1e9, abs=1e5)
    assert source.live is False and source.name == "clip.mp4"


def test_paced_source_takes_its_time(tmp_path: Path) -> None:
    source = VideoSource(make_clip(tmp_path / "clip.mp4", frames=16, rate=25))
    source.open()
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    source.close()
    assert len(frames) == 16
    assert 0.59 < (frames[-1].captured_ns - frames[0].captured_ns) / 1e9 < 1.5


def test_loop_joins_end_and_start_and_goes_on_counting(tmp_path: Path) -> None:
    source = VideoSource(make_clip(tmp_path / "clip.mp4", frames=7, rate=100), loop=True)
    source.open()
    frames = [source.read() for _ in range(25)]
    source.close()
    indices = [frame.index for frame in frames if frame]
    assert indices == list(range(25))
    assert [index_of(frame.image) for frame in frames if frame] == [i % 7 for i in range(25)]
    times = [frame.captured_ns for frame in frames if frame]
    assert 0.23 < (times[-1] - times[0]) / 1e9 < 1.0  # a loaded machine may be late, never early


def test_loop_over_a_cut_file_plays_what_is_there_and_says_so(tmp_path: Path) -> None:
    whole = move_index_forward(make_clip(tmp_path / "whole.mp4", frames=60, size=(320, 240)), tmp_path / "front.mp4")
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    source = VideoSource(cut, loop=True, paced=False)
    source.open()
    frames = [source.read() for _ in range(150)]
    source.close()
    assert all(frames)
    assert "cut.mp4 is cut off" in source.notice


def test_interrupt_ends_a_paced_read(tmp_path: Path) -> None:
    source = VideoSource(make_clip(tmp_path / "clip.mkv", frames=3, rate=Fraction(1, 5)))
    source.open()
    assert source.read() is not None
    threading.Timer(0.1, source.interrupt).start()
    start = time.monotonic()
    assert source.read() is None
    assert time.monotonic() - start < 3
    source.close()
