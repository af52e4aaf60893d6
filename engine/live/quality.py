"""The quality ladder: 256, 384 or 512 pixels a face, as large as the latency target and the machine allow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.settings import SIZES

WINDOW_S = 1.0
MIN_FRAMES = 8
MAX_LOAD = 0.9
"""Above this share of the time between two frames the fast path cannot keep up with the source."""
CALM_LOAD = 0.7
CALM_LATENCY = 0.8
"""A larger size must be predicted to stay below these shares, which leaves a gap against stepping to and fro."""
CALM_WINDOWS = 3
DOWN_WINDOWS = 2
HOLD_S = 15.0
FAILED_S = 10.0
"""A step down so soon after a step up means that the attempt failed."""
MAX_HOLD_S = 240.0


@dataclass(frozen=True, slots=True)
class Sample:
    """What one frame with an aged face cost.

    busy_ms: the whole fast path; scaled_ms: the part of it that grows with the face's area in pixels;
    period_ms: time between two frames of the source (0: unknown); useful_px: the larger side that the faces fill
    in the frame, beyond which a larger crop shows nothing more; latency_ms: capture to painted, lately (0: unknown).
    """

    at_ns: int
    busy_ms: float
    scaled_ms: float
    period_ms: float
    latency_ms: float
    useful_px: float


class QualityLadder:
    """Steps down soon when frames come late, up only after calm, and less and less often after an attempt that failed.

    A window of one second gives one verdict. Down: two late windows running. Up: three calm windows running, and the
    prediction for the next size is calm as well. After a step down it holds for 15 s, twice as long after each attempt
    that failed.
    """

    def __init__(self, sizes: tuple[int, ...] = SIZES) -> None:
        self._sizes = sizes
        self._level = 0
        self._window: list[Sample] = []
        self._late = 0
        self._calm = 0
        self._hold_s = HOLD_S
        self._held_until_ns = 0
        self._raised_ns = 0

    @property
    def size(self) -> int:
        return self._sizes[self._level]

    def observe(self, sample: Sample, target_ms: float) -> int:
        """Take in one frame and return the size for the next."""
        self._window.append(sample)
        spent_s = (sample.at_ns - self._window[0].at_ns) / 1e9
        if spent_s < WINDOW_S or len(self._window) < MIN_FRAMES:
            return self.size
        window, self._window = self._window, []
        self._judge(window, target_ms)
        return self.size

    def _judge(self, window: list[Sample], target_ms: float) -> None:
        now_ns = window[-1].at_ns
        late = _latency_ms(window) > target_ms or _load(window) > MAX_LOAD
        self._late = self._late + 1 if late else 0
        self._calm = self._calm + 1 if not late and self._calm_above(window, target_ms) else 0
        if self._late >= DOWN_WINDOWS and self._level > 0:
            self._step_down(now_ns)
        elif self._calm >= CALM_WINDOWS and now_ns >= self._held_until_ns:
            self._move(self._level + 1)
            self._raised_ns = now_ns

    def _calm_above(self, window: list[Sample], target_ms: float) -> bool:
        """Whether the next size would be useful, fast enough and in time."""
        if self._level + 1 >= len(self._sizes) or _median(window, "useful_px") <= self.size:
            return False
        growth = (self._sizes[self._level + 1] / self.size) ** 2 - 1
        extra_ms = _median(window, "scaled_ms") * growth
        in_time = _latency_ms(window) + extra_ms <= CALM_LATENCY * target_ms
        return in_time and _load(window, extra_ms) <= CALM_LOAD

    def _step_down(self, now_ns: int) -> None:
        if self._raised_ns and now_ns - self._raised_ns < FAILED_S * 1e9:
            self._hold_s = min(2 * self._hold_s, MAX_HOLD_S)
        self._raised_ns = 0
        self._held_until_ns = now_ns + int(self._hold_s * 1e9)
        self._move(self._level - 1)

    def _move(self, level: int) -> None:
        self._level = level
        self._late = self._calm = 0


def _median(window: list[Sample], name: str) -> float:
    return float(np.median([getattr(sample, name) for sample in window]))


def _latency_ms(window: list[Sample]) -> float:
    return float(np.percentile([max(sample.latency_ms, sample.busy_ms) for sample in window], 90))


def _load(window: list[Sample], extra_ms: float = 0.0) -> float:
    period_ms = _median(window, "period_ms")
    return (_median(window, "busy_ms") + extra_ms) / period_ms if period_ms > 0 else 0.0
