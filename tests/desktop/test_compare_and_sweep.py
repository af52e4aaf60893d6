"""The divider, the held key, and the sweep through the ages."""

from __future__ import annotations

from itertools import pairwise

import pytest

from desktop.presenters.compare import EDGE, HOLD_S, Compare
from engine.live.sweep import (
    APPROACH_SHARE,
    OLD_YEARS,
    PASS_SHARE,
    SHORTEST_S,
    USUAL_S,
    YOUNG_YEARS,
    Sweep,
    smooth,
)


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


@pytest.mark.parametrize("seconds", [SHORTEST_S, USUAL_S, 30.0])
def test_sweep_passes_young_and_old_and_comes_home(seconds: float) -> None:
    sweep = Sweep(started_s=100.0, origin=None, start_years=34.0, seconds=seconds)
    assert sweep.years_at(100.0) == pytest.approx(34.0)
    assert sweep.years_at(100.0 + APPROACH_SHARE * seconds) == pytest.approx(YOUNG_YEARS)
    assert sweep.years_at(100.0 + (APPROACH_SHARE + PASS_SHARE) * seconds) == pytest.approx(OLD_YEARS)
    assert sweep.years_at(100.0 + 0.9999 * seconds) == pytest.approx(34.0, abs=0.1)
    assert sweep.years_at(100.0 + seconds + 1e-6) is None
    assert (sweep.left_s(100.0), sweep.left_s(200.0)) == (seconds, 0.0)


def test_sweep_never_jumps() -> None:
    sweep = Sweep(0.0, None, 34.0)
    years = [y for i in range(1300) if (y := sweep.years_at(i / 100)) is not None]
    assert len(years) == 1300
    assert max(abs(a - b) for a, b in pairwise(years)) < 0.6


def test_with_little_motion_a_sweep_rests_at_every_ten_years() -> None:
    sweep = Sweep(0.0, None, 34.0, steps=True)
    years = [y for i in range(1300) if (y := sweep.years_at(i / 100)) is not None]
    assert set(years) == {10.0 * n for n in range(1, 10)}
    changes = sum(a != b for a, b in pairwise(years))
    assert changes < 20, "it rests between, and does not go to and fro"


def test_smooth_is_level_at_both_ends() -> None:
    assert (smooth(-1), smooth(0), smooth(0.5), smooth(1), smooth(2)) == (0, 0, 0.5, 1, 1)
    assert smooth(0.01) < 0.001
