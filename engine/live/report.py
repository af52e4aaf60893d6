"""The JSON object that a scripted run writes with ``--stats``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.live.stats import Figures


def build_report(
    figures: Figures,
    *,
    devices: Mapping[str, str],
    size: int,
    dropped: int,
    errors: Sequence[str] = (),
    gui_stall_ms_max: float = 0.0,
) -> dict[str, Any]:
    """The statistics under the public names; times in milliseconds, memory in MiB, everything JSON can hold."""
    return {
        "seconds": round(figures.seconds, 2),
        "frames": {"captured": figures.captured, "shown": figures.shown, "dropped": dropped},
        "fps_shown": round(figures.fps_shown, 2),
        "latency_ms": {name: round(value, 1) for name, value in figures.latency_ms.items()},
        "stages_ms": {name: round(value, 2) for name, value in figures.stages_ms.items()},
        "faces_mean": round(figures.faces_mean, 3),
        "aged_share": round(figures.aged_share, 4),
        "device": dict(devices),
        "size": size,
        "rss_mb": {"start": round(figures.rss_start_mb, 1), "end": round(figures.rss_end_mb, 1)},
        "gui_stall_ms_max": round(gui_stall_ms_max, 1),
        "errors": list(errors),
    }
