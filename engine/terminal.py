"""What a command shows: results on stdout, reports on stderr, and a progress bar where somebody is watching."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any


class Terminal:
    """The two streams of a command. Lines never tear a progress bar."""

    def __init__(self) -> None:
        self._bar: Any = None

    def show(self, line: str) -> None:
        """A result, on stdout."""
        self._print(line, sys.stdout)

    def complain(self, line: str) -> None:
        """A failure or a remark, one line on stderr."""
        self._print(line, sys.stderr)

    @contextlib.contextmanager
    def progress(self, total: int, unit: str, label: str = "") -> Iterator[Progress]:
        """Shows how far the work is, on stderr and only if that is a terminal. total: 0 where nobody knows."""
        if not sys.stderr.isatty():
            yield Progress(None)
            return
        from tqdm import tqdm

        with tqdm(total=total or None, unit=f" {unit}", desc=label or None, leave=False, dynamic_ncols=True) as bar:
            self._bar = bar
            try:
                yield Progress(bar)
            finally:
                self._bar = None

    def _print(self, line: str, stream: Any) -> None:
        if self._bar is None:
            print(line, file=stream, flush=True)
        else:
            self._bar.write(line, file=stream)


class Progress:
    """One step at a time."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def step(self) -> None:
        if self._bar is not None:
            self._bar.update(1)
