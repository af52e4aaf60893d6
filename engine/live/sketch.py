"""A frame between its two halves: its faces are found, and what each is to become; nothing is painted yet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.live.inside import Sighting
from engine.live.protocol import Pace
from engine.live.stages import Stages
from engine.live.work import Work
from engine.settings import Settings
from engine.types import AlignedFace, Face, FloatArray, Frame


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """What the second half of a frame needs of the first; both belong to it alone.

    works: all faces, largest first; chosen: those that change, with their crops in ``faces``. shown: what the screen
    learns of them. size: the most pixels a crop may have a side. sighting: the newest look of the detector, if kept.
    """

    frame: Frame
    settings: Settings
    pace: Pace
    stages: Stages
    size: int
    works: list[Work]
    chosen: list[Work]
    faces: list[AlignedFace]
    shown: tuple[Face, ...]
    sighting: Sighting | None

    def boxes_beside(self, one: Work) -> FloatArray:
        """The boxes (N, 4) of all faces but one."""
        return np.array([work.seen.box for work in self.works if work is not one], np.float32).reshape(-1, 4)
