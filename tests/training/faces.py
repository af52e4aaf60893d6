"""Prepared folders without a collection and without MediaPipe: noise for faces, in seconds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from engine.landmarks.mesh import FaceMesher
from engine.types import FloatArray
from tests.builders import face_picture
from training.data.faces import FaceSet


def face_set(count: int, seed: int = 0, side: int = 256) -> FaceSet:
    """Smooth noise as crops; every tenth is val, every tenth test; ages 1..80, exact; four pictures a person."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 8, 8, 3), np.uint8)
    numbers = np.arange(count)
    years = rng.integers(1, 81, count)
    return FaceSet(
        crops=coarse.repeat(side // 8, 1).repeat(side // 8, 2),
        meshes=rng.uniform(0, side, (count, 478, 2)).astype(np.float32),
        corners=np.tile(np.array([[0, 0], [255, 0], [255, 255], [0, 255]], np.float32), (count, 1, 1)),
        years=years, low=years, high=years, gender=numbers % 2, group=numbers % 5,
        split=np.where(numbers % 10 == 8, "val", np.where(numbers % 10 == 9, "test", "train")),
        sharpness=rng.uniform(1, 9, count).astype(np.float32), yaw=rng.uniform(0, 1, count).astype(np.float32),
        grey=numbers % 7 == 0, files=np.array([f"{number}.jpg" for number in numbers]),
        identity=numbers // 4, licence=np.full(count, "CC BY 4.0"),
    )  # fmt: skip


def demo_mesh() -> FloatArray:
    """The mesh (478, 2) of the demo's face in a picture of 256 pixels."""
    mesher = FaceMesher()
    found = mesher.mesh(face_picture(256), np.array([65, 50, 190, 200], np.float32), passes=3)
    mesher.close()
    assert found is not None
    return found.points


def write_faces(folder: Path, faces: FaceSet, without: tuple[str, ...] = ()) -> Path:
    """The arrays as `prepare` writes them; ``without`` some columns, as older folders are."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "crops.npy", faces.crops)
    columns = {name: value for name, value in vars(faces).items() if name not in ("crops", "shard", *without)}
    np.savez(folder / "facts.npz", **columns)
    (folder / "prepared.json").write_text(json.dumps({"faces": len(faces), "of": len(faces), "crop": "wide"}))
    return folder
