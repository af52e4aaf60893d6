"""Small crops for networks that look at 112 pixels: a quarter of the bytes, so that a whole set stays in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from engine.geometry.align import ARCFACE, WIDE, similarity
from engine.types import FloatArray, Image
from training.data.faces import CROP_SIZE, load
from training.data.sets import DataError

MARGIN = 1 / 14
"""Room around the template's square, in parts of its side: what shifts and turns need."""
SMOOTH_BELOW = 0.75
"""Pictures that are made smaller than this are smoothed first, so that fine detail does not alias."""
TEMPLATES: dict[str, FloatArray] = {"wide": WIDE, "arcface": ARCFACE}


@dataclass(frozen=True)
class CompactConfig:
    """data: a folder of prepared faces; template: "wide" (age) or "arcface" (recognition); size: side of the
    template's square in pixels, around which the margin comes.
    """

    name: str = "compact"
    data: str = "data/faces"
    out: str = "data/faces-small"
    template: str = "wide"
    size: int = 112


def side(size: int) -> int:
    """The side of a stored crop: the template's square with its margin on both sides."""
    return round(size * (1 + 2 * MARGIN))


def inner_side(full: int) -> float:
    """The side of the template's square in a stored crop of this side; small crops have a margin around it.

    >>> inner_side(256), inner_side(128)
    (256, 112.0)
    """
    return full if full >= CROP_SIZE else full / (1 + 2 * MARGIN)


def middle(crop: Image) -> Image:
    """The template's square of a stored crop."""
    edge = round((crop.shape[0] - inner_side(crop.shape[0])) / 2)
    return crop[edge : crop.shape[0] - edge, edge : crop.shape[1] - edge]


def compact(config: CompactConfig) -> int:
    """Writes ``crops.npy`` at the small size beside a copy of all facts (meshes and corners in the new crop's pixels);
    returns the number of faces.
    """
    if config.template not in TEMPLATES:
        raise DataError(f"{config.template!r} is no template: give {' or '.join(TEMPLATES)}.")
    faces = load(Path(config.data))
    target = Path(config.out)
    target.mkdir(parents=True, exist_ok=True)
    full = side(config.size)
    shift = (full - config.size) / 2
    matrix = similarity(WIDE * faces.crops.shape[1], TEMPLATES[config.template] * config.size + shift)
    crops = np.lib.format.open_memmap(  # type: ignore[no-untyped-call]
        target / "crops.npy", mode="w+", dtype=np.uint8, shape=(len(faces), full, full, 3)
    )
    for row in tqdm(range(len(faces)), unit="face", desc="compact", disable=None):
        crops[row] = shrink(faces.crops[row], matrix, full)
    crops.flush()
    with np.load(Path(config.data) / "facts.npz") as stored:
        facts = {name: stored[name] for name in stored.files}
    for name in ("meshes", "corners"):
        facts[name] = (facts[name] @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    np.savez(target / "facts.npz", **facts)
    about = {"faces": len(faces), "of": len(faces), "crop": config.template, "size": config.size, "side": full}
    (target / "prepared.json").write_text(json.dumps(about))
    return len(faces)


def smoothing(scale: float) -> float:
    """Standard deviation in pixels of the Gaussian that readies a picture for a scale below ``SMOOTH_BELOW``."""
    return 0.5 * float(np.sqrt(max(0.0, (SMOOTH_BELOW / scale) ** 2 - 1)))


def shrink(crop: NDArray[np.uint8], matrix: NDArray[np.float64], full: int) -> NDArray[np.uint8]:
    """The crop mapped by an affine (2, 3) that makes it smaller; smoothed first, so that fine detail does not alias."""
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < SMOOTH_BELOW:
        crop = np.asarray(cv2.GaussianBlur(crop, (0, 0), smoothing(scale)), np.uint8)
    shrunk = cv2.warpAffine(crop, matrix, (full, full), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(shrunk, np.uint8)
