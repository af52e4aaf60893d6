"""The dial: which year the user asks for, by dragging, stepping or typing."""

from __future__ import annotations

from dataclasses import dataclass, replace

LOWEST_YEARS, HIGHEST_YEARS = 0.0, 100.0
MIDDLE_YEARS = 40.0
TYPING_PAUSE_S = 1.2


def clamp(years: float) -> float:
    """``years`` within the dial."""
    return min(max(years, LOWEST_YEARS), HIGHEST_YEARS)


@dataclass(frozen=True, slots=True)
class Dial:
    """What the dial shows: ``target`` None means "as you are"; ``now`` is how old the face in front looks, if known.

    ``typed`` holds digits that are not yet complete; ``typed_at_s`` is when the last one came. ``own`` is the age that
    the person in front, called ``owner``, prefers, while that and not ``target`` is what is shown.
    """

    target: float | None = None
    now: float | None = None
    typed: str = ""
    typed_at_s: float = 0.0
    own: float | None = None
    owner: str = ""

    @property
    def shown(self) -> float | None:
        """The age that the face in front is shown at; None: as it is."""
        return self.own if self.own is not None else self.target

    @property
    def position(self) -> float | None:
        """Where the handle stands, in years: what is shown, else the age now, else nowhere."""
        return self.shown if self.shown is not None else self.now

    @property
    def number(self) -> str:
        """The large number: digits being typed, else what is shown; empty for "as you are"."""
        if self.typed:
            return self.typed
        return "" if self.shown is None else f"{self.shown:.0f}"

    def step(self, years: int) -> Dial:
        """From where the handle stands, in whole years; the middle of the dial where it stands nowhere."""
        start = self.position if self.position is not None else MIDDLE_YEARS
        return replace(self, target=clamp(round(start) + years), typed="")

    def set(self, years: float | None) -> Dial:
        """To ``years`` (brought into the dial), or back to "as you are"."""
        return replace(self, target=None if years is None else clamp(years), typed="")

    def type_digit(self, digit: str, now_s: float) -> Dial:
        """Add a digit. The number counts at once when no further digit could belong to it: "7" waits, "70" does not.

        A digit that would lead past 100 starts a new number.
        """
        typed = (self.typed + digit).lstrip("0") or "0"
        if int(typed) > HIGHEST_YEARS:
            typed = digit
        dial = replace(self, typed=typed, typed_at_s=now_s)
        return dial.commit() if int(typed) * 10 > HIGHEST_YEARS or typed == "0" == self.typed else dial

    def erase_digit(self, now_s: float) -> Dial:
        return replace(self, typed=self.typed[:-1], typed_at_s=now_s)

    def commit(self) -> Dial:
        """Take the typed number, if there is one."""
        return self.set(float(self.typed)) if self.typed else self

    def cancel(self) -> Dial:
        """Forget the typed digits."""
        return replace(self, typed="")

    def tick(self, now_s: float) -> Dial:
        """Take the typed number once nothing was typed for a moment."""
        return self.commit() if self.typed and now_s - self.typed_at_s >= TYPING_PAUSE_S else self
