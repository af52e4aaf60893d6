"""Records what the mirror shows: pictures go in from the window's thread and are encoded on a thread of their own."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from engine.errors import AgeMirrorError, OutputError
from engine.output.atomic import cause
from engine.output.snapshot import reserve
from engine.output.video import VideoWriter
from engine.types import Image

log = logging.getLogger(__name__)

RECORDING_PATTERN = "????-??-?? ??.??.??*.mp4"
"""Finds the files that this module wrote in a folder, for Path.glob."""
COMMENT = "Recorded by Age Mirror. Faces in this video may have been changed to look younger or older."
MOST_WAITING = 12
"""Pictures kept for the encoder; when it falls further behind, new ones are left out (0.4 s at 30 a second)."""
NOMINAL_RATE = Fraction(30)
_NICE = 5


@dataclass(frozen=True, slots=True)
class Recording:
    """What was written: where it lies, how long it is, and how many pictures it has and lacks."""

    path: Path
    seconds: float
    frames: int
    dropped: int


class Recorder:
    """One recording, from the first picture to ``finish``; then there is a file, or there is none.

    ``add`` never waits: the queue is short, and what finds it full is dropped and counted. The size is that of the
    first picture; a picture of another size ends the recording, and so does a disk that is full (``ended``).
    """

    def __init__(self, folder: Path, *, now: Callable[[], datetime] = datetime.now) -> None:
        self._folder = folder
        self._now = now
        self._waiting: queue.Queue[tuple[Callable[[], Image], int] | None] = queue.Queue(MOST_WAITING)
        self._error: Exception | None = None
        self._path: Path | None = None
        self._first_ns: int | None = None
        self._last_ns = 0
        self._frames = 0
        self._dropped = 0
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._thread.start()

    def add(self, make: Callable[[], Image], time_ns: int) -> bool:
        """Take one more picture (H, W, 3) uint8 BGR, shown at this time; False where it had to be left out.

        make: gives the picture, on the recorder's thread, so that turning or mirroring it costs the caller nothing.
        A time that is not later than the one before is left out too.
        """
        if self.ended or self._closing or (self._first_ns is not None and time_ns <= self._last_ns):
            return False
        try:
            self._waiting.put_nowait((make, time_ns))
        except queue.Full:
            self._dropped += 1
            return False
        self._first_ns = time_ns if self._first_ns is None else self._first_ns
        self._last_ns = time_ns
        return True

    @property
    def seconds(self) -> float:
        """From the first picture to the newest."""
        return 0.0 if self._first_ns is None else (self._last_ns - self._first_ns) / 1e9

    @property
    def ended(self) -> bool:
        """It takes no more: an error, or pictures of another size."""
        return not self._thread.is_alive()

    def finish(self) -> Recording:
        """Write the rest and close the file; waits for it. Calling it again gives the same answer.

        Raises OutputError where nothing could be written, or no picture ever came.
        """
        self._closing = True
        while self._thread.is_alive():
            with contextlib.suppress(queue.Full):
                self._waiting.put(None, timeout=0.1)
                break
        self._thread.join()
        if self._error is not None:
            raise self._error
        if self._path is None:
            raise OutputError("nothing was recorded: no picture came.")
        return Recording(self._path, self.seconds, self._frames, self._dropped)

    # --- the recorder's own thread -----------------------------------------------------------------------------------

    def _work(self) -> None:
        if sys.platform == "linux":
            # Lower than the window; the encoder's threads inherit it.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        try:
            self._write_all()
        except AgeMirrorError as error:
            self._error = error
        except OSError as error:
            self._error = OutputError(f"cannot record into {self._folder}: {cause(error)}. Choose another folder.")
        except Exception as error:
            log.exception("the recorder failed")
            self._error = OutputError(f"the recording failed ({type(error).__name__}: {error}).")

    def _write_all(self) -> None:
        first = self._waiting.get()
        if first is None:
            return
        make, began_ns = first
        image = make()
        self._folder.mkdir(parents=True, exist_ok=True)
        path = reserve(self._folder, self._now(), ".mp4")
        size = (image.shape[1], image.shape[0])
        try:
            with VideoWriter(path, size=size, rate=NOMINAL_RATE, live=True, comment=COMMENT) as writer:
                writer.write(image, 0)
                while (entry := self._waiting.get()) is not None:
                    make, time_ns = entry
                    image = make()
                    if (image.shape[1], image.shape[0]) != size:
                        break
                    writer.write(image, time_ns - began_ns)
                self._frames = writer.frames
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self._path = path
