"""The styles: pictures painted by code, so that they are nobody's work but this program's.

Each is a pure function of its side in pixels and a seed. They have no subject, only a manner: what style transfer takes
from a painting is how it is made, its strokes, edges and colours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.images import write_picture
from engine.types import FloatArray, Image
from training.data.sets import DataError

SIDE = 768
_LIGHT = (-0.6, -0.8)  # from the upper left

# Colours are RGB in 0..255, from one end of a painting's scale to the other.
_NIGHT = ((14, 22, 66), (28, 62, 138), (52, 118, 176), (126, 176, 178), (238, 214, 128), (240, 168, 52), (198, 84, 40))
_JEWELS = ((22, 36, 108), (24, 104, 150), (34, 140, 112), (206, 178, 62), (226, 122, 40), (178, 38, 48), (98, 34, 98))
_PAPER, _WASH, _INK = (243, 233, 210), (222, 150, 104), (24, 26, 44)


def paint(style: str, side: int = SIDE, seed: int = 1) -> Image:
    """The painting of this style, (side, side, 3) uint8 BGR. Raises DataError for a style there is not."""
    if style not in PAINTERS:
        raise DataError(f"{style!r} is no style: there are {', '.join(PAINTERS)}.")
    return PAINTERS[style](side, np.random.default_rng(seed))


def oil(side: int, rng: np.random.Generator) -> Image:
    """Thick oil: brush strokes in three sizes follow a whirling flow; each leaves ridges, and light falls on them."""
    angle, scale = _flow(side, rng), _field(side, rng, 5, 0.35)
    canvas = np.full((side, side, 3), _NIGHT[1], np.uint8)
    relief = np.zeros((side, side), np.uint8)
    for share, cover in ((0.030, 2.0), (0.017, 2.2), (0.010, 1.6)):
        width, length = share * side, 5.5 * share * side
        count = int(cover * side * side / (width * length))
        paths = _traced(rng.uniform(-0.04, 1.04, (count, 2)) * side, angle, length, 9)
        middle = np.clip(paths[:, 4].astype(int), 0, side - 1)
        place = scale[middle[:, 1], middle[:, 0]] + rng.normal(0, 0.07, count)
        colours = _scale(_NIGHT, place) * rng.uniform(0.82, 1.14, (count, 1))
        _brush(canvas, relief, paths, colours, width, rng)
    return _lit(canvas, relief, 0.9)


def ink(side: int, rng: np.random.Generator) -> Image:
    """A woodcut in two blocks: a wash of earth, and lines of ink that swell with the dark and cross in the deep."""
    tone = _field(side, rng, 4, 0.5)
    fine = _field(side, rng, 24, 0.0)
    bend = _field(side, rng, 5, 0.0)
    y, x = np.mgrid[:side, :side].astype(np.float32) / side
    paper = np.empty((side, side, 3), np.float32)
    paper[:] = _PAPER
    _lay(paper, _WASH, _step(tone + 0.06 * fine, 0.45, 0.02) * 0.85)
    lines = 62.0  # across the picture
    first = lines * (x * 0.5 + y * 0.86 + 0.16 * bend + 0.12 * tone)
    second = lines * (x * 0.86 - y * 0.5 + 0.16 * bend)
    wobble = 0.10 * (fine - 0.5)
    _lay(paper, _INK, _hatch(first, 1.15 * tone - 0.22 + wobble, side / lines))
    _lay(paper, _INK, _hatch(second, 1.5 * tone - 0.86 + wobble, side / lines))
    paper += rng.normal(0, 3.0, (side, side, 1)).astype(np.float32)
    return _as_image(paper)


def glass(side: int, rng: np.random.Generator) -> Image:
    """Stained glass: cells of jewel colours, each a little uneven, in dark lead."""
    cell = side / 26
    scale = _field(side, rng, 4, 0.4)
    grid = np.stack(np.meshgrid(np.arange(0.5, 26), np.arange(0.5, 26)), -1).reshape(-1, 2) * cell
    seeds = np.clip(grid + rng.uniform(-0.5, 0.5, grid.shape) * cell, 0, side - 1)
    labels = _cells(seeds, side)
    count = int(labels.max()) + 1
    sizes = np.maximum(np.bincount(labels.ravel(), minlength=count), 1)
    place = np.bincount(labels.ravel(), scale.ravel(), count) / sizes
    colours = _scale(_JEWELS, place + rng.normal(0, 0.07, count)) * rng.uniform(0.75, 1.25, (count, 1))
    panes = colours[labels].astype(np.float32)
    edges = (labels != np.roll(labels, 1, 0)) | (labels != np.roll(labels, 1, 1))
    distance = cv2.distanceTransform((~edges).astype(np.uint8), cv2.DIST_L2, 5)
    panes *= (0.82 + 0.5 * np.clip(distance / cell, 0, 0.5))[..., None]  # brighter in the middle of a pane
    panes *= (0.88 + 0.24 * _field(side, rng, 40, 0.0))[..., None]
    lead = np.clip(1.0 - (distance - 0.085 * cell) / 1.5, 0, 1)
    _lay(panes, (18, 17, 22), lead)
    return _as_image(panes)


PAINTERS: dict[str, Callable[[int, np.random.Generator], Image]] = {"oil": oil, "ink": ink, "glass": glass}


# -- the parts --------------------------------------------------------------------------------------------------------


def _field(side: int, rng: np.random.Generator, coarse: int, swirl: float) -> FloatArray:
    """A smooth random picture (side, side), evenly spread over 0..1; swirl: how far it is stirred, in sides."""
    noise = cv2.resize(rng.random((coarse + 2, coarse + 2), np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    if swirl:
        y, x = np.mgrid[:side, :side].astype(np.float32)
        for _ in range(5):
            centre_x, centre_y = rng.uniform(0.1, 0.9, 2) * side
            reach = rng.uniform(0.12, 0.3) * side
            from_x, from_y = x - np.float32(centre_x), y - np.float32(centre_y)
            turn = np.exp(-(from_x**2 + from_y**2) / (2 * reach**2)) * rng.choice([-1, 1]) * 9 * swirl
            cos, sin = np.cos(turn), np.sin(turn)
            x = (centre_x + cos * from_x - sin * from_y).astype(np.float32)
            y = (centre_y + sin * from_x + cos * from_y).astype(np.float32)
        noise = cv2.remap(noise, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    levels = np.quantile(noise, np.linspace(0, 1, 33))
    return np.interp(noise, levels, np.linspace(0, 1, 33)).astype(np.float32)


def _flow(side: int, rng: np.random.Generator) -> FloatArray:
    """The direction (side, side), in radians, of strokes that run along the level lines of a stirred field."""
    ground = cv2.GaussianBlur(_field(side, rng, 4, 0.45), (0, 0), side / 60)
    along_x, along_y = cv2.Sobel(ground, cv2.CV_32F, 1, 0), cv2.Sobel(ground, cv2.CV_32F, 0, 1)
    return np.arctan2(along_x, -along_y).astype(np.float32)


def _traced(starts: NDArray[np.float64], angle: FloatArray, length: float, points: int) -> FloatArray:
    """Paths (N, points, 2) px from these places along the flow."""
    side, path = len(angle), [starts]
    for _ in range(points - 1):
        here = np.clip(path[-1].astype(int), 0, side - 1)
        way = angle[here[:, 1], here[:, 0]]
        path.append(path[-1] + np.stack([np.cos(way), np.sin(way)], 1) * (length / points))
    return np.stack(path, 1).astype(np.float32)


def _brush(
    canvas: Image, relief: Image, paths: FloatArray, colours: FloatArray, width: float, rng: np.random.Generator
) -> None:
    """Strokes along the paths (N, P, 2): bristles side by side, each a little lighter or darker and higher or lower."""
    way = np.gradient(paths, axis=1)
    across = np.stack([-way[..., 1], way[..., 0]], -1)
    across /= np.linalg.norm(across, axis=-1, keepdims=True) + 1e-6
    taper = np.sin(np.linspace(0.25, 0.95, paths.shape[1]) * np.pi)[:, None] ** 0.5
    bristles = max(3, round(width / 2.2))
    thick = max(1, round(width / bristles + 0.8))
    for path, side_way, colour in zip(paths, across, colours, strict=True):
        for offset in np.linspace(-0.5, 0.5, bristles):
            line = ((path + side_way * taper * offset * width) * 8).astype(np.int32)
            shade = np.clip(colour[::-1] * rng.uniform(0.86, 1.14), 0, 255)
            height = 150 + 70 * np.cos(offset * 2.6) + rng.uniform(-70, 35)
            cv2.polylines(canvas, [line], False, shade.tolist(), thick, cv2.LINE_AA, 3)
            cv2.polylines(relief, [line], False, [float(height)], thick, cv2.LINE_AA, 3)


def _lit(canvas: Image, relief: Image, strength: float) -> Image:
    """The canvas with light from the side on its relief."""
    height = cv2.GaussianBlur(relief, (0, 0), 1.0).astype(np.float32) / 255
    slope = cv2.Sobel(height, cv2.CV_32F, 1, 0) * _LIGHT[0] + cv2.Sobel(height, cv2.CV_32F, 0, 1) * _LIGHT[1]
    return _as_image(canvas[..., ::-1].astype(np.float32) * (1 - strength * np.clip(slope, -0.4, 0.4))[..., None])


def _hatch(phase: FloatArray, dark: FloatArray, period_px: float) -> FloatArray:
    """How much ink (H, W) in 0..1 lines of this phase, in periods, give: as wide as ``dark`` (0..1) says."""
    from_middle = np.abs((phase % 1) - 0.5) * 2  # 0 in the middle of a line, 1 between two
    return np.asarray(np.clip((dark - from_middle) * period_px / 2.4 + 0.5, 0, 1) * (dark > 0.06), np.float32)


def _step(value: FloatArray, at: float, soft: float) -> FloatArray:
    return np.asarray(np.clip((value - at) / soft + 0.5, 0, 1), np.float32)


def _lay(picture: FloatArray, colour: Sequence[float], cover: FloatArray) -> None:
    """Puts a colour over an RGB picture where ``cover`` (H, W) says so."""
    picture += (np.array(colour, np.float32) - picture) * cover[..., None]


def _scale(stops: Sequence[Sequence[int]], place: NDArray[np.float64]) -> NDArray[np.float64]:
    """Colours (N, 3) RGB at places in 0..1 of a scale of stops."""
    knots = np.linspace(0, 1, len(stops))
    table = np.array(stops, np.float64)
    return np.stack([np.interp(place, knots, table[:, channel]) for channel in range(3)], 1)


def _cells(seeds: NDArray[np.float64], side: int) -> NDArray[np.int32]:
    """The nearest seed (side, side) of every pixel, counted from 0, after the seeds moved into their cells' middles."""
    y, x = np.mgrid[:side, :side]
    for last in (False, False, True):
        ground = np.ones((side, side), np.uint8)
        at = np.clip(seeds.astype(int), 0, side - 1)
        ground[at[:, 1], at[:, 0]] = 0
        labels = cv2.distanceTransformWithLabels(ground, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)[1] - 1
        if not last:
            sizes = np.maximum(np.bincount(labels.ravel()), 1)
            seeds = np.stack([np.bincount(labels.ravel(), way.ravel()) / sizes for way in (x, y)], 1)
    return np.asarray(labels, np.int32)


def _as_image(rgb: FloatArray) -> Image:
    return np.ascontiguousarray(np.clip(rgb[..., ::-1], 0, 255).astype(np.uint8))


# -- the task ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PaintConfig:
    """styles: which to paint; side in px."""

    name: str = "paint"
    styles: tuple[str, ...] = ("oil", "ink", "glass")
    out: str = "runs/paintings"
    side: int = SIDE
    seed: int = 1


def paint_all(config: PaintConfig) -> list[str]:
    """Writes ``out/STYLE.png``; returns the files."""
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    files = []
    for style in config.styles:
        write_picture(out / f"{style}.png", paint(style, config.side, config.seed))
        files.append(str(out / f"{style}.png"))
    return files
