"""Vectors of faces: those of the program's own embedder, or of another ONNX network on the same aligned crops."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from engine.errors import InputError
from engine.geometry.align import ARCFACE, crop_affine, warp_crop
from engine.images import read_picture
from training.data.sets import DataError
from training.evaluation.aging_generators import own_network
from training.evaluation.app import Seen, batches, landmarks, principal
from training.evaluation.compiled import Compiled

CROP_PX = 112

Vectors = NDArray[np.float32]


class OnnxEmbedder:
    """Any ONNX network from ArcFace-aligned crops (N, 3, 112, 112) RGB, (v - 127.5) / 128, to vectors (N, D).

    mirror: average with the vector of the mirror image. On the CPU in f32, one thread. Raises DataError if OpenVINO
    cannot read it.
    """

    def __init__(self, path: Path, mirror: bool = False) -> None:
        self._mirror = mirror
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # it would report over the network
        import openvino

        settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
        try:
            self._network = openvino.Core().compile_model(str(path), "CPU", settings)
        except RuntimeError as error:
            reason = next((line for line in str(error).splitlines() if line.strip()), "unknown")
            raise DataError(f"{path} is no network that OpenVINO can run: {reason}") from None

    def __call__(self, crops: NDArray[np.uint8]) -> Vectors:
        """Unit vectors (N, D) of crops (N, 112, 112, 3) BGR."""
        vectors = self._embed(crops)
        return _unit(vectors + self._embed(crops[:, :, ::-1])) if self._mirror else vectors

    def _embed(self, crops: NDArray[np.uint8]) -> Vectors:
        tensor = (crops[..., ::-1].transpose(0, 3, 1, 2).astype(np.float32) - 127.5) / 128
        rows = [next(iter(self._network(one[None]).values()))[0] for one in tensor]
        return _unit(np.stack(rows))


class OwnEmbedder:
    """Our own embedder (of a folder of weights), which sees a face and its mirror image as ``analyze`` has it."""

    def __init__(self, weights: Path | None = None) -> None:
        network, _ = own_network(str(weights) if weights else "", "embedder")
        self._network = Compiled(network, [np.zeros((1, 3, CROP_PX, CROP_PX), np.float32)])

    def __call__(self, crops: NDArray[np.uint8]) -> Vectors:
        """Unit vectors (N, D) of crops (N, 112, 112, 3) BGR."""
        return _unit(self._embed(crops) + self._embed(crops[:, :, ::-1]))

    def _embed(self, crops: NDArray[np.uint8]) -> Vectors:
        tensor = crops[..., ::-1].transpose(0, 3, 1, 2).astype(np.float32) / 255
        return _unit(np.concatenate([self._network(np.ascontiguousarray(face[None])) for face in tensor]))


def _unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def own_vectors(seen: Sequence[Seen]) -> Vectors:
    """The program's embeddings of the principal faces (M, D); zeros where there is no face.

    Raises DataError if the program gives none.
    """
    faces = [principal(each) for each in seen]
    known = [face for face in faces if face is not None]
    if not known or any(not face.get("embedding") for face in known):
        raise DataError(
            "analyze --with-embeddings gives no embeddings: publish an embedder first, or measure one with --onnx FILE."
        )
    vectors = np.zeros((len(faces), len(known[0]["embedding"])), np.float32)
    for row, face in enumerate(faces):
        if face is not None:
            vectors[row] = face["embedding"]
    return vectors


def crop_vectors(seen: Sequence[Seen], network: OnnxEmbedder | OwnEmbedder) -> Vectors:
    """A network's vectors of the same faces (M, D), aligned by the landmarks that the program found."""
    faces = [principal(each) for each in seen]
    rows = [row for row, face in enumerate(faces) if face is not None]
    if not rows:
        raise DataError("no face was found in any picture.")
    vectors: Vectors | None = None
    with tqdm(total=len(rows), unit="face", desc="embed", disable=None) as bar:
        for part in batches(rows, 32):
            crops = np.stack([aligned(seen[row]) for row in part])
            found = network(crops)
            vectors = np.zeros((len(faces), found.shape[1]), np.float32) if vectors is None else vectors
            vectors[list(part)] = found
            bar.update(len(part))
    assert vectors is not None
    return vectors


def aligned(seen: Seen) -> NDArray[np.uint8]:
    """The principal face as the embedder sees it (112, 112, 3) BGR. Raises DataError if the picture has gone."""
    face = principal(seen)
    if face is None:
        raise ValueError(f"{seen.path}: there is no face")
    try:
        picture = read_picture(seen.path)
    except InputError as error:
        raise DataError(str(error)) from None
    return warp_crop(picture, crop_affine(landmarks(face), CROP_PX, ARCFACE), CROP_PX)
