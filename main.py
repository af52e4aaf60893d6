"""Age Mirror: reads the command line and hands over. ``python main.py --help`` tells what there is."""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path

from engine.cli import main
from engine.settings import Settings


def open_mirror(
    settings: Settings, *, exit_after: float | None, stats_path: Path | None, given: Collection[str]
) -> int:
    """The window; Qt is loaded only now, because most commands do without."""
    from desktop.app import run_app

    return run_app(settings, exit_after=exit_after, stats_path=stats_path, given=given)


if __name__ == "__main__":
    sys.exit(main(run_app=open_mirror))
