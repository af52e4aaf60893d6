"""The dial as pure arithmetic."""

from __future__ import annotations

import pytest

from desktop.presenters.dial import MIDDLE_YEARS, TYPING_PAUSE_S, Dial


@pytest.mark.parametrize(
    ("dial", "years", "expected"),
    [
        (Dial(target=50), 1, 51),
        (Dial(target=50), -10, 40),
        (Dial(target=98), 10, 100),
        (Dial(target=3), -10, 0),
        (Dial(now=33.6), 1, 35),
        (Dial(), 1, MIDDLE_YEARS + 1),
    ],
    ids=["one older", "ten younger", "upper end", "lower end", "from the age now", "from the middle"],
)
def test_step_starts_where_the_handle_stands(dial: Dial, years: int, expected: float) -> None:
    assert dial.step(years).target == expected


def test_set_stays_on_the_dial_and_none_is_as_you_are() -> None:
    assert Dial().set(140).target == 100
    assert Dial().set(-3).target == 0
    assert Dial(target=60).set(None).target is None


def typed(digits: str) -> Dial:
    dial = Dial()
    for digit in digits:
        dial = dial.type_digit(digit, 0.0)
    return dial


@pytest.mark.parametrize(
    ("digits", "target", "still_typing"),
    [
        ("7", None, "7"),
        ("70", 70.0, ""),
        ("10", None, "10"),
        ("100", 100.0, ""),
        ("705", 70.0, "5"),
        ("107", None, "7"),
        ("00", 0.0, ""),
        ("08", None, "8"),
    ],
)
def test_typed_digits_become_a_number_when_no_other_could_follow(digits: str, target: float, still_typing: str) -> None:
    dial = typed(digits)
    assert (dial.target, dial.typed) == (target, still_typing)


def test_a_lone_digit_counts_after_a_pause() -> None:
    dial = typed("7")
    assert dial.tick(TYPING_PAUSE_S * 0.9).target is None
    assert dial.tick(TYPING_PAUSE_S).target == 7


def test_typing_can_be_taken_back() -> None:
    assert typed("7").cancel() == Dial(typed="", typed_at_s=0.0)
    assert typed("10").erase_digit(1.0).typed == "1"
    assert typed("7").commit().target == 7


def test_number_shows_what_is_typed_then_the_target_then_nothing() -> None:
    assert typed("7").number == "7"
    assert Dial(target=69.6).number == "70"
    assert Dial(now=34).number == ""
    assert Dial(now=34).position == 34
