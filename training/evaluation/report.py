"""How a measurement is told: tables for people, JSON for programs, and figures on the card of the weights."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.weights.card import read_card, write_card
from engine.weights.files import write_bytes
from training.data.sets import DataError


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, padded so that it can be read as it is; numbers to the right.

    >>> print(table(("set", "MAE"), [("UTKFace", "5.12")]))
    | set     |  MAE |
    |---------|-----:|
    | UTKFace | 5.12 |
    """
    widths = [max(len(row[k]) for row in (heading, *rows)) for k in range(len(heading))]

    def line(cells: Sequence[str]) -> str:
        first, rest = cells[0].ljust(widths[0]), [c.rjust(w) for c, w in zip(cells[1:], widths[1:], strict=True)]
        return "| " + " | ".join([first, *rest]) + " |"

    rule = "|" + "|".join(["-" * (widths[0] + 2), *("-" * (w + 1) + ":" for w in widths[1:])]) + "|"
    return "\n".join([line(heading), rule, *(line(row) for row in rows)])


def write_report(out: Path, stem: str, page: str, report: Mapping[str, Any]) -> None:
    """``stem``.md and ``stem``.json in the folder, each whole or not at all."""
    out.mkdir(parents=True, exist_ok=True)
    write_bytes(out / f"{stem}.md", (page.rstrip() + "\n").encode())
    write_bytes(out / f"{stem}.json", (json.dumps(report, indent=1, ensure_ascii=False) + "\n").encode())


def check_card(path: Path, name: str) -> None:
    """Raises DataError if this is not the card of these weights, WeightsError if it is no card: before the work."""
    card = read_card(path)
    if card.name != name:
        raise DataError(f"{path} is the card of {card.name!r}, but {name!r} is measured: name the right card.")


def write_on_card(path: Path, figures: Mapping[str, float]) -> None:
    """Puts the figures on the card; those of the same name are replaced, others stay."""
    card = read_card(path)
    rounded = {key: round(value, 4) for key, value in figures.items()}
    write_card(path, replace(card, figures={**card.figures, **rounded}))
