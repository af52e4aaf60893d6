"""Videos written with PyAV: the pictures encoded, the sound of the original copied packet by packet."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from av.video.stream import VideoStream

from engine.capture.pace import NS
from engine.capture.video_reader import open_container
from engine.errors import OutputError
from engine.output.atomic import cause, replacing
from engine.types import Image

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".avi", ".webm")
# In order of preference: the encoder, and what the container calls its format.
_ENCODERS = (("libx264", "h264"), ("libvpx-vp9", "vp9"), ("mpeg4", "mpeg4"))
_TICKS_PER_FRAME = 100  # so that frames at uneven times (phones) keep theirs
_MPEG4_LARGEST_TICK = 65535
_HD_HEIGHT_PX = 720
_CONVERSION = Interpolation.AREA | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INP
_BT709, _BT601 = 1, 6  # ISO/IEC 23091-2, matrix coefficients


class VideoWriter:
    """Writes one video; use it as a context manager. The file appears when the block ends well, else not at all.

    size (width, height) of every frame, odd numbers too; rate frames a second. ``sound_from``: a video whose sound
    streams are taken over as they are. live: larger files for a third less work, while the mirror runs beside it.
    comment: what stands in the file about where it comes from.
    Raises OutputError: an unknown suffix, a place that cannot be written to, sound that the format cannot hold.
    """

    def __init__(
        self,
        path: Path,
        *,
        size: tuple[int, int],
        rate: Fraction,
        sound_from: Path | None = None,
        live: bool = False,
        comment: str = "",
    ) -> None:
        if path.suffix.lower() not in VIDEO_SUFFIXES:
            known = ", ".join(VIDEO_SUFFIXES)
            raise OutputError(f"cannot write {path.name}: give the video a name that ends in one of {known}.")
        if sound_from is not None and path.exists() and path.samefile(sound_from):
            raise OutputError(f"cannot write {path.name} over itself: give the result another name.")
        self.path = path
        self.size = size
        self.frames = 0
        self._rate = rate
        self._preset = "superfast" if live else "veryfast"
        self._comment = comment
        self._last_tick = -1
        with contextlib.ExitStack() as stack:
            self._part = stack.enter_context(replacing(path))
            self._container = self._open_output(stack)
            self._stream = self._add_pictures()
            self._sound = _Sound(sound_from, self._container, stack) if sound_from is not None else None
            self._stack = stack.pop_all()

    def write(self, image: Image, time_ns: int | None = None) -> None:
        """Add a frame (H, W, 3) that is to be shown at this time from the start; by default evenly at ``rate``.

        Raises OutputError if it cannot be written.
        """
        if (image.shape[1], image.shape[0]) != self.size:
            raise ValueError(f"image: expected {self.size[0]}x{self.size[1]}, got {image.shape[1]}x{image.shape[0]}")
        time_base = self._stream.codec_context.time_base
        seconds = Fraction(time_ns, NS) if time_ns is not None else self.frames / self._rate
        self._last_tick = max(self._last_tick + 1, round(seconds / time_base))
        frame = self._to_frame(image)
        frame.pts = self._last_tick
        frame.time_base = time_base
        with self._as_output_error():
            self._container.mux(self._stream.encode(frame))
            if self._sound is not None:
                self._sound.copy_until(seconds)
        self.frames += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._stack.__exit__(kind, error, trace)
            return
        with self._stack:
            if not self.frames:
                raise OutputError(f"{self.path.name} was not written: there are no pictures to put into it.")
            with self._as_output_error():
                self._container.mux(self._stream.encode(None))
                if self._sound is not None:
                    self._sound.copy_until(math.inf)
                self._container.close()

    @contextlib.contextmanager
    def _as_output_error(self) -> Iterator[None]:
        try:
            yield
        except av.error.FFmpegError as error:
            raise OutputError(f"cannot write {self.path}: {error.strerror or error}.") from error
        except OSError as error:
            raise OutputError(f"cannot write {self.path}: {cause(error)}.") from error

    def _open_output(self, stack: contextlib.ExitStack) -> OutputContainer:
        # The index goes to the front, so that a browser can show the video while it loads.
        options = {"movflags": "+faststart"} if self.path.suffix.lower() in (".mp4", ".m4v", ".mov") else {}
        with self._as_output_error():
            container = av.open(str(self._part), mode="w", container_options=options)
        stack.callback(_close_quietly, container)
        if self._comment:
            container.metadata["comment"] = self._comment
        return container

    def _add_pictures(self) -> VideoStream:
        width, height = self.size
        name = self._encoder()
        with self._as_output_error():
            stream = self._container.add_stream(name, rate=self._rate)
        assert isinstance(stream, VideoStream)
        context = stream.codec_context
        stream.width, stream.height = width, height
        # Half-size colour needs even sides, except in MPEG-4 part 2.
        stream.pix_fmt = "yuv420p" if name == "mpeg4" or (width % 2 == 0 and height % 2 == 0) else "yuv444p"
        context.time_base = self._tick(name)
        context.color_range = ColorRange.MPEG
        context.colorspace = context.color_primaries = context.color_trc = _BT709 if height >= _HD_HEIGHT_PX else _BT601
        if name == "libx264":
            # AVI knows no order of showing other than that of the file.
            b_frames = {"bf": "0"} if self.path.suffix.lower() == ".avi" else {}
            context.options = {"preset": self._preset, "crf": "18"} | b_frames
        elif name == "libvpx-vp9":
            context.options = {"deadline": "realtime", "cpu-used": "6", "crf": "24", "b": "0", "row-mt": "1"}
        else:
            context.bit_rate = max(400_000, int(width * height * self._rate / 4))
        return stream

    def _tick(self, encoder: str) -> Fraction:
        """The unit of time, in seconds."""
        if self.path.suffix.lower() == ".avi":
            return 1 / self._rate  # AVI counts frames, not time
        if encoder != "mpeg4":
            return 1 / (self._rate * _TICKS_PER_FRAME)
        ticks = _MPEG4_LARGEST_TICK // self._rate.numerator
        return 1 / (self._rate * ticks) if ticks else Fraction(1, 60000)

    def _encoder(self) -> str:
        for encoder, codec in _ENCODERS:
            if encoder in av.codecs_available and codec in self._container.supported_codecs:
                return encoder
        raise OutputError(f"cannot write {self.path.name}: no encoder for {self.path.suffix} is here. Use .mp4.")

    def _to_frame(self, image: Image) -> VideoFrame:
        hd = self.size[1] >= _HD_HEIGHT_PX
        return VideoFrame.from_ndarray(image, format="bgr24").reformat(
            format=self._stream.pix_fmt,
            dst_colorspace=Colorspace.ITU709 if hd else Colorspace.ITU601,
            dst_color_range=ColorRange.MPEG,
            interpolation=_CONVERSION,  # swscale's default darkens by 2 of 255
            threads=1,
        )


class _Sound:
    """The sound streams of one file on their way into another, kept in step with the pictures."""

    def __init__(self, path: Path, target: OutputContainer, stack: contextlib.ExitStack) -> None:
        self._target = target
        source = open_container(path)
        stack.callback(_close_quietly, source)
        self._start_s = Fraction(source.start_time or 0, av.time_base)
        self._streams = {stream.index: _twin(stream, target) for stream in source.streams.audio}
        self._packets = self._demux(source)
        self._waiting: Packet[AudioStream] | None = None

    def copy_until(self, seconds: Fraction | float) -> None:
        """Copy what is heard up to this time."""
        packets = self._packets if self._waiting is None else itertools.chain((self._waiting,), self._packets)
        self._waiting = None
        for packet in packets:
            if (packet.dts or 0) * packet.time_base > seconds:
                self._waiting = packet
                return
            self._target.mux_one(packet)

    def _demux(self, source: InputContainer) -> Iterator[Packet[AudioStream]]:
        if not self._streams:
            return
        try:
            for packet in source.demux(tuple(source.streams.audio)):
                if packet.dts is None:
                    continue
                shift = round(self._start_s / packet.time_base)
                packet.dts -= shift
                packet.pts = None if packet.pts is None else packet.pts - shift
                packet.stream = self._streams[packet.stream_index]
                yield packet
        except av.error.FFmpegError:
            return  # a damaged end of the sound; the pictures' reader has said so if it matters


def _twin(stream: AudioStream, target: OutputContainer) -> AudioStream:
    codec = stream.codec_context.codec.canonical_name if stream.codec_context else "unknown"
    if codec not in target.supported_codecs:
        suffix = Path(target.name).suffix
        raise OutputError(f"sound of the kind {codec} does not fit into {suffix}: give the result a name in .mkv.")
    return target.add_stream_from_template(stream)


def _close_quietly(container: InputContainer | OutputContainer) -> None:
    with contextlib.suppress(av.error.FFmpegError, OSError, ValueError):
        container.close()
