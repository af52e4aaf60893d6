"""The style in the live picture: loaded on the slow worker when it is first wanted, and no work while it is off."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from engine.errors import AgeMirrorError
from engine.live.stages import Stages
from engine.settings import NO_STYLE
from engine.types import Image

log = logging.getLogger(__name__)


class StylistLike(Protocol):
    """What is needed of engine.style.stylist.Stylist."""

    @property
    def device(self) -> str: ...

    def paint(self, image: Image, style: str) -> Image: ...

    def close(self) -> None: ...


class Restyler:
    """Paints the finished picture. ``paint`` and ``chore`` belong to the paint worker's thread; the chore runs on the
    slow worker's.

    load: makes the stylist. One that cannot be loaded, or fails, costs the style and not the picture: ``problem`` says
    why (None: nothing is known against it), and another style is tried anew.
    """

    def __init__(self, load: Callable[[], StylistLike] | None = None) -> None:
        self._load = load
        self._stylist: StylistLike | None = None
        self._lock = threading.Lock()  # between loading and closing
        self._closed = False
        self._loading = False
        self._wanted = self._drawn = NO_STYLE
        self._given_up = NO_STYLE  # the style that was wanted when it failed
        self.problem: Exception | None = None

    @property
    def device(self) -> str | None:
        """Where it runs; None before it is loaded."""
        stylist = self._stylist
        return None if stylist is None else stylist.device

    def paint(self, image: Image, style: str, stages: Stages) -> Image:
        """The picture in this style, or the picture itself while there is none to be had."""
        self._want(style)
        stylist = self._stylist
        if style == NO_STYLE or stylist is None or self._given_up == style:
            self._drawn = NO_STYLE
            return image
        try:
            with stages("style"):
                painted = stylist.paint(image, style)
        except (AgeMirrorError, ValueError) as error:
            self._fail(error)
            return image
        self._drawn = style
        return painted

    def _want(self, style: str) -> None:
        if style != self._wanted:
            self._wanted, self._given_up, self.problem = style, NO_STYLE, None

    def settled(self, style: str) -> bool:
        """Whether the last picture was as it will stay: in this style, or without because it cannot be had."""
        return style == self._drawn or (style != NO_STYLE and style == self._given_up)

    def chore(self) -> Callable[[], None] | None:
        """Loading, where that is due."""
        due = self._wanted != NO_STYLE and self._stylist is None and not self._loading
        if not due or self._given_up == self._wanted:
            return None
        self._loading = True
        return self._load_it

    def reset(self) -> None:
        """Another source begins: what was to be loaded may have been left undone."""
        self._loading = False

    def _load_it(self) -> None:
        try:
            if self._load is None:
                raise AgeMirrorError("there is no style network.")
            stylist = self._load()
        except AgeMirrorError as error:
            self._fail(error)
        else:
            with self._lock:
                if self._closed or self._stylist is not None:
                    stylist.close()
                else:
                    self._stylist = stylist
        finally:
            self._loading = False

    def _fail(self, error: Exception) -> None:
        self.problem, self._given_up = error, self._wanted
        log.warning("no style: %s", error)

    def close(self) -> None:
        """Lets go of the network; twice is safe."""
        with self._lock:
            stylist, self._stylist, self._closed = self._stylist, None, True
        if stylist is not None:
            stylist.close()
