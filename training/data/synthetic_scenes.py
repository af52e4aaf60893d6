"""Scenes made without any data set, in the form of a collection, so that the detector's tasks can be tried at once."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from engine.images import read_picture
from engine.networks import build
from engine.paths import project_dir
from engine.weights.card import Card
from training.data.scenes import ScenesConfig, prepare_scenes
from training.export import publish


def write_maskon_like(folder: Path, count: int = 6, seed: int = 0) -> None:
    """A folder as MaskON is: ``images`` and VOC ``annotations``, the demo's face at several sizes on drawn rooms."""
    rng = np.random.default_rng(seed)
    picture = read_picture(project_dir() / "engine" / "capture" / "demo_face.png")
    (folder / "images").mkdir(parents=True, exist_ok=True)
    (folder / "annotations").mkdir(exist_ok=True)
    for number in range(count):
        coarse = rng.integers(0, 256, (6, 8, 3), np.uint8)
        room = cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_NEAREST)
        side = int(rng.integers(80, 160))
        left, top = int(rng.integers(0, 320 - side)), int(rng.integers(0, 240 - side))
        room[top : top + side, left : left + side] = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        corners = [left + 0.36 * side, top + 0.32 * side, left + 0.64 * side, top + 0.66 * side]
        place = "".join(f"<{k}>{v:.0f}</{k}>" for k, v in zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True))
        name = ("sin_mascarilla", "con_mascarilla")[number % 2]
        (folder / "annotations" / f"{number}.xml").write_text(
            f"<annotation><object><name>{name}</name><bndbox>{place}</bndbox></object></annotation>"
        )
        cv2.imwrite(str(folder / "images" / f"{number}.jpg"), room)


def write_smoke_scenes(folder: Path, config: str) -> dict[str, str]:
    """All that the detector's task with this configuration class reads: drawn scenes, some of them in every part."""
    write_maskon_like(folder / "maskon")
    out = str(folder / "out")
    if config == "ScenesConfig":
        return {"maskon": str(folder / "maskon"), "out": out}
    scenes = folder / "scenes"
    prepare_scenes(ScenesConfig(maskon=str(folder / "maskon"), out=str(scenes)))
    with np.load(scenes / "scenes.npz") as table:
        columns = dict(table)
    columns["split"] = np.resize(np.array(["train", "val", "test"]), len(columns["split"]))
    np.savez(scenes / "scenes.npz", **columns)
    if config in ("DetectorConfig", "EyeConfig"):
        return {"data": str(scenes), "out": out}
    arguments = {"stem": 4, "widths": [4, 4, 4], "pyramid": 4, "sizes_px": [[16.0], [48.0], [150.0]]}
    card = Card("detector", "detector", (320,), arguments=arguments)
    publish(card, build("detector", arguments).eval(), folder / "weights")
    return {"data": str(scenes), "out": out, "weights": str(folder / "weights")}
