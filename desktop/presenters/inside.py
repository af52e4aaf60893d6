"""Look inside, as pictures and words: what each stage of the newest frame made, ready to be painted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from desktop.texts import QT_TRANSLATE_NOOP, Text, short, text
from engine.live.inside import Inside, InsideFace
from engine.types import FloatArray, Image

FULL_GREY_LEVELS = 48.0
"""A change by so much of 255 has the full colour."""
OLDEST = 100


@dataclass(frozen=True, slots=True)
class Stage:
    """One section. times: the stages of engine.live that it takes; about: what one sees, in one sentence."""

    title: str
    about: str
    times: tuple[str, ...]


STAGES: Mapping[str, Stage] = {
    "find": Stage(
        QT_TRANSLATE_NOOP("Mirror", "Find"),
        QT_TRANSLATE_NOOP(
            "Mirror",
            "The detector proposes boxes (thin); of those that lie over each other, the best one stays (bold).",
        ),
        ("detect", "track"),
    ),
    "map": Stage(
        QT_TRANSLATE_NOOP("Mirror", "Map"),
        QT_TRANSLATE_NOOP(
            "Mirror",
            "478 points lie on the face; eyes, nose and mouth turn and scale it to how the networks know faces.",
        ),
        ("mesh", "align"),
    ),
    "age": Stage(
        QT_TRANSLATE_NOOP("Mirror", "Guess the age"),
        QT_TRANSLATE_NOOP(
            "Mirror", "The network gives every year a chance; the middle of the hill is the guess, its width the doubt."
        ),
        ("age",),
    ),
    "name": Stage(
        QT_TRANSLATE_NOOP("Mirror", "Recognise"),
        QT_TRANSLATE_NOOP(
            "Mirror",
            "The face becomes a direction among many; a bar tells how closely it points where a person's does.",
        ),
        ("name",),
    ),
    "change": Stage(
        QT_TRANSLATE_NOOP("Mirror", "Change"),
        QT_TRANSLATE_NOOP(
            "Mirror",
            "This is all that the generator adds: where it makes brighter or darker, and the mask that limits it.",
        ),
        ("ager", "stabilise"),
    ),
    "blend": Stage(
        QT_TRANSLATE_NOOP("Mirror", "Blend"),
        QT_TRANSLATE_NOOP(
            "Mirror", "The face plus what is added, times the mask; every pixel outside stays as the camera took it."
        ),
        ("hair", "blend"),
    ),
}
"""The sections by name, in the order of work."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One person: share (0..1) is the length of the bar, value the cosine as text; named: alike enough for the name."""

    label: str
    value: str
    share: float
    named: bool


@dataclass(frozen=True, slots=True, eq=False)
class InsideView:
    """What the panel paints. Pictures are (H, W, 3) uint8 BGR; boxes are shares (0..1) of the picture's sides.

    curve (Y,) in 0..1 of the highest chance; years, low and high: the age and its spread, where known. notes: one line
    for each section that has something to tell of this frame.
    """

    picture: Image | None = None
    candidates: FloatArray | None = None
    kept: FloatArray | None = None
    crop: Image | None = None
    mesh: FloatArray | None = None
    curve: FloatArray | None = None
    years: tuple[float, float, float] | None = None
    bars: tuple[Bar, ...] = ()
    threshold: float = 0.0
    change: Image | None = None
    mask: Image | None = None
    aged: Image | None = None
    notes: Mapping[str, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours ``#rrggbb`` of a change: none, brighter, darker."""

    none: str
    brighter: str
    darker: str


def view_of(inside: Inside | None, palette: Palette) -> InsideView:
    """Everything of one look inside; an empty view without one."""
    if inside is None:
        return InsideView()
    face = inside.face
    pictures: dict[str, object] = {}
    if inside.sighting is not None:
        height, width = inside.sighting.image.shape[:2]
        sides = np.array([width, height, width, height], np.float32)
        pictures |= {
            "picture": inside.sighting.image,
            "candidates": (inside.sighting.candidates.boxes + 0.5) / sides,
            "kept": (inside.sighting.kept.boxes + 0.5) / sides,
        }
    if face is not None:
        pictures |= {"crop": face.crop, "mesh": None if face.mesh is None else (face.mesh + 0.5) / len(face.crop)}
        pictures |= {"curve": _curve(face), "years": _years(face), "aged": face.aged}
        pictures |= {"bars": bars(face, inside.identify), "threshold": inside.identify}
    if face is not None and face.residual is not None and face.mask is not None:
        pictures |= {"change": signed(face.residual, palette), "mask": grey(face.mask)}
    return InsideView(**pictures, notes=_notes(inside))  # type: ignore[arg-type]


def _notes(inside: Inside) -> dict[str, Text]:
    face, sighting = inside.face, inside.sighting
    found: dict[str, Text] = {}
    if sighting is not None:
        counts = QT_TRANSLATE_NOOP("Mirror", "{found} proposed, {kept} kept")
        found["find"] = text(counts, found=len(sighting.candidates), kept=len(sighting.kept))
    if face is None:
        none = Text(QT_TRANSLATE_NOOP("Mirror", "No face in sight"))
        return {**found, **{name: none for name in STAGES if name != "find"}}
    if face.age is not None:
        looks = QT_TRANSLATE_NOOP("Mirror", "looks {years} ± {spread}")
        found["age"] = text(looks, years=round(face.age.years), spread=max(round(face.age.spread_years), 1))
    if not inside.people:
        found["name"] = Text(QT_TRANSLATE_NOOP("Mirror", "Nobody to compare with: enrol people with P"))
    elif face.likeness is None:
        found["name"] = Text(QT_TRANSLATE_NOOP("Mirror", "Comparing …"))
    elif face.likeness:
        best = face.likeness[0]
        alike = QT_TRANSLATE_NOOP("Mirror", "most like {name}")
        nobody = QT_TRANSLATE_NOOP("Mirror", "nobody who is known")
        near = best.similarity >= inside.identify
        found["name"] = text(alike, name=short(best.person)) if near else Text(nobody)
    if face.residual is None or face.mask is None:
        found["change"] = Text(QT_TRANSLATE_NOOP("Mirror", "Nothing is changed: turn the dial to an age"))
    else:
        strongest = QT_TRANSLATE_NOOP("Mirror", "by {levels} of 255 at most, for the age of {years}")
        levels = float(np.abs(face.residual * face.mask[..., None]).max())
        found["change"] = text(strongest, levels=round(levels), years=round(face.target_age or 0))
    return found


def _curve(face: InsideFace) -> FloatArray | None:
    if face.distribution is None:
        return None
    return np.asarray(face.distribution / max(float(face.distribution.max()), 1e-9), np.float32)


def _years(face: InsideFace) -> tuple[float, float, float] | None:
    if face.age is None:
        return None
    years, spread = face.age.years, face.age.spread_years
    return years, max(years - spread, 0.0), min(years + spread, float(OLDEST))


def bars(face: InsideFace, identify: float) -> tuple[Bar, ...]:
    """The people whom a face is most like, best first; a cosine below 0 is a bar of no length."""
    found = []
    for match in face.likeness or ():
        share = min(max(match.similarity, 0.0), 1.0)
        found.append(Bar(short(match.person), f"{match.similarity:.2f}", share, match.similarity >= identify))
    return tuple(found)


def signed(residual: FloatArray, palette: Palette, full: float = FULL_GREY_LEVELS) -> Image:
    """A residual (S, S, 3) in 8-bit units as colours (S, S, 3) BGR: none, brighter, darker; full strength at ``full``.

    Brightness is that of Rec. 601, as OpenCV's grey.
    """
    grey_levels = cv2.cvtColor(residual, cv2.COLOR_BGR2GRAY)
    share = np.clip(np.abs(grey_levels) / full, 0, 1)[..., None]
    ends = np.where(grey_levels[..., None] >= 0, _bgr(palette.brighter), _bgr(palette.darker))
    return np.asarray(_bgr(palette.none) * (1 - share) + ends * share + 0.5, np.uint8)


def grey(mask: FloatArray) -> Image:
    """A mask (S, S) in 0..1 as a picture (S, S, 3)."""
    levels = np.asarray(mask * 255 + 0.5, np.uint8)
    return np.asarray(cv2.merge([levels, levels, levels]), np.uint8)


def _bgr(colour: str) -> NDArray[np.float32]:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return np.array([blue, green, red], np.float32)


def milliseconds(stage: Stage, stages_ms: Mapping[str, float]) -> str:
    """What a section takes, from the medians of its stages; empty where none of them has run yet."""
    spent = [stages_ms[name] for name in stage.times if name in stages_ms]
    return f"{sum(spent):.1f} ms" if spent else ""
