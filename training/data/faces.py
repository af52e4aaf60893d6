"""The prepared form of a face collection: aligned crops, their meshes and labels, as arrays mapped from disk."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from engine.detection.mediapipe_runtime import mediapipe, quietly
from engine.geometry.align import WIDE, similarity, transform, warp_crop
from engine.landmarks.mesh import five_points
from training.data.sets import READERS, DataError

Job = TypeVar("Job")
Result = TypeVar("Result")

CROP_SIZE = 256
# Pictures of faces often end close to them; the mesh network wants some room around. In parts of the longer side.
BORDER_SHARE = 0.3


@dataclass(frozen=True)
class FacesConfig:
    """set: which collection (utkface, fairface, all-age-faces); source: its folder; out: where the arrays go."""

    name: str = "faces"
    set: str = "utkface"
    source: str = "data/utkface"
    out: str = "data/faces"
    processes: int = 2
    limit: int = 0


@dataclass(frozen=True)
class FaceSet:
    """Prepared faces; row i of every array is one picture.

    crops (N, 256, 256, 3) uint8 BGR aligned to the WIDE template; meshes (N, 478, 2) float32 in crop pixels;
    corners (N, 4, 2) float32: where the source picture's corners fall in the crop (outside is repeated edge);
    years (N,) int, the middle of low..high (N,), which are the same where the age is known exactly; gender (N,) 0 male 1 female; group (N,) 0..4 as UTKFace (-1: not told); split (N,) of "train", "val", "test";
    sharpness (N,): standard deviation of the Laplacian over the face; yaw (N,): 0 frontal, about 1 full profile;
    grey (N,) True for black-and-white pictures.
    """

    crops: NDArray[np.uint8]
    meshes: NDArray[np.float32]
    corners: NDArray[np.float32]
    years: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    gender: NDArray[np.int64]
    group: NDArray[np.int64]
    split: NDArray[np.str_]
    sharpness: NDArray[np.float32]
    yaw: NDArray[np.float32]
    grey: NDArray[np.bool_]
    files: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.years)

    def rows(self, split: str) -> NDArray[np.int64]:
        return np.flatnonzero(self.split == split)


def _face_of(path: Path, mesher: Any) -> tuple[NDArray[np.uint8], dict[str, Any]] | None:
    picture = cv2.imread(str(path))
    if picture is None:
        return None
    border = round(BORDER_SHARE * max(picture.shape[:2]))
    wide = cv2.copyMakeBorder(picture, *(border,) * 4, cv2.BORDER_REPLICATE)
    found = mesher.process(cv2.cvtColor(wide, cv2.COLOR_BGR2RGB)).multi_face_landmarks
    if not found:
        return None
    mesh = np.array([(p.x, p.y) for p in found[0].landmark], np.float32)
    mesh = mesh * np.array(wide.shape[1::-1], np.float32) - border
    to_crop = similarity(five_points(mesh), WIDE * CROP_SIZE)
    crop = warp_crop(np.asarray(picture, np.uint8), to_crop, CROP_SIZE)
    mesh = transform(to_crop, mesh)
    height, width = picture.shape[:2]
    corners = transform(to_crop, np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]))
    left, right = np.linalg.norm(mesh[4] - mesh[234]), np.linalg.norm(mesh[4] - mesh[454])
    face = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)[64:224, 64:192]
    spread = crop.astype(np.int16)
    facts = {
        "mesh": mesh,
        "corners": corners,
        "sharpness": float(cv2.Laplacian(face, cv2.CV_32F).std()),
        "yaw": float(abs(left - right) / (left + right + 1e-6)),
        "grey": float(np.abs(spread[..., 0] - spread[..., 2]).mean()) < 3.0,
    }
    return crop, facts


def _prepare_part(job: tuple[Path, list[str]]) -> list[tuple[NDArray[np.uint8], dict[str, Any]] | None]:
    folder, names = job
    cv2.setNumThreads(1)
    face_mesh = mediapipe().solutions.face_mesh
    with quietly(
        lambda: face_mesh.FaceMesh(
            static_image_mode=True, max_num_faces=1, refine_landmarks=True, min_detection_confidence=0.3
        )
    ) as mesher:
        return [_face_of(folder / name, mesher) for name in names]


def spread(
    work: Callable[[Job], Result],
    jobs: Iterable[Job],
    processes: int,
    start: Callable[..., None] | None = None,
    arguments: tuple[Any, ...] = (),
) -> Iterator[Result]:
    """``work`` over ``jobs`` in order, in this process or in several; ``start`` is called once in each.

    Fresh processes instead of forks: a fork would inherit locks that the network libraries' threads may hold.
    """
    if processes == 1:
        if start is not None:
            start(*arguments)
        yield from map(work, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, start, arguments) as pool:
        yield from pool.map(work, jobs)


def _parts(folder: Path, names: list[str], length: int) -> Iterator[tuple[Path, list[str]]]:
    for start in range(0, len(names), length):
        yield folder, names[start : start + length]


def prepare(config: FacesConfig) -> int:
    """Aligns every labelled picture of the source and writes arrays; returns how many have a face."""
    source, target = Path(config.source), Path(config.out)
    if config.set not in READERS:
        raise DataError(f"{config.set!r} is no known collection: give {', '.join(READERS)}.")
    labels = READERS[config.set](source)[: config.limit or None]
    names = [label.file for label in labels]
    target.mkdir(parents=True, exist_ok=True)
    crops = np.lib.format.open_memmap(  # type: ignore[no-untyped-call]
        target / "crops.npy", mode="w+", dtype=np.uint8, shape=(len(names), CROP_SIZE, CROP_SIZE, 3)
    )
    kept: list[dict[str, Any]] = []
    position = 0
    with tqdm(total=len(names), unit="face", desc="faces", disable=None) as bar:
        for part in spread(_prepare_part, _parts(source, names, 500), config.processes):
            for found in part:
                if found is not None:
                    crops[len(kept)] = found[0]
                    kept.append({**asdict(labels[position]), **found[1]})
                position += 1
                bar.update()
    crops.flush()
    if not kept:
        raise DataError(f"no face was found in any picture of {source}.")
    np.savez(
        target / "facts.npz",
        meshes=np.stack([k["mesh"] for k in kept]),
        corners=np.stack([k["corners"] for k in kept]),
        sharpness=np.array([k["sharpness"] for k in kept], np.float32),
        yaw=np.array([k["yaw"] for k in kept], np.float32),
        grey=np.array([k["grey"] for k in kept]),
        years=np.array([(k["low"] + k["high"]) // 2 for k in kept]),
        low=np.array([k["low"] for k in kept]),
        high=np.array([k["high"] for k in kept]),
        gender=np.array([k["gender"] for k in kept]),
        group=np.array([k["group"] for k in kept]),
        split=np.array([k["split"] for k in kept]),
        files=np.array([k["file"] for k in kept]),
    )
    (target / "prepared.json").write_text(json.dumps({"faces": len(kept), "of": len(names), "crop": "wide"}))
    return len(kept)


def load(folder: Path) -> FaceSet:
    """The prepared faces in ``folder``; crops stay on disk until they are read. Raises DataError."""
    if not (folder / "prepared.json").is_file():
        raise DataError(f"{folder} holds no prepared faces: run `python -m training faces --source UTKFACE` first.")
    with np.load(folder / "facts.npz") as facts:
        columns = {name: facts[name] for name in facts.files}
    crops = np.load(folder / "crops.npy", mmap_mode="r")[: len(columns["years"])]
    return FaceSet(crops=crops, **columns)
