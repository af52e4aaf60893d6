"""Hair: where it is in a crop, and how it turns grey or gets its colour back.

Nobody labels hair for us. MediaPipe's selfie segmentation tells the person from the background; what of the person has
the colour of the hair above the forehead, is not of the colour of the skin and lies around the face is hair.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.detection.mediapipe_runtime import mediapipe, quietly
from engine.landmarks.topology import CHIN, FACE_OVAL, FOREHEAD_TOP
from training.aging.prototypes import to_lab, validity

# Hair is looked for where the crop shows the picture; of a band above the forehead at least so many pixels.
_LEAST_PX = 60
# The band, in face heights above the chin and in face widths from the middle.
_BAND = (1.10, 1.36)
_BAND_WIDTH = 0.38
_GREY_LIGHTNESS = (44.0, 64.0)
_GREY_CHROMA = 0.15


class HairFinder:
    """Finds hair in crops on the wide template, with MediaPipe's selfie segmentation."""

    def __init__(self) -> None:
        self._segmenter: Any = quietly(lambda: mediapipe().solutions.selfie_segmentation.SelfieSegmentation(0))

    def find(
        self, crop: NDArray[np.uint8], mesh: NDArray[np.float32], corners: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """How surely each pixel (S, S) in 0..1 is hair; all zero where none is seen (bald, hat of skin's colour, cut).

        crop (S, S, 3) BGR, mesh (478, 2) in its pixels, corners (4, 2) of the picture within it.
        """
        size = crop.shape[0]
        person = np.asarray(
            self._segmenter.process(np.ascontiguousarray(crop[..., ::-1])).segmentation_mask, np.float32
        )
        lab = to_lab(crop)
        known = validity(corners)
        oval = mesh[list(FACE_OVAL)]
        face = np.zeros((size, size), np.uint8)
        cv2.fillPoly(face, [np.round(oval).astype(np.int32)], (255,))
        along, beside = _face_coordinates(mesh, size)
        band = (person > 0.6) & (face == 0) & (along > _BAND[0]) & (along < _BAND[1]) & (np.abs(beside) < _BAND_WIDTH)
        band &= known > 0.9
        cheeks = (face > 0) & (along > 0.3) & (along < 0.6)
        if band.sum() < _LEAST_PX or cheeks.sum() < _LEAST_PX:
            return np.zeros((size, size), np.float32)
        skin, hair = np.median(lab[cheeks], 0), np.median(lab[band], 0)
        skin_spread = np.array([150.0, 12.0, 16.0])
        if ((hair - skin) ** 2 / skin_spread).sum() < 1:  # bald
            return np.zeros((size, size), np.float32)
        spread = np.maximum(lab[band].var(0), [60, 6, 6]) * 3.75
        like_hair = np.exp(-0.5 * ((lab - hair) ** 2 / spread).sum(-1))
        like_skin = np.exp(-0.5 * ((lab - skin) ** 2 / skin_spread).sum(-1))
        found = like_hair * (1 - 0.95 * like_skin) * np.clip((person - 0.3) / 0.4, 0, 1) * known
        # Within the mesh only a fringe at the very top may be hair; below the jaw it is clothes as often.
        inside = cv2.GaussianBlur(face, (0, 0), 3) / 255.0
        found = found * (1 - inside * np.clip((0.97 - along) / 0.06, 0, 1)) * np.clip((along - 0.05) / 0.25, 0, 1)
        closed = cv2.morphologyEx(found.astype(np.float32), cv2.MORPH_CLOSE, np.ones((5, 5)))
        return np.asarray(cv2.GaussianBlur(closed, (0, 0), 1.2), np.float32)


def _face_coordinates(mesh: NDArray[np.float32], size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of each pixel (S, S): its height above the chin in face heights, and its way from the middle in face widths."""
    chin, top = mesh[CHIN], mesh[FOREHEAD_TOP]
    height = max(float(np.linalg.norm(top - chin)), 1.0)
    up = (top - chin) / height
    oval = mesh[list(FACE_OVAL)]
    across = oval @ np.array([-up[1], up[0]])
    width = max(float(across.max() - across.min()), 1.0)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    along = ((x - chin[0]) * up[0] + (y - chin[1]) * up[1]) / height
    beside = (-x * up[1] + y * up[0] - (across.max() + across.min()) / 2) / width
    return along, beside


def greyness(years: float) -> float:
    """How much of the hair is grey: half at about 50 years, nearly all beyond 70 (Panhard et al. 2012, roughly).

    >>> [round(greyness(y), 2) for y in (30, 40, 50, 60, 75)]
    [0.0, 0.12, 0.41, 0.71, 1.0]
    """
    return float(np.clip((years - 36.0) / 34.0, 0, 1))


def grey(lab: NDArray[np.float32], hair: NDArray[np.float32], source: float, target: float) -> NDArray[np.float32]:
    """The crop (S, S, 3) in Lab with its hair (S, S) as grey as it becomes between the two ages.

    Strands that are lighter than their surroundings turn first, so that half-grey hair is salt and pepper.
    """
    weight = float(hair.sum())
    if weight < _LEAST_PX:
        return lab
    more = greyness(target) - greyness(source)
    mean = (lab * hair[..., None]).sum((0, 1)) / weight
    if more > 0:
        end = max(float(mean[0]), _GREY_LIGHTNESS[0] + (_GREY_LIGHTNESS[1] - _GREY_LIGHTNESS[0]) * greyness(target))
        contrast = 1 + 0.25 * np.clip((end - mean[0]) / 40, 0, 1)
        new = lab * np.array([0, _GREY_CHROMA, _GREY_CHROMA], np.float32) + np.array([0, 0.3, 1.0], np.float32)
        new[..., 0] = end + (lab[..., 0] - mean[0]) * contrast
        strands = np.clip(0.5 + (lab[..., 0] - cv2.GaussianBlur(lab[..., 0], (0, 0), 3)) / 6, 0, 1)
        share = np.clip(more * 1.4 - 0.4 * (1 - strands), 0, 1)
    else:
        colourless = float(np.clip((8 - np.hypot(mean[1], mean[2])) / 4, 0, 1) * np.clip((mean[0] - 40) / 15, 0, 1))
        new = lab.copy()
        new[..., 0] = 28 + (lab[..., 0] - mean[0]) * 0.7
        new[..., 1:] = np.array([4.0, 9.0], np.float32)
        share = np.full(hair.shape, min(-more, 1.0) * colourless * 0.9, np.float32)
    return np.asarray(lab + (new - lab) * (np.clip(share * hair, 0, 1))[..., None], np.float32)
