"""Figures of a running session: rates, latency, stages and shares; constant memory however long it runs."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.live.protocol import Pace
from engine.live.rss import rss_mb
from engine.types import FrameResult

FRONTAL_YAW_DEGREES = 45.0
"""A face turned further than this is not counted in ``aged_share``: the effect fades there on purpose."""

RECENT_S = 3.0
_WARM_S = 5.0  # memory is compared from here on: by then every buffer and network has been used
_RECENT_SAMPLES = 150


class Histogram:
    """Durations counted in bins, so that percentiles over hours need no list.

    0 to ``limit_ms`` in steps of ``bin_ms``; what is longer counts in the last bin, the maximum is exact.
    """

    def __init__(self, bin_ms: float = 0.1, limit_ms: float = 2000.0) -> None:
        self._bin_ms = bin_ms
        self._counts = np.zeros(round(limit_ms / bin_ms) + 1, np.int64)
        self.max_ms = 0.0

    def add(self, value_ms: float) -> None:
        index = int(value_ms / self._bin_ms)
        self._counts[min(max(index, 0), len(self._counts) - 1)] += 1
        self.max_ms = max(self.max_ms, value_ms)

    def __len__(self) -> int:
        return int(self._counts.sum())

    def percentile(self, percent: float) -> float:
        """The smallest value with at least ``percent`` of all values at or below it, to one bin; 0 if empty."""
        total = len(self)
        if total == 0:
            return 0.0
        rank = max(1, int(np.ceil(total * percent / 100)))
        index = int(np.searchsorted(np.cumsum(self._counts), rank))
        return min((index + 0.5) * self._bin_ms, self.max_ms)


class Rate:
    """Events a second over the last ``RECENT_S`` seconds, measured from their times."""

    def __init__(self) -> None:
        self._times_ns: deque[int] = deque(maxlen=1000)

    def add(self, at_ns: int) -> None:
        self._times_ns.append(at_ns)

    def per_second(self, now_ns: int) -> float:
        oldest_ns = now_ns - int(RECENT_S * 1e9)
        while self._times_ns and self._times_ns[0] < oldest_ns:
            self._times_ns.popleft()
        if len(self._times_ns) < 2:
            return 0.0
        return (len(self._times_ns) - 1) * 1e9 / (self._times_ns[-1] - self._times_ns[0] or 1)


@dataclass(frozen=True, slots=True)
class Figures:
    """A snapshot of the statistics. ``recent_*`` cover the last seconds, all others the whole run.

    ``seconds`` run from the first painted frame; ``aged_share`` is the share of shown faces looking about into the
    camera (FRONTAL_YAW_DEGREES) that were drawn aged.
    """

    seconds: float = 0.0
    captured: int = 0
    shown: int = 0
    fps_captured: float = 0.0
    fps_shown: float = 0.0
    recent_fps_shown: float = 0.0
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    recent_latency_ms: Mapping[str, float] = field(default_factory=dict)
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    faces_mean: float = 0.0
    aged_share: float = 0.0
    rss_start_mb: float = 0.0
    rss_end_mb: float = 0.0


class SessionStats:
    """Collects from every thread; ``figures()`` reads."""

    def __init__(self, clock_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._clock_ns = clock_ns
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self._captured = 0
            self._shown = 0
            self._last_index = -1
            self._first_shown_ns = 0
            self._captured_rate = Rate()
            self._shown_rate = Rate()
            self._latency = Histogram()
            self._recent_latency: deque[float] = deque(maxlen=_RECENT_SAMPLES)
            self._stages: dict[str, Histogram] = {}
            self._faces = 0
            self._frontal = 0
            self._aged = 0
            self._rss_start_mb = 0.0
            self._seconds_before = 0.0
            self._final_index: int | None = None

    def captured(self, captured_ns: int) -> None:
        with self._lock:
            self._captured += 1
            self._captured_rate.add(captured_ns)

    def processed(self, result: FrameResult) -> None:
        """Count the stages. A stage counts only in frames in which it ran."""
        with self._lock:
            for name, value_ms in result.stages_ms.items():
                self._stage(name, value_ms)

    def shown(self, result: FrameResult, painted_ns: int, paint_ms: float | None) -> None:
        """Count a painted frame. The same frame painted again is not counted again."""
        with self._lock:
            index = result.frame.index
            if index <= self._last_index or (self._final_index is not None and index > self._final_index):
                return
            self._last_index = index
            self._shown += 1
            self._first_shown_ns = self._first_shown_ns or painted_ns
            self._shown_rate.add(painted_ns)
            latency_ms = (painted_ns - result.frame.captured_ns) / 1e6
            self._latency.add(latency_ms)
            self._recent_latency.append(latency_ms)
            if paint_ms is not None:
                self._stage("paint", paint_ms)
            self._count_faces(result)
            warm = painted_ns - self._first_shown_ns >= _WARM_S * 1e9
            if self._rss_start_mb == 0.0 and warm:
                self._rss_start_mb = rss_mb()

    def ended(self, final_index: int) -> None:
        """The source gave its last frame: a still picture drawn anew from now on is not counted."""
        with self._lock:
            self._final_index = final_index
        self.halted()

    def halted(self) -> None:
        """Stop the clock of ``seconds`` until the next painted frame."""
        with self._lock:
            if self._first_shown_ns:
                self._seconds_before += (self._clock_ns() - self._first_shown_ns) / 1e9
            self._first_shown_ns = 0

    def resumed(self) -> None:
        """A source begins: count again."""
        with self._lock:
            self._final_index = None

    def pace(self) -> Pace:
        """What the quality ladder goes by."""
        with self._lock:
            rate = self._captured_rate.per_second(self._clock_ns())
            return Pace(1e3 / rate if rate else 0.0, self._recent_latency[-1] if self._recent_latency else 0.0)

    def _stage(self, name: str, value_ms: float) -> None:
        if name not in self._stages:
            self._stages[name] = Histogram(bin_ms=0.05, limit_ms=500.0)
        self._stages[name].add(value_ms)

    def _count_faces(self, result: FrameResult) -> None:
        self._faces += len(result.faces)
        for face in result.faces:
            frontal = abs(face.yaw_degrees) <= FRONTAL_YAW_DEGREES
            self._frontal += frontal
            self._aged += frontal and face.aged

    def figures(self) -> Figures:
        now_ns = self._clock_ns()
        end_mb = rss_mb()
        with self._lock:
            running_ns = now_ns - self._first_shown_ns if self._first_shown_ns else 0
            seconds = self._seconds_before + running_ns / 1e9
            return Figures(
                seconds=seconds,
                captured=self._captured,
                shown=self._shown,
                fps_captured=self._captured_rate.per_second(now_ns),
                fps_shown=self._shown / seconds if seconds > 0 else 0.0,
                recent_fps_shown=self._shown_rate.per_second(now_ns),
                latency_ms=self._latency_summary(),
                recent_latency_ms=self._recent_summary(),
                stages_ms={name: histogram.percentile(50) for name, histogram in self._stages.items()},
                faces_mean=self._faces / self._shown if self._shown else 0.0,
                aged_share=self._aged / self._frontal if self._frontal else 0.0,
                rss_start_mb=self._rss_start_mb or end_mb,
                rss_end_mb=end_mb,
            )

    def _recent_summary(self) -> dict[str, float]:
        if not self._recent_latency:
            return {}
        p50, p95, most = (float(v) for v in np.percentile(list(self._recent_latency), (50, 95, 100)))
        return {"p50": p50, "p95": p95, "max": most}

    def _latency_summary(self) -> dict[str, float]:
        return {
            "p50": self._latency.percentile(50),
            "p95": self._latency.percentile(95),
            "max": self._latency.max_ms,
        }
