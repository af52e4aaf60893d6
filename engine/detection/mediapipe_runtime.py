"""The only door to MediaPipe: imported late, without its plotting and sound libraries, and without its chatter.

MediaPipe is untyped; everything that comes from it is ``Any`` and is turned into arrays next to the call.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

# mediapipe.solutions.drawing_utils imports matplotlib only to draw 3-D plots, and the audio tasks import sounddevice:
# more than half of the import time, and on a fresh machine matplotlib also builds a font cache. Neither is used here.
_NOT_NEEDED = ("matplotlib", "matplotlib.pyplot", "sounddevice")
_lock = threading.RLock()


def mediapipe() -> Any:
    """The mediapipe package, imported on first use. Safe to call from several threads."""
    with _lock:
        if "mediapipe" in sys.modules:
            return importlib.import_module("mediapipe")
        os.environ.setdefault("GLOG_minloglevel", "2")
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        with quiet_stderr(), _without(_NOT_NEEDED):
            return importlib.import_module("mediapipe")


def quietly(build: Callable[[], Any]) -> Any:
    """What ``build`` returns, with MediaPipe's start-up notices kept off the terminal (shown if it raises)."""
    with _lock, quiet_stderr():
        return build()


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Keep the process's file descriptor 2 quiet; if the block raises, what was written is shown after all.

    C++ code writes there directly, before its own log levels apply, so nothing gentler works.
    """
    try:
        kept = os.dup(2)
    except OSError:  # no stderr at all (pythonw, a service): nothing to silence
        yield
        return
    with tempfile.TemporaryFile() as written:
        os.dup2(written.fileno(), 2)
        try:
            yield
        except BaseException:
            written.seek(0)
            os.write(kept, written.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


@contextmanager
def _without(names: tuple[str, ...]) -> Iterator[None]:
    """Let empty modules stand in for packages that are not loaded yet; afterwards they can be imported as usual."""
    stand_ins = {name: ModuleType(name) for name in names if name not in sys.modules}
    sys.modules.update(stand_ins)
    for name, module in stand_ins.items():
        parent, _, child = name.rpartition(".")
        if parent in stand_ins:
            setattr(stand_ins[parent], child, module)
    try:
        yield
    finally:
        for name in stand_ins:
            sys.modules.pop(name, None)
