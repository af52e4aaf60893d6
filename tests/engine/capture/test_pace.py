"""Frames come out when they are due, and the measured rate is the real one."""

from __future__ import annotations

import threading
import time

import pytest

from engine.capture.pace import NS, Pacer, RateMeter


class HandClock:
    """A clock that moves when it is told, or when somebody waits."""

    def __init__(self) -> None:
        self.now_ns = 1000

    def __call__(self) -> int:
        return self.now_ns


class ClockedEvent(threading.Event):
    """Waiting on it moves the clock instead of the world."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self._clock.now_ns += max(1, round(timeout * NS))
        return self.is_set()


def test_frames_wait_for_their_time() -> None:
    clock = HandClock()
    pacer, stop = Pacer(clock=clock), ClockedEvent(clock)
    times = [pacer.wait(media_ns, stop) for media_ns in (0, 40_000_000, 80_000_000)]
    assert times == [1000, 40_001_000, 80_001_000]


def test_a_slightly_late_reader_catches_up() -> None:
    clock = HandClock()
    pacer, stop = Pacer(patience_ns=100_000_000, clock=clock), ClockedEvent(clock)
    pacer.wait(0, stop)
    clock.now_ns += 90_000_000
    assert pacer.wait(40_000_000, stop) == 90_001_000  # at once
    assert pacer.wait(80_000_000, stop) == 90_001_000
    assert pacer.wait(120_000_000, stop) == 120_001_000  # and back in step


def test_a_very_late_reader_moves_the_schedule() -> None:
    clock = HandClock()
    pacer, stop = Pacer(patience_ns=100_000_000, clock=clock), ClockedEvent(clock)
    pacer.wait(0, stop)
    clock.now_ns += 5 * NS
    assert pacer.wait(40_000_000, stop) == 5 * NS + 1000
    assert pacer.wait(80_000_000, stop) == 5 * NS + 40_001_000  # no burst of 125 frames


def test_stopping_ends_the_wait() -> None:
    stop = threading.Event()
    pacer = Pacer()
    pacer.wait(0, stop)
    threading.Timer(0.05, stop.set).start()
    start = time.monotonic()
    assert pacer.wait(60 * NS, stop) is None
    assert time.monotonic() - start < 5


def test_rate_is_measured_over_the_window_and_falls_to_zero() -> None:
    clock = HandClock()
    meter = RateMeter(window_ns=2 * NS, clock=clock)
    assert meter.fps == 0
    for _ in range(200):
        clock.now_ns += NS // 50
        meter.add(clock.now_ns)
    assert meter.fps == pytest.approx(50)
    for _ in range(20):
        clock.now_ns += NS // 10
        meter.add(clock.now_ns)
    assert meter.fps == pytest.approx(10, rel=0.1)
    clock.now_ns += 3 * NS
    assert meter.fps == 0


def test_cleared_rate_is_zero() -> None:
    meter = RateMeter()
    meter.add(time.monotonic_ns() - NS // 2)
    meter.add(time.monotonic_ns())
    assert meter.fps > 0
    meter.clear()
    assert meter.fps == 0
