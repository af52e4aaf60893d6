"""Does what is added to a face stand still while the face does? The change is followed along the picture's own motion.

Convention: ``change`` (H, W) float32 is what was added to a frame (aged less frame, mean of the channels) in 1/255;
``flow`` (H, W, 2) float32 in pixels says where each pixel of the frame was in the frame before: x, y to be added.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

STILL_PX = 0.5
"""A pixel stands still in a pair of frames when the flow is shorter than this."""
CHANGED = 2.0
"""Where less than this (1/255) is added, nothing can shimmer: such pixels would only thin the figure."""


def flow_between(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> Floats:
    """Where each pixel of the later of two grey pictures (H, W) came from: (H, W, 2) px (Farneback 2003)."""
    found = cv2.calcOpticalFlowFarneback(after, before, None, 0.5, 3, 21, 3, 5, 1.2, 0)
    return np.asarray(found, np.float32)


def warped(field_before: Floats, flow: Floats) -> Floats:
    """What (H, W) of the frame before lies where the pixels of this frame were; its edge is repeated outside."""
    height, width = field_before.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.asarray(
        cv2.remap(field_before, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.float32,
    )


@dataclass
class Shimmer:
    """Sums over pairs of neighbouring frames; ``add`` frame by frame, then read the figures.

    The standard deviation over time of a pixel that is followed is estimated from pairs: half the mean squared
    difference of neighbours (Allan 1966; von Neumann 1941). Slow drift, which is not seen as shimmer, counts little; a
    window over many frames in which a pixel never moves half a pixel does not exist on a living face, so that a
    criterion of that kind measures nothing.
    """

    still_px: float = STILL_PX
    squares: float = 0.0
    picture_squares: float = 0.0
    moving_squares: float = 0.0
    still: int = 0
    changed: int = 0
    frames: int = 0
    _change: Floats | None = field(default=None, repr=False)
    _grey: NDArray[np.uint8] | None = field(default=None, repr=False)

    def add(self, change: Floats, grey: NDArray[np.uint8], flow: Floats | None = None) -> None:
        """One more frame: its change (H, W) and the grey picture (H, W) itself. flow: from the frame before, where it
        is known exactly; else it is estimated. A picture of another size begins anew.
        """
        before, before_grey = self._change, self._grey
        self._change, self._grey = change, grey
        self.frames += 1
        if before is None or before_grey is None or before.shape != change.shape:
            return
        path = flow_between(before_grey, grey) if flow is None else flow
        carried = warped(before, path)
        changed = np.maximum(np.abs(change), np.abs(carried)) > CHANGED
        still = changed & (np.hypot(path[..., 0], path[..., 1]) < self.still_px)
        difference = change - carried
        picture = grey.astype(np.float32) - warped(before_grey.astype(np.float32), path)
        self.squares += float(np.square(difference[still], dtype=np.float64).sum())
        self.picture_squares += float(np.square(picture[still], dtype=np.float64).sum())
        self.moving_squares += float(np.square(difference[changed & ~still], dtype=np.float64).sum())
        self.still += int(still.sum())
        self.changed += int(changed.sum())

    def skip(self) -> None:
        """A frame without a face: the next pair begins after it."""
        self._change = self._grey = None

    def figures(self) -> dict[str, float]:
        """change_255: deviation over time of what is added where the picture stands still (NaN where it never does);
        picture_255: that of the picture itself there, which is the camera's noise; moving_255: of what is added where
        it moves; still_share: how much of the changed pixels stands still; pixels: how many pairs of pixels were
        compared.
        """
        return {
            "change_255": _deviation(self.squares, self.still),
            "picture_255": _deviation(self.picture_squares, self.still),
            "moving_255": _deviation(self.moving_squares, self.changed - self.still),
            "still_share": self.still / self.changed if self.changed else 0.0,
            "pixels": float(self.still),
            "frames": float(self.frames),
        }


def _deviation(squares: float, count: int) -> float:
    return float(np.sqrt(squares / count / 2)) if count else float("nan")
