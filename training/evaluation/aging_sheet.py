"""The scorecard's contact sheet: faces at the dialled ages, large enough to see wrinkles, ghosts and grids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from training.evaluation.aging_report import Scorecard

SHEET_TARGETS = (None, 10, 25, 40, 50, 65, 80)
SHEET_PX = 256


def sheet(card: Scorecard) -> NDArray[np.uint8]:
    """The contact sheet: one row a person, as they are and at six targets, each at 256 px or the crop's own side; below
    each what was estimated and the own recogniser's cosine.
    """
    lines = [_strip([("as is" if t is None else f"target {t}") for t in SHEET_TARGETS])]
    for row, made in card.measured.pictures.items():
        crop = card.people.faces(np.array([row]))[0][0]
        pictures = [crop if t is None else made[t] for t in SHEET_TARGETS]
        lines.append(np.hstack([_at_least(picture) for picture in pictures]))
        lines.append(_strip([_caption(card, row, t) for t in SHEET_TARGETS]))
    width = lines[1].shape[1]
    return np.vstack([line if line.shape[1] == width else _at_width(line, width) for line in lines])


def _caption(card: Scorecard, row: int, target: int | None) -> str:
    ages = [card.measured.before if target is None else {j: by[target] for j, by in card.measured.years.items()}][0]
    words = " ".join(f"{ages[judge][row]:.0f}" for judge in card.jury.names)
    if target is None:
        return f"age {card.years[row]}: {words}"
    return f"{words}  id {card.measured.cosine['own'][target][row]:.2f}"


def _at_least(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if picture.shape[0] >= SHEET_PX:
        return picture
    return np.asarray(cv2.resize(picture, (SHEET_PX, SHEET_PX), interpolation=cv2.INTER_CUBIC), np.uint8)


def _strip(words: Sequence[str]) -> NDArray[np.uint8]:
    strip = np.full((24, SHEET_PX * len(words), 3), 255, np.uint8)
    for place, text in enumerate(words):
        where = (SHEET_PX * place + 6, 17)
        cv2.putText(strip, text, where, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return strip


def _at_width(strip: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(strip, (width, strip.shape[0]), interpolation=cv2.INTER_AREA), np.uint8)
