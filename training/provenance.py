"""What made a run: its command, configuration, seed and the state of the code; written when it starts, for the card."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.paths import project_dir
from engine.weights.files import write_bytes

RUN_FILE = "run.json"


def commit() -> str:
    """The commit of this code, with "+" behind it if files have been changed since; "" where there is no git."""
    git = ["git", "-C", str(project_dir())]
    try:
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
        changed = subprocess.run([*git, "diff", "--quiet", "HEAD"], capture_output=True).returncode != 0
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head + "+" * changed


def command() -> str:
    """What was typed to start this process; "" where something else than `python -m training` did."""
    if Path(sys.argv[0]).parent.name != "training":
        return ""
    return shlex.join(["python", "-m", "training", *sys.argv[1:]])


def write_run(folder: Path, config: Any) -> None:
    """Writes run.json into the folder of a run that starts."""
    facts = {"command": command(), "commit": commit(), "seed": config.seed, "config": asdict(config)}
    write_bytes(folder / RUN_FILE, (json.dumps(facts, indent=1) + "\n").encode())


def read_run(folder: Path) -> dict[str, Any]:
    """What run.json tells; nothing for runs of an older time."""
    try:
        facts: dict[str, Any] = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return facts
