"""The status line and the list of stages behind it, as text."""

from __future__ import annotations

from dataclasses import dataclass

from desktop.texts import QT_TRANSLATE_NOOP, Text, text
from engine.types import SessionStatus

SEPARATOR = "  ·  "
_KINDS = {"cpu": "CPU", "cuda": "GPU", "mps": "GPU"}
STAGE_LABELS = {
    "capture": QT_TRANSLATE_NOOP("Mirror", "Take the picture"),
    "wait": QT_TRANSLATE_NOOP("Mirror", "Wait for its turn"),
    "detect": QT_TRANSLATE_NOOP("Mirror", "Find faces"),
    "track": QT_TRANSLATE_NOOP("Mirror", "Follow faces"),
    "mesh": QT_TRANSLATE_NOOP("Mirror", "Map the face"),
    "align": QT_TRANSLATE_NOOP("Mirror", "Straighten the face"),
    "age": QT_TRANSLATE_NOOP("Mirror", "Guess the age"),
    "name": QT_TRANSLATE_NOOP("Mirror", "Recognise the face"),
    "cover": QT_TRANSLATE_NOOP("Mirror", "Look for a hand before it"),
    "ager": QT_TRANSLATE_NOOP("Mirror", "Age the face"),
    "stabilise": QT_TRANSLATE_NOOP("Mirror", "Keep it steady"),
    "hair": QT_TRANSLATE_NOOP("Mirror", "Carry it on into the hair"),
    "blend": QT_TRANSLATE_NOOP("Mirror", "Blend it in"),
    "paint": QT_TRANSLATE_NOOP("Mirror", "Draw the window"),
    "total": QT_TRANSLATE_NOOP("Mirror", "All together"),
}
NETWORK_LABELS = {
    "ager": QT_TRANSLATE_NOOP("Mirror", "Aging network"),
    "age": QT_TRANSLATE_NOOP("Mirror", "Age estimate"),
    "embedder": QT_TRANSLATE_NOOP("Mirror", "Recognition"),
}


def device_words(device: str) -> str:
    """``cpu/openvino/bf16`` as ``CPU bf16``; an unknown form stays as it is."""
    parts = device.split("/")
    kind = _KINDS.get(parts[0].lower(), parts[0])
    return kind if len(parts) == 1 else f"{kind} {parts[-1]}"


def status_line(status: SessionStatus) -> str:
    """``30 fps · 42 ms (p95 63) · 384 px · CPU bf16``; what is not known yet is left out.

    The latency is from taking the picture to painting it: the median, and what 95 of 100 pictures stay under.
    """
    parts = []
    if status.fps_shown > 0:
        parts.append(f"{status.fps_shown:.0f} fps")
    if "p50" in status.latency_ms:
        p95 = status.latency_ms.get("p95")
        parts.append(f"{status.latency_ms['p50']:.0f} ms" + (f" (p95 {p95:.0f})" if p95 is not None else ""))
    if parts and status.size:
        parts.append(f"{status.size} px")
    if "ager" in status.devices:
        parts.append(device_words(status.devices["ager"]))
    return SEPARATOR.join(parts)


@dataclass(frozen=True, slots=True)
class StageRow:
    """One line of the list: what it is, the value as text, and its share (0..1) of the longest stage."""

    label: Text
    value: str
    share: float = 0.0


def stage_rows(status: SessionStatus) -> tuple[StageRow, ...]:
    """Medians of every stage, in the session's order."""
    stages = status.stages_ms
    longest = max(stages.values(), default=0.0)
    return tuple(
        StageRow(text(STAGE_LABELS.get(name, "{name}"), name=name), f"{ms:.1f} ms", ms / longest if longest else 0.0)
        for name, ms in stages.items()
    )


def fact_rows(status: SessionStatus) -> tuple[StageRow, ...]:
    """Latency, counts and devices."""
    latency = " / ".join(f"{status.latency_ms[k]:.0f}" for k in ("p50", "p95", "max") if k in status.latency_ms)
    counts = f"{status.captured} / {status.shown} / {status.dropped}"
    rows = [
        StageRow(text(QT_TRANSLATE_NOOP("Mirror", "Camera to screen, p50 / p95 / max")), f"{latency or '–'} ms"),
        StageRow(text(QT_TRANSLATE_NOOP("Mirror", "Pictures taken / shown / dropped")), counts),
    ]
    for name, device in status.devices.items():
        rows.append(StageRow(text(NETWORK_LABELS.get(name, "{name}"), name=name), device.replace("/", " · ")))
    return tuple(rows)
