"""Work on other threads, answers on this one."""

from __future__ import annotations

import threading
import time

from desktop.background import Background


def test_work_runs_elsewhere_and_answers_here() -> None:
    background = Background()
    seen: list[tuple[threading.Thread, threading.Thread]] = []
    background.submit(threading.current_thread, lambda worker: seen.append((worker, threading.current_thread())))
    assert background.finish(5)
    (worker, here), main = seen[0], threading.main_thread()
    assert worker is not main and here is main


def test_nothing_arrives_before_drain() -> None:
    background = Background()
    seen: list[int] = []
    background.submit(lambda: 7, seen.append)
    until = time.monotonic() + 5
    while background._answers.empty() and time.monotonic() < until:
        time.sleep(0.001)
    assert seen == [] and background.busy
    background.drain()
    assert seen == [7] and not background.busy


def test_a_failure_goes_to_failed() -> None:
    background = Background()
    seen: list[object] = []

    def fail() -> None:
        raise OSError("disk")

    background.submit(fail, seen.append, lambda error: seen.append(str(error)))
    background.submit(fail)
    assert background.finish(5)
    assert seen == ["disk"]


def test_work_that_never_ends_holds_nobody_up() -> None:
    background, gate = Background(), threading.Event()
    background.submit(lambda: gate.wait(10))
    began = time.monotonic()
    assert not background.finish(0.05)
    assert time.monotonic() - began < 2
    gate.set()
    assert background.finish(5)
