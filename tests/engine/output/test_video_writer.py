"""Videos come out with their size, times, colours and sound, whole or not at all."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from engine.capture.media import VideoSource
from engine.capture.video_reader import VideoReader
from engine.errors import OutputError
from engine.output import video
from engine.output.video import VideoWriter
from tests.fakes.clips import index_of, make_clip, sound_packets


def copy(source: Path, target: Path) -> None:
    """What ``main.py age`` does, without the ageing."""
    with (
        VideoSource(source, paced=False) as clip,
        VideoWriter(target, size=clip.size, rate=clip.rate, sound_from=source) as writer,
    ):
        for frame in clip:
            writer.write(frame.image, frame.captured_ns)


def times_s(path: Path) -> list[float]:
    reader = VideoReader(path)
    times = [time_ns / 1e9 for _, time_ns in reader]
    reader.close()
    return times


@pytest.mark.parametrize(
    ("rate", "source", "target"),
    [
        (Fraction(25), "in.mp4", "out.mp4"),
        (Fraction(30000, 1001), "in.mp4", "out.mp4"),
        (Fraction(24000, 1001), "in.mkv", "out.mov"),
        (Fraction(30), "in.mp4", "out.mkv"),
        (Fraction(25), "in.avi", "out.avi"),
        (Fraction(50), "in.ts", "out.mp4"),
    ],
)
def test_frames_rate_size_and_order(tmp_path: Path, rate: Fraction, source: str, target: str) -> None:
    copy(make_clip(tmp_path / source, frames=30, rate=rate), tmp_path / target)
    reader = VideoReader(tmp_path / target)
    assert [index_of(image) for image, _ in reader] == [i % 10 for i in range(30)]
    assert reader.size == (64, 48)
    assert float(reader.rate) == pytest.approx(float(rate), rel=1e-3)
    assert reader.duration_s == pytest.approx(float(30 / rate), abs=0.05)
    reader.close()
    # Evenly spaced; Matroska counts milliseconds.
    assert np.diff(times_s(tmp_path / target)) == pytest.approx([float(1 / rate)] * 29, abs=1.1e-3)


def test_uneven_times_are_kept(tmp_path: Path) -> None:
    ticks = [0, 33, 70, 100, 180, 200, 233]
    copy(make_clip(tmp_path / "in.mp4", frames=len(ticks), rate=30, ticks=ticks), tmp_path / "out.mp4")
    assert times_s(tmp_path / "out.mp4") == pytest.approx([tick / 1000 for tick in ticks], abs=1e-3)


@pytest.mark.parametrize(
    ("source", "target", "sound"),
    [
        ("in.mp4", "out.mp4", "aac"),
        ("in.mkv", "out.mp4", "aac"),
        ("in.mp4", "out.mkv", "aac"),
        ("in.mov", "out.mov", "mp3"),
    ],
)
def test_sound_is_copied_packet_by_packet_and_in_step(tmp_path: Path, source: str, target: str, sound: str) -> None:
    encoder = "libmp3lame" if sound == "mp3" else sound
    before = make_clip(tmp_path / source, frames=50, rate=25, sound=encoder)
    after = tmp_path / target
    copy(before, after)
    old, new = sound_packets(before), sound_packets(after)
    assert [content for _, content in new] == [content for _, content in old]
    assert len(new) > 50
    old_shift = np.subtract([time for time, _ in old], times_s(before)[0])
    new_shift = np.subtract([time for time, _ in new], times_s(after)[0] + start_s(after))
    assert new_shift == pytest.approx(old_shift - start_s(before), abs=2e-3)


def start_s(path: Path) -> float:
    with av.open(str(path)) as container:
        return float((container.start_time or 0) / av.time_base)


def test_sound_of_a_broadcast_stream_is_playable(tmp_path: Path) -> None:
    """Its packets lose their own headers on the way into MP4, so they are compared as decoded sound."""
    before = make_clip(tmp_path / "in.ts", frames=50, rate=25, sound="aac")
    copy(before, tmp_path / "out.mp4")
    waves = []
    for path in (before, tmp_path / "out.mp4"):
        with av.open(str(path)) as container:
            waves.append(np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)]))
    assert abs(len(waves[0]) - len(waves[1])) <= 2048
    length = min(map(len, waves)) - 2048
    assert np.abs(waves[0][:length]).max() > 0.1
    assert min(np.abs(waves[0][k : k + length] - waves[1][:length]).mean() for k in (0, 1024, 2048)) < 1e-3


def test_several_sound_tracks_are_kept(tmp_path: Path) -> None:
    one = make_clip(tmp_path / "one.mp4", frames=25, sound="aac")
    two = tmp_path / "two.mkv"
    with av.open(str(one)) as source, av.open(str(two), "w") as target:
        pictures = target.add_stream_from_template(source.streams.video[0])
        tracks = [target.add_stream_from_template(source.streams.audio[0]) for _ in range(2)]
        for packet in source.demux():
            if packet.dts is None:
                continue
            if packet.stream.type == "video":
                packet.stream = pictures
                target.mux(packet)
                continue
            for track in tracks:
                twin = av.Packet(bytes(packet))
                twin.pts, twin.dts, twin.time_base, twin.stream = packet.pts, packet.dts, packet.time_base, track
                target.mux(twin)
    copy(two, tmp_path / "out.mkv")
    with av.open(str(tmp_path / "out.mkv")) as container:
        assert len(container.streams.audio) == 2


@pytest.mark.parametrize("size", [(64, 48), (65, 49), (64, 49), (2, 2), (1, 1)])
def test_every_size_is_kept(tmp_path: Path, size: tuple[int, int]) -> None:
    with VideoWriter(tmp_path / "out.mp4", size=size, rate=Fraction(25)) as writer:
        for value in (20, 120, 220):
            writer.write(np.full((size[1], size[0], 3), value, np.uint8))
    reader = VideoReader(tmp_path / "out.mp4")
    images = [image for image, _ in reader]
    assert reader.size == size
    assert [image.shape for image in images] == [(size[1], size[0], 3)] * 3
    assert [float(image.mean()) for image in images] == pytest.approx([20, 120, 220], abs=3)
    reader.close()


@pytest.mark.parametrize("size", [(320, 240), (1280, 720)])
def test_colours_stay(tmp_path: Path, size: tuple[int, int]) -> None:
    """SD and HD are coded with different matrices; reading back must undo the right one."""
    colours = [
        (40, 60, 200),
        (200, 90, 30),
        (30, 170, 60),
        (128, 128, 128),
        (255, 255, 255),
        (0, 0, 0),
        (150, 180, 224),
    ]
    with VideoWriter(tmp_path / "out.mp4", size=size, rate=Fraction(25)) as writer:
        for colour in colours:
            writer.write(np.full((size[1], size[0], 3), colour, np.uint8))
    reader = VideoReader(tmp_path / "out.mp4", accurate=True)
    for (image, _), colour in zip(reader, colours, strict=True):
        assert image.mean((0, 1)) == pytest.approx(colour, abs=3)
    reader.close()


def test_a_clip_survives_being_copied(tmp_path: Path) -> None:
    """Reading and writing loses a little detail and shifts no brightness."""
    rng = np.random.default_rng(0)
    image = np.asarray(cv2.resize(rng.integers(40, 215, (6, 8, 3)).astype(np.uint8), (320, 240)), np.uint8)
    with VideoWriter(tmp_path / "one.mp4", size=(320, 240), rate=Fraction(25)) as writer:
        for _ in range(5):
            writer.write(image)
    copy(tmp_path / "one.mp4", tmp_path / "two.mp4")
    reader = VideoReader(tmp_path / "two.mp4", accurate=True)
    last = [picture for picture, _ in reader][-1]
    reader.close()
    difference = last.astype(int) - image
    assert abs(difference.mean()) < 1
    assert np.abs(difference).mean() < 3


def test_without_x264_mpeg4_takes_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "_ENCODERS", video._ENCODERS[-1:])
    for rate, size in ((Fraction(25), (64, 48)), (Fraction(30000, 1001), (65, 49)), (Fraction(10**6, 33333), (64, 48))):
        with VideoWriter(tmp_path / "out.mp4", size=size, rate=rate) as writer:
            for index in range(10):
                writer.write(np.full((size[1], size[0], 3), 20 * index, np.uint8))
        reader = VideoReader(tmp_path / "out.mp4")
        assert [float(image.mean()) for image, _ in reader] == pytest.approx([20.0 * i for i in range(10)], abs=6)
        assert reader.size == size and float(reader.rate) == pytest.approx(float(rate), rel=1e-3)
        reader.close()


def test_webm_and_its_sound(tmp_path: Path) -> None:
    before = make_clip(tmp_path / "in.mkv", frames=10, sound="libopus")
    copy(before, tmp_path / "out.webm")
    assert len(times_s(tmp_path / "out.webm")) == 10
    assert len(sound_packets(tmp_path / "out.webm")) == len(sound_packets(before))


def test_sound_that_does_not_fit_is_told_before_the_work(tmp_path: Path) -> None:
    before = make_clip(tmp_path / "in.mp4", frames=10, sound="aac")
    with pytest.raises(OutputError, match=r"sound of the kind aac does not fit into \.webm"):
        VideoWriter(tmp_path / "out.webm", size=(64, 48), rate=Fraction(25), sound_from=before)
    assert [p.name for p in tmp_path.iterdir()] == ["in.mp4"]


@pytest.mark.parametrize("error", [RuntimeError("bug"), KeyboardInterrupt()])
def test_an_interrupted_writing_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    target = tmp_path / "out.mp4"
    target.write_text("an older result")
    before = make_clip(tmp_path / "in.mp4", frames=10, sound="aac")
    with (
        pytest.raises(type(error)),
        VideoWriter(target, size=(64, 48), rate=Fraction(25), sound_from=before) as writer,
    ):
        writer.write(np.zeros((48, 64, 3), np.uint8))
        raise error
    assert target.read_text() == "an older result"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.mp4", "out.mp4"]


def test_a_truncated_input_leaves_nothing(tmp_path: Path) -> None:
    from engine.errors import VideoError

    whole = make_clip(tmp_path / "in.mkv", frames=100, size=(320, 240)).read_bytes()
    (tmp_path / "in.mkv").write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(VideoError, match="cut off"):
        copy(tmp_path / "in.mkv", tmp_path / "out.mp4")
    assert [p.name for p in tmp_path.iterdir()] == ["in.mkv"]


def test_no_frames_is_no_video(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="no pictures"),
        VideoWriter(tmp_path / "out.mp4", size=(64, 48), rate=Fraction(25)),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("out.txt", r"give the video a name that ends in one of \.mp4"),
        ("out", r"give the video a name that ends in one of \.mp4"),
        ("gone/out.mp4", "its folder does not exist"),
        ("in.mp4", "over itself"),
        ("folder.mp4", "it is a folder"),
    ],
)
def test_places_and_names_that_do_not_work(tmp_path: Path, name: str, message: str) -> None:
    before = make_clip(tmp_path / "in.mp4", frames=3)
    (tmp_path / "folder.mp4").mkdir()
    content = before.read_bytes()
    with pytest.raises(OutputError, match=message) as told:
        VideoWriter(tmp_path / name, size=(64, 48), rate=Fraction(25), sound_from=before)
    assert "\n" not in str(told.value)
    assert before.read_bytes() == content
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder.mp4", "in.mp4"]


def test_a_frame_of_another_size_is_a_mistake_of_the_program(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="expected 64x48, got 48x64"),
        VideoWriter(tmp_path / "out.mp4", size=(64, 48), rate=Fraction(25)) as writer,
    ):
        writer.write(np.zeros((64, 48, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []
