"""Runs the real window, offscreen, on one source for some seconds, and watches its memory from outside."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
GRACE_S = 60.0  # for starting and stopping, on a busy machine


@dataclass(frozen=True)
class Run:
    """What one run gave: the JSON of --stats, and (seconds since the start, MB) once a second."""

    stats: dict[str, Any]
    memory: list[tuple[float, float]]


def run_window(source: str, seconds: float, *options: str) -> Run:
    """main.py on this source with --loop, to the end. Raises RuntimeError with its last words if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "stats.json"
        command = [sys.executable, str(ROOT / "main.py"), "--source", source, "--loop", "--target-age", "70"]
        command += ["--exit-after", f"{seconds:g}", "--stats", str(report), *options]
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "AGE_MIRROR_HOME": folder}
        log = Path(folder) / "log"
        with log.open("wb") as sink:
            process = subprocess.Popen(command, env=environment, stdout=sink, stderr=sink, stdin=subprocess.DEVNULL)
            try:
                memory = _watch(process, seconds + GRACE_S)
            finally:
                process.kill()
                process.wait()
        if process.returncode != 0 or not report.exists():
            raise RuntimeError(f"exit status {process.returncode}: {log.read_text(errors='replace')[-2000:]}")
        return Run(json.loads(report.read_text()), memory)


def _watch(process: subprocess.Popen[bytes], limit_s: float) -> list[tuple[float, float]]:
    start = time.monotonic()
    memory: list[tuple[float, float]] = []
    while process.poll() is None:
        passed = time.monotonic() - start
        if passed > limit_s:
            raise RuntimeError(f"the window did not close within {limit_s:.0f} s")
        if (resident := resident_mb(process.pid)) is not None:
            memory.append((passed, resident))
        time.sleep(1)
    return memory


def resident_mb(pid: int) -> float | None:
    """Resident memory of a process in MiB; None where the system does not tell or the process has gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    except (OSError, ValueError, IndexError):
        pass
    try:
        shown = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
        return int(shown.stdout) / 1024
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None


def machine() -> str:
    """Commit and machine, for the record."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    commit = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "no commit"
    return f"{commit}, {platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores, {_cpu()}"


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def demo_clip(path: Path, *, seconds: int = 12, rate: int = 25) -> Path:
    """A 1280x720 video of the demo's face, for where no clip is given."""
    sys.path.insert(0, str(ROOT))
    import av

    from engine.capture.demo import DemoSource

    demo = DemoSource()
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        for index in range(seconds * rate):
            frame = av.VideoFrame.from_ndarray(demo.picture(round(index * 30 / rate)), format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
