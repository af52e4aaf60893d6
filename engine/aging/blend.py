"""Adds residuals to the picture: the one place where pixels are changed.

    picture = clip(picture + residual * mask), only where the mask is not zero

The residual is small and smooth, so it is what gets resampled; the picture keeps its own pixels and detail. Before
that, the hair around a crop gets its own change (engine.aging.hair_follower):

    picture = clip(picture + share * (added + slope * grey + gain * (grey - grey around)))

And last, the whole picture around a face that is to be a child's is moved to a child's proportions (geometry.growth).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.geometry.align import invert
from engine.geometry.growth import grow
from engine.types import Affine, AgedPatch, FloatArray, HairSpread, Image

Beside = Callable[[Callable[[Any], Any], Iterable[Any]], Callable[[], Iterable[Any]]]

# A residual that is enlarged more than this is turned on a grid so much finer than its own, and only then enlarged.
_LARGE, _FINER = 2.2, 1.5
_LEAST = 0.5  # of a grey level: less is rounded away
# In a live picture a residual is warped in bytes, as fine as its largest value allows: 0 is 128.
_ZERO, _STEPS = 128, ((31.0, 4), (63.0, 2), (127.0, 1))
# A part of the hair's place is taken as it is if it has at most so many squares a side or is this full; else it is cut.
_SMALL_BOX, _FULL_BOX = 40, 0.5
# Less of a change of hair than this is less than a grey level; what fades away over time leaves much of it.
_NOTHING = 0.005


def _later(work: Callable[[Any], Any], items: Iterable[Any]) -> Callable[[], Iterable[Any]]:
    return lambda: map(work, items)


def paste(image: Image, patches: Sequence[AgedPatch], *, fine: bool = False, beside: Beside = _later) -> Image:
    """A new picture with every patch added; ``image`` itself if no patch changes anything.

    Outside the masks and the hair, and the crops of faces that grow, the result is bit-equal to ``image``, which is not
    changed. Patches may reach beyond the picture or lie outside it; where two overlap, both are added. fine: enlarge in
    one go and by cubic interpolation, slower, for single pictures. beside: begins to make the patches ready and gives
    what waits for them; meanwhile hair is changed.
    """
    ready = beside(partial(_ready, shape=image.shape, fine=fine), patches)
    result = _with_hair(image, [patch.hair for patch in patches if patch.hair is not None])
    for found in ready():
        if found is not None:
            result = image.copy() if result is None else result
            found.add(result)
    for patch in patches:
        if patch.growth is not None:
            result = image.copy() if result is None else result
            grow(result, patch.growth, patch.to_frame, patch.mask.shape[0], fine=fine)
    return image if result is None else result


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """What a patch adds to a part of a picture (x1 y1 x2 y2): uint8 in so many steps to a grey level, or if that is 0
    float32.
    """

    region: tuple[int, int, int, int]
    warped: FloatArray | Image
    steps: int

    def add(self, result: Image) -> None:
        """Adds it. Exactly nothing where it is zero."""
        x1, y1, x2, y2 = self.region
        part = result[y1:y2, x1:x2]
        if self.steps:
            cv2.addWeighted(part, 1, self.warped, 1 / self.steps, -_ZERO / self.steps, dst=part)
        else:
            cv2.add(part, self.warped, dst=part, dtype=cv2.CV_8U)


def _ready(patch: AgedPatch, shape: tuple[int, ...], fine: bool) -> _Ready | None:
    """What a patch adds to a picture of this shape; None for nothing."""
    added, to_frame = _masked(patch)
    peak = cv2.norm(added, cv2.NORM_INF)
    if peak < _LEAST:
        return None
    region = _region(to_frame, added.shape[1::-1], shape)
    if region is None:
        return None
    steps = 0 if fine else next((steps for most, steps in _STEPS if peak <= most), 0)
    return _Ready(region, _warp(added, to_frame, region, steps, fine), steps)


def _masked(patch: AgedPatch) -> tuple[FloatArray, Affine]:
    """The residual times the mask, cut to what the mask shows and a pixel around it, and where that lies.

    Exactly zero where the mask is.
    """
    rows, columns = (np.flatnonzero(patch.mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((1, 1, 3), np.float32), patch.to_frame
    top, left = max(0, int(rows[0]) - 1), max(0, int(columns[0]) - 1)
    box = np.s_[top : int(rows[-1]) + 2, left : int(columns[-1]) + 2]
    to_frame = patch.to_frame @ np.array([[1, 0, left], [0, 1, top], [0, 0, 1]])
    return np.asarray(cv2.multiply(patch.residual[box], cv2.merge([patch.mask[box]] * 3)), np.float32), to_frame


def _with_hair(image: Image, spreads: Sequence[HairSpread]) -> Image | None:
    """A copy with the hair around the crops changed; None without any."""
    result: Image | None = None
    for spread in spreads:
        step = max(1, int(np.hypot(spread.to_frame[0, 0], spread.to_frame[1, 0])))
        place, left, top = _upright(spread, step, image.shape)
        for rows, columns in _boxes(_used(place), 0, 0):
            result = image.copy() if result is None else result
            part = _Part(
                slice(top + rows.start * step, min(top + rows.stop * step, image.shape[0])),
                slice(left + columns.start * step, min(left + columns.stop * step, image.shape[1])),
                # A square more on each side, between whose middles is interpolated.
                place[:, rows.start : rows.stop + 2, columns.start : columns.stop + 2],
                step,
            )
            part.change(result, image, spread)
    return result


def _upright(spread: HairSpread, step: int, shape: tuple[int, ...]) -> tuple[FloatArray, int, int]:
    """The place resampled to squares of ``step`` pixels of the frame with an empty square around all, and where the
    first pixel of the first square within lies (x, y).

    Turning is slow and enlarging is quick: so it is turned while it is small.
    """
    region = _region(spread.to_frame, spread.place.shape[:0:-1], shape)
    if region is None:
        return np.zeros((2, 2, 2), np.float32), 0, 0
    x1, y1, x2, y2 = region
    size = -(-(x2 - x1) // step), -(-(y2 - y1) // step)
    back = invert(spread.to_frame)
    # Pixel centres: x_frame = x1 + (x_square + 0.5) * step - 0.5
    first = back[:, :2] @ [x1 + step / 2 - 0.5, y1 + step / 2 - 0.5] + back[:, 2]
    matrix = np.column_stack([back[:, :2] * step, first])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    turned = np.zeros((2, size[1] + 2, size[0] + 2), np.float32)
    for plane, straight in zip(turned, spread.place, strict=True):
        plane[1:-1, 1:-1] = cv2.warpAffine(straight, matrix, size, flags=flags)
    return turned, x1, y1


def _used(place: FloatArray) -> NDArray[np.bool_]:
    """The squares, without those around all, in which a pixel of some grey is changed or interpolated with what is."""
    slope, offset = place
    changed = np.maximum(offset, offset + 255 * slope) > _NOTHING
    if not changed.any():
        return np.zeros((0, 0), np.bool_)
    return np.asarray(cv2.dilate(changed.astype(np.uint8), np.ones((3, 3), np.uint8))[1:-1, 1:-1] > 0, np.bool_)


def _boxes(used: NDArray[np.bool_], top: int, left: int) -> Iterator[tuple[slice, slice]]:
    """Boxes (rows, columns), none over another, that hold all that is used and little else: hair goes around a face."""
    rows, columns = np.flatnonzero(used.any(axis=1)), np.flatnonzero(used.any(axis=0))
    if not len(rows):
        return
    used = used[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    top, left, (height, width) = top + int(rows[0]), left + int(columns[0]), used.shape
    if max(height, width) <= _SMALL_BOX or used.mean() > _FULL_BOX:
        yield slice(top, top + height), slice(left, left + width)
    elif height > width:
        yield from _boxes(used[: height // 2], top, left)
        yield from _boxes(used[height // 2 :], top + height // 2, left)
    else:
        yield from _boxes(used[:, : width // 2], top, left)
        yield from _boxes(used[:, width // 2 :], top, left + width // 2)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A part of the frame in which hair changes: its pixels, and its squares (of this step) with one more around."""

    rows: slice
    columns: slice
    place: FloatArray
    step: int

    def change(self, result: Image, image: Image, spread: HairSpread) -> None:
        """Changes this part of the result, which was made from the image. Exactly nothing where the share is 0."""
        reach = spread.strand_px // 2
        above, before = min(reach, self.rows.start), min(reach, self.columns.start)
        wider = image[
            self.rows.start - above : self.rows.stop + reach, self.columns.start - before : self.columns.stop + reach
        ]
        part = result[self.rows, self.columns]
        here = np.s_[above : above + part.shape[0], before : before + part.shape[1]]
        grey = np.asarray(cv2.cvtColor(wider, cv2.COLOR_BGR2GRAY), np.uint8)
        smooth, grey = cv2.blur(grey, (spread.strand_px, spread.strand_px))[here], grey[here]
        share = self._share(grey)
        line = cv2.addWeighted(grey, spread.slope + spread.gain, smooth, -spread.gain, 0, dtype=cv2.CV_32F)
        line = cv2.multiply(line, share)
        planes = [cv2.addWeighted(line, 1, share, float(added), 0, dtype=cv2.CV_16S) for added in spread.added]
        cv2.add(part, cv2.merge(planes), dst=part, dtype=cv2.CV_8U)

    def _share(self, grey: Image) -> FloatArray:
        """How much of each pixel of this part, grey (h, w), is hair that changes, 0..1."""
        height, width = grey.shape
        size = self.place.shape[2] * self.step, self.place.shape[1] * self.step
        slope, offset = (
            cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR)[
                self.step : self.step + height, self.step : self.step + width
            ]
            for plane in self.place
        )
        hair = np.asarray(cv2.add(cv2.multiply(slope, grey, dtype=cv2.CV_32F), offset), np.float32)
        return np.asarray(np.clip(hair, 0, 1, out=hair), np.float32)


def _region(to_frame: Affine, size: Sequence[int], shape: Sequence[int]) -> tuple[int, int, int, int] | None:
    """The part of the frame that this width and height cover, as x1 y1 x2 y2, or None if it lies outside."""
    right, bottom = size[0] - 0.5, size[1] - 0.5
    edge = np.array([[-0.5, -0.5], [right, -0.5], [-0.5, bottom], [right, bottom]])
    corners = edge @ to_frame[:, :2].T + to_frame[:, 2]
    x1, y1 = np.floor(corners.min(0)).astype(int)
    x2, y2 = np.ceil(corners.max(0)).astype(int) + 1
    x1, y1, x2, y2 = max(x1, 0), max(y1, 0), min(x2, shape[1]), min(y2, shape[0])
    return (x1, y1, x2, y2) if x1 < x2 and y1 < y2 else None


def _warp(
    added: FloatArray, to_frame: Affine, region: tuple[int, int, int, int], steps: int, fine: bool
) -> FloatArray | Image:
    """What is added (h, w, 3), resampled onto this region of the frame, zero beyond it: float32 if ``steps`` is 0, else
    in bytes of so many steps to a grey level, in which warping takes half of the time.

    Where the face is smaller than the crop it is shrunk by an area average first, so that fine lines do not alias.
    Where it is much larger, turning all its pixels would take most of the time that pasting takes: there it is turned
    on a coarser grid, which still is finer than the crop's own, and enlarged from that.
    """
    x1, y1, x2, y2 = region
    scale = float(np.hypot(to_frame[0, 0], to_frame[1, 0]))
    matrix = to_frame - np.array([[0, 0, x1], [0, 0, y1]])
    if scale < 0.75:
        small = max(2, round(added.shape[1] * scale)), max(2, round(added.shape[0] * scale))
        matrix = matrix @ _enlarging(added.shape[1] / small[0], added.shape[0] / small[1])
        added = np.asarray(cv2.resize(added, small, interpolation=cv2.INTER_AREA), np.float32)
    pixels: FloatArray | Image = added
    if steps:
        pixels = np.asarray(cv2.addWeighted(added, steps, added, 0, _ZERO, dtype=cv2.CV_8U), np.uint8)
    full = x2 - x1, y2 - y1
    size = full
    if scale > _LARGE and not fine:
        size = math.ceil(full[0] * _FINER / scale), math.ceil(full[1] * _FINER / scale)
        back = invert(_enlarging(full[0] / size[0], full[1] / size[1])[:2])
        matrix = back[:, :2] @ matrix + back[:, 2:] * [0, 0, 1]
    interpolation = cv2.INTER_CUBIC if fine and scale > 1 else cv2.INTER_LINEAR
    beyond = (_ZERO if steps else 0,) * 3
    warped = cv2.warpAffine(
        pixels, matrix, size, flags=interpolation, borderMode=cv2.BORDER_CONSTANT, borderValue=beyond
    )
    if size != full:
        warped = cv2.resize(warped, full, interpolation=cv2.INTER_LINEAR)
    return np.asarray(warped, np.uint8) if steps else np.asarray(warped, np.float32)


def _enlarging(across: float, down: float) -> NDArray[np.float64]:
    """(3, 3): where a pixel lies after enlarging by these factors. Centres: x_large = (x_small + 0.5) * factor - 0.5"""
    return np.array([[across, 0, (across - 1) / 2], [0, down, (down - 1) / 2], [0, 0, 1]])
