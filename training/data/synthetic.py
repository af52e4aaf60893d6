"""Prepared faces made without any data set: the demo's face in many tints, so that every task can be tried at once."""

from __future__ import annotations

import csv
import json
import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.images import read_picture
from engine.paths import project_dir
from training.data.faces import CROP_SIZE
from training.data.prepare import PrepareConfig, prepare

COUNT = 12
SIDE = 200


def _tinted(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A UTKFace-like close crop of the demo's face in another light."""
    height, width = picture.shape[:2]
    left, top, side = int(width * 0.29), int(height * 0.26), int(width * 0.42)
    crop = cv2.resize(picture[top : top + side, left : left + side], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    value = crop.astype(np.float32) * rng.uniform(0.75, 1.15) * rng.uniform(0.9, 1.1, 3)
    value += rng.normal(0, 6, value.shape)
    return np.clip(value, 0, 255).astype(np.uint8)


def other_face(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The same face so bent, and lit from so different a side, that it does not pass for the same photograph."""
    height, width = picture.shape[:2]
    bend = cv2.resize(rng.normal(0, width / 40, (4, 4, 2)), (width, height), interpolation=cv2.INTER_CUBIC)
    way = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1) + bend
    bent = cv2.remap(picture, way.astype(np.float32), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    light = cv2.resize(rng.normal(0, 45, (3, 3)), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(bent + light[..., None], 0, 255).astype(np.uint8)


def write_utkface_like(folder: Path, seed: int = 0) -> None:
    """A folder as the `faces` task wants it: pictures and utkface.csv with ages, genders and all three splits."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    picture = read_picture(project_dir() / "engine" / "capture" / "demo_face.png")
    with (folder / "utkface.csv").open("w", newline="") as handle:
        table = csv.writer(handle)
        table.writerow(["file", "age", "gender", "race", "split"])
        for number in range(COUNT):
            name = f"{number}.jpg"
            cv2.imwrite(str(folder / name), other_face(_tinted(picture, rng), rng))
            split = ("train", "train", "val", "test")[number % 4]
            table.writerow([name, int(np.linspace(20, 85, COUNT)[number]), number // 2 % 2, 0, split])


def write_people(folder: Path, people: int, pictures: int, seed: int = 0) -> None:
    """A prepared folder with a column ``identity``: the demo's face bent into another shape for everybody.

    Every picture has its own light, noise and place. Drawn people are far easier to tell apart than real ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    picture = read_picture(project_dir() / "engine" / "capture" / "demo_face.png")
    place = np.stack(np.meshgrid(np.arange(CROP_SIZE), np.arange(CROP_SIZE)), -1).astype(np.float32)
    crops, names = [], []
    for person in range(people):
        bend = cv2.resize(rng.normal(0, 12, (4, 4, 2)), (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_CUBIC)
        for _ in range(pictures):
            face = cv2.resize(_tinted(picture, rng), (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_LINEAR)
            way = (place + bend + rng.normal(0, 2, 2)).astype(np.float32)
            crops.append(cv2.remap(face, way, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))  # type: ignore[arg-type]
            names.append(f"person {person}")
    np.save(folder / "crops.npy", np.stack(crops))
    np.savez(folder / "facts.npz", identity=np.array(names))
    (folder / "prepared.json").write_text(json.dumps({"faces": len(names), "of": len(names), "crop": "wide"}))


def write_people_prepared(folder: Path, people: int, pictures: int, seed: int = 0) -> None:
    """As ``write_people``, with all the other columns that prepared faces have; the meshes are made up."""
    write_people(folder, people, pictures, seed)
    with np.load(folder / "facts.npz") as facts:
        identity = facts["identity"]
    count = len(identity)
    rng = np.random.default_rng(seed)
    unknown, years = np.full(count, -1), np.full(count, 30)
    np.savez(
        folder / "facts.npz",
        meshes=np.tile(rng.uniform(60, 200, (1, 478, 2)).astype(np.float32), (count, 1, 1)),
        corners=np.tile(np.array([[0, 0], [255, 0], [255, 255], [0, 255]], np.float32), (count, 1, 1)),
        sharpness=np.full(count, 9, np.float32), yaw=np.zeros(count, np.float32), grey=np.zeros(count, bool),
        years=years, low=years, high=years, gender=unknown, group=unknown,
        split=np.full(count, "train"), files=np.array([f"{number}.jpg" for number in range(count)]),
        identity=identity,
    )  # fmt: skip


def write_smoke_data(folder: Path, config: str) -> dict[str, Any]:
    """All that the task with this configuration class reads, in ``folder``; returns the keys that point there."""
    from training.insight.smoke import CONFIGS, write_smoke

    out = str(folder / "out")
    if config in CONFIGS:
        return write_smoke(folder, config)
    if config in ("CompactConfig", "TeachConfig", "EmbedderConfig"):
        return _smoke_people(folder, config)
    if config == "CompareConfig":
        return _smoke_embedder_run(folder)
    if config == "CompareGansConfig":
        return _smoke_gan_run(folder)
    if config == "ScratchPeopleConfig":
        write_people(folder / "people", people=3, pictures=4)
        return {"data": str(folder / "people"), "out": out}
    if config in ("ScenesConfig", "DetectorConfig", "EvaluateDetectorConfig", "EyeConfig"):
        from training.data.synthetic_scenes import write_smoke_scenes

        return write_smoke_scenes(folder, config)
    if config == "PaintConfig":
        return {"out": out}
    if config == "StyleImageConfig":
        return {"content": str(project_dir() / "engine" / "capture" / "demo_face.png"), "out": out}
    write_utkface_like(folder / "utkface")
    if config == "PrepareConfig":
        return {"source": str(folder / "utkface"), "out": out}
    if config == "DemoFaceConfig":
        return {"data": str(folder / "utkface"), "out": str(folder / "face.png")}
    faces = str(folder / "faces")
    prepare(PrepareConfig(source=str(folder / "utkface"), out=faces, processes=1))
    if config in ("PairsConfig", "AgeConfig", "ScratchAgeConfig", "GanConfig", "CycleConfig", "GrowthConfig"):
        return {"data": faces, "out": out}
    if config == "TurnConfig":
        return {"data": faces, "targets": _smoke_targets(folder, faces), "out": out}
    if config == "LabelConfig":
        return {"data": faces, "known": faces}
    if config == "StyleConfig":
        from training.data.synthetic_scenes import write_smoke_scenes

        return {"data": faces, "scenes": write_smoke_scenes(folder, "EyeConfig")["data"], "out": out}
    if config == "AgingConfig":
        from training.aging.pairs import PairsConfig, make_pairs

        pairs = str(folder / "pairs")
        make_pairs(
            PairsConfig(data=faces, out=pairs, targets=1, exemplars="oldest", yaw_limit=9, sharpness_limit=0, limit=4)
        )
        return {"data": faces, "pairs": pairs, "out": out}
    if config == "LargeConfig":
        return {"data": faces, "source": str(folder / "utkface"), "out": out}
    if config == "DistilledConfig":
        from training.checkpoints import WEIGHTS_FILE
        from training.insight.smoke import write_aging_run

        return {"data": faces, "teacher": str(write_aging_run(folder / "teacher") / WEIGHTS_FILE), "out": out}
    if config == "ScorecardConfig":
        return {"data": faces, "out": out}
    return _smoke_weights(folder, config)


def _smoke_people(folder: Path, config: str) -> dict[str, str]:
    """Drawn people with all columns, as small crops where the task wants them so, and a teacher who knows nothing."""
    from training.data.compact import CompactConfig, compact

    wide, small = str(folder / "people"), str(folder / "small")
    write_people_prepared(Path(wide), people=6, pictures=4)
    if config == "CompactConfig":
        return {"data": wide, "out": small}
    compact(CompactConfig(data=wide, out=small, template="arcface"))
    if config == "EmbedderConfig":
        return {"data": small, "out": str(folder / "out")}
    import openvino
    import torch

    from engine.networks.embedder import EmbedderNet

    network = EmbedderNet(4, (4, 4, 4), (1, 1, 1), 8, 8).eval()
    with warnings.catch_warnings():  # the network branches on the size, which is fixed here
        warnings.simplefilter("ignore")
        model = openvino.convert_model(network, example_input=torch.zeros(1, 3, 112, 112))
    openvino.save_model(model, str(folder / "teacher.xml"))
    return {"data": small, "teacher": str(folder / "teacher.xml")}


def _smoke_targets(folder: Path, faces: str) -> str:
    """The faces as small ArcFace crops, with answers of a teacher who knows nothing."""
    from training.data.compact import CompactConfig, compact

    small = folder / "small"
    count = compact(CompactConfig(data=faces, out=str(small), template="arcface"))
    vectors = np.random.default_rng(0).normal(size=(count, 8))
    np.save(small / "teacher.npy", (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16))
    return str(small)


def _smoke_weights(folder: Path, config: str) -> dict[str, str]:
    """A run folder with fresh weights for `publish`, or a weights folder for `export`."""
    from engine.networks.age import AgeNet
    from training.checkpoints import save_checkpoint
    from training.loops.age import AgeConfig
    from training.publish import PublishConfig, publish_run

    run, weights = folder / "run", folder / "weights"
    age = AgeConfig()
    save_checkpoint(run, age, {}, AgeNet(age.width, age.multiples, age.blocks))
    if config == "PublishConfig":
        return {"run": str(run), "weights": "age", "folder": str(weights)}
    publish_run(PublishConfig(run=str(run), weights="age", folder=str(weights)))
    return {"folder": str(weights)}


def _smoke_gan_run(folder: Path) -> dict[str, Any]:
    """A finished run of the lowest rung."""
    from training.ladder.config import GanConfig
    from training.ladder.loop import train

    data, run = write_smoke_data(folder, "GanConfig")["data"], str(folder / "run")
    train(
        GanConfig(
            data=data, out=run, steps=2, batch=4, width=4, save_every=1, measure_every=2, measure_faces=8, yaw_limit=9.0
        )
    )
    return {"runs": (run,), "out": str(folder / "out")}


def _smoke_embedder_run(folder: Path) -> dict[str, Any]:
    """A run of the embedder, and its people as held-out ones."""
    from training.loops.embedder import EmbedderConfig, train

    data = _smoke_people(folder, "EmbedderConfig")["data"]
    run = str(folder / "run")
    train(
        EmbedderConfig(
            data=(data,), out=run, method="triplet", stem=8, channels=(8, 16), blocks=(1, 1), features=16, dimensions=8,
            epochs=1, batch=8, sizes=(64,), until=(1.0,), hold_out=3,
        )
    )  # fmt: skip
    with np.load(Path(data) / "facts.npz") as facts:
        columns = dict(facts)
    np.savez(Path(data) / "facts.npz", **(columns | {"split": np.full(len(columns["split"]), "test")}))
    return {"runs": (run,), "data": data, "out": str(folder / "out")}
