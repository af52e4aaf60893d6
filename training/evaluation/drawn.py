"""Collections drawn by the program itself, laid out as the public ones are, so that measuring can be tried at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engine.images import read_picture
from engine.paths import project_dir
from engine.types import Image
from training.data.large import LargeConfig, enlarge
from training.data.prepare import PrepareConfig, prepare
from training.data.synthetic import other_face, write_utkface_like

PEOPLE = 4
SIDE = 250


def draw(model: str, folder: Path) -> dict[str, Any]:
    """What ``evaluate MODEL`` reads, drawn in the folder; returns the options that point there."""
    if model == "age":
        write_utkface_like(folder / "utkface")
        write_fgnet_like(folder / "fgnet")
        return {"utkface": folder / "utkface", "fgnet": folder / "fgnet"}
    if model == "embedder":
        write_lfw_like(folder / "lfw")
        return {"lfw": folder / "lfw", "onnx": write_embedder(folder / "embedder.xml")}
    if model in ("children", "sizes"):
        source, faces, large = (str(folder / name) for name in ("utkface", "faces", "large"))
        write_utkface_like(folder / "utkface")
        prepare(PrepareConfig(source=source, out=faces, processes=1))
        if model == "children":
            return {"data": folder / "faces", "split": "train", "people": 1}
        enlarge(LargeConfig(data=faces, source=source, out=large, least=1))
        return {"data": [folder / "large"], "split": ["train", "val", "test"], "people": 1}
    return {"seconds": 1.0}


def person(number: int, picture: int = 0) -> Image:
    """A portrait (250, 250, 3) of a drawn person in another light each time."""
    demo = read_picture(project_dir() / "engine" / "capture" / "demo_face.png")
    height, width = demo.shape[:2]
    near = demo[height // 6 : height // 6 + width // 2 * 13 // 10, width // 5 : width // 5 + width * 13 // 20]
    face = cv2.resize(near, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    bent = other_face(np.asarray(face, np.uint8), np.random.default_rng(number))
    rng = np.random.default_rng((number, picture))
    seen = bent * rng.uniform(0.85, 1.1) + rng.normal(0, 4, bent.shape)
    return np.clip(seen, 0, 255).astype(np.uint8)


def write_fgnet_like(folder: Path) -> None:
    """Two people at two ages each, named as in FG-NET."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, years in ((1, 4), (1, 31), (2, 18), (2, 52)):
        cv2.imwrite(str(folder / f"{number:03d}A{years:02d}.JPG"), person(number, years))


def write_lfw_like(folder: Path, blank: bool = False) -> None:
    """Four people with two pictures each in images/, a fifth with one, and two folds of two pairs of each kind.

    blank: the first picture of the last of the four shows no face.
    """
    for number in range(PEOPLE + 1):
        place = folder / "images" / f"Person_{number}"
        place.mkdir(parents=True)
        for picture in range(2 if number < PEOPLE else 1):
            empty = blank and number == PEOPLE - 1 and picture == 0
            image = np.full((SIDE, SIDE, 3), 120, np.uint8) if empty else person(number, picture)
            cv2.imwrite(str(place / f"Person_{number}_{picture + 1:04d}.jpg"), image)
    rows = ["2\t2"]
    for fold in range(2):
        rows += [f"Person_{2 * fold + k}\t1\t2" for k in range(2)]
        rows += [f"Person_{2 * fold}\t1\tPerson_{(2 * fold + 1 + k) % (PEOPLE + 1)}\t1" for k in range(2)]
    (folder / "pairs.txt").write_text("\n".join(rows) + "\n")


def write_embedder(path: Path) -> Path:
    """A network of no skill in the form of a teacher: the crop as a 7x7 colour picture less its mean."""
    import openvino
    from openvino import opset13 as ops

    image = ops.parameter([-1, 3, 112, 112], np.float32, name="x")
    small = ops.avg_pool(image, [16, 16], [0, 0], [0, 0], [16, 16], True)
    mean = ops.reduce_mean(small, np.array([2, 3]), True)
    flat = ops.reshape(ops.subtract(small, mean), np.array([-1, 147]), False)
    openvino.save_model(openvino.Model([flat], [image], "drawn"), str(path), compress_to_fp16=False)
    return path
