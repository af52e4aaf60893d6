"""Makes the same face at another age: mean colour and shape changes, wrinkles from a real old face, greying.

All in mesh space (see meshspace). Detail is moved by bands as in image melding by Shih et al. 2014 ("Style transfer
for headshot portraits"): each band of the exemplar, scaled to the lightness of the skin it lands on.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.landmarks.topology import FACE_OVAL, LEFT_EYE, LIPS_INNER, LIPS_OUTER, POINTS, RIGHT_EYE
from training.aging import hair as hair_module
from training.aging import meshspace
from training.aging.meshspace import SIZE
from training.aging.prototypes import FEMALE, MALE, Prototypes, to_bgr, to_lab, validity
from training.data.faces import FaceSet

# Outlines that the engine does not need: whole brows, and the nostrils with the tip between them.
LEFT_BROW = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
RIGHT_BROW = (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
NOSTRILS = (98, 97, 2, 326, 327, 294, 278, 344, 440, 275, 4, 45, 220, 115, 48, 64)

SIGMAS_PX = (2.0, 5.0, 11.0)


@dataclass(frozen=True)
class Strengths:
    """How much of everything; found by looking at sheets, by the judges' years and by a recogniser that had no part.

    Shape and brows cost more likeness than they bring years; colour and fine wrinkles bring most for what they cost.
    """

    wrinkles: tuple[float, float, float] = (1.8, 1.2, 0.6)
    own_detail_kept: float = 1.0
    colour: float = 1.6
    greying: float = 0.3
    smoothing: tuple[float, float, float] = (0.85, 0.97, 0.95)


def wrinkle_curve(years: float) -> float:
    """How wrinkled a face of this age is: 0 up to 24, 1 at 75, above 1 beyond.

    >>> [round(wrinkle_curve(y), 2) for y in (20, 40, 60, 75, 90)]
    [0.0, 0.25, 0.65, 1.0, 1.38]
    """
    return float((max(years - 24.0, 0.0) / 51.0) ** 1.2)


def _region(
    mean: NDArray[np.float32], *outlines: tuple[int, ...], grow: int = 0, soft: float = 2.0
) -> NDArray[np.float32]:
    canvas = np.zeros((SIZE, SIZE), np.uint8)
    for outline in outlines:
        cv2.fillPoly(canvas, [np.round(mean[list(outline)]).astype(np.int32)], 255)
    if grow > 0:
        reach = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * grow + 1,) * 2)
        canvas = np.asarray(cv2.dilate(canvas, reach), np.uint8)
    return cv2.GaussianBlur(canvas, (0, 0), soft).astype(np.float32) / 255


def _blob(middle: NDArray[np.float32], wide: float, high: float) -> NDArray[np.float32]:
    """A Gaussian (256, 256) with its peak of 1 at a point; standard deviations in pixels."""
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    return np.asarray(np.exp(-(((x - middle[0]) / wide) ** 2 + ((y - middle[1]) / high) ** 2) / 2), np.float32)


@dataclass(frozen=True)
class Regions:
    """Soft masks (256, 256) in mesh space: where wrinkles may go, where brows and beard stand, the face itself."""

    wrinkles: NDArray[np.float32]
    colour: NDArray[np.float32]
    brows: NDArray[np.float32]
    beard: NDArray[np.float32]

    @staticmethod
    def of(mean: NDArray[np.float32]) -> Regions:
        face = _region(mean, FACE_OVAL, grow=6, soft=5)
        # An exemplar's jaw line and hair must not come along with its wrinkles.
        within = cv2.erode(_region(mean, FACE_OVAL, soft=0.5), np.ones((13, 13)))
        within = np.asarray(cv2.GaussianBlur(within, (0, 0), 4), np.float32)
        eyes = _region(mean, LEFT_EYE, RIGHT_EYE, grow=3, soft=1.5)
        lips = _region(mean, LIPS_OUTER, grow=0, soft=2)
        inner = _region(mean, LIPS_INNER, grow=2, soft=1.5)
        nostrils = _region(mean, NOSTRILS, grow=0, soft=2)
        brows = _region(mean, LEFT_BROW, RIGHT_BROW, grow=5, soft=2)
        wrinkles = within * (1 - eyes) * (1 - 0.8 * lips) * (1 - inner) * (1 - 0.6 * nostrils) * (1 - 0.92 * brows)
        # What tells people apart lies between brows and mouth: there wrinkles cost more likeness than they bring years.
        nose = _blob(mean[168], 12, 14) + _blob(mean[6], 10, 16) + _blob(mean[4], 14, 16)
        look = _blob(mean[468], 16, 10) + _blob(mean[473], 16, 10)
        mouth = _blob((mean[13] + mean[14]) / 2, 26, 14)
        wrinkles = wrinkles * (1 - 0.7 * nose.clip(0, 1)) * (1 - 0.4 * look.clip(0, 1)) * (1 - 0.4 * mouth)
        low = np.clip((np.mgrid[0:SIZE, 0:SIZE][0] - mean[164, 1]) / 6, 0, 1).astype(np.float32)
        beard = face * low * (1 - _region(mean, LIPS_OUTER, grow=3, soft=2))
        # The prototypes' brightness around the outline is hair and background: stay clear of it.
        skin = cv2.erode(_region(mean, FACE_OVAL, soft=0.5), np.ones((7, 7)))
        skin = np.asarray(cv2.GaussianBlur(skin, (0, 0), 5), np.float32)
        return Regions(wrinkles, skin * (1 - eyes) * (1 - 0.85 * brows) * (1 - inner), brows, beard)


def _blurred(image: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32)


def bands(lab: NDArray[np.float32]) -> tuple[list[NDArray[np.float32]], NDArray[np.float32]]:
    """Three detail bands (finest first) and the low-passed rest of a Lab picture."""
    layers = []
    for sigma in SIGMAS_PX:
        soft = _blurred(lab, sigma)
        layers.append(lab - soft)
        lab = soft
    return layers, lab


@dataclass(frozen=True)
class Exemplar:
    """An old face on the mean mesh: bands of Lab detail, low-passed lightness, where it is valid."""

    detail: tuple[NDArray[np.float32], ...]
    lightness: NDArray[np.float32]
    valid: NDArray[np.float32]
    gender: int
    years: float


def exemplar_of(faces: FaceSet, row: int, prototypes: Prototypes) -> Exemplar:
    space = prototypes.space
    points = meshspace.with_ring(faces.meshes[row])
    layers = np.dstack([to_lab(faces.crops[row]), validity(faces.corners[row])])
    flat = space.onto_mean(layers, points)
    detail, low = bands(np.ascontiguousarray(flat[..., :3]))
    valid = _blurred(np.asarray(cv2.erode(flat[..., 3], np.ones((9, 9))), np.float32), 3)
    # Exemplars carry their own spots and make-up in colour: keep half of it.
    detail = [d * np.array([1, 0.5, 0.5], np.float32) for d in detail]
    return Exemplar(tuple(detail), low[..., 0], valid, int(faces.gender[row]), float(faces.years[row]))


def compose(parts: list[tuple[float, Exemplar]]) -> Exemplar:
    """One exemplar from several: their details, each scaled to a common lightness, weighted and added.

    All faces then get the same wrinkles in the same places, which a network can learn without averaging them away.
    """
    lightness = np.float32(55.0)
    shape = parts[0][1].detail[0].shape
    detail = [np.zeros(shape, np.float32) for _ in SIGMAS_PX]
    for weight, part in parts:
        scale = weight * np.clip(lightness / np.maximum(part.lightness, 8), 0.5, 2.5) * part.valid
        detail = [d + theirs * scale[..., None] for d, theirs in zip(detail, part.detail, strict=True)]
    plain = np.full(shape[:2], lightness, np.float32)
    years = float(np.average([p.years for _, p in parts], weights=[w for w, _ in parts]))
    return Exemplar(tuple(detail), plain, np.ones_like(plain), parts[0][1].gender, years)


@dataclass(frozen=True)
class Prepared:
    """One person's face, taken apart once for any number of target ages."""

    crop: NDArray[np.uint8]
    points: NDArray[np.float32]
    found: meshspace.Lookup
    flat: NDArray[np.float32]
    detail: tuple[NDArray[np.float32], ...]
    low: NDArray[np.float32]
    skin: NDArray[np.float32]
    gender: int
    hair: NDArray[np.float32] | None = None


def prepare_face(
    crop: NDArray[np.uint8],
    mesh: NDArray[np.float32],
    gender: int,
    prototypes: Prototypes,
    hair: NDArray[np.float32] | None = None,
) -> Prepared:
    """hair (256, 256) in 0..1: where it is, if it is to turn grey."""
    points = meshspace.with_ring(mesh)
    flat = prototypes.space.onto_mean(to_lab(crop), points)
    detail, low = bands(flat)
    skin = np.median(flat[110:190, 70:186].reshape(-1, 3), axis=0).astype(np.float32)
    found = prototypes.space.lookup(points)
    return Prepared(crop, points, found, flat, tuple(detail), low, skin, gender, hair)


def _greyed(
    lab: NDArray[np.float32], skin_low: NDArray[np.float32], where: NDArray[np.float32], amount: float
) -> NDArray[np.float32]:
    """Hair (darker than the skin around it) inside ``where`` made lighter and colourless."""
    darker = np.clip((skin_low[..., 0] - lab[..., 0] - 3) / 14, 0, 1) * where * amount
    grey = lab.copy()
    grey[..., 0] += (np.maximum(skin_low[..., 0], 58) - lab[..., 0]) * 0.4
    grey[..., 1:] *= 0.35
    return lab + (grey - lab) * darker[..., None]


def _shaven(change: NDArray[np.float32], face: Prepared, regions: Regions) -> NDArray[np.float32]:
    """The mean change (S, S, 3) without white beards where this man has none: skin must not turn pale."""
    darker = np.clip((face.skin[0] - face.flat[..., 0] - 3) / 14, 0, 1)
    paler = regions.beard * (1 - darker) * (change[..., 0] > 0)
    return np.asarray(change * (1 - 0.85 * paler)[..., None], np.float32)


def change_age(
    face: Prepared,
    source: float,
    target: float,
    exemplar: Exemplar,
    prototypes: Prototypes,
    regions: Regions,
    strengths: Strengths,
) -> NDArray[np.float32]:
    """The crop (256, 256, 3) BGR float32 in 0..255 with the face at the target age; not yet masked."""
    grow = wrinkle_curve(target) - wrinkle_curve(source)
    lab_change = prototypes.colour_change(face.gender, source, target)
    # Brightness of the surroundings (hair, background) in the prototypes is chance, not age.
    lab_change = lab_change * (strengths.colour * regions.colour)[..., None]
    if face.gender == MALE:
        lab_change = _shaven(lab_change, face, regions)
    if grow > 0:
        ratio = np.clip(face.low[..., 0] / np.maximum(exemplar.lightness, 8), 0.35, 1.6)[..., None]
        for weight, theirs, own in zip(strengths.wrinkles, exemplar.detail, face.detail, strict=True):
            own_part = min(grow, 1.0) * (1 - strengths.own_detail_kept) * own
            moved = (min(grow, 1.3) * weight * ratio) * theirs - own_part * (weight > 0.9)
            lab_change = lab_change + moved * (regions.wrinkles * exemplar.valid)[..., None]
    else:
        for weight, own in zip(strengths.smoothing, face.detail, strict=True):
            fade = min(-grow * 1.3, 1.0) * weight
            lab_change = lab_change - own * (fade * regions.wrinkles)[..., None]
    grey = np.clip((target - 42) / 33, 0, 1.1) - np.clip((source - 42) / 33, 0, 1.1)
    new_flat = face.flat + lab_change
    if grey > 0:
        around = _blurred(new_flat, 16)
        around[..., 0] = np.maximum(around[..., 0], face.skin[0])
        brow_share = 0.65 if face.gender == FEMALE else 1.0
        where = np.clip(regions.brows * brow_share + regions.beard, 0, 1)
        new_flat = _greyed(new_flat, around, where, float(grey) * strengths.greying)
    change = new_flat - face.flat

    space = prototypes.space
    on_face = space.from_mean(change, face.points, face.found)
    changed = to_lab(face.crop) + on_face
    if face.hair is not None:
        changed = hair_module.grey(changed, face.hair, source, target)
    moved_points = face.points.copy()
    moved_points[:POINTS] += prototypes.shape_change(face.gender, source, target)
    # The outer ring stays, the inner follows half way, so that the surroundings give way softly.
    inner = slice(POINTS, POINTS + len(FACE_OVAL))
    moved_points[inner] += (moved_points[list(FACE_OVAL)] - face.points[list(FACE_OVAL)]) * 0.6
    corners, weights, inside = space.lookup(moved_points)
    grid = (face.points[corners] * weights[..., None]).sum(2).astype(np.float32)
    identity = np.stack(np.meshgrid(np.arange(SIZE), np.arange(SIZE)), -1).astype(np.float32)
    shift = np.where(inside[..., None], grid - identity, 0).astype(np.float32)
    shift = _blurred(shift, 2)
    warped = cv2.remap(changed, identity + shift, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return to_bgr(warped)
