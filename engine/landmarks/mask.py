"""Where in a crop the face and its hair are: a soft mask from the mesh, exactly zero outside."""

from __future__ import annotations

import cv2
import numpy as np

from engine.landmarks import topology
from engine.types import FloatArray, Floats

# The mesh ends below the hairline; wrinkles of the forehead do not. In face heights.
_RAISE = 0.08
# The jaw line itself should change: the outline is a little larger than the mesh, and the mask fades inside it.
_GROW = 1.05
_FEATHER = 0.10
# Lashes and the lids' edge belong to the look. In eye sizes; and how softly that ends, in face heights.
_EYE_GROW = 1.1
_EYE_FEATHER = 0.012
# Hair lies within an egg around the face: its middle above the chin, its reach up and down in face heights, its reach
# to the sides in face widths, and how softly it ends, in face heights. What in there is background the network knows.
_EGG_MIDDLE, _EGG_UP, _EGG_DOWN, _EGG_ASIDE, _EGG_FEATHER = 0.72, 0.82, 0.60, 0.82, 0.22
# The crop's border fades too, in parts of its side: a patch must never end in an edge.
_BORDER = 0.06
# A soft mask has no fine detail: draw it small and enlarge it.
_DRAWN_PX = 128
_SUBPIXEL_BITS = 4


def head_mask(mesh_in_crop: FloatArray, size: int, *, keep_eyes: bool = False) -> FloatArray:
    """As ``face_mask``, and around the face an egg in which the hair lies, so that it can turn grey."""
    return face_mask(mesh_in_crop, size, keep_eyes=keep_eyes, hair=True)


def face_mask(mesh_in_crop: FloatArray, size: int, *, keep_eyes: bool = False, hair: bool = False) -> FloatArray:
    """The mask (size, size) float32 in 0..1 of a mesh (478, 2) in pixels of the crop.

    1 well inside the face, falling smoothly to exactly 0 at its outline, and 0 along the border of the crop.
    keep_eyes: 0 between the lids too, so that the look stays the person's own; hair: see ``head_mask``.
    """
    points = np.asarray(mesh_in_crop, np.float64)
    outline = _outline(points)
    drawn = min(size, _DRAWN_PX)
    factor = drawn / size
    height = float(np.linalg.norm(points[topology.FOREHEAD_TOP] - points[topology.CHIN])) * factor
    inside = _softened(_filled((outline + 0.5) * factor - 0.5, drawn), _FEATHER * height)
    if hair:
        egg = _softened(_filled((_egg(points) + 0.5) * factor - 0.5, drawn), _EGG_FEATHER * height)
        inside = np.asarray(np.maximum(inside, egg), np.float32)
    inside = np.asarray(inside * _window(drawn), np.float32)
    if keep_eyes:
        inside = inside * _beside_eyes(points, factor, height, drawn)
    if drawn != size:
        inside = np.asarray(cv2.resize(inside, (size, size), interpolation=cv2.INTER_LINEAR), np.float32)
    return inside


def _outline(points: Floats) -> FloatArray:
    """The face oval (36, 2), grown about its middle, its upper part raised along the face's own up."""
    oval = points[list(topology.FACE_OVAL)]
    chin, top = points[topology.CHIN], points[topology.FOREHEAD_TOP]
    axis = top - chin
    length_squared = max(float(axis @ axis), 1e-6)
    # 0 at the chin, 1 at the top; the raise begins at the brows (about 0.7) so that cheeks stay where they are.
    along = (oval - chin) @ axis / length_squared
    rise = np.clip((along - 0.7) / 0.3, 0, 1) * _RAISE
    raised = oval + rise[:, None] * axis
    middle = raised.mean(axis=0)
    return np.asarray((raised - middle) * _GROW + middle, np.float32)


def _egg(points: Floats) -> FloatArray:
    """An outline (64, 2) around face and hair."""
    chin, top = points[topology.CHIN], points[topology.FOREHEAD_TOP]
    up = top - chin
    height = max(float(np.linalg.norm(up)), 1e-3)
    across = np.array([-up[1], up[0]]) / height
    aside = points[list(topology.FACE_OVAL)] @ across
    width, middle = float(np.ptp(aside)), float(aside.max() + aside.min()) / 2
    centre = chin + up * _EGG_MIDDLE
    centre = centre + across * (middle - float(centre @ across))
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    along = np.where(np.cos(angle) > 0, _EGG_UP, _EGG_DOWN) * np.cos(angle)
    reach = np.sin(angle)[:, None] * across * (_EGG_ASIDE * width)
    return np.asarray(centre + along[:, None] * up + reach, np.float32)


def _softened(mask: FloatArray, feather: float) -> FloatArray:
    """A filled outline (S, S) of 255 as 1 inside, falling smoothly to exactly 0 at its edge over ``feather`` pixels."""
    soft = cv2.GaussianBlur(mask, (0, 0), max(feather / 2, 0.5), borderType=cv2.BORDER_CONSTANT)
    # A blurred straight edge is one half at the edge: keep the upper half, so that nothing leaks outside.
    inside = np.clip(soft * (2 / 255) - 1, 0, 1)
    return np.asarray(inside * inside * (3 - 2 * inside), np.float32)


def _filled(outline: FloatArray, size: int) -> FloatArray:
    canvas = np.zeros((size, size), np.uint8)
    # Far-away points would overflow the fixed-point coordinates that give sub-pixel edges.
    near = np.clip(outline, -8 * size, 9 * size)
    corners = np.round(near * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    cv2.fillPoly(canvas, [corners], (255,), lineType=cv2.LINE_AA, shift=_SUBPIXEL_BITS)
    return np.asarray(canvas, np.float32)


def _beside_eyes(points: Floats, factor: float, height: float, size: int) -> FloatArray:
    """0 between the lids, rising to 1 within a few percent of the face's height (size, size)."""
    apart = np.ones((size, size), np.float32)
    sigma = max(_EYE_FEATHER * height, 0.5)
    for eye in (topology.RIGHT_EYE, topology.LEFT_EYE):
        lids = points[list(eye)]
        middle = lids.mean(axis=0)
        grown = np.asarray(((lids - middle) * _EYE_GROW + middle + 0.5) * factor - 0.5, np.float32)
        soft = cv2.GaussianBlur(_filled(grown, size), (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
        # Half of the blurred edge lies outside: what is fully inside stays fully kept.
        apart *= 1 - np.clip(soft * np.float32(2 / 255), 0, 1)
    return apart


def _window(size: int) -> FloatArray:
    """1 inside, falling linearly to 0 at the outermost pixels (size, size)."""
    pixel = np.arange(size, dtype=np.float32)
    ramp = np.clip(np.minimum(pixel, size - 1 - pixel) / max(_BORDER * size, 1), 0, 1)
    return np.asarray(np.minimum(ramp[:, None], ramp[None, :]), np.float32)
