"""The slot: latest wins, waiting for files, nothing hangs after close."""

from __future__ import annotations

import threading
import time

from engine.live.slot import LatestSlot


def test_a_second_put_wins_and_the_first_counts_as_dropped() -> None:
    slot: LatestSlot[int] = LatestSlot()
    assert slot.put(1) and slot.put(2)
    assert slot.take(0) == 2
    assert slot.dropped == 1


def test_a_value_that_was_seen_is_not_dropped_by_the_next() -> None:
    slot: LatestSlot[int] = LatestSlot()
    slot.put(1)
    assert slot.peek() == 1 and slot.peek() == 1
    slot.put(2)
    assert slot.dropped == 0 and slot.peek() == 2


def test_taking_removes_and_an_empty_slot_times_out() -> None:
    slot: LatestSlot[int] = LatestSlot()
    slot.put(1)
    assert slot.pending
    assert slot.take(0) == 1
    assert not slot.pending
    begin = time.monotonic()
    assert slot.take(0.05) is None
    assert time.monotonic() - begin >= 0.045


def test_a_waiting_slot_loses_nothing_and_keeps_the_order() -> None:
    slot: LatestSlot[int] = LatestSlot(waits=True)

    def produce() -> None:
        for value in range(50):
            slot.put(value)
        slot.finish()

    producer = threading.Thread(target=produce)
    producer.start()
    taken = []
    while (value := slot.take(5)) is not None:
        taken.append(value)
    producer.join(5)
    assert taken == list(range(50))
    assert slot.dropped == 0 and slot.finished


def test_a_producer_can_wait_for_room_before_it_makes_a_value() -> None:
    slot: LatestSlot[int] = LatestSlot(waits=True)
    slot.put(1)
    passed = threading.Event()
    producer = threading.Thread(target=lambda: slot.wait_until_free() and passed.set())
    producer.start()
    assert not passed.wait(0.03)
    slot.take(0)
    assert passed.wait(5)
    slot.put(2)
    slot.set_waits(False)
    assert slot.wait_until_free(), "a camera's slot is never full"
    slot.close()
    assert not slot.wait_until_free()


def test_patience_ends_a_wait_and_the_older_value_is_dropped() -> None:
    slot: LatestSlot[int] = LatestSlot(waits=True)
    slot.put(1)
    assert slot.put(2, patience_s=0.02)
    assert slot.take(0) == 2 and slot.dropped == 1


def test_closing_wakes_a_waiting_taker_and_a_waiting_putter() -> None:
    empty: LatestSlot[int] = LatestSlot()
    full: LatestSlot[int] = LatestSlot(waits=True)
    full.put(1)
    results: dict[str, object] = {}
    threads = [
        threading.Thread(target=lambda: results.update(take=empty.take())),
        threading.Thread(target=lambda: results.update(put=full.put(2))),
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.02)
    empty.close()
    full.close()
    for thread in threads:
        thread.join(5)
    assert results == {"take": None, "put": False}


def test_after_finish_the_last_value_is_still_taken_and_no_more_accepted() -> None:
    slot: LatestSlot[int] = LatestSlot()
    slot.put(1)
    slot.finish()
    assert not slot.finished and not slot.put(2)
    assert slot.take() == 1
    assert slot.take() is None and slot.finished


def test_close_forgets_the_value_and_twice_is_safe() -> None:
    slot: LatestSlot[int] = LatestSlot()
    slot.put(1)
    slot.close()
    slot.close()
    assert slot.take() is None and slot.peek() is None and slot.closed


def test_a_policy_can_change_while_a_producer_waits() -> None:
    slot: LatestSlot[int] = LatestSlot(waits=True)
    slot.put(1)
    producer = threading.Thread(target=slot.put, args=(2,))
    producer.start()
    time.sleep(0.02)
    slot.set_waits(False)
    producer.join(5)
    assert not producer.is_alive() and slot.take(0) == 2
