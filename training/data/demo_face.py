"""Builds the face of the demo: the average of many people's portraits, so that it is nobody's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from matplotlib.tri import LinearTriInterpolator, Triangulation
from numpy.typing import NDArray

from engine.geometry.align import similarity, transform
from engine.images import write_picture
from engine.landmarks.mesh import five_points
from engine.landmarks.topology import FACE_OVAL, POINTS_WITHOUT_IRISES
from training.data.sets import DataError

SIZE = 720
# Rings around the face that move with it, so that hair and ears of all portraits meet as well as they can.
RINGS = (1.15, 1.4)


@dataclass(frozen=True)
class DemoFaceConfig:
    """data: a folder of portraits that may be averaged; out: the picture to write."""

    name: str = "demo-face"
    data: str = "data/portraits"
    out: str = "engine/capture/demo_face.png"


def build(config: DemoFaceConfig) -> str:
    """Writes the average portrait; returns its path."""
    write_picture(Path(config.out), average(Path(config.data)))
    return config.out


def _mesh(picture: NDArray[np.uint8], mesher: Any) -> NDArray[np.float32] | None:
    found = mesher.process(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)).multi_face_landmarks
    if not found:
        return None
    return np.array([(p.x * picture.shape[1], p.y * picture.shape[0]) for p in found[0].landmark], np.float32)


def _with_frame(mesh: NDArray[np.float32]) -> NDArray[np.float32]:
    oval = mesh[list(FACE_OVAL)]
    centre = oval.mean(0)
    rings = [centre + (oval - centre) * scale for scale in RINGS]
    side = np.linspace(-60, SIZE + 60, 7, dtype=np.float32)
    low, high = np.full_like(side, -60), np.full_like(side, SIZE + 60)
    frame = np.concatenate([np.stack(p, 1) for p in ((side, low), (side, high), (low, side), (high, side))])
    return np.concatenate([mesh[:POINTS_WITHOUT_IRISES], *rings, frame]).astype(np.float32)


def average(folder: Path) -> NDArray[np.uint8]:
    """The average (720, 720, 3) BGR of all portraits in ``folder``, mirrored halves included."""
    import mediapipe

    pictures, meshes = [], []
    with mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=True, refine_landmarks=True) as mesher:
        for path in sorted(p for p in folder.glob("*") if p.suffix in (".jpg", ".png")):
            picture = np.asarray(cv2.imread(str(path)), np.uint8)
            for version in (picture, np.ascontiguousarray(picture[:, ::-1])):
                mesh = _mesh(np.asarray(version, np.uint8), mesher)
                if mesh is not None:
                    pictures.append(version)
                    meshes.append(mesh)
    if not pictures:
        raise DataError(f"no face was found in the pictures of {folder}.")
    # Common frame: the first portrait's scale, centred, with room above the hair.
    goal = five_points(np.mean(meshes, axis=0))
    goal = (goal - goal.mean(0)) * (SIZE * 0.155 / np.linalg.norm(goal[1] - goal[0])) + [SIZE / 2, SIZE * 0.5]
    aligned = []
    for picture, mesh in zip(pictures, meshes, strict=True):
        matrix = similarity(five_points(mesh), goal)
        image = cv2.warpAffine(picture, matrix, (SIZE, SIZE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        aligned.append((image.astype(np.float32), _with_frame(transform(matrix, mesh))))
    mean = np.mean([points for _, points in aligned], axis=0)
    triangulation = Triangulation(mean[:, 0], mean[:, 1])
    x, y = np.meshgrid(np.arange(SIZE, dtype=np.float32), np.arange(SIZE, dtype=np.float32))
    total = np.zeros((SIZE, SIZE, 3), np.float32)
    for image, points in aligned:
        grid = [LinearTriInterpolator(triangulation, points[:, k])(x, y).filled(0).astype(np.float32) for k in (0, 1)]
        total += cv2.remap(image, *grid, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    total /= len(aligned)
    # Averaging takes detail away: lift what is left a little.
    total += 0.7 * (total - cv2.GaussianBlur(total, (0, 0), 2.0))
    return np.asarray(np.clip(total, 0, 255), np.uint8)
