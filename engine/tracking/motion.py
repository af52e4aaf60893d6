"""How a face's box moves: position and size with a constant velocity, from one sighting to the next."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.types import FloatArray

# How much of a newly seen velocity is believed, and for how long a velocity is trusted with no sighting.
_GAIN = 0.5
_HORIZON_S = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """box (4,) as last seen at ``time_ns``, velocity (4,) of its edges in pixels a second."""

    box: FloatArray
    velocity: FloatArray
    time_ns: int

    @staticmethod
    def begin(box: FloatArray, time_ns: int) -> Motion:
        return Motion(np.asarray(box, np.float32), np.zeros(4, np.float32), time_ns)

    def predicted(self, time_ns: int) -> FloatArray:
        """Where the box (4,) should be by now. The trust in the velocity fades, so a lost face does not fly off."""
        elapsed_s = max(time_ns - self.time_ns, 0) / 1e9
        moved = self.velocity * np.float32(_HORIZON_S * (1 - np.exp(-elapsed_s / _HORIZON_S)))
        box = self.box + moved
        # A shrinking box must not turn inside out.
        return box if (box[2:] > box[:2] + 1).all() else self.box

    def seen(self, box: FloatArray, time_ns: int) -> Motion:
        """The motion after another sighting."""
        elapsed_s = (time_ns - self.time_ns) / 1e9
        if elapsed_s <= 0:
            return replace(self, box=np.asarray(box, np.float32))
        velocity = (box - self.box) / np.float32(elapsed_s)
        blended = self.velocity + np.float32(_GAIN) * (velocity - self.velocity)
        return Motion(np.asarray(box, np.float32), np.asarray(blended, np.float32), time_ns)
