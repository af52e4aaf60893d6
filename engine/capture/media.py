"""Pictures, folders of pictures and videos as sources: they wait for a slow reader and lose no frame."""

from __future__ import annotations

import logging
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Self

from engine.capture.pace import NS, Pacer, RateMeter
from engine.capture.video_reader import VideoReader
from engine.errors import InputError, PictureError, VideoError
from engine.images import PICTURE_SUFFIXES, read_picture, resize
from engine.types import Frame, Image

STILL_FPS = 30
# A photograph of 24 megapixels thirty times a second would only make the window slow.
LIVE_LONGEST_SIDE_PX = 2560

log = logging.getLogger(__name__)


class MediaSource(ABC):
    """What the sources from files share: the pace, the count, stopping. Subclasses say which pictures come.

    Iterating opens the source if need be and yields frames until it ends.
    """

    live = False

    def __init__(self, path: Path, *, paced: bool = True) -> None:
        self.path = path
        self.name = path.name or str(path)
        self.size = (0, 0)
        self.notice = ""
        self._paced = paced
        self._stop = threading.Event()
        self._lock = threading.RLock()
        self._pictures: Iterator[tuple[Image, int]] | None = None
        self._index = 0
        self._pacer = Pacer()
        self._meter = RateMeter()

    @property
    def fps_measured(self) -> float:
        return self._meter.fps

    @abstractmethod
    def _open(self) -> Iterator[tuple[Image, int]]:
        """Check the file and return its pictures, each with its time from the start in ns. Raises InputError."""

    def _close(self) -> None:
        """Let go of what ``_open`` took; subclasses add to it."""
        self._pictures = None

    def open(self) -> None:
        """Raises InputError if the file cannot be used."""
        with self._lock:
            if self._pictures is None and not self._stop.is_set():
                self._pictures = self._open()

    def read(self) -> Frame | None:
        """The next frame when it is due; None at the end. Unpaced: at once, ``captured_ns`` is the time in the clip.

        Raises VideoError where a file is cut off, after its last readable frame.
        """
        with self._lock:
            if self._stop.is_set() or self._pictures is None:
                return None
            image, media_ns = next(self._pictures, (None, 0))
            if image is None:
                return None
            time_ns = self._pacer.wait(media_ns, self._stop) if self._paced else media_ns
            if time_ns is None:
                return None
            self._meter.add(time_ns)
            self.size = (image.shape[1], image.shape[0])
            self._index += 1
            return Frame(image, self._index - 1, time_ns)

    def __iter__(self) -> Iterator[Frame]:
        self.open()
        while (frame := self.read()) is not None:
            yield frame

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def interrupt(self) -> None:
        self._stop.set()

    def close(self) -> None:
        self.interrupt()
        with self._lock:
            self._close()


class PictureSource(MediaSource):
    """One picture, shown again and again until it is closed."""

    def __init__(self, path: Path, *, fps: float = STILL_FPS, paced: bool = True) -> None:
        super().__init__(path, paced=paced)
        self._period_ns = round(NS / fps)

    def _open(self) -> Iterator[tuple[Image, int]]:
        image = for_display(read_picture(self.path))
        self.size = (image.shape[1], image.shape[0])
        return self._repeat(image)

    def _repeat(self, image: Image) -> Iterator[tuple[Image, int]]:
        media_ns = 0
        while True:
            yield image, media_ns
            media_ns += self._period_ns


class FolderSource(MediaSource):
    """The pictures of a folder one after the other, each for some seconds. Unreadable ones are passed over."""

    def __init__(
        self, path: Path, *, loop: bool = False, seconds_each: float = 3.0, fps: float = STILL_FPS, paced: bool = True
    ) -> None:
        super().__init__(path, paced=paced)
        self._loop = loop
        self._period_ns = round(NS / fps)
        self._frames_each = max(1, round(seconds_each * fps))

    def _open(self) -> Iterator[tuple[Image, int]]:
        return self._slides(pictures_in(self.path))

    def _slides(self, paths: tuple[Path, ...]) -> Iterator[tuple[Image, int]]:
        media_ns = 0
        while True:
            shown = 0
            for path in paths:
                try:
                    image = for_display(read_picture(path))
                except InputError as error:
                    self.notice = f"Passed over {path.name}: {error}"
                    log.warning("%s", self.notice)
                    continue
                shown += 1
                for _ in range(self._frames_each):
                    yield image, media_ns
                    media_ns += self._period_ns
            if not shown:
                raise PictureError(f"none of the {len(paths)} pictures in {self.path} can be read.")
            if not self._loop:
                return


class VideoSource(MediaSource):
    """A video at its own pace, or as fast as it is read with ``paced=False``; ``loop`` joins end and start.

    The index goes on counting over loops, and so does the time.
    """

    def __init__(self, path: Path, *, loop: bool = False, paced: bool = True) -> None:
        super().__init__(path, paced=paced)
        self._loop = loop
        self._reader: VideoReader | None = None

    @property
    def rate(self) -> Fraction:
        """Frames a second as the file claims; 0 before opening."""
        return self._reader.rate if self._reader else Fraction(0)

    @property
    def duration_s(self) -> float:
        """0.0 before opening, or where the file does not say."""
        return self._reader.duration_s if self._reader else 0.0

    @property
    def frames_expected(self) -> int:
        """How many frames one pass should have, for a progress bar; 0 where nobody knows."""
        if self._reader is None:
            return 0
        return self._reader.frames_announced or round(self._reader.duration_s * self._reader.rate)

    def _open(self) -> Iterator[tuple[Image, int]]:
        self._reader = VideoReader(self.path, accurate=not self._paced)
        self.size = self._reader.size
        return self._passes(self._reader)

    def _passes(self, reader: VideoReader) -> Iterator[tuple[Image, int]]:
        offset_ns = 0
        period_ns = int(NS / reader.rate)
        while True:
            end_ns = offset_ns
            try:
                for image, time_ns in reader:
                    end_ns = offset_ns + time_ns + period_ns
                    yield image, offset_ns + time_ns
            except VideoError as error:
                if not self._loop or end_ns == offset_ns:
                    raise
                self.notice = str(error)
            if not self._loop or end_ns == offset_ns:
                return
            offset_ns = end_ns

    def _close(self) -> None:
        super()._close()
        if self._reader is not None:
            self._reader.close()


def pictures_in(folder: Path) -> tuple[Path, ...]:
    """The picture files of a folder (not of folders inside it) by name, numbers in their natural order.

    Raises InputError if there is no such folder or none in it.
    """
    if not folder.is_dir():
        raise InputError(f"no such folder: {folder}. Check the spelling.")
    try:
        paths = [p for p in folder.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES and not p.name.startswith(".")]
    except OSError as error:
        raise InputError(f"the folder {folder} may not be read: {error.strerror}.") from error
    if not paths:
        raise InputError(f"no pictures in {folder}: put .jpg or .png files into it, or choose another folder.")
    return tuple(sorted(paths, key=_natural))


def _natural(path: Path) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", path.name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def for_display(image: Image, longest_side_px: int = LIVE_LONGEST_SIDE_PX) -> Image:
    """The picture, shrunk if one side is longer than this."""
    height, width = image.shape[:2]
    scale = longest_side_px / max(height, width)
    if scale >= 1:
        return image
    return resize(image, max(1, round(width * scale)), max(1, round(height * scale)))
