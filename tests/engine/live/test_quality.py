"""The ladder on simulated machines: fast, slow, in between, and with a disturbance."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from engine.live.quality import QualityLadder, Sample

MS = 1_000_000
PERIOD_MS = 40.0


def drive(
    ladder: QualityLadder,
    seconds: float,
    ager_ms_at_256: float,
    *,
    begin_s: float = 0.0,
    target_ms: float = 80.0,
    useful_px: float = 1000.0,
    extra_ms: Callable[[float], float] = lambda at_s: 0.0,
) -> list[int]:
    """The sizes of every frame of a run; a frame costs 8 ms plus what grows with the area, and paints 15 ms later."""
    sizes = []
    at_ms = begin_s * 1e3
    while at_ms < (begin_s + seconds) * 1e3:
        scaled_ms = ager_ms_at_256 * (ladder.size / 256) ** 2
        busy_ms = 8 + scaled_ms + extra_ms(at_ms / 1e3)
        at_ms += max(PERIOD_MS, busy_ms)
        sample = Sample(int(at_ms * MS), busy_ms, scaled_ms, PERIOD_MS, busy_ms + 15, useful_px)
        sizes.append(ladder.observe(sample, target_ms))
    return sizes


def test_it_starts_at_the_smallest_size_and_a_fast_machine_climbs_to_the_largest() -> None:
    ladder = QualityLadder()
    assert ladder.size == 256
    sizes = drive(ladder, 20, ager_ms_at_256=2)
    assert sizes[-1] == 512 and sorted(sizes) == sizes


def test_a_machine_that_only_manages_256_stays_there_without_trying() -> None:
    assert set(drive(QualityLadder(), 60, ager_ms_at_256=15)) == {256}


def test_a_middling_machine_rests_at_384() -> None:
    sizes = drive(QualityLadder(), 60, ager_ms_at_256=6)
    assert sizes[-1] == 384 and 512 not in sizes


def test_it_never_climbs_beyond_what_the_faces_fill() -> None:
    assert set(drive(QualityLadder(), 30, ager_ms_at_256=1, useful_px=240)) == {256}
    assert max(drive(QualityLadder(), 30, ager_ms_at_256=1, useful_px=300)) == 384


def test_load_brings_it_down_within_three_seconds_and_quiet_brings_it_back() -> None:
    ladder = QualityLadder()
    drive(ladder, 20, ager_ms_at_256=2)
    during = drive(ladder, 4, 2, begin_s=20, extra_ms=lambda at_s: 40)
    assert during[-1] < 512
    after = drive(ladder, 60, 2, begin_s=24)
    assert after[-1] == 512


def test_a_tight_target_keeps_it_small() -> None:
    assert set(drive(QualityLadder(), 30, ager_ms_at_256=2, target_ms=30)) == {256}


def test_a_disturbance_that_always_follows_a_climb_is_tried_less_and_less_often() -> None:
    """What the prediction cannot see (a cache that overflows at 384, say) must not make the picture pump."""
    ladder = QualityLadder()
    changes = 0
    sizes = [256]
    at_s = 0.0
    while at_s < 600:
        punished = 45.0 if ladder.size > 256 else 0.0
        sizes += drive(ladder, 0.2, 4, begin_s=at_s, extra_ms=lambda _, ms=punished: ms)  # type: ignore[misc]
        at_s += 0.2
    changes = sum(a != b for a, b in itertools.pairwise(sizes))
    assert 2 <= changes <= 16


def test_too_few_frames_give_no_verdict() -> None:
    ladder = QualityLadder()
    for second in range(7):
        ladder.observe(Sample(second * 1000 * MS, 500, 400, 40, 500, 1000), 80)
    assert ladder.size == 256
