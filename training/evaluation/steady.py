"""``evaluate steady``: how still the age under a still face stands, by the program's own ``bench --steady``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.paths import project_dir
from training.data.sets import DataError
from training.evaluation.report import table, write_report

GOAL_YEARS = 0.5


def evaluate_steady(clips: Sequence[Path], seconds: float, out: Path) -> dict[str, float]:
    """Measures every clip (videos or pictures; none: the demo's face), prints a table, writes steady.json and .md.

    Returns the worst and the mean deviation in years. Raises DataError where the program cannot measure.
    """
    out.mkdir(parents=True, exist_ok=True)
    reports = [_measured(clip, seconds, out / "bench.json") for clip in (*clips,) or (None,)]
    rows = [
        (Path(report["clip"]).name, str(face["track"]), f"{face['low_years']}-{face['high_years']}",
         f"{face['deviation_years']:.2f} {'✓' if face['deviation_years'] < GOAL_YEARS else '✗'}",
         f"{face['estimate_deviation_years']:.2f}", str(face["changes"]), f"{face['seconds']:.1f}")
        for report in reports for face in report["faces"]
    ]  # fmt: skip
    heading = ("clip", "face", "years shown", "deviation", "before rounding", "changes", "seconds")
    page = f"# The shown age of a face over {seconds:g} s (deviation under {GOAL_YEARS} years is wanted)\n\n"
    page += table(heading, rows)
    print(page, flush=True)
    deviations = [face["deviation_years"] for report in reports for face in report["faces"]]
    figures = {
        "shown_deviation_worst_years": float(max(deviations)),
        "shown_deviation_mean_years": float(sum(deviations) / len(deviations)),
    }
    write_report(out, "steady", page, {"figures": figures, "seconds": seconds, "clips": reports})
    return figures


def _measured(clip: Path | None, seconds: float, answer: Path) -> dict[str, Any]:
    command = [sys.executable, str(project_dir() / "main.py"), "bench", "--steady", str(clip or "demo")]
    command += ["--seconds", str(seconds), "--json", str(answer), "--device", "cpu"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise DataError(said[-1] if said else f"bench ended with status {done.returncode}.")
    report: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    answer.unlink()
    return report
