"""Faces turned aside: what the embedder sees too little of, made of frontal faces by turning their mesh in depth.

Photographs of full profiles are rare in the collections, and a teacher is least sure of them. Here a face's mesh gets
the mean depth of faces, is turned about the neck's axis with its picture on it, and is drawn far to near, so that the
nose hides the far cheek (as 300W-LP does with a fitted model: Zhu et al. 2016, Face alignment across large poses). The
teacher's answer is the one it gave for the face before it was turned: who somebody is does not depend on the side.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from matplotlib.tri import Triangulation
from numpy.typing import NDArray
from tqdm import tqdm

from engine.detection.mediapipe_runtime import mediapipe, quietly
from engine.geometry.align import ARCFACE, similarity, transform
from engine.landmarks.mesh import five_points
from engine.landmarks.topology import FACE_OVAL, NOSE_TIP, POINTS, POINTS_WITHOUT_IRISES
from training.data.compact import SMOOTH_BELOW, side, smoothing
from training.data.faces import CROP_SIZE, FaceSet, load, spread
from training.data.sets import DataError
from training.data.teacher import SIZE, TARGETS_FILE
from training.data.triangles import draw_numbers, weights_within

_RINGS = (1.15, 1.4, 1.8, 2.4)
"""Rings around the face carry hair, ears and neck along; in units of the face's own radius."""
_FALL = (0.35, 0.75, 1.0, 1.15)
"""How far behind the outline each ring lies, in face widths: the head is about as deep as it is wide."""
_AXIS = 0.45
"""The axis of the turn behind the tip of the nose, in face widths."""
_OVAL = list(FACE_OVAL)


@dataclass(frozen=True)
class TurnConfig:
    """data: prepared faces (256 px); targets: the same faces as ArcFace crops with the teacher's answers; out: a folder
    like targets; yaw, pitch: least and most degrees of a turn, to either side; yaw_limit: only faces less turned
    than this (see FaceSet); sharpness_limit: and as sharp; depth_from: so many faces tell the mean depth.
    """

    name: str = "turn"
    data: str = "data/faces"
    targets: str = "data/faces-arc"
    out: str = "data/faces-turned"
    seed: int = 1
    yaw: tuple[float, float] = (25.0, 80.0)
    pitch: tuple[float, float] = (0.0, 12.0)
    yaw_limit: float = 0.22
    sharpness_limit: float = 5.0
    depth_from: int = 200
    processes: int = 1
    limit: int = 0


class Turned(NamedTuple):
    """crop (128, 128, 3) uint8 BGR on the ArcFace template with its margin; mesh (478, 2) in its pixels."""

    crop: NDArray[np.uint8]
    mesh: NDArray[np.float32]


def mean_depth(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(478,) how far each mesh point lies behind the tip of the nose, in face widths, as MediaPipe's mesh network has
    it for frontal faces (N, S, S, 3). Raises DataError where it finds no face at all.
    """
    found = []
    solution = mediapipe().solutions.face_mesh
    mesher = quietly(lambda: solution.FaceMesh(static_image_mode=True, max_num_faces=1, refine_landmarks=True))
    try:
        for crop in crops:
            faces = mesher.process(cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_BGR2RGB)).multi_face_landmarks
            if faces:
                points = np.array([(p.x, p.y, p.z) for p in faces[0].landmark], np.float32)
                found.append((points[:, 2] - points[NOSE_TIP, 2]) / np.ptp(points[_OVAL, 0]))
    finally:
        mesher.close()
    if not found:
        raise DataError("MediaPipe finds no face in these crops, so nothing tells how deep faces are.")
    return np.asarray(np.median(found, 0), np.float32)


def ringed(mesh: NDArray[np.float32], depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """A mesh (478, 2) in pixels with its depth and the rings around it, (478 + 144, 3); z grows away from the viewer."""
    width = float(np.ptp(mesh[_OVAL, 0]))
    points = np.concatenate([mesh, depth[:, None] * width], 1)
    oval, centre = points[_OVAL], mesh[_OVAL].mean(0)
    rings = [
        np.concatenate([centre + (oval[:, :2] - centre) * scale, oval[:, 2:] + fall * width], 1)
        for scale, fall in zip(_RINGS, _FALL, strict=True)
    ]
    return np.concatenate([points, *rings]).astype(np.float32)


def turned_points(points: NDArray[np.float32], yaw: float, pitch: float) -> NDArray[np.float32]:
    """Points (K, 3) of ``ringed`` turned by degrees about an axis within the head, without perspective."""
    width = float(np.ptp(points[_OVAL, 0]))
    pivot = points[NOSE_TIP] + np.array([0, 0, _AXIS * width], np.float32)
    a, b = np.radians([yaw, pitch])
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    return np.asarray((points - pivot) @ (about_x @ about_y).T + pivot, np.float32)


def triangles_of(mesh: NDArray[np.float32], depth: NDArray[np.float32]) -> NDArray[np.int64]:
    """(T, 3) corners among the points of ``ringed``, without the irises, which lie on top of other triangles."""
    points = ringed(mesh, depth)
    used = np.r_[0:POINTS_WITHOUT_IRISES, POINTS : len(points)]
    return np.asarray(used[Triangulation(points[used, 0], points[used, 1]).triangles], np.int64)


def turn_face(
    crop: NDArray[np.uint8],
    mesh: NDArray[np.float32],
    depth: NDArray[np.float32],
    triangles: NDArray[np.int64],
    yaw: float,
    pitch: float,
) -> Turned:
    """One crop (S, S, 3) with its mesh (478, 2), turned by degrees and cut out anew as the mirror would."""
    before = ringed(mesh, depth)
    after = turned_points(before, yaw, pitch)
    full = side(SIZE)
    to_crop = similarity(five_points(after[:POINTS, :2]), ARCFACE * SIZE + (full - SIZE) / 2)
    drawn = transform(to_crop, after[:, :2])
    size = crop.shape[0]
    far_first = np.argsort(-after[triangles, 2].mean(1))  # the painter's way
    canvas = draw_numbers(np.clip(drawn, -full, 2 * full), triangles, full, far_first)
    corners = triangles[np.maximum(canvas, 0)]
    grid = np.asarray((before[corners, :2] * weights_within(drawn, corners)[..., None]).sum(2), np.float32)
    # Far behind stands what was behind before, out of focus.
    back = cv2.GaussianBlur(cv2.resize(crop, (64, 64), interpolation=cv2.INTER_AREA), (0, 0), 4)
    back = cv2.resize(back, (size, size), interpolation=cv2.INTER_LINEAR)
    back = cv2.warpAffine(back, to_crop, (full, full), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    face = cv2.remap(_ready(crop, to_crop), grid, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.GaussianBlur((canvas >= 0).astype(np.float32), (0, 0), 0.7)[..., None]
    mixed = np.where(canvas[..., None] >= 0, face, back) * alpha + back * (1 - alpha)
    return Turned(mixed.round().astype(np.uint8), drawn[:POINTS].astype(np.float32))


def _ready(crop: NDArray[np.uint8], matrix: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The crop (S, S, 3) as smooth as it must be to be made smaller by this affine (2, 3) without aliasing."""
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale >= SMOOTH_BELOW:
        return crop
    return np.asarray(cv2.GaussianBlur(crop, (0, 0), smoothing(scale)), np.uint8)


def fit_rows(faces: FaceSet, config: TurnConfig) -> NDArray[np.int64]:
    """Faces of ``train`` that look at the viewer and are sharp enough to be turned."""
    rows = faces.rows("train")
    rows = rows[(faces.yaw[rows] <= config.yaw_limit) & (faces.sharpness[rows] >= config.sharpness_limit)]
    return rows[: config.limit or None]


def _turn_rows(job: tuple[TurnConfig, NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]) -> list[Turned]:
    config, rows, depth, triangles = job
    cv2.setNumThreads(1)
    faces = load(Path(config.data))
    made = []
    for row in rows:
        rng = np.random.default_rng((config.seed, int(row)))
        yaw = rng.uniform(*config.yaw) * rng.choice((-1, 1))
        pitch = rng.uniform(*config.pitch) * rng.choice((-1, 1))
        made.append(turn_face(np.asarray(faces.crops[row]), faces.meshes[row], depth, triangles, yaw, pitch))
    return made


def turn(config: TurnConfig) -> int:
    """Writes turned faces with the teacher's answers for them unturned; returns how many. Raises DataError."""
    faces, targets = load(Path(config.data)), load(Path(config.targets))
    file = Path(config.targets) / TARGETS_FILE
    if not file.is_file():
        raise DataError(f"{file} is missing: run `python -m training teach --data {config.targets}` first.")
    if not np.array_equal(faces.files, targets.files) or faces.crops.shape[1] != CROP_SIZE:
        raise DataError(f"{config.targets} was not made of {config.data}: run `python -m training compact` again.")
    rows = fit_rows(faces, config)
    if not len(rows):
        raise DataError(f"{config.data}: no face of its train part is frontal and sharp enough to be turned.")
    frontal = rows[np.argsort(faces.yaw[rows], kind="stable")[: config.depth_from]]
    depth = mean_depth(faces.crops[np.sort(frontal)])
    triangles = triangles_of(faces.meshes[frontal].mean(0), depth)
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    full = side(SIZE)
    partial = out / "crops.partial.npy"
    crops = np.lib.format.open_memmap(  # type: ignore[no-untyped-call]
        partial, mode="w+", dtype=np.uint8, shape=(len(rows), full, full, 3)
    )
    meshes = np.zeros((len(rows), POINTS, 2), np.float32)
    parts = np.array_split(np.arange(len(rows)), max(1, len(rows) // 100))
    jobs = ((config, rows[part], depth, triangles) for part in parts)
    with tqdm(total=len(rows), unit="face", desc="turn", disable=None) as bar:
        for part, made in zip(parts, spread(_turn_rows, jobs, config.processes), strict=True):
            crops[part] = np.stack([each.crop for each in made])
            meshes[part] = np.stack([each.mesh for each in made])
            bar.update(len(part))
    crops.flush()
    partial.replace(out / "crops.npy")
    with np.load(Path(config.targets) / "facts.npz") as stored:
        facts = {name: stored[name][rows] for name in stored.files}
    left, right = (np.linalg.norm(meshes[:, NOSE_TIP] - meshes[:, point], axis=1) for point in (234, 454))
    facts |= {"meshes": meshes, "yaw": np.asarray(abs(left - right) / (left + right + 1e-6), np.float32)}
    np.savez(out / "facts.npz", **facts)
    np.save(out / TARGETS_FILE, np.load(file)[rows])
    if (Path(config.targets) / "teacher.json").is_file():
        shutil.copy(Path(config.targets) / "teacher.json", out / "teacher.json")
    about = {"faces": len(rows), "of": len(faces), "crop": "arcface", "size": SIZE, "side": full, "turned": config.yaw}
    (out / "prepared.json").write_text(json.dumps(about))
    return len(rows)
