"""Figures against values worked out by hand, and the report against the public names."""

from __future__ import annotations

import json
import mmap

import numpy as np
import pytest

from engine.live.report import build_report
from engine.live.rss import rss_mb
from engine.live.stats import Histogram, Rate, SessionStats
from engine.types import Face, Frame, FrameResult
from tests.fakes.live import make_face, make_image

MS = 1_000_000


class Clock:
    def __init__(self) -> None:
        self.now_ns = 10**12

    def __call__(self) -> int:
        return self.now_ns


def result_at(index: int, captured_ns: int, *faces: Face, stages: dict[str, float] | None = None) -> FrameResult:
    frame = Frame(make_image(index), index, captured_ns)
    return FrameResult(frame, frame.image, faces, stages or {})


def test_percentiles_of_a_histogram_match_a_sorted_list_to_one_bin() -> None:
    values = np.random.default_rng(3).gamma(4.0, 12.0, 2000)
    histogram = Histogram(bin_ms=0.1)
    for value in values:
        histogram.add(float(value))
    for percent in (0, 5, 50, 95, 100):
        exact = float(np.percentile(values, percent, method="inverted_cdf"))
        assert histogram.percentile(percent) == pytest.approx(exact, abs=0.1)
    assert histogram.max_ms == values.max() and len(histogram) == 2000


def test_an_empty_histogram_is_zero_and_a_huge_value_keeps_its_true_maximum() -> None:
    histogram = Histogram()
    assert histogram.percentile(50) == 0.0
    histogram.add(10_000.0)
    assert histogram.max_ms == 10_000.0 and 1999 <= histogram.percentile(50) <= 2001


def test_a_rate_is_measured_over_the_last_seconds_and_falls_to_zero_after_a_stall() -> None:
    rate = Rate()
    for i in range(100):
        rate.add(i * 40 * MS)
    assert rate.per_second(99 * 40 * MS) == pytest.approx(25.0)
    assert rate.per_second(99 * 40 * MS + 4_000 * MS) == 0.0


def test_latency_frames_faces_and_share_of_a_short_run() -> None:
    clock = Clock()
    stats = SessionStats(clock)
    begin_ns = clock.now_ns
    for i in range(100):
        captured_ns = begin_ns + i * 40 * MS
        stats.captured(captured_ns)
        result = result_at(i, captured_ns, make_face(1), make_face(2, aged=i >= 50), stages={"ager": 5.0})
        stats.processed(result)
        stats.shown(result, captured_ns + (30 if i < 90 else 80) * MS, paint_ms=2.0)
    clock.now_ns = begin_ns + 30 * MS + 4_000 * MS
    figures = stats.figures()
    assert (figures.captured, figures.shown) == (100, 100)
    assert figures.seconds == pytest.approx(4.0)
    assert figures.fps_shown == pytest.approx(25.0)
    assert figures.fps_captured == pytest.approx(25.0, rel=0.01)
    assert figures.latency_ms["p50"] == pytest.approx(30, abs=0.1)
    assert figures.latency_ms["p95"] == pytest.approx(80, abs=0.1)
    assert figures.latency_ms["max"] == pytest.approx(80)
    assert figures.faces_mean == 2.0
    assert figures.aged_share == pytest.approx(0.75)
    assert figures.stages_ms == pytest.approx({"ager": 5.0, "paint": 2.0}, abs=0.05)


def test_faces_turned_away_do_not_count_in_the_share_but_frontal_unaged_ones_do() -> None:
    stats = SessionStats()
    faces = (make_face(1), make_face(2, aged=False, yaw_degrees=-70), make_face(3, aged=False, yaw_degrees=20))
    stats.shown(result_at(0, 0, *faces), 5 * MS, None)
    figures = stats.figures()
    assert figures.faces_mean == 3.0 and figures.aged_share == 0.5


def test_a_repaint_of_the_same_frame_is_not_a_second_frame() -> None:
    stats = SessionStats()
    result = result_at(3, 0)
    stats.shown(result, 5 * MS, None)
    stats.shown(result, 9 * MS, None)
    stats.shown(result_at(2, 0), 9 * MS, None)
    assert stats.figures().shown == 1


def test_after_the_end_the_clock_stops_and_redrawn_pictures_do_not_count() -> None:
    clock = Clock()
    stats = SessionStats(clock)
    stats.shown(result_at(0, clock.now_ns), clock.now_ns, None)
    clock.now_ns += 1_000 * MS
    stats.ended(final_index=1)
    stats.shown(result_at(1, clock.now_ns), clock.now_ns, None)
    stats.shown(result_at(2, clock.now_ns), clock.now_ns, None)
    assert stats.figures().shown == 2
    stats.halted()
    clock.now_ns += 60_000 * MS
    assert stats.figures().seconds == pytest.approx(1.0)
    stats.resumed()
    stats.shown(result_at(3, clock.now_ns), clock.now_ns, None)
    clock.now_ns += 500 * MS
    assert stats.figures().seconds == pytest.approx(1.5)


def test_a_stage_counts_only_where_it_ran() -> None:
    stats = SessionStats()
    for i in range(9):
        stats.processed(result_at(i, 0, stages={"detect": 6.0} if i % 3 == 0 else {"mesh": 4.0}))
    assert stats.figures().stages_ms == pytest.approx({"detect": 6.0, "mesh": 4.0}, abs=0.05)


def test_nothing_shown_gives_no_latency_rather_than_zero() -> None:
    assert SessionStats().figures().recent_latency_ms == {}


def test_the_report_has_exactly_the_public_keys_and_is_json() -> None:
    stats = SessionStats()
    stats.shown(result_at(0, 0, make_face()), 20 * MS, 1.0)
    report = build_report(
        stats.figures(), devices={"ager": "cpu/openvino/f32"}, size=384, dropped=2, errors=["x"], gui_stall_ms_max=21.04
    )
    assert list(report) == [
        "seconds", "frames", "fps_shown", "latency_ms", "stages_ms", "faces_mean", "aged_share", "device", "size",
        "rss_mb", "gui_stall_ms_max", "errors",
    ]  # fmt: skip
    assert set(report["frames"]) == {"captured", "shown", "dropped"}
    assert set(report["latency_ms"]) == {"p50", "p95", "max"}
    assert set(report["rss_mb"]) == {"start", "end"}
    assert json.loads(json.dumps(report)) == report
    assert report["latency_ms"]["p50"] == 20.0 and report["gui_stall_ms_max"] == 21.0


def test_resident_memory_grows_by_what_is_touched() -> None:
    # Mapped by hand: an array may land in memory that an earlier test gave back to the allocator, not to the system.
    size = 64 << 20
    with mmap.mmap(-1, size) as block:
        before = rss_mb()
        block.write(b"\1" * size)
        assert rss_mb() - before > 50
