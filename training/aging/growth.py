"""Makes the table of growth: how the mean shape of faces differs from a young adult's, for children of every age.

Mean meshes by age with a smooth kernel (Rowland & Perrett 1995), both genders alike; what lies between and around their
points follows by a thin-plate spline (Bookstein 1989) that rests at the edge of the crop, mirrored so that no side is
favoured.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.landmarks.topology import POINTS_WITHOUT_IRISES
from engine.weights.card import Card, write_card
from engine.weights.files import sha256_of, write_bytes
from engine.weights.growth import NAME, TABLE
from training.data.faces import CROP_SIZE, FaceSet, load
from training.data.sets import LICENCES, DataError
from training.provenance import commit

_STRONG_FROM = (4.0, 10.0)
_EVERY = 3  # every third point of the mesh is enough for a smooth field
_REST = 20.0  # so far outside the crop, in pixels, and further, nothing moves
_RESTS = 9
_SMOOTHING = 50.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GrowthConfig:
    """ages: of the fields, rising, the last the age from which on nothing moves; strength: in parts of the mean change,
    of those up to 4 and from 10 years on: more than 1, because the skin, hair and light of an adult draw the eye back,
    and most where the mean change is least; kernel: see ``mean_shapes``; points: of the grid, a side; out: the folder
    of weights that gets the table and its card.
    """

    name: str = NAME
    data: str = "data/faces"
    set: str = "utkface"
    out: str = "runs/growth"
    ages: tuple[float, ...] = (1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0)
    strength: tuple[float, float] = (2.0, 3.0)
    kernel: tuple[float, float] = (1.0, 0.18)
    points: int = 33
    yaw_limit: float = 0.15


def mean_shapes(faces: FaceSet, rows: NDArray[np.int64], ages: Floats, kernel: tuple[float, float]) -> Floats:
    """(K, 478, 2) mean mesh at each age in crop pixels, of both genders alike; kernel: its width in years, or in parts
    of the age where that is more. Raises DataError where there is no face of about an age.
    """
    shapes = []
    for age in ages:
        weights = np.exp(-0.5 * ((faces.years[rows] - age) / max(kernel[0], kernel[1] * age)) ** 2)
        both = []
        for gender in np.unique(faces.gender[rows]):
            own = faces.gender[rows] == gender
            if (total := weights[own].sum()) > 1e-3:
                both.append((weights[own, None, None] * faces.meshes[rows[own]]).sum(0) / total)
        if not both:
            raise DataError(f"there are no faces about {age:g} years old to tell the shape from.")
        shapes.append(np.mean(both, axis=0))
    return np.stack(shapes)


def thin_plate(places: Floats, moves: Floats, at: Floats, smoothing: float) -> Floats:
    """Moves (Q, 2) at points (Q, 2), of moves (P, 2) that are known at places (P, 2)."""

    def bending(one: Floats, other: Floats) -> Floats:
        squared = ((one[:, None] - other[None]) ** 2).sum(-1)
        return np.asarray(0.5 * squared * np.log(squared + 1e-9), np.float64)

    count = len(places)
    flat = np.c_[np.ones(count), places]
    left = np.zeros((count + 3, count + 3))
    left[:count, :count] = bending(places, places) + smoothing * np.eye(count)
    left[:count, count:], left[count:, :count] = flat, flat.T
    weights = np.linalg.solve(left, np.vstack([moves, np.zeros((3, 2))]))
    return np.asarray(bending(at, places) @ weights[:count] + np.c_[np.ones(len(at)), at] @ weights[count:])


def field_of(adult: Floats, moves: Floats, points: int) -> NDArray[np.float32]:
    """(G, G, 2) of ``geometry.growth.Growth``, of the adult's mean mesh (478, 2) and its moves, in crop pixels."""
    line = np.linspace(0, CROP_SIZE - 1, points)
    at = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
    rim = np.linspace(-_REST, CROP_SIZE - 1 + _REST, _RESTS)
    rests = np.stack(np.meshgrid(rim, rim), -1).reshape(-1, 2)
    rests = rests[((rests < 0) | (rests > CROP_SIZE - 1)).any(1)]
    used = slice(0, POINTS_WITHOUT_IRISES, _EVERY)
    known = np.vstack([adult[used] + moves[used], rests])
    field = thin_plate(known, np.vstack([moves[used], np.zeros((len(rests), 2))]), at, _SMOOTHING)
    field = field.reshape(points, points, 2)
    field = (field + field[:, ::-1] * (-1, 1)) / 2
    # What is left at the edge would be a step to what lies outside.
    inwards = np.minimum(np.arange(points), np.arange(points)[::-1])
    falling = np.clip(np.minimum.outer(inwards, inwards) / (0.1 * points), 0, 1)[..., None]
    return np.asarray(field * falling / CROP_SIZE, np.float32)


def make_growth(config: GrowthConfig) -> dict[str, float]:
    """Writes growth.npz and its card into ``config.out``; returns the figures of the card. Raises DataError."""
    ages = np.array(config.ages, np.float64)
    if len(ages) < 2 or (np.diff(ages) <= 0).any() or config.points < 3 or config.set not in LICENCES:
        raise DataError("growth wants two rising ages or more, three points or more, and a set by its name.")
    faces = load(Path(config.data))
    rows = faces.rows("train")
    rows = rows[(faces.yaw[rows] < config.yaw_limit) & (faces.gender[rows] >= 0)]
    shapes = mean_shapes(faces, rows, ages, config.kernel)
    moves = np.interp(ages, _STRONG_FROM, config.strength)[:, None, None] * (shapes - shapes[-1])
    fields = np.stack([field_of(shapes[-1], move, config.points) for move in moves])
    fields[-1] = 0
    figures = {
        "children": float((faces.years[rows] <= ages[-1]).sum()),
        "most_moved_px_of_256": float(CROP_SIZE * np.linalg.norm(fields, axis=-1).max()),
    }
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    np.savez(buffer, ages=ages.astype(np.float32), fields=fields.astype(np.float16))
    write_bytes(out / (NAME + TABLE), buffer.getvalue())
    card = Card(
        name=NAME, network="none (a table)", sizes=(CROP_SIZE,),
        licence="means over many faces; the faces: " + LICENCES[config.set], data=(config.set,),
        split="means over train; measured by evaluate children on test",
        metric="how far a point of the crop moves at most",
        command="python -m training growth --set out=weights", commit=commit(),
        notes="Mean shapes of children of each age beside young adults, as fields over the wide crop.",
        arguments={"strength": list(config.strength), "points": config.points},
        figures=figures, sha256={NAME + TABLE: sha256_of(out / (NAME + TABLE))},
    )  # fmt: skip
    write_card(out / f"{NAME}.toml", card)
    return figures
