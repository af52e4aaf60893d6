"""Figures of age estimates against cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from training.metrics.age import (
    LEAST_PICTURES,
    AgeTable,
    Part,
    bootstrap,
    by_decade,
    by_gender,
    by_group,
    figures,
    worst,
)

NAN = float("nan")


def table(*rows: tuple[int, int, float, float], gender: int = 0, group: int = -1) -> AgeTable:
    """Rows of (low, high, estimate, spread), each of another person."""
    low, high, years, spread = (np.array(column) for column in zip(*rows, strict=True))
    count = len(rows)
    return AgeTable(low, high, years, spread, np.full(count, gender), np.full(count, group), np.arange(count))


def test_exact_ages() -> None:
    # errors -2, +6, 0, and one picture without an estimate
    ages = table((20, 20, 18.0, 3.0), (30, 30, 36.0, 4.0), (40, 40, 40.0, 5.0), (50, 50, NAN, NAN))
    found = figures(ages)
    assert ages.exact
    assert (found["pictures"], found["missed"]) == (4, 1)
    assert found["mae_years"] == pytest.approx(8 / 3)
    assert found["bias_years"] == pytest.approx(4 / 3)
    assert found["rmse_years"] == pytest.approx(np.sqrt(40 / 3))
    assert found["within_5_years"] == pytest.approx(2 / 3)
    assert found["within_spread"] == pytest.approx(2 / 3)
    assert found["mae_low_years"] <= found["mae_years"] <= found["mae_high_years"]


@pytest.mark.parametrize(
    ("estimate", "error"), [(20.0, 0.0), (29.0, 0.0), (24.5, 0.0), (19.0, -1.0), (31.5, 2.5), (NAN, NAN)]
)
def test_inside_a_band_there_is_no_error(estimate: float, error: float) -> None:
    ages = table((20, 29, estimate, 1.0))
    assert not ages.exact
    np.testing.assert_allclose(ages.error_years, [error])


def test_an_error_of_exactly_five_years_is_within_five() -> None:
    assert figures(table((20, 20, 25.0, 5.0)))["within_5_years"] == 1.0
    assert figures(table((20, 20, 25.1, 5.0)))["within_5_years"] == 0.0


def test_decades_are_those_of_the_true_age() -> None:
    ages = table((9, 9, 11.0, 1.0), (10, 10, 9.0, 1.0), (19, 19, 19.0, 1.0), (3, 3, NAN, NAN))
    assert by_decade(ages) == (Part("0-9", 1, 2.0, 2.0), Part("10-19", 2, 0.5, -0.5))


def test_bands_stay_the_bands_they_are() -> None:
    ages = table((70, 100, 60.0, 1.0), (0, 2, 1.0, 1.0), (3, 9, 11.0, 1.0))
    assert by_decade(ages) == (Part("0-2", 1, 0.0, 0.0), Part("3-9", 1, 2.0, 2.0), Part("70-100", 1, 10.0, -10.0))


def test_genders_and_groups_by_name_and_the_untold_left_out() -> None:
    women = table((20, 20, 22.0, 1.0), gender=1, group=2)
    assert by_gender(women) == (Part("female", 1, 2.0, 2.0),)
    assert by_group(women) == (Part("Asian", 1, 2.0, 2.0),)
    assert by_gender(table((20, 20, 22.0, 1.0), gender=-1)) == ()


def test_the_worst_group_must_be_large_enough() -> None:
    few, many = LEAST_PICTURES - 1, LEAST_PICTURES
    parts = (Part("a", many, 4.0, 0.0), Part("b", many, 6.0, 0.0), Part("c", few, 9.0, 0.0))
    assert worst(parts, 5.0) == ("b", pytest.approx(1.2))
    assert worst(parts[:1], 5.0) == ("", 1.0)
    assert worst((), 5.0) == ("", 1.0)


def test_the_interval_knows_that_pictures_of_one_person_are_alike() -> None:
    values = np.repeat(np.random.default_rng(0).normal(5, 2, 20), 50)
    alone = bootstrap(values, np.arange(1000))
    people = bootstrap(values, np.repeat(np.arange(20), 50))
    assert alone.low <= values.mean() <= alone.high
    assert people.high - people.low > 4 * (alone.high - alone.low)


def test_no_estimate_at_all_is_refused_and_columns_must_match() -> None:
    with pytest.raises(ValueError, match="no picture has an estimate"):
        figures(table((20, 20, NAN, NAN)))
    one, two = np.zeros(1, int), np.zeros(2)
    with pytest.raises(ValueError, match="years"):
        AgeTable(one, one, two, two, one, one, one)
