"""The real window for minutes on end: resident memory must stay flat and nothing may go wrong.

usage: python tests/speed/soak.py [SOURCE] [--minutes 10]
Not part of the test suite. Without a source it makes a clip of the demo's face and loops it. Exit status 1 if it fails.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import linear_regression, median

from window import demo_clip, machine, run_window

WARM_UP_S = 60.0  # buffers, caches and the quality ladder settle
GROWTH_MB = 15.0  # from the first minute after the warm-up to the last: above the noise of one frame, below any leak


def growth(memory: list[tuple[float, float]], warm_up_s: float) -> tuple[float, float]:
    """MB from the first to the last part of the run after the warm-up (medians), and the trend in MB a minute."""
    settled = [(t, mb) for t, mb in memory if t >= warm_up_s]
    part = max(1, min(60, len(settled) // 4))
    first, last = median(mb for _, mb in settled[:part]), median(mb for _, mb in settled[-part:])
    slope = linear_regression(*zip(*settled, strict=True)).slope if len(settled) > 1 else 0.0
    return last - first, slope * 60


def main() -> int:
    parser = argparse.ArgumentParser(description="Memory and errors of the real window over a long run.")
    parser.add_argument("source", nargs="?")
    parser.add_argument("--minutes", type=float, default=10.0)
    options = parser.parse_args()
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        source = options.source or str(demo_clip(Path(folder) / "demo.mp4"))
        run = run_window(source, options.minutes * 60)
    warm_up_s = min(WARM_UP_S, options.minutes * 60 / 4)
    grown, trend = growth(run.memory, warm_up_s)
    stats = run.stats
    print(f"{stats['seconds']:.0f} s, {stats['fps_shown']:.1f} fps, latency p95 {stats['latency_ms']['p95']:.0f} ms")
    print(f"memory after {warm_up_s:.0f} s: {grown:+.1f} MB, trend {trend:+.2f} MB a minute; errors: {stats['errors']}")
    return int(grown > GROWTH_MB or bool(stats["errors"]))


if __name__ == "__main__":
    sys.exit(main())
