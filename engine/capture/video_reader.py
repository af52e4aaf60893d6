"""Videos decoded with PyAV: frames as they are to be seen, each with its time in the clip."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import av.error
import av.logging
import numpy as np
from av.packet import Packet
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream

from engine.capture.orientation import UPRIGHT, from_display_matrix, turn
from engine.capture.pace import NS
from engine.errors import InputError, VideoError
from engine.types import Image

# Only what a camera or an editor writes. Playlists are left out: they can name other files and hosts.
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mjpeg,h264,hevc,m4v,dv,ivf,mxf,gif"
MAX_PIXELS = 100_000_000
FALLBACK_FPS = Fraction(25)
DECODER_THREADS = 2
ACCURATE = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
# A file whose pictures end this much before the length it claims was cut off.
MISSING_LIMIT_S = 1.0
_UNSPECIFIED_COLOUR = 2
_HD_HEIGHT_PX = 720

log = logging.getLogger(__name__)
# FFmpeg's own remarks would go to the terminal; what matters of them becomes an error here.
av.logging.set_level(None)


class VideoReader:
    """One video file, opened and checked at birth. Iterate as often as wanted; each time it begins at the start.

    ``size`` is (width, height) as displayed, ``rate`` frames a second as the file claims, ``duration_s`` 0.0 and
    ``frames_announced`` 0 where the file does not say. ``accurate`` takes 3 ms more a 720p frame and leaves out the
    rounding down (0.7 of 255) and the coarse colour of the fast conversion.
    Raises InputError (no such file) and VideoError (not a video, no picture track, cut off, too large).
    """

    def __init__(self, path: Path, *, accurate: bool = False) -> None:
        self.path = path
        self._conversion = ACCURATE if accurate else Interpolation.BILINEAR
        self._container = open_container(path)
        try:
            self._stream = _picture_stream(self._container, path)
            self.rate = _rate(self._stream)
            self.duration_s = _duration_s(self._container, self._stream)
            self.frames_announced = max(self._stream.frames, 0)
            self._start_s = Fraction(self._container.start_time or 0, av.time_base)
            first = next(self._decode(), None)
            if first is None:
                raise VideoError(f"no picture can be read from {path.name}: it is damaged or cut off.")
            self._coded_size = (first.width, first.height)
            self._orientation = _orientation(first)
            self.size = self._coded_size[::-1] if self._orientation[0] else self._coded_size
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[tuple[Image, int]]:
        """Yields (image, time_ns from the start of the clip, strictly rising).

        Raises VideoError after the last readable frame if the file ends before its index says so.
        """
        self._rewind()
        period_ns = int(NS / self.rate)
        last_ns: int | None = None
        for frame in self._decode():
            time_ns = self._time_ns(frame)
            if time_ns is None or (last_ns is not None and time_ns <= last_ns):
                time_ns = 0 if last_ns is None else last_ns + period_ns
            last_ns = time_ns
            yield self._to_image(frame), time_ns

    def close(self) -> None:
        self._container.close()

    def _rewind(self) -> None:
        start = self._stream.start_time
        with contextlib.suppress(av.error.FFmpegError):
            self._container.seek(min(start or 0, 0), stream=self._stream, backward=True)
            return
        # Some streams (raw H.264, a pipe) cannot be wound back: open anew.
        self._container.close()
        self._container = open_container(self.path)
        self._stream = _picture_stream(self._container, self.path)

    def _decode(self) -> Iterator[VideoFrame]:
        packets = 0
        last_s = 0.0
        broken = partial = False
        try:
            for packet in self._container.demux(self._stream):
                packets += packet.size > 0
                partial = packet.is_corrupt
                for frame in _decoded(packet, self.path.name):
                    last_s = max(last_s, frame.time or 0.0)
                    yield frame
        except av.error.FFmpegError as error:
            log.info("%s: reading stopped (%s)", self.path.name, error)
            broken = True
            yield from self._left_in_decoder()
        expected = len(self._stream.index_entries)
        if "mp4" not in self._container.format.name:  # there edit lists drop some of the announced pictures
            expected = max(expected, self.frames_announced)
        partial = partial and self.frames_announced > 0  # a broadcast stream may end anywhere
        missing_s = _own_duration_s(self._container, self._stream) - last_s
        if broken or partial or packets < expected or missing_s > MISSING_LIMIT_S:
            of = f" after {packets} of {expected} pictures" if packets < expected else ""
            raise VideoError(f"{self.path.name} is cut off or damaged{of}: copy the file again, or repair it.")

    def _left_in_decoder(self) -> list[VideoFrame]:
        with contextlib.suppress(av.error.FFmpegError):
            return self._stream.decode(None)
        return []

    def _time_ns(self, frame: VideoFrame) -> int | None:
        if frame.pts is None or frame.time_base is None:
            return None
        return round((frame.pts * frame.time_base - self._start_s) * NS)

    def _to_image(self, frame: VideoFrame) -> Image:
        width, height = self._coded_size
        unspecified = frame.colorspace == _UNSPECIFIED_COLOUR
        # Players take HD without a mark as BT.709; swscale by itself would take BT.601.
        matrix = "itu709" if unspecified and height >= _HD_HEIGHT_PX else None
        picture = frame.reformat(
            width=width,
            height=height,
            format="bgr24",
            src_colorspace=matrix,
            interpolation=self._conversion,
            threads=1,
        )
        return turn(np.ascontiguousarray(picture.to_ndarray(), np.uint8), self._orientation)


def open_container(path: Path) -> av.container.InputContainer:
    if not path.exists():
        raise InputError(f"no such file: {path}. Check the spelling.")
    if not path.is_file():
        raise VideoError(f"not a video: {path} is a folder or a device.")
    if path.stat().st_size == 0:
        raise VideoError(f"not a video: {path.name} is empty.")
    limits = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    try:
        return av.open(str(path), mode="r", container_options=limits, metadata_errors="ignore")
    except PermissionError as error:
        raise InputError(f"{path} may not be read: its permissions forbid it.") from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise VideoError(f"not a video: {path.name} is in no known video format, or it is cut off.") from error


def _picture_stream(container: av.container.InputContainer, path: Path) -> VideoStream:
    streams = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    if not streams:
        raise VideoError(f"{path.name} has no picture track: choose a video.")
    stream = streams[0]
    if stream.codec_context is None:
        raise VideoError(f"the pictures of {path.name} are coded in a way this program cannot read.")
    if stream.width * stream.height > MAX_PIXELS:
        raise VideoError(f"{path.name} is too large: {stream.width}x{stream.height}, at most 100 megapixels.")
    stream.thread_type = av.codec.context.ThreadType.AUTO
    stream.codec_context.thread_count = DECODER_THREADS
    return stream


def _rate(stream: VideoStream) -> Fraction:
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate is not None and Fraction(1, 10) <= rate <= 1000:
            return Fraction(rate)
    return FALLBACK_FPS


def _duration_s(container: av.container.InputContainer, stream: VideoStream) -> float:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return float(Fraction(container.duration, av.time_base)) if container.duration else 0.0


def _own_duration_s(container: av.container.InputContainer, stream: VideoStream) -> float:
    """How long the picture track alone claims to be, start included; 0 where only the whole file has a length."""
    if stream.duration is not None and stream.time_base is not None:
        return float((stream.duration + (stream.start_time or 0)) * stream.time_base)
    text = stream.metadata.get("DURATION", "")  # Matroska: 00:00:02.002000000
    with contextlib.suppress(ValueError):
        hours, minutes, seconds = text.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    return _duration_s(container, stream) if len(container.streams) == 1 else 0.0


def _decoded(packet: Packet[VideoStream], name: str) -> list[VideoFrame]:
    try:
        return packet.decode()
    except av.error.FFmpegError as error:
        log.info("%s: a picture could not be decoded (%s)", name, error)
        return []


def _orientation(frame: VideoFrame) -> tuple[bool, bool, bool]:
    matrix = frame.side_data.get("DISPLAYMATRIX")
    return from_display_matrix(bytes(matrix)) if isinstance(matrix, SideData) else UPRIGHT
