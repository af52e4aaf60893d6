"""What a teacher network thinks of every prepared face: the targets of distillation (Hinton et al. 2015)."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray
from tqdm import tqdm

from training.data.compact import side
from training.data.faces import load
from training.data.sets import DataError

TARGETS_FILE = "teacher.npy"
SIZE = 112


@dataclass(frozen=True)
class TeachConfig:
    """data: a folder of small crops on the ArcFace template; teacher: an ONNX network, (1, 3, 112, 112) RGB of
    (value - mean) / scale in, (1, D) out (many are fixed to one face).
    """

    name: str = "teach"
    data: str = "data/faces-arc"
    teacher: str = "teacher.onnx"
    mean: float = 127.5
    scale: float = 128.0
    batch: int = 32
    threads: int = 1


def load_teacher(file: Path, threads: int) -> openvino.CompiledModel:
    """The teacher, ready to run. Raises DataError where there is none."""
    if not file.is_file():
        raise DataError(f"{file} does not exist: name an ONNX face embedder with --set teacher=FILE.")
    options = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32", "ENABLE_CPU_PINNING": False}
    return openvino.Core().compile_model(str(file), "CPU", options)


def teach(config: TeachConfig) -> int:
    """Writes ``teacher.npy`` (N, D) float16: the mean of a face's and its mirror image's embedding, of length one."""
    folder = Path(config.data)
    faces = load(folder)
    if faces.crops.shape[1] != side(SIZE):
        raise DataError(f"{folder} holds crops of {faces.crops.shape[1]} px: run `python -m training compact` first.")
    network = load_teacher(Path(config.teacher), config.threads)
    edge = (side(SIZE) - SIZE) // 2
    found: list[NDArray[np.float32]] = []
    for start in tqdm(range(0, len(faces), config.batch), unit="batch", desc="teacher", disable=None):
        crops = faces.crops[start : start + config.batch, edge:-edge, edge:-edge, ::-1]
        tensor = ((crops.astype(np.float32) - config.mean) / config.scale).transpose(0, 3, 1, 2)
        both = [network(np.ascontiguousarray(face[None]))[0] for face in (*tensor, *tensor[..., ::-1])]
        unit = _unit(np.concatenate(both))
        found.append(_unit(unit[: len(crops)] + unit[len(crops) :]))
    partial = folder / (TARGETS_FILE + ".partial.npy")
    np.save(partial, np.concatenate(found).astype(np.float16))
    os.replace(partial, folder / TARGETS_FILE)
    digest = hashlib.sha256(Path(config.teacher).read_bytes()).hexdigest()
    (folder / "teacher.json").write_text(json.dumps({"teacher": Path(config.teacher).name, "sha256": digest}))
    return len(faces)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
