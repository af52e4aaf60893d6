"""What every source of pictures offers, and how it says that something is wrong."""

from __future__ import annotations

from typing import Protocol

from engine.types import Frame


class Source(Protocol):
    """A camera, a file or the demo. ``read`` may block, so ``open`` and ``read`` belong on a thread of their own.

    Life: ``open`` → ``read`` again and again → ``close``; opening twice and closing twice are safe.

    Faults: ``open`` and ``read`` raise one of two kinds.
        InputError   final: the file cannot be used.
        SourceError  (NoCameraError, StalledError) not final: show its message and call ``read`` again. That call
                     waits (longer after each failure), tries to recover, and returns a frame or raises anew.
    """

    @property
    def name(self) -> str:
        """What to call it on the screen, for example ``Integrated Camera`` or ``clip.mp4``."""
        ...

    @property
    def live(self) -> bool:
        """True: it does not wait, so a slow reader drops frames. False: it waits, and no frame is lost."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels of the newest frame; (0, 0) while unknown."""
        ...

    @property
    def fps_measured(self) -> float:
        """Frames a second over the last two seconds, as measured and not as claimed; 0 while unknown."""
        ...

    @property
    def notice(self) -> str:
        """One sentence on something seen that is no fault (a changed picture size, a skipped file), or empty."""
        ...

    def open(self) -> None: ...

    def read(self) -> Frame | None:
        """The next frame when it is due, or None: the source has ended, was interrupted, or was closed.

        ``captured_ns`` is when the picture was taken; for a file, when it was due on the screen.
        """
        ...

    def interrupt(self) -> None:
        """Make ``open`` or ``read`` on another thread return soon, now and for ever: only ``close`` is left to do."""
        ...

    def close(self) -> None: ...
