"""Keeps Python 3.11 alive under PySide6 6.12.0, whose functions give away references to None, True and False.

6.12.0 counts on these three being immortal, as they are from Python 3.12 on. On 3.11 each call without a value
(``update``, ``setText``, ...) lowers the count of None by one, and after some seconds of a live window Python ends with
"deallocating None". So they are given a count that no program uses up, which is what 3.12 does. Other versions of
PySide6 (6.11.2 was tried) and of Python do without, and there this does nothing that matters.
"""

from __future__ import annotations

import ctypes
import sys

PLENTY = 1 << 40
SINGLETONS = (None, True, False)


def keep_singletons_alive() -> None:
    """Raise the reference counts of None, True and False beyond reach, once per process."""
    counted = sys.version_info < (3, 12) and sys.implementation.name == "cpython"
    if not counted or hasattr(sys, "gettotalrefcount"):  # a debug build has other fields first
        return
    for each in SINGLETONS:
        if sys.getrefcount(each) < PLENTY // 2:
            # The count is the first field of every object in a release build of CPython (struct _object, object.h).
            ctypes.c_ssize_t.from_address(id(each)).value += PLENTY
