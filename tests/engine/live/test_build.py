"""The real parts together: the demo through MediaPipe and small random networks, as a window would drive it."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from engine.errors import WeightsError
from engine.live.build import build_pipeline
from engine.live.session import MirrorSession
from engine.settings import Settings
from engine.types import Frame, FrameResult, SessionState

DEMO = Settings(source="demo", target_age=70.0)


def run_until_aged(session: MirrorSession, seconds: float = 20.0) -> list[FrameResult]:
    """Paint what comes until five pictures in a row showed an aged face."""
    results: list[FrameResult] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and session.status().state is not SessionState.FAILED:
        result = session.latest(results[-1].frame.index if results else -1)
        if result is None:
            time.sleep(0.005)
            continue
        results.append(result)
        session.shown(result, time.monotonic_ns(), 1.0)
        if len(results) >= 5 and all(any(face.aged for face in r.faces) for r in results[-5:]):
            break
    return results


def test_the_demo_runs_and_its_face_is_aged(made_weights: Path) -> None:
    session = MirrorSession(DEMO, build_engine=lambda settings: build_pipeline(settings, weights=made_weights))
    session.start()
    try:
        results = run_until_aged(session)
        status, report = session.status(), session.report()
    finally:
        assert session.stop(10)
    assert status.state is SessionState.RUNNING, status.message
    last = results[-1]
    assert any(face.aged and face.target_age == pytest.approx(70, abs=30) for face in last.faces)
    assert not np.array_equal(last.aged, last.frame.image)
    indices = [result.frame.index for result in results]
    assert indices == sorted(set(indices))
    assert set(status.devices) == {"ager", "age"} and status.devices["ager"].startswith("cpu/openvino/")
    assert {"detect", "mesh", "ager", "blend", "paint"} <= set(report["stages_ms"])
    assert report["faces_mean"] > 0 and report["errors"] == []


def test_missing_weights_end_in_failed_with_a_sentence_for_the_user(tmp_path: Path) -> None:
    with pytest.raises(WeightsError):
        build_pipeline(DEMO, weights=tmp_path)
    session = MirrorSession(DEMO, build_engine=lambda settings: build_pipeline(settings, weights=tmp_path))
    session.start()
    deadline = time.monotonic() + 10
    while session.status().state is SessionState.STARTING and time.monotonic() < deadline:
        time.sleep(0.01)
    status = session.status()
    assert session.stop(5)
    assert status.state is SessionState.FAILED and "ager" in status.message


def test_a_clip_that_ended_before_anybody_was_known_is_still_finished(made_weights: Path, tmp_path: Path) -> None:
    """Two frames are too few to find, know and age a face: the last picture goes on until it is."""
    from engine.capture.demo import DemoSource
    from engine.live.protocol import OpenSource
    from tests.fakes.live import FakeSource

    demo = DemoSource()
    demo.open()
    first = demo.read()
    demo.close()
    assert first is not None
    picture = first.image

    class Short(FakeSource):
        def read(self) -> Frame | None:
            frame = super().read()
            return None if frame is None else Frame(picture, frame.index, frame.captured_ns)

    opened: OpenSource = lambda _: Short(frames=2, live=False)  # noqa: E731
    session = MirrorSession(
        DEMO, open_source=opened, build_engine=lambda settings: build_pipeline(settings, weights=made_weights)
    )
    session.start()
    results = run_until_aged(session)
    assert session.status().state is SessionState.ENDED and session.status().captured == 2
    assert session.stop(10)
    assert any(face.aged for face in results[-1].faces)
