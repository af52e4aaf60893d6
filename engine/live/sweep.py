"""The age sweep: one smooth pass over the years, young and old, and back to where it began."""

from __future__ import annotations

from dataclasses import dataclass

YOUNG_YEARS, OLD_YEARS = 10.0, 90.0
USUAL_S = 13.0
SHORTEST_S, LONGEST_S = 3.0, 120.0
APPROACH_SHARE, PASS_SHARE, RETURN_SHARE = 0.125, 0.690, 0.185
"""Parts of the time for going to the young end, from there to the old one, and home."""
STEP_YEARS = 10.0


def smooth(fraction: float) -> float:
    """Ease in and out: 0 at 0, 1 at 1, level at both ends (the smoothstep polynomial).

    >>> smooth(0.0), smooth(0.5), smooth(2.0)
    (0.0, 0.5, 1.0)
    """
    t = min(max(fraction, 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@dataclass(frozen=True, slots=True)
class Sweep:
    """A pass that began at ``started_s`` with the dial at ``origin`` (None: "as you are") and takes ``seconds``.

    ``start_years`` is where the handle stood then; it is where the pass comes from and returns to. ``steps``: it
    rests at every ten years instead of gliding, for people who do not want motion.
    """

    started_s: float
    origin: float | None
    start_years: float
    seconds: float = USUAL_S
    steps: bool = False

    def years_at(self, now_s: float) -> float | None:
        """The target at a moment, or None when the pass is over and ``origin`` holds again."""
        elapsed = max(now_s - self.started_s, 0.0) / self.seconds
        legs = ((APPROACH_SHARE, YOUNG_YEARS), (PASS_SHARE, OLD_YEARS), (RETURN_SHARE, self.start_years))
        before = self.start_years
        for share, goal in legs:
            if elapsed < share:
                years = before + (goal - before) * smooth(elapsed / share)
                return round(years / STEP_YEARS) * STEP_YEARS if self.steps else years
            elapsed -= share
            before = goal
        return None

    def left_s(self, now_s: float) -> float:
        """Seconds until it is over, never below 0."""
        return max(self.started_s + self.seconds - now_s, 0.0)
