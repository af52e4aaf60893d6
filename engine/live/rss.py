"""Resident memory of this process, without a dependency."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_STATM = Path("/proc/self/statm")
_MIB = 1 << 20


def rss_mb() -> float:
    """Resident memory in MiB. Where the system tells no present value (macOS): the highest so far."""
    if _STATM.exists():
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / _MIB
    return _windows_rss_mb() if sys.platform == "win32" else _peak_rss_mb()


def _peak_rss_mb() -> float:
    if sys.platform == "win32":
        return 0.0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / _MIB if sys.platform == "darwin" else peak / 1024


def _windows_rss_mb() -> float:
    if sys.platform != "win32":
        return 0.0
    import ctypes
    from ctypes import wintypes

    class Counters(ctypes.Structure):
        _fields_ = [
            ("cb", wintypes.DWORD),
            ("PageFaultCount", wintypes.DWORD),
            *((name, ctypes.c_size_t) for name in ("PeakWorkingSetSize", "WorkingSetSize", "q1", "q2", "q3", "q4")),
            *((name, ctypes.c_size_t) for name in ("PagefileUsage", "PeakPagefileUsage")),
        ]

    counters = Counters()
    counters.cb = ctypes.sizeof(counters)
    process = wintypes.HANDLE(-1)  # this very process
    ctypes.windll.psapi.GetProcessMemoryInfo(process, ctypes.byref(counters), counters.cb)
    return float(counters.WorkingSetSize) / _MIB
