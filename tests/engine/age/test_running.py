"""The running age is steady, robust and weighted."""

from __future__ import annotations

import numpy as np
import pytest

from engine.age.running import BAND_YEARS, SETTLED, RunningAge, huber_location, published, weighted_median
from engine.types import AgeEstimate


def estimate(years: float, spread: float = 5.0) -> AgeEstimate:
    return AgeEstimate(years, spread, "m")


def run(years: list[float]) -> list[float]:
    running = RunningAge()
    return [running.update(estimate(y)).years for y in years]


def test_before_the_first_estimate_there_is_none() -> None:
    running = RunningAge()
    assert running.value is None
    assert running.count == 0


def test_the_first_estimate_is_taken_as_it_is() -> None:
    running = RunningAge()
    assert running.update(estimate(33.0, 6.0)) == AgeEstimate(33.0, 6.0, "m")
    assert running.count == 1


def test_noise_is_smoothed_and_the_mean_is_kept() -> None:
    noise = np.random.default_rng(0).normal(40, 4, 200)
    shown = np.array(run(noise.tolist()))
    assert abs(shown[-1] - 40) < 1.5
    assert np.abs(np.diff(shown[20:])).max() < 0.5
    assert shown[50:].std() < 1.0


def test_one_wild_estimate_hardly_moves_it() -> None:
    noise = np.random.default_rng(1).normal(40, 2, 30)
    running = RunningAge()
    for years in noise:
        running.update(estimate(float(years)))
    before = running.value
    assert before is not None
    assert abs(running.update(estimate(90.0)).years - before.years) < 0.2


def test_a_wild_first_estimate_is_forgotten_soon() -> None:
    assert abs(run([80.0, 40.0, 41.0, 39.0, 40.0])[-1] - 40) < 2


def test_a_lasting_change_is_followed() -> None:
    assert abs(run([40.0] * 30 + [60.0] * 120)[-1] - 60) <= BAND_YEARS + 0.1


def test_good_pictures_count_more_than_poor_ones() -> None:
    good_high, good_low = RunningAge(), RunningAge()
    for _ in range(6):
        good_high.update(estimate(30.0), quality=0.1)
        good_high.update(estimate(50.0), quality=1.0)
        good_low.update(estimate(30.0), quality=1.0)
        good_low.update(estimate(50.0), quality=0.1)
    assert good_high.value is not None
    assert good_low.value is not None
    assert good_high.value.years > 45
    assert good_low.value.years < 35


def test_sure_estimates_count_more_than_unsure_ones() -> None:
    running = RunningAge()
    for _ in range(5):
        running.update(estimate(30.0, spread=3.0))
        running.update(estimate(60.0, spread=15.0))
    assert running.value is not None
    assert running.value.years < 35


def test_many_pictures_do_not_pretend_to_remove_the_models_own_error() -> None:
    running = RunningAge()
    for _ in range(100):
        running.update(estimate(40.0, 6.0))
    assert running.value is not None
    assert running.value.spread_years == pytest.approx(6.0)


@pytest.mark.parametrize(
    ("values", "weights", "median"),
    [
        ([5.0], [1.0], 5.0),
        ([3.0, 1.0, 2.0], [1.0, 1.0, 1.0], 2.0),
        ([1.0, 2.0], [1.0, 1.0], 1.5),
        ([1.0, 2.0], [1.0, 3.0], 2.0),
        ([1.0, 2.0, 3.0, 4.0], [0.1, 0.1, 0.1, 0.1], 2.5),
    ],
)
def test_weighted_median(values: list[float], weights: list[float], median: float) -> None:
    assert weighted_median(np.array(values), np.array(weights)) == median


def test_huber_location_is_the_mean_without_outliers_and_near_the_median_with_them() -> None:
    values = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    assert huber_location(values, np.ones(5)) == pytest.approx(0.0, abs=1e-9)
    assert abs(huber_location(np.append(values, 100.0), np.ones(6))) < 0.6
    assert huber_location(np.array([7.0, 7.0, 7.0]), np.ones(3)) == 7.0


@pytest.mark.parametrize(
    ("before", "location", "settled", "shown"),
    [
        (30.0, 31.5, True, 30.0),  # on the edge of the band: rests
        (30.0, 31.6, True, 30.1),  # the least step
        (30.0, 36.0, True, 30.1),  # the same up to six years
        (30.0, 50.0, True, 31.22),  # far away: it began with a mistake
        (30.0, 10.0, True, 28.78),
        (30.0, 50.0, False, 50.0),  # not settled: at once
        (30.0, 30.9, False, 30.0),
    ],
)
def test_the_published_age_rests_in_its_band_and_creeps_outside(
    before: float, location: float, settled: bool, shown: float
) -> None:
    assert published(before, location, settled) == pytest.approx(shown)


def test_the_whole_number_of_a_steady_face_does_not_flicker() -> None:
    noise = np.random.default_rng(4).normal(40.5, 1.0, 40)  # between two whole numbers, where rounding is worst
    shown = np.array([round(years) for years in run(noise.tolist())])
    assert shown.std() < 0.5
    assert np.count_nonzero(np.diff(shown[SETTLED:])) == 0


def test_a_grimace_hardly_moves_it_and_is_not_remembered() -> None:
    shown = run([28.0] * 8 + [45.0] * 3 + [28.0] * 10)
    assert max(shown) - min(shown) < 0.5
    assert abs(shown[-1] - 28) <= 1


def test_in_ten_seconds_of_other_expressions_it_moves_by_a_year_at_most() -> None:
    shown = run([28.0] * SETTLED + [33.0] * 10)
    assert 0 < max(shown) - min(shown) <= 1.0 + 1e-9
    assert np.array([round(years) for years in shown]).std() <= 0.5


def test_nothing_is_shown_before_it_has_settled() -> None:
    running = RunningAge()
    for count, years in enumerate([17.0, 17.5, 22.0, 24.0, 21.0, 20.0], 1):
        running.update(estimate(years))
        assert (running.shown is None) == (count < SETTLED)
    assert running.shown == running.value
