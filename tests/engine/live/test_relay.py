"""The relay: two frames at once, none of them begun sooner than it is worth."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from engine.live.relay import MARGIN_S, Relay


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Held:
    """A job that goes on until it is let go."""

    def __init__(self) -> None:
        self._going, self._end = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self._going.set()
        assert self._end.wait(5)

    def has_begun(self) -> bool:
        return self._going.wait(5)

    def let_go(self) -> None:
        self._end.set()


def fails() -> None:
    raise ZeroDivisionError


@pytest.fixture
def relay() -> Iterator[Relay]:
    relay = Relay(True)
    yield relay
    relay.close()


def worker(relay: Relay) -> threading.Thread:
    thread = threading.Thread(target=relay.work, daemon=True)
    thread.start()
    return thread


def test_jobs_are_done_in_their_order_by_the_other_thread(relay: Relay) -> None:
    thread, done = worker(relay), []
    for number in range(20):
        assert relay.wait_until_due()
        relay.hand(lambda number=number: done.append((number, threading.current_thread())), 0.0)  # type: ignore[misc]
    assert relay.wait_until_idle()
    assert done == [(number, thread) for number in range(20)]


def test_the_next_is_prepared_while_one_is_done(relay: Relay) -> None:
    worker(relay)
    held = Held()
    relay.hand(held, 0.0)
    assert held.has_begun()
    assert relay.wait_until_due()  # nothing is known of how long it takes: sooner rather than later
    assert relay.hand(lambda: None, 0.0)
    held.let_go()
    assert relay.wait_until_idle()


def test_a_frame_is_begun_so_late_that_it_ends_with_the_one_before() -> None:
    clock = Clock()
    relay = Relay(True, clock=clock)
    worker(relay)

    def takes_a_second() -> None:
        clock.now_s += 1.0

    relay.hand(takes_a_second, 0.3)
    assert relay.wait_until_idle()
    held, begun = Held(), []
    relay.hand(held, 0.3)
    assert held.has_begun()

    def begin() -> None:
        relay.wait_until_due()
        begun.append(clock.now_s)

    waiting = threading.Thread(target=begin, daemon=True)
    waiting.start()
    waiting.join(0.05)
    assert not begun  # 0.7 s are left until the first half of the next should begin
    clock.now_s += 0.7 - MARGIN_S
    waiting.join(5)
    assert begun == [pytest.approx(1.7 - MARGIN_S)]
    held.let_go()
    relay.close()


def test_no_third_frame_is_begun_while_one_waits(relay: Relay) -> None:
    worker(relay)
    held, due = Held(), threading.Event()
    relay.hand(held, 0.0)
    assert held.has_begun()
    relay.hand(lambda: None, 0.0)
    threading.Thread(target=lambda: relay.wait_until_due() and due.set(), daemon=True).start()
    assert not due.wait(0.05)
    held.let_go()
    assert due.wait(5)


def test_one_thread_does_both_where_cores_are_few() -> None:
    relay, done = Relay(False), []
    assert relay.wait_until_due()
    assert relay.hand(lambda: done.append(threading.current_thread()), 0.0)
    assert done == [threading.current_thread()]
    assert relay.wait_until_idle()
    with pytest.raises(ZeroDivisionError):
        relay.hand(fails, 0.0)
    relay.close()
    assert not relay.hand(lambda: done.append(threading.current_thread()), 0.0)
    assert len(done) == 1


@pytest.mark.parametrize("two", [True, False])
def test_closing_wakes_everybody(two: bool) -> None:
    relay = Relay(two)
    thread = worker(relay)
    relay.close()
    relay.close()
    thread.join(5)
    assert not thread.is_alive()
    assert not relay.wait_until_due() and not relay.wait_until_idle() and not relay.hand(lambda: None, 0.0)


def test_what_a_job_raises_ends_the_worker_and_frees_the_relay(relay: Relay) -> None:
    raised = []

    def work() -> None:
        try:
            relay.work()
        except ZeroDivisionError as error:
            raised.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    relay.hand(fails, 0.0)
    thread.join(5)
    assert len(raised) == 1
    assert relay.wait_until_idle()
