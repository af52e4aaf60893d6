"""The window's brain: every key, click and choice ends here and becomes settings for the session and facts to draw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from desktop.preferences import ENGINE_FIELDS, Preferences, changed
from desktop.presenters.compare import KEY_STEP, Compare
from desktop.presenters.dial import MIDDLE_YEARS, Dial
from desktop.presenters.faces import FaceChoice
from desktop.presenters.meter import MeterView, meter_view
from desktop.sources import is_camera
from engine.live.sweep import Sweep
from engine.settings import STYLES, Settings
from engine.types import Face

TURN_REACHES_S = 0.4


@dataclass(frozen=True, slots=True)
class View:
    """How the picture is drawn. ``split`` is the divider (0..1 of the width) or None where nothing is compared."""

    mirrored: bool = False
    split: float | None = None
    original: bool = False
    overlay: bool = True
    ages: bool = True
    landmarks: bool = False
    chosen: int | None = None


class MirrorPresenter:
    """Holds frozen facts; each change replaces one and tells ``changed``. Times are seconds of one steady clock."""

    def __init__(self, preferences: Preferences, settings: Settings, clock: Callable[[], float]) -> None:
        self.preferences = preferences
        self.changed: Callable[[], None] = lambda: None
        self.calm: Callable[[], bool] = lambda: False  # whether things should jump instead of glide
        self.compare = Compare()
        self.choice = FaceChoice()
        self.sweep: Sweep | None = None
        self.faces: Sequence[Face] = ()
        self.blanked = False
        self._settings = settings
        self._common_target = settings.target_age
        self._now: float | None = None
        self._own: float | None = None
        self._typing = Dial()
        self._file_mirrored = False
        self._clock = clock
        self._was_original = False
        self._before_sweep = FaceChoice()
        self._turned_s = float("-inf")

    # what follows from the facts

    @property
    def settings(self) -> Settings:
        """For the session."""
        return replace(
            self._settings,
            target_age=self._common_target,
            face_targets=self.choice.pairs(),
            sweeping=self.sweep is not None,
        )

    @property
    def dial(self) -> Dial:
        target, front = self.choice.target(self._common_target), self.choice.front(self.faces)
        own = front.preferred_age if front is not None and self._may_be_at_own_age(front) else None
        owner = front.person.person if own is not None and front is not None and front.person is not None else ""
        return replace(self._typing, target=target, now=self._now, own=own, owner=owner)

    @property
    def meter(self) -> MeterView | None:
        """What came out for the face in front; None while that is not asked for."""
        if not self.preferences.meter or self.blanked:
            return None
        return meter_view(self.choice.front(self.faces))

    def _may_be_at_own_age(self, front: Face) -> bool:
        """A result that was on its way while the dial was turned still tells the age that was overruled by that."""
        told = front.track_id not in self.choice.targets and self._clock() - self._turned_s > TURN_REACHES_S
        return told and self._settings.enabled and self.sweep is None

    @property
    def mirrored(self) -> bool:
        """A camera shows you as a mirror does; a film is shown as it is, unless asked otherwise."""
        return self.preferences.mirror if is_camera(self._settings.source) else self._file_mirrored

    @property
    def view(self) -> View:
        wanted = self.preferences
        return View(
            mirrored=self.mirrored,
            split=self.compare.divider if self.compare.on else None,
            original=self.compare.shows_original(self._clock()),
            overlay=wanted.overlay,
            ages=wanted.ages,
            landmarks=wanted.landmarks,
            chosen=self.choice.chosen if len(self.faces) > 1 else None,
        )

    # the dial

    def set_target(self, years: float | None) -> None:
        """The user chose a year (None: "as you are"); a running sweep ends."""
        self.sweep = None
        self._turn(self.dial.set(years))

    def step_target(self, years: int) -> None:
        self.sweep = None
        self._turn(self.dial.step(years))

    def type_digit(self, digit: str) -> None:
        self.sweep = None
        self._turn(self.dial.type_digit(digit, self._clock()))

    def erase_digit(self) -> None:
        self._take(self.dial.erase_digit(self._clock()))

    def commit_typed(self) -> None:
        if self._typing.typed:
            self._turn(self.dial.commit())

    def cancel_typed(self) -> bool:
        """Forget typed digits; False where there were none."""
        had = bool(self._typing.typed)
        self._take(self.dial.cancel())
        return had

    def _take(self, dial: Dial) -> None:
        self._typing = replace(dial, target=None, now=None, own=None, owner="")
        if dial.target != self.choice.target(self._common_target):
            self._aim(dial.target)
        self.changed()

    def _turn(self, dial: Dial) -> None:
        """The user turned the dial: also where it ends at the common target, it ends the age that a person prefers."""
        front, before = self.choice.front(self.faces), self.dial
        stays = before.own is not None and not dial.typed and dial.target == before.target
        if not dial.typed:
            self._turned_s = self._clock()
        self._take(dial)
        if stays and front is not None and front.track_id is not None:
            self.choice = self.choice.with_own_target(front.track_id, dial.target)
            self.changed()

    def _aim(self, years: float | None) -> None:
        self.choice = self.choice.with_target(years)
        if self.choice.chosen is None:
            self._common_target = years
        if years is not None and not self._settings.enabled:
            self._settings = replace(self._settings, enabled=True)

    # switches

    def toggle_effect(self) -> None:
        self._settings = replace(self._settings, enabled=not self._settings.enabled)
        self.changed()

    def toggle_mirror(self) -> None:
        if is_camera(self._settings.source):
            self.prefer(mirror=not self.preferences.mirror)
        else:
            self._file_mirrored = not self._file_mirrored
            self.changed()

    def toggle_overlay(self) -> None:
        self.prefer(overlay=not self.preferences.overlay)

    def next_style(self) -> None:
        """Paint the picture in the next style; after the last one comes none."""
        self.prefer(style=STYLES[(STYLES.index(self.preferences.style) + 1) % len(STYLES)])

    def toggle_sweep(self) -> None:
        """Begin a pass through the ages, or end the one that runs and go home."""
        if self.sweep is not None:
            self._end_sweep()
            self.changed()
        else:
            self.start_sweep()

    def start_sweep(self) -> None:
        """Begin a pass from where the dial stands now; one that runs already begins anew."""
        self._end_sweep()
        dial = self.dial
        start = dial.position if dial.position is not None else MIDDLE_YEARS
        self._before_sweep = self.choice
        self.sweep = Sweep(self._clock(), dial.target, start, self.preferences.sweep_s, steps=self.calm())
        self.changed()

    def _end_sweep(self) -> None:
        """Everybody is shown as before the sweep, faces with targets of their own too."""
        sweep, self.sweep = self.sweep, None
        if sweep is not None:
            self._aim(sweep.origin)
            self.choice = self.choice.with_targets_of(self._before_sweep)

    def blank(self, blanked: bool) -> None:
        self._end_sweep()
        self.blanked = blanked
        self.changed()

    # compare

    def press_compare(self) -> None:
        self.compare = self.compare.press(self._clock())

    def release_compare(self) -> None:
        self.compare = self.compare.release(self._clock())
        self.changed()

    def toggle_compare(self) -> None:
        self.compare = self.compare.toggled()
        self.changed()

    def move_divider(self, divider: float) -> None:
        self.compare = self.compare.moved(divider)
        self.changed()

    def step_divider(self, direction: int) -> None:
        """One key press to the left (-1) or right (+1); turns the split on where it was off."""
        self.compare = replace(self.compare, on=True).moved(self.compare.divider + direction * KEY_STEP)
        self.changed()

    # faces, sources and preferences

    def saw(self, faces: Sequence[Face]) -> None:
        """A new picture is on the screen."""
        self.faces = faces
        before = self.choice
        self.choice = self.choice.see(faces, self._clock())
        if before.chosen != self.choice.chosen:
            self.sweep = None  # the face that it was for is gone, and its target with it
        if self._look_at_front() or before.chosen != self.choice.chosen or before.targets != self.choice.targets:
            self.changed()

    def _look_at_front(self) -> bool:
        """How old the face in front looks now, and whether it is at an age of its own; True if that changed."""
        front = self.choice.front(self.faces)
        before, own_before = self._now, self._own
        self._now = front.age.years if front is not None and front.age is not None else None
        self._own = front.preferred_age if front is not None else None
        return before != self._now or own_before != self._own

    def click_picture(self, x: float, y: float) -> None:
        """A click at a point of the image; with one face there is nothing to choose."""
        if len(self.faces) > 1 or self.choice.chosen is not None:
            self._end_sweep()
            self.choice = self.choice.click(self.faces, x, y)
            self._look_at_front()
            self.changed()

    def open_source(self, source: str) -> None:
        self._end_sweep()
        self.faces, self.choice, self._now = (), FaceChoice(), None
        self.blanked = False
        self._settings = replace(self._settings, source=source)
        # A file is looked at once; only a camera (or the demo) is what the next start should show.
        if is_camera(source) or source == "demo":
            self.prefer(source=source)
        else:
            self.changed()

    def prefer(self, **values: Any) -> None:
        """The user chose something that is to be remembered."""
        self.preferences = changed(self.preferences, **values)
        self._settings = self._settings.merged({k: v for k, v in values.items() if k in ENGINE_FIELDS})
        self.changed()

    def reset_preferences(self) -> None:
        """Everything remembered was erased: the usual choices from now on, the same source."""
        usual = Preferences()
        self._settings = self._settings.merged({k: v for k, v in usual.engine_values().items() if k != "source"})
        self.preferences = usual
        self.changed()

    def tick(self) -> None:
        """Time went by: the sweep moves, typed digits count, a held key shows the original."""
        now_s = self._clock()
        dial = self.dial.tick(now_s)
        if dial.typed != self._typing.typed:
            self._turn(dial)
        if self.sweep is not None:
            years = self.sweep.years_at(now_s)
            if years is None:
                self._end_sweep()
            else:
                self._aim(years)
            self.changed()
        original = self.compare.shows_original(now_s)
        if original != self._was_original:
            self._was_original = original
            self.changed()
