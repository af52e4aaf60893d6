"""The divider, the held key, and the sweep through the ages."""

from __future__ import annotations

from itertools import pairwise

import pytest

from desktop.presenters.compare import EDGE, HOLD_S, Compare
from desktop.presenters.sweep import APPROACH_S, OLD_YEARS, PASS_S, RETURN_S, YOUNG_YEARS, Sweep, smooth


def test_a_short_press_turns_the_split_on_and_off() -> None:
    on = Compare().press(0.0).release(HOLD_S / 2)
    assert on.on
    assert not on.press(5.0).release(5.0 + HOLD_S / 2).on


def test_a_long_press_shows_the_original_and_changes_nothing_else() -> None:
    held = Compare(on=True).press(0.0)
    assert not held.shows_original(HOLD_S / 2)
    assert held.shows_original(HOLD_S)
    assert held.press(1.0).pressed_at_s == 0.0, "a repeat of the held key begins nothing anew"
    assert held.release(2.0) == Compare(on=True)


def test_release_without_a_press_does_nothing() -> None:
    assert Compare().release(3.0) == Compare()


@pytest.mark.parametrize(("asked", "got"), [(0.3, 0.3), (-2.0, EDGE), (7.0, 1 - EDGE)])
def test_divider_stays_where_it_can_be_caught(asked: float, got: float) -> None:
    assert Compare().moved(asked).divider == pytest.approx(got)


def test_sweep_passes_young_and_old_and_comes_home() -> None:
    sweep = Sweep(started_s=100.0, origin=None, start_years=34.0)
    assert sweep.years_at(100.0) == pytest.approx(34.0)
    assert sweep.years_at(100.0 + APPROACH_S) == pytest.approx(YOUNG_YEARS)
    assert sweep.years_at(100.0 + APPROACH_S + PASS_S) == pytest.approx(OLD_YEARS)
    assert sweep.years_at(100.0 + APPROACH_S + PASS_S + RETURN_S) is None


def test_sweep_never_jumps() -> None:
    sweep = Sweep(0.0, None, 34.0)
    years = [y for i in range(1300) if (y := sweep.years_at(i / 100)) is not None]
    assert max(abs(a - b) for a, b in pairwise(years)) < 0.6


def test_smooth_is_level_at_both_ends() -> None:
    assert (smooth(-1), smooth(0), smooth(0.5), smooth(1), smooth(2)) == (0, 0, 0.5, 1, 1)
    assert smooth(0.01) < 0.001
