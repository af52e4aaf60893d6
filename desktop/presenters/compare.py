"""Before and after: the divider over the picture, and the key that shows the original while it is held."""

from __future__ import annotations

from dataclasses import dataclass, replace

HOLD_S = 0.25
EDGE = 0.02
KEY_STEP = 0.05


@dataclass(frozen=True, slots=True)
class Compare:
    """``divider`` is where the picture is split, 0..1 of its width on the screen: before on the left, after right."""

    on: bool = False
    divider: float = 0.5
    pressed_at_s: float | None = None

    def toggled(self) -> Compare:
        return replace(self, on=not self.on)

    def moved(self, divider: float) -> Compare:
        """The divider at another place, never quite at the edge, where it could not be caught again."""
        return replace(self, divider=min(max(divider, EDGE), 1.0 - EDGE))

    def press(self, now_s: float) -> Compare:
        """The key went down. Repeats of a held key change nothing."""
        return self if self.pressed_at_s is not None else replace(self, pressed_at_s=now_s)

    def release(self, now_s: float) -> Compare:
        """The key went up: after a short press the split turns on or off, after a long one everything is as before."""
        short = self.pressed_at_s is not None and now_s - self.pressed_at_s < HOLD_S
        released = replace(self, pressed_at_s=None)
        return released.toggled() if short else released

    def shows_original(self, now_s: float) -> bool:
        """True while the key is held for longer than a tap."""
        return self.pressed_at_s is not None and now_s - self.pressed_at_s >= HOLD_S
