"""The surroundings of an aligned crop at low resolution: where hair that the crop cuts off goes on.

Convention: one cell is 1/48 of the crop's side, whatever its size. The surroundings are a grid (HEIGHT, WIDTH) of
cells, upright like the crop, which lies in it as (CELLS, CELLS) below ABOVE rows and right of ASIDE columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.landmarks import topology
from engine.types import Affine, FloatArray, Floats, Image

CELLS, ABOVE, ASIDE, BELOW = 48, 22, 16, 24
WIDTH, HEIGHT = CELLS + 2 * ASIDE, CELLS + ABOVE + BELOW
INSIDE = (slice(ABOVE, ABOVE + CELLS), slice(ASIDE, ASIDE + CELLS))
"""The crop's part of the grid."""
_COLUMN = np.arange(WIDTH, dtype=np.float32)[None, :]
_ROW = np.arange(HEIGHT, dtype=np.float32)[:, None]


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """The cells of a frame around one crop.

    cells (HEIGHT, WIDTH, 3) uint8 BGR, each about the mean of its pixels; lab: the same in 8-bit Lab (OpenCV's), as
    float32; shown (HEIGHT, WIDTH): which lie within the frame; to_frame: from cells to the frame.
    """

    cells: Image
    lab: FloatArray
    shown: NDArray[np.bool_]
    to_frame: Affine


@dataclass(frozen=True, slots=True, eq=False)
class FacePlaces:
    """Where each cell (HEIGHT, WIDTH) lies as seen from the face, float32.

    along: height above the chin in face heights, 1 at the top of the mesh; across: way from the middle to the right in
    face widths; oval: 1 in the face's outline, 0 elsewhere.
    """

    along: FloatArray
    across: FloatArray
    oval: FloatArray


def cells_to_crop(size: int) -> Affine:
    """The affine from cells to pixels of a crop of this side.

    >>> cells_to_crop(96)[:, 0].tolist(), (cells_to_crop(96) @ [ASIDE - 0.5, ABOVE - 0.5, 1]).tolist()
    ([2.0, 0.0], [-0.5, -0.5])
    """
    step = size / CELLS
    # Pixel centres: x_crop = (x_cell - ASIDE + 0.5) * step - 0.5
    return np.array([[step, 0, (0.5 - ASIDE) * step - 0.5], [0, step, (0.5 - ABOVE) * step - 0.5]])


def chained(first: Affine, second: Affine) -> Affine:
    """The affine that does one after the other."""
    linear = second[:, :2] @ first[:, :2]
    return np.concatenate([linear, (second[:, :2] @ first[:, 2] + second[:, 2])[:, None]], axis=1)


def look_around(image: Image, to_frame: Affine) -> Surroundings:
    """The cells of a frame; to_frame: from cells to the frame."""
    cells, shown = _read(image, to_frame)
    return Surroundings(cells, np.asarray(cv2.cvtColor(cells, cv2.COLOR_BGR2LAB), np.float32), shown, to_frame)


def _read(image: Image, to_frame: Affine) -> tuple[Image, NDArray[np.bool_]]:
    """The cells (HEIGHT, WIDTH, 3) of a picture and which of them lie within it; beyond, its edge is repeated."""
    height, width = image.shape[:2]
    x = to_frame[0, 0] * _COLUMN + to_frame[0, 1] * _ROW + to_frame[0, 2]
    y = to_frame[1, 0] * _COLUMN + to_frame[1, 1] * _ROW + to_frame[1, 2]
    shown = (x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5)
    left, top = (int(max(np.floor(v.min()) - 1, 0)) for v in (x, y))
    right, bottom = int(min(np.ceil(x.max()) + 2, width)), int(min(np.ceil(y.max()) + 2, height))
    if left >= right or top >= bottom:
        return np.zeros((HEIGHT, WIDTH, 3), np.uint8), shown
    part = image[top:bottom, left:right]
    times = max(1, int(np.hypot(to_frame[0, 0], to_frame[1, 0]) + 0.25))
    times = min(times, part.shape[0], part.shape[1])
    part = _shrunk(part[: part.shape[0] // times * times, : part.shape[1] // times * times], times)
    # Pixel centres: x_small = (x - left + 0.5) / times - 0.5
    matrix = to_frame / times
    matrix[:, 2] += np.array([0.5 - left, 0.5 - top]) / times - 0.5
    cells = cv2.warpAffine(
        part, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(cells, np.uint8), shown


def _shrunk(part: Image, times: int) -> Image:
    """A picture so many times smaller. Four by four pixels of each square tell enough, and halving is quick."""
    size = part.shape[1] // times, part.shape[0] // times
    if times > 4:
        part = np.asarray(cv2.resize(part, (4 * size[0], 4 * size[1]), interpolation=cv2.INTER_NEAREST), np.uint8)
        part = np.asarray(cv2.resize(part, (2 * size[0], 2 * size[1]), interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)


def face_places(mesh_in_cells: Floats) -> FacePlaces:
    """Where the cells lie as seen from a face with this mesh (478, 2) in cells."""
    points = np.asarray(mesh_in_cells, np.float32)
    chin, top = points[topology.CHIN], points[topology.FOREHEAD_TOP]
    height = max(float(np.linalg.norm(top - chin)), 1.0)
    up = (top - chin) / height
    outline = points[list(topology.FACE_OVAL)]
    aside = outline @ np.array([-up[1], up[0]], np.float32)
    width, middle = max(float(np.ptp(aside)), 1.0), float(aside.max() + aside.min()) / 2
    along = ((_COLUMN - chin[0]) * (up[0] / height) + (_ROW - chin[1]) * (up[1] / height)).astype(np.float32)
    across = (_ROW * (up[0] / width) - _COLUMN * (up[1] / width) - middle / width).astype(np.float32)
    oval = np.zeros((HEIGHT, WIDTH), np.float32)
    cv2.fillPoly(oval, [np.round(outline).astype(np.int32)], (1.0,))
    return FacePlaces(along, across, oval)


def from_crop(plane: FloatArray) -> FloatArray:
    """A plane (S, S) or (S, S, 3) of the crop, averaged over cells: (CELLS, CELLS, ...)."""
    return np.asarray(cv2.resize(plane, (CELLS, CELLS), interpolation=cv2.INTER_AREA), np.float32)
