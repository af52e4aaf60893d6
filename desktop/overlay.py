"""What is drawn over the picture, as pure geometry: corner brackets, the place of the label, fading at rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from desktop.layout import Viewport
from desktop.texts import QT_TRANSLATE_NOOP, Text, short, text
from engine.types import Face

REST_S, FADE_S = 2.5, 0.6
ARM_SHARE, ARM_LONGEST_PX = 0.16, 26.0
LABEL_GAP_PX = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class FaceMark:
    """One face on the widget. ``corners`` are four bends of three points; ``anchor`` is the label's top middle."""

    rect: tuple[float, float, float, float]
    corners: NDArray[np.float64]
    anchor: tuple[float, float]
    label: tuple[Text, ...]
    points: NDArray[np.float64]
    chosen: bool
    faint: bool


def fade(rested_s: float, *, reduced_motion: bool) -> float:
    """Opacity of the marks when the pointer has rested for a while: 1, then down to 0."""
    if rested_s <= REST_S:
        return 1.0
    return 0.0 if reduced_motion else max(0.0, 1.0 - (rested_s - REST_S) / FADE_S)


def brackets(left: float, top: float, right: float, bottom: float) -> NDArray[np.float64]:
    """Four corners (4, 3, 2) of a rectangle, each an arm, the corner, an arm; clockwise from the top left.

    >>> brackets(0, 0, 100, 100)[0].tolist()
    [[0.0, 16.0], [0.0, 0.0], [16.0, 0.0]]
    """
    arm = min(ARM_SHARE * min(right - left, bottom - top), ARM_LONGEST_PX)
    return np.array(
        [
            [(left, top + arm), (left, top), (left + arm, top)],
            [(right - arm, top), (right, top), (right, top + arm)],
            [(right, bottom - arm), (right, bottom), (right - arm, bottom)],
            [(left + arm, bottom), (left, bottom), (left, bottom - arm)],
        ],
        np.float64,
    )


def label_of(face: Face, *, ages: bool = True) -> tuple[Text, ...]:
    """What stands under the chin: the name, if known, with the age set for this person while it is the one shown, and
    (``ages``) how old the face looks."""
    lines = []
    if face.person is not None and face.preferred_age is not None:
        at = QT_TRANSLATE_NOOP("Mirror", "{name} at {years}")
        lines.append(text(at, name=short(face.person.person), years=round(face.preferred_age)))
    elif face.person is not None:
        lines.append(text("{name}", name=short(face.person.person)))
    if ages and face.age is not None:
        looks = QT_TRANSLATE_NOOP("Mirror", "looks {years} ± {spread}")
        lines.append(text(looks, years=round(face.age.years), spread=max(round(face.age.spread_years), 1)))
    return tuple(lines)


def marks(
    faces: Sequence[Face], view: Viewport, *, chosen: int | None, ages: bool, landmarks: bool
) -> tuple[FaceMark, ...]:
    """The marks of all faces. With several faces and one chosen, the others are faint."""
    return tuple(_mark(face, view, chosen, ages, landmarks) for face in faces)


def _mark(face: Face, view: Viewport, chosen: int | None, ages: bool, landmarks: bool) -> FaceMark:
    ends = view.to_widget(face.box.reshape(2, 2))
    (left, top), (right, bottom) = ends.min(axis=0), ends.max(axis=0)
    is_chosen = chosen is not None and face.track_id == chosen
    points = face.mesh if face.mesh is not None else face.landmarks
    return FaceMark(
        rect=(float(left), float(top), float(right), float(bottom)),
        corners=brackets(left, top, right, bottom),
        anchor=(float(left + right) / 2, float(bottom) + LABEL_GAP_PX),
        label=label_of(face, ages=ages),
        points=view.to_widget(points) if landmarks else np.zeros((0, 2)),
        chosen=is_chosen,
        faint=chosen is not None and not is_chosen,
    )


def label_top(anchor_y: float, height: float, face_top: float, room_top: float, room_bottom: float) -> float:
    """Where a label begins: under the chin, above the head where there is no room below, else at the lower edge."""
    if anchor_y + height <= room_bottom:
        return anchor_y
    above = face_top - LABEL_GAP_PX - height
    return above if above >= room_top else room_bottom - height
