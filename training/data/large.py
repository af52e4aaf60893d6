"""Large crops of prepared faces, from the pictures they came from: for what only shows at more than 256 pixels."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from engine.errors import PictureError
from engine.geometry.align import invert, similarity, warp_crop
from engine.images import read_picture
from engine.types import Affine, Image
from training.data.faces import CROP_SIZE, load
from training.data.labels import with_labels
from training.data.sets import DataError


@dataclass(frozen=True)
class LargeConfig:
    """data: a folder of prepared faces whose ages are told or guessed (task `label`); source: the folder of pictures
    they were prepared from; size: side of the large crops; least: pixels that the picture has to have along that side.
    """

    name: str = "large"
    data: str = "data/mebeauty"
    source: str = "data/raw/mebeauty"
    out: str = "data/mebeauty-large"
    size: int = 512
    least: int = 330


def enlarge(config: LargeConfig) -> dict[str, int]:
    """Writes the crops of all faces that are large enough in their pictures, with all facts (meshes and corners in the
    new crop's pixels), as a folder of prepared faces; returns how many there are, and of how many. Raises DataError.
    """
    faces = with_labels(load(Path(config.data)), Path(config.data))
    target = Path(config.out)
    target.mkdir(parents=True, exist_ok=True)
    times = config.size / CROP_SIZE
    crops: list[NDArray[np.uint8]] = []
    rows = []
    for row in tqdm(range(len(faces)), unit="face", desc="large", disable=None):
        to_picture = _to_picture(faces.corners[row], Path(config.source) / str(faces.files[row]))
        if to_picture is None:
            continue
        picture, matrix = to_picture
        if np.hypot(matrix[0, 0], matrix[1, 0]) * CROP_SIZE < config.least:
            continue
        to_crop = invert(matrix) * times
        crops.append(np.asarray(warp_crop(picture, to_crop, config.size), np.uint8))
        rows.append(row)
    if not rows:
        raise DataError(f"no face of {config.data} is {config.least} pixels large in the pictures of {config.source}.")
    np.save(target / "crops.npy", np.stack(crops))
    with np.load(Path(config.data) / "facts.npz") as stored:
        facts = {name: stored[name][rows] for name in stored.files}
    for name in ("meshes", "corners"):
        facts[name] = (facts[name] * times).astype(np.float32)
    years = faces.years[rows]
    np.savez(target / "facts.npz", **facts | {"years": years, "low": years, "high": years})
    counts = {"faces": len(rows), "of": len(faces)}
    (target / "prepared.json").write_text(json.dumps(counts | {"crop": "wide", "size": config.size}))
    return counts


def _to_picture(corners: NDArray[np.float32], file: Path) -> tuple[Image, Affine] | None:
    """The picture and the affine (2, 3) from the face's crop to it, or None where it cannot be read."""
    try:
        picture = np.asarray(read_picture(file), np.uint8)
    except (PictureError, OSError):
        return None
    height, width = picture.shape[:2]
    ends = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], np.float32)
    return picture, similarity(corners, ends)
