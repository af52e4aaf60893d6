"""Who judges an aged face: age estimators and recognisers, each fed from the same wide crop and its mesh.

Convention: crops (N, S, S, 3) uint8 BGR aligned to the wide template; meshes (N, 478, 2) in pixels of the crop.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.geometry.align import ARCFACE, WIDE, similarity, warp_crop
from engine.landmarks.mesh import five_points
from engine.weights.store import find
from training.data.sets import DataError
from training.evaluation.aging_generators import own_network, read_adapter
from training.evaluation.compiled import Compiled
from training.evaluation.vectors import OnnxEmbedder

if TYPE_CHECKING:
    from torch import nn

Images = NDArray[np.uint8]
Floats = NDArray[np.float32]
Years = NDArray[np.float64]


class AgeJudge(Protocol):
    """Tells how old faces look."""

    name: str

    def years(self, crops: Images, meshes: Floats) -> Years:
        """The age of each face (N,)."""
        ...


class NetworkJudge:
    """One of our age networks: the mean of the distributions of a crop and its mirror image."""

    def __init__(self, network: Path | nn.Module, name: str, size: int) -> None:
        self.name, self._size = name, size
        self._network = Compiled(network, [np.zeros((1, 3, size, size), np.float32)])

    def years(self, crops: Images, meshes: Floats) -> Years:
        del meshes  # the crop is aligned as it wants it
        return np.array([self._one(crop) for crop in crops], np.float64)

    def _one(self, crop: Images) -> float:
        way = cv2.INTER_AREA if crop.shape[0] > self._size else cv2.INTER_CUBIC
        small = cv2.resize(crop, (self._size, self._size), interpolation=way)
        image = small[..., ::-1].transpose(2, 0, 1)[None].astype(np.float32) / 255
        chances = (self._network(image)[0] + self._network(image[..., ::-1])[0]).astype(np.float64)
        return float(chances @ np.arange(len(chances)) / chances.sum())


@dataclass(frozen=True)
class JudgeAdapter:
    """How another's age network (ONNX) is fed and read.

    size: side of its crop in pixels; order: "rgb" or "bgr"; mean and scale: its input is (value - mean) / scale per
    channel of that order, of values 0..255. points: rows of the mesh, and template: where they lie in the unit square
    of its crop (K pairs); without points the wide crop itself is resized. years: the age that each output stands for,
    weighted by it; without them the first output is the age itself.
    """

    size: int = 112
    order: str = "rgb"
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    scale: float = 255.0
    points: tuple[int, ...] = ()
    template: tuple[tuple[float, float], ...] = ()
    years: tuple[float, ...] = ()
    about: str = ""

    def __post_init__(self) -> None:
        if self.order not in ("rgb", "bgr") or len(self.mean) != 3 or len(self.points) != len(self.template):
            raise DataError("adapter: order is rgb or bgr, mean has three numbers, and every point has its place.")


class OnnxJudge:
    """Another's age network, which had no part in anything of ours."""

    def __init__(self, path: Path, adapter: JudgeAdapter) -> None:
        self.name, self._how = path.stem, adapter
        self._network = Compiled(path)

    def years(self, crops: Images, meshes: Floats) -> Years:
        return np.array([self._one(crop, mesh) for crop, mesh in zip(crops, meshes, strict=True)], np.float64)

    def _one(self, crop: Images, mesh: Floats) -> float:
        how = self._how
        face = self._aligned(crop, mesh)
        face = face[..., ::-1] if how.order == "rgb" else face
        image = (face.astype(np.float32) - np.array(how.mean, np.float32)) / np.float32(how.scale)
        answer = self._network(image.transpose(2, 0, 1)[None]).reshape(-1).astype(np.float64)
        if not how.years:
            return float(answer[0])
        if len(answer) != len(how.years):
            raise DataError(f"{self.name} gives {len(answer)} numbers; its adapter names {len(how.years)} years.")
        return float(answer @ np.array(how.years) / max(answer.sum(), 1e-12))

    def _aligned(self, crop: Images, mesh: Floats) -> Images:
        how = self._how
        if how.points:
            matrix = similarity(mesh[list(how.points)], np.array(how.template, np.float64) * how.size)
        else:
            matrix = similarity(WIDE * crop.shape[0], WIDE * how.size)
        return warp_crop(crop, matrix, how.size)


def load_judge(place: str, size: int = 0) -> AgeJudge:
    """The age estimator of this place.

    place: an .onnx file (its adapter beside it with the ending .toml, or ONNX,ADAPTER), else as ``own_network``: "" is
    the one that ships. size: side of our network's crop (0: what run.json says, or 112). Raises DataError.
    """
    first, _, second = place.partition(",")
    if first.endswith((".onnx", ".xml")):
        path = Path(first)
        return OnnxJudge(path, read_adapter(Path(second) if second else path.with_suffix(".toml"), JudgeAdapter))
    network, name = own_network(place, "age")
    return NetworkJudge(network, name, size or run_size(place) or 112)


def run_size(place: str) -> int:
    """The side of the crops that a run's network learned from, or 0 where nothing tells."""
    path = Path(place)
    facts = (path if path.is_dir() else path.parent) / "run.json"
    if not place or not facts.is_file():
        return 0
    return int(json.loads(facts.read_text(encoding="utf-8")).get("config", {}).get("size", 0))


class Recogniser(Protocol):
    """Turns faces into unit vectors; limit: the similarity at which its card takes two pictures for one person."""

    name: str
    limit: float | None

    def vectors(self, crops: Images, meshes: Floats) -> Floats:
        """Unit rows (N, D)."""
        ...


class OwnRecogniser:
    """Our embedder, with what its card says."""

    def __init__(self, folder: str = "") -> None:
        self.name = "embedder"
        network, _ = own_network(folder, "embedder")
        weights = find("embedder", Path(folder) if folder else None)
        self.limit: float | None = weights.card.figures.get("verify_threshold")
        self._side = weights.card.size
        self._network = Compiled(network, [np.zeros((1, 3, self._side, self._side), np.float32)])

    def vectors(self, crops: Images, meshes: Floats) -> Floats:
        faces = _arcface(crops, meshes, self._side)[..., ::-1].transpose(0, 3, 1, 2).astype(np.float32) / 255
        rows = np.concatenate([self._network(face[None]) for face in faces])
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


class OnnxRecogniser:
    """Another's embedder, as ``evaluate embedder --onnx`` takes it."""

    limit: float | None = None

    def __init__(self, path: Path) -> None:
        self.name, self._network = path.stem, OnnxEmbedder(path)

    def vectors(self, crops: Images, meshes: Floats) -> Floats:
        return self._network(_arcface(crops, meshes, 112))


def _arcface(crops: Images, meshes: Floats, side: int) -> Images:
    matrices = [similarity(five_points(mesh), ARCFACE * side) for mesh in meshes]
    return np.stack([warp_crop(crop, matrix, side) for crop, matrix in zip(crops, matrices, strict=True)])


@dataclass(frozen=True)
class Jury:
    """All who judge: ages by name (the first is ours), recognisers by name (the first is ours)."""

    ages: Mapping[str, AgeJudge]
    recognisers: Mapping[str, Recogniser]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.ages)

    @staticmethod
    def called(own: str, second: Sequence[str], embedder: str, others: Sequence[str]) -> Jury:
        """Named "own", "second", "third" ... in the order given."""
        words = ("second", "third", "fourth", "fifth")
        if max(len(second), len(others)) > len(words):
            raise DataError(f"at most {len(words)} further judges of a kind are measured side by side.")
        ages = {"own": load_judge(own)} | {word: load_judge(p) for word, p in zip(words, second, strict=False)}
        known: dict[str, Recogniser] = {"own": OwnRecogniser(embedder)}
        known |= {word: OnnxRecogniser(Path(path)) for word, path in zip(words, others, strict=False)}
        return Jury(ages, known)
