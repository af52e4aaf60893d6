"""The session with a fake source and a fake pipeline: order, policies, faults, stopping, starting again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import InputError, NoCameraError, SessionError, StalledError
from engine.live.session import MirrorSession
from engine.recognition.guided import Observation
from engine.recognition.index import GalleryIndex
from engine.settings import Settings
from engine.types import FrameResult, SessionState
from tests.fakes.live import FakePipeline, FakeSource, StuckSource

Maker = Callable[..., MirrorSession]


@pytest.fixture(autouse=True, params=[2, 8], ids=["one-thread", "two-threads"])
def cores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With few cores one thread makes a picture, with more there are two at two frames."""
    monkeypatch.setattr("engine.live.relay.usable_cores", lambda: request.param)


@pytest.fixture
def make() -> Iterator[Maker]:
    """Builds sessions on fakes and stops them at the end; a session that cannot be stopped fails the test."""
    sessions: list[MirrorSession] = []

    def build(
        *sources: FakeSource, pipeline: FakePipeline | None = None, settings: Settings | None = None
    ) -> MirrorSession:
        given = iter(sources)
        engine = pipeline or FakePipeline()
        session = MirrorSession(
            settings or Settings(), open_source=lambda _: next(given), build_engine=lambda _: engine
        )
        sessions.append(session)
        return session

    yield build
    assert all(session.stop(5) for session in sessions)


def wait_for(condition: Callable[[], object], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)


def wait_for_state(session: MirrorSession, *states: SessionState) -> None:
    wait_for(lambda: session.status().state in states)


def consume(session: MirrorSession, until: Callable[[], bool], pause_s: float = 0.001) -> list[FrameResult]:
    """Pull like a window does: the newest result, painted at once."""
    results: list[FrameResult] = []
    while True:
        over = until()
        result = session.latest(results[-1].frame.index if results else -1)
        if result is not None:
            results.append(result)
            session.shown(result, time.monotonic_ns(), 0.5)
        elif over:
            return results
        else:
            time.sleep(pause_s)


def has_ended(session: MirrorSession) -> Callable[[], bool]:
    return lambda: session.status().state in (SessionState.ENDED, SessionState.FAILED)


def test_a_file_loses_no_frame_even_with_a_slow_pipeline(make: Maker) -> None:
    pipeline = FakePipeline(work_s=0.004)
    session = make(FakeSource(frames=40, live=False, period_s=0), pipeline=pipeline)
    session.start()
    results = consume(session, has_ended(session))
    assert [r.frame.index for r in results] == list(range(40))
    status = session.status()
    assert (status.captured, status.shown, status.dropped) == (40, 40, 0)
    assert status.state is SessionState.ENDED and status.message == "fake has ended."


def test_a_camera_drops_frames_but_never_goes_backwards_nor_waits(make: Maker) -> None:
    session = make(FakeSource(live=True, period_s=0.002), pipeline=FakePipeline(work_s=0.012))
    session.start()
    results = consume(session, lambda: session.status().shown >= 20)
    indices = [r.frame.index for r in results]
    assert indices == sorted(set(indices))
    assert session.status().dropped > 20
    # The age of a frame when its work is done: the work itself and at most one frame's wait, however long the run.
    # (A queue would be 200 ms behind by now, and growing.)
    assert session.status().latency_ms["p50"] < 100


def test_the_picture_belongs_to_its_frame(make: Maker) -> None:
    session = make(FakeSource(frames=30, live=True))
    session.start()
    for result in consume(session, has_ended(session)):
        assert np.array_equal(result.aged, result.frame.image + np.uint8(1))
        assert result.frame.image[0, 0, 0] == result.frame.index


def test_one_settings_snapshot_a_frame_and_changes_arrive(make: Maker) -> None:
    pipeline = FakePipeline()
    session = make(FakeSource(), pipeline=pipeline)
    session.start()
    wait_for(lambda: len(pipeline.settings) > 3)
    older = replace(session.settings, target_age=70.0)
    session.apply(older)
    wait_for(lambda: pipeline.settings[-1] is older)
    assert all(type(s) is Settings for s in pipeline.settings)


def test_a_looker_that_does_not_come_does_not_stop_a_file_for_ever(make: Maker) -> None:
    session = make(FakeSource(frames=3, live=False, period_s=0))
    session.start()
    wait_for_state(session, SessionState.ENDED)
    assert session.status().dropped == 2 and session.latest() is not None


def test_latest_never_waits_and_gives_each_result_once(make: Maker) -> None:
    session = make(FakeSource(frames=1))
    assert session.latest() is None
    session.start()
    wait_for_state(session, SessionState.ENDED)
    result = session.latest(-1)
    assert result is not None and session.latest(result.frame.index) is None


def test_start_returns_at_once_although_everything_is_slow() -> None:
    held = threading.Event()
    source = FakeSource(frames=1)

    def slow_source(_: Settings) -> FakeSource:
        held.wait(5)
        return source

    def slow_engine(_: Settings) -> FakePipeline:
        held.wait(5)
        return FakePipeline()

    session = MirrorSession(Settings(), open_source=slow_source, build_engine=slow_engine)
    begin = time.monotonic()
    session.start()
    assert time.monotonic() - begin < 0.2
    assert session.status().state is SessionState.STARTING
    held.set()
    wait_for_state(session, SessionState.ENDED)
    assert session.stop(5)


def test_frames_are_read_only_when_the_engine_is_ready() -> None:
    """Otherwise the first frames would be counted as dropped, and the first latency would be the loading time."""
    loaded = threading.Event()
    source = FakeSource(period_s=0)

    def build(_: Settings) -> FakePipeline:
        loaded.wait(5)
        return FakePipeline()

    session = MirrorSession(Settings(), open_source=lambda _: source, build_engine=build)
    session.start()
    wait_for(lambda: source.opened)
    time.sleep(0.05)
    assert session.status().captured == 0
    loaded.set()
    wait_for(lambda: session.status().captured)
    assert session.stop(5)


def test_trouble_is_shown_and_passes(make: Maker) -> None:
    again = threading.Event()

    def script(number: int) -> None:
        if number >= 5 and not again.is_set():
            raise StalledError("The camera froze. Trying again …")

    session = make(FakeSource(script=script))
    session.start()
    wait_for_state(session, SessionState.RECOVERING)
    status = session.status()
    assert status.message == "The camera froze. Trying again …"
    assert status.errors == ("The camera froze. Trying again …",)
    again.set()
    wait_for_state(session, SessionState.RUNNING)
    assert session.status().message == ""
    before = session.status().captured
    wait_for(lambda: session.status().captured > before + 3)


def test_a_camera_that_is_not_there_at_the_start_is_waited_for(make: Maker) -> None:
    source = FakeSource(
        open_error=NoCameraError("No camera answered."),
        script=lambda number: (_ for _ in ()).throw(NoCameraError("Still none.")) if number < 3 else None,
    )
    session = make(source)
    session.start()
    wait_for_state(session, SessionState.RUNNING)
    assert source.opened == 1
    assert session.status().errors[:2] == ("No camera answered.", "Still none.")


def test_a_file_that_cannot_be_used_fails_with_its_message_and_another_one_works(make: Maker) -> None:
    session = make(FakeSource(open_error=InputError("not a video: x.txt.")), FakeSource())
    session.start()
    wait_for_state(session, SessionState.FAILED)
    assert session.status().message == "not a video: x.txt."
    session.apply(replace(session.settings, source="other.mp4"))
    wait_for_state(session, SessionState.RUNNING)


def test_a_raising_pipeline_ends_in_failed_and_restart_builds_a_new_one() -> None:
    engines: list[FakePipeline] = []

    def build(_: Settings) -> FakePipeline:
        engines.append(FakePipeline(error_at=4 if not engines else None))
        return engines[-1]

    sources = [FakeSource(), FakeSource()]
    given = iter(sources)
    session = MirrorSession(Settings(), open_source=lambda _: next(given), build_engine=build)
    session.start()
    wait_for_state(session, SessionState.FAILED)
    status = session.status()
    assert "RuntimeError: the fake breaks here" in status.message and status.errors == (status.message,)
    wait_for(lambda: sources[0].closed)
    session.restart()
    wait_for_state(session, SessionState.RUNNING)
    assert len(engines) == 2 and engines[0].closed and not engines[1].closed
    assert session.stop(5)


@pytest.mark.parametrize("worker", ["capture", "fast", "paint", "slow"])
def test_any_worker_that_raises_fails_the_session_and_frees_the_source(worker: str) -> None:
    from engine.live.workers import WORKERS

    def broken(_: object) -> None:
        raise ValueError("broken")

    source = FakeSource()
    session = MirrorSession(
        Settings(),
        open_source=lambda _: source,
        build_engine=lambda _: FakePipeline(),
        workers={**WORKERS, worker: broken},
    )
    session.start()
    wait_for_state(session, SessionState.FAILED)
    assert "ValueError: broken" in session.status().message
    assert session.stop(5)
    assert source.closed == 1 or not source.opened


def test_stop_closes_everything_and_twice_is_safe(make: Maker) -> None:
    source, pipeline = FakeSource(), FakePipeline()
    session = make(source, pipeline=pipeline)
    session.start()
    wait_for_state(session, SessionState.RUNNING)
    assert session.stop(5) and session.stop(5)
    assert session.status().state is SessionState.STOPPED
    assert source.closed == 1 and pipeline.closed == 1
    assert session.latest() is None


def test_stopping_a_session_that_never_started_is_fine(make: Maker) -> None:
    session = make()
    assert session.stop(0.1)
    assert session.status().state is SessionState.STOPPED


def test_a_stuck_thread_is_reported_and_left_and_the_program_goes_on() -> None:
    stuck = StuckSource()
    session = MirrorSession(Settings(), open_source=lambda _: stuck, build_engine=lambda _: FakePipeline())
    session.start()
    wait_for(lambda: stuck.opened)
    begin = time.monotonic()
    assert session.stop(0.2) is False
    assert time.monotonic() - begin < 1.0
    status = session.status()
    assert status.state is SessionState.STOPPED
    assert status.message == "The camera or file did not stop in time and was left behind."
    stuck.release.set()
    wait_for(lambda: stuck.closed)


def first_engine_hangs() -> tuple[list[FakePipeline], threading.Event, Callable[[Settings], FakePipeline]]:
    """Engines as they are built, what lets the first go on, and the builder."""
    engines: list[FakePipeline] = []
    release = threading.Event()

    class Hanging(FakePipeline):
        def process(self, *args: object) -> FrameResult:
            release.wait(30)
            return super().process(*args)  # type: ignore[arg-type]

    def build(_: Settings) -> FakePipeline:
        engines.append(FakePipeline() if engines else Hanging())
        return engines[-1]

    return engines, release, build


def test_after_a_stuck_pipeline_the_restart_does_not_touch_it() -> None:
    engines, release, build = first_engine_hangs()
    session = MirrorSession(Settings(), open_source=lambda _: FakeSource(), build_engine=build, patience_s=0.1)
    session.start()
    wait_for(lambda: session.status().captured > 2)
    session.restart()
    wait_for_state(session, SessionState.RUNNING)
    assert len(engines) == 2 and engines[0].closed == 0
    assert any("left behind" in error for error in session.status().errors)
    release.set()
    assert session.stop(5)


def test_after_a_stop_that_left_a_thread_a_new_start_has_an_engine_of_its_own() -> None:
    engines, release, build = first_engine_hangs()
    session = MirrorSession(Settings(), open_source=lambda _: FakeSource(), build_engine=build)
    session.start()
    wait_for(lambda: session.status().captured > 2)
    assert session.stop(0.1) is False
    assert engines[0].closed == 0, "a stuck worker may still be inside"
    session.start()
    wait_for_state(session, SessionState.RUNNING)
    assert len(engines) == 2
    release.set()
    assert session.stop(5)


def test_an_engine_that_is_ready_too_late_is_closed() -> None:
    loaded = threading.Event()
    engine = FakePipeline()

    def build(_: Settings) -> FakePipeline:
        loaded.wait(30)
        return engine

    session = MirrorSession(Settings(), open_source=lambda _: FakeSource(), build_engine=build)
    session.start()
    assert session.stop(0.1) is False
    loaded.set()
    wait_for(lambda: engine.closed)
    assert session.status().state is SessionState.STOPPED


def test_a_restart_while_loading_uses_what_was_loaded() -> None:
    loaded = threading.Event()
    engines: list[FakePipeline] = []

    def build(_: Settings) -> FakePipeline:
        loaded.wait(30)
        engines.append(FakePipeline())
        return engines[-1]

    session = MirrorSession(Settings(), open_source=lambda _: FakeSource(), build_engine=build)
    session.start()
    time.sleep(0.02)
    session.restart()
    loaded.set()
    wait_for_state(session, SessionState.RUNNING)
    assert len(engines) == 1 and session.status().errors == ()
    assert session.stop(5)


def test_starting_twice_is_refused(make: Maker) -> None:
    session = make(FakeSource())
    session.start()
    with pytest.raises(SessionError, match="restart"):
        session.start()


def test_another_source_is_opened_in_the_background_and_indices_go_on(make: Maker) -> None:
    first, second = FakeSource(name="one"), FakeSource(name="two")
    pipeline = FakePipeline()
    session = make(first, second, pipeline=pipeline)
    session.start()
    wait_for(lambda: session.latest() is not None)
    highest = consume(session, lambda: session.status().shown >= 5)[-1].frame.index
    session.apply(replace(session.settings, source="two"))
    wait_for(lambda: session.status().source == "two" and session.latest() is not None)
    result = session.latest()
    assert result is not None and result.frame.index > highest
    assert first.closed == 1 and pipeline.resets == 1 and pipeline.closed == 0


def test_rapid_changes_of_the_source_end_with_the_last_one_alone(make: Maker) -> None:
    opened: list[FakeSource] = []

    def open_source(settings: Settings) -> FakeSource:
        opened.append(FakeSource(name=settings.source))
        return opened[-1]

    session = MirrorSession(Settings(), open_source=open_source, build_engine=lambda _: FakePipeline())
    session.start()
    for number in range(20):
        session.apply(replace(session.settings, source=f"clip{number}"))
    wait_for(lambda: session.status().source == "clip19" and session.status().state is SessionState.RUNNING)
    wait_for(lambda: sum(source.closed == 0 for source in opened) == 1)
    assert session.stop(5)
    assert all(source.closed == 1 for source in opened)


def test_the_last_picture_of_a_clip_still_follows_the_dial(make: Maker) -> None:
    pipeline = FakePipeline()
    session = make(FakeSource(frames=3, live=False), pipeline=pipeline)
    session.start()
    results = consume(session, has_ended(session))
    shown = session.status().shown
    session.apply(replace(session.settings, target_age=20.0))
    wait_for(lambda: session.latest(results[-1].frame.index) is not None)
    again = session.latest()
    assert again is not None and np.array_equal(again.frame.image, results[-1].frame.image)
    session.shown(again, time.monotonic_ns())
    assert session.status().shown == shown
    assert pipeline.settings[-1].target_age == 20.0


def test_chores_run_on_the_slow_worker(make: Maker) -> None:
    pipeline = FakePipeline()
    session = make(FakeSource(), pipeline=pipeline)
    session.start()
    assert pipeline.chores_done.wait(5)


def test_who_is_known_and_watched_reaches_the_engine_before_and_after_it_is_built(make: Maker) -> None:
    people, others = GalleryIndex.empty("m"), GalleryIndex.empty("m")
    pipeline = FakePipeline()
    session = make(FakeSource(), pipeline=pipeline)
    assert session.observation() is None and session.names_problem == ""
    session.know(people)
    session.watch(True, 3)
    session.start()
    wait_for_state(session, SessionState.RUNNING)
    assert pipeline.people == [people] and pipeline.watched == [(True, 3)]
    session.know(others)
    session.watch(False)
    assert pipeline.people == [people, others] and pipeline.watched == [(True, 3), (False, None)]
    pipeline.names_problem = "no network."
    assert session.names_problem == "no network."


def test_an_observation_is_handed_out_once_it_is_newer(make: Maker) -> None:
    pipeline = FakePipeline()
    session = make(FakeSource(), pipeline=pipeline)
    session.start()
    wait_for_state(session, SessionState.RUNNING)
    assert session.observation() is None
    pipeline.observed = Observation(1000, 0, (32, 24))
    assert session.observation() is pipeline.observed
    assert session.observation(after_ns=999) is pipeline.observed
    assert session.observation(after_ns=1000) is None


def test_knowing_somebody_wakes_a_clip_that_has_ended(make: Maker) -> None:
    pipeline = FakePipeline()
    session = make(FakeSource(frames=2, live=False), pipeline=pipeline)
    session.start()
    wait_for_state(session, SessionState.ENDED)
    consume(session, lambda: pipeline.settled(session.settings))
    before = len(pipeline.seen)
    pipeline.settled = lambda settings: len(pipeline.seen) > before  # type: ignore[method-assign]
    session.know(GalleryIndex.empty("m"))
    wait_for(lambda: len(pipeline.seen) > before)


def test_no_thread_outlives_a_stopped_session(make: Maker) -> None:
    before = set(threading.enumerate())
    session = make(FakeSource(), FakeSource())
    session.start()
    wait_for_state(session, SessionState.RUNNING)
    session.restart()
    wait_for_state(session, SessionState.RUNNING)
    assert session.stop(5)
    assert set(threading.enumerate()) <= before


def test_status_and_report_of_a_run_agree(make: Maker) -> None:
    session = make(FakeSource(frames=25, live=False, period_s=0.004))
    session.start()
    consume(session, has_ended(session))
    session.stop(5)
    status, report = session.status(), session.report(gui_stall_ms_max=12.0)
    assert report["frames"] == {"captured": status.captured, "shown": status.shown, "dropped": status.dropped}
    assert report["device"] == {"ager": "fake"} and report["faces_mean"] == 1.0 and report["aged_share"] == 1.0
    assert report["errors"] == [] and report["gui_stall_ms_max"] == 12.0
    assert set(report["stages_ms"]) == {"ager", "detect", "paint"}
