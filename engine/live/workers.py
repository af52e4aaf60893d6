"""The workers of a run: capture reads the source, fast finds the faces of a frame, paint makes its picture meanwhile of
the one before, and slow does what may take its time."""

from __future__ import annotations

import os
import sys
import threading
import time
from functools import partial

from engine.capture.protocol import Source
from engine.errors import SourceError
from engine.live.protocol import Pace, Painting, Pipeline
from engine.live.run import Run
from engine.types import Frame

SCREEN_PATIENCE_S = 0.25
"""How long a result of a file waits for a screen that does not look before it is dropped after all."""
SLOW_DUTY = 0.25
"""The largest share of time that the slow worker works."""
CAMERA_PATIENCE_S = 3.0
ENGINE_PATIENCE_S = 30.0
"""How long a run waits for the one before it: until its camera is free, and until nobody uses the engine."""
_REDRAW_S = 0.04
_TROUBLE_PAUSE_S = 0.02


def capture_worker(run: Run) -> None:
    """Open the source and lay its frames into the slot until it ends; trouble is told and waited out."""
    stuck = run.await_previous("capture", patience_s=CAMERA_PATIENCE_S)
    run.tools.listener.run_stuck(stuck)
    if run.cancelled.is_set():
        return
    source = run.tools.open_source(run.tools.settings())
    try:
        if run.hold_source(source):
            run.tools.listener.run_started(run, f"Opening {source.name} …")
            _read_all(run, source)
        run.slots.frames.finish()
    finally:
        run.drop_source()
        source.close()


def _read_all(run: Run, source: Source) -> None:
    opened = troubled = False
    while not run.cancelled.is_set():
        try:
            if not opened:
                opened = True  # what failed to open is opened by the next read
                source.open()
                run.engine_ready.wait()
                run.slots.frames.set_waits(not source.live)
                run.slots.results.set_waits(not source.live)
            run.slots.frames.wait_until_free()  # a file's next frame is read when there is room, not held in hand
            frame = source.read()
        except SourceError as error:
            troubled = True
            run.tools.listener.run_troubled(run, str(error), type(error).__name__)
            run.cancelled.wait(_TROUBLE_PAUSE_S)
            continue
        if frame is None or run.cancelled.is_set():
            return
        if troubled:
            troubled = False
            run.tools.listener.run_recovered(run)
        run.tools.stats.captured(frame.captured_ns)
        run.slots.frames.put(Frame(frame.image, next(run.tools.indices), frame.captured_ns))


def fast_worker(run: Run) -> None:
    """Begin the newest frame, one after the other, with one snapshot of the settings each; paint goes on with it."""
    stuck = run.await_previous("fast", "paint", "slow", patience_s=ENGINE_PATIENCE_S)
    run.tools.listener.run_stuck(stuck)
    if run.cancelled.is_set():
        return
    pipeline = run.tools.pipeline(run, bool(stuck))
    run.engine_ready.set()
    last: Frame | None = None
    while run.relay.wait_until_due() and (frame := run.slots.frames.take()) is not None:
        begin = time.monotonic()
        painting = pipeline.begin(frame, run.tools.settings(), run.tools.stats.pace())
        run.relay.hand(partial(_finish, run, pipeline, painting), time.monotonic() - begin)
        last = frame
    if not run.relay.wait_until_idle() or run.cancelled.is_set() or not run.slots.frames.finished:
        return
    run.tools.stats.ended(last.index if last is not None else -1)
    run.tools.listener.run_ended(run)
    if last is not None:
        _keep_last(run, pipeline, last)


def paint_worker(run: Run) -> None:
    """Make the pictures of the frames that were begun."""
    run.relay.work()


def _finish(run: Run, pipeline: Pipeline, painting: Painting) -> None:
    result = painting()
    run.tools.stats.processed(result)
    run.slots.results.put(result, patience_s=SCREEN_PATIENCE_S)
    run.tools.listener.run_flowing(run)
    _hand_out(run, pipeline)


def _hand_out(run: Run, pipeline: Pipeline) -> None:
    """Give the slow worker something to do, unless it has not begun with the last piece."""
    if not run.slots.chores.pending:
        chore = pipeline.chore()
        if chore is not None:
            run.slots.chores.put(chore)


def _keep_last(run: Run, pipeline: Pipeline, last: Frame) -> None:
    """After the end the last picture is finished, and then still follows the dial; paint has nothing to do any more."""
    while not run.cancelled.is_set():
        while not run.cancelled.is_set() and not pipeline.settled(run.tools.settings()):
            again = Frame(last.image, next(run.tools.indices), time.monotonic_ns())
            result = pipeline.process(again, run.tools.settings(), Pace())
            run.slots.results.put(result, patience_s=SCREEN_PATIENCE_S)
            _hand_out(run, pipeline)
            run.cancelled.wait(_REDRAW_S)
        run.settings_changed.wait()
        run.settings_changed.clear()


def slow_worker(run: Run) -> None:
    """Do the chores one at a time, with rests between them, so that the picture has the processor."""
    _be_nice()
    while (chore := run.slots.chores.take()) is not None:
        begin = time.monotonic()
        chore()
        spent_s = time.monotonic() - begin
        if run.cancelled.wait(spent_s * (1 / SLOW_DUTY - 1)):
            return


def _be_nice() -> None:
    """Lower the priority of this thread alone; Linux counts it by thread, elsewhere it would hit the whole program."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


WORKERS = {"capture": capture_worker, "fast": fast_worker, "paint": paint_worker, "slow": slow_worker}
