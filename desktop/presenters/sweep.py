"""The age sweep: one smooth pass over the dial, and back to where it began."""

from __future__ import annotations

from dataclasses import dataclass

YOUNG_YEARS, OLD_YEARS = 10.0, 90.0
APPROACH_S, PASS_S, RETURN_S = 1.6, 9.0, 2.4


def smooth(fraction: float) -> float:
    """Ease in and out: 0 at 0, 1 at 1, level at both ends (the smoothstep polynomial)."""
    t = min(max(fraction, 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@dataclass(frozen=True, slots=True)
class Sweep:
    """A pass that began at ``started_s`` with the dial at ``origin`` (None: "as you are").

    ``start_years`` is where the handle stood then; it is where the pass comes from and returns to.
    """

    started_s: float
    origin: float | None
    start_years: float

    def years_at(self, now_s: float) -> float | None:
        """The target at a moment, or None when the pass is over and ``origin`` holds again."""
        elapsed = max(now_s - self.started_s, 0.0)
        legs = ((APPROACH_S, YOUNG_YEARS), (PASS_S, OLD_YEARS), (RETURN_S, self.start_years))
        before = self.start_years
        for duration_s, goal in legs:
            if elapsed < duration_s:
                return before + (goal - before) * smooth(elapsed / duration_s)
            elapsed -= duration_s
            before = goal
        return None
