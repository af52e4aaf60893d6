"""Several faces at once come out as they do one after the other."""

from __future__ import annotations

import threading

import pytest

from engine.live.hands import Hands


@pytest.mark.parametrize("count", [1, 4])
def test_results_keep_their_order(count: int) -> None:
    hands = Hands(count)
    assert hands(lambda number: number * number, range(20)) == [number * number for number in range(20)]
    assert hands(str, []) == []
    hands.close()


def test_several_are_worked_on_at_the_same_time() -> None:
    hands, together = Hands(2), threading.Barrier(2, timeout=10)
    assert sorted(hands(lambda _: together.wait(), range(2))) == [0, 1]
    hands.close()


def test_a_single_thing_stays_on_the_thread_it_is_asked_on() -> None:
    hands = Hands(4)
    assert hands(lambda _: threading.current_thread(), [0]) == [threading.current_thread()]
    hands.close()


def test_what_is_raised_is_raised() -> None:
    hands = Hands(3)
    with pytest.raises(ZeroDivisionError):
        hands(lambda number: 1 // number, [1, 0, 2])
    hands.close()


def test_once_closed_it_does_one_after_the_other() -> None:
    hands = Hands(4)
    hands.close()
    hands.close()
    assert hands(lambda _: threading.current_thread(), [0, 1]) == [threading.current_thread()] * 2


@pytest.mark.parametrize("count", [0, 1, 4])
def test_what_is_begun_beside_is_there_when_it_is_asked_for(count: int) -> None:
    hands = Hands(count)
    assert hands.beside(lambda number: number * number, range(20))() == [number * number for number in range(20)]
    hands.close()


def test_the_caller_goes_on_meanwhile() -> None:
    hands, gone_on = Hands(1), threading.Event()
    found = hands.beside(lambda _: gone_on.wait(10), [0])
    gone_on.set()
    assert found() == [True]
    hands.close()


@pytest.mark.parametrize("count", [0, 1])
def test_what_is_raised_beside_is_raised_when_it_is_asked_for_at_the_latest(count: int) -> None:
    hands = Hands(count)
    with pytest.raises(ZeroDivisionError):
        hands.beside(lambda number: 1 // number, [1, 0, 2])()
    hands.close()
