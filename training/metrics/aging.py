"""The first scorecard: how old the age networks find what the generator made of people it never saw.

The age networks took no part in making the pairs. The first is the one that ships; its first stage lent early
features to the perceptual loss. The second had no part at all.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

from engine.geometry.align import ARCFACE, similarity, warp_crop
from engine.images import write_picture
from engine.landmarks.mask import face_mask
from engine.landmarks.mesh import five_points
from engine.networks.age import AgeNet
from engine.networks.ager import AgingUNet
from training.data.faces import CROP_SIZE, FaceSet, load
from training.loops.age import AgeConfig, expected_years, to_tensor
from training.loops.age import evaluate as evaluate_age
from training.loops.aging import AgingConfig

TARGETS = (10, 20, 30, 40, 50, 60, 70, 80)


@dataclass(frozen=True)
class EvaluateConfig:
    """run, age, second: folders of finished runs ("": untrained, for trying the command out); second_size: side of
    the second judge's crop; embedder: an ONNX face embedder for the identity figure ("": left out);
    people: how many held-out faces of the split; sheet: how many of them are drawn.
    """

    name: str = "evaluate"
    data: str = "data/faces"
    out: str = "runs/scorecard"
    run: str = ""
    age: str = ""
    second: str = ""
    second_width: int = 24
    second_size: int = 80
    embedder: str = ""
    split: str = "test"
    people: int = 120
    sheet: int = 8
    seed: int = 5
    limit: int = 0


def apply(crop: NDArray[np.uint8], mesh: NDArray[np.float32], residual: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The crop with the masked residual (in 0..255) added: what the mirror shows at the crop's own resolution."""
    mask = face_mask(mesh, CROP_SIZE)[..., None]
    return np.clip(np.round(crop + residual * mask), 0, 255).astype(np.uint8)


class Generator:
    """A generator that takes crops and years."""

    def __init__(self, run: str) -> None:
        config = AgingConfig()
        self.network = AgingUNet(config.width, config.multiples).eval()
        if run:
            self.network.load_state_dict(load_file(Path(run) / "weights.safetensors"))

    @torch.no_grad()
    def __call__(
        self, crops: list[NDArray[np.uint8]], source: NDArray[np.float64], target: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Residuals (N, 256, 256, 3) BGR in units of 0..255."""
        images = to_tensor(crops)

        def plane(years: NDArray[np.float64]) -> Tensor:
            value = torch.from_numpy(years.astype(np.float32) / 100).view(-1, 1, 1, 1)
            return value.expand(-1, 1, *images.shape[2:])

        residual = self.network(images, plane(source), plane(target))
        return np.asarray(residual.permute(0, 2, 3, 1).numpy()[..., ::-1] * 255, np.float32)


class Judge:
    """An age network that reads crops of its own size."""

    def __init__(self, run: str, width: int, size: int) -> None:
        config = AgeConfig()
        self.network, self.size = AgeNet(width, config.multiples, config.blocks).eval(), size
        if run:
            self.network.load_state_dict(load_file(Path(run) / "weights.safetensors"))

    @torch.no_grad()
    def years(self, crops: list[NDArray[np.uint8]]) -> NDArray[np.float64]:
        parts = []
        for start in range(0, len(crops), 32):
            small = [
                np.asarray(cv2.resize(c, (self.size, self.size), interpolation=cv2.INTER_AREA), np.uint8)
                for c in crops[start : start + 32]
            ]
            parts.append(expected_years(self.network(to_tensor(small)))[0])
        return torch.cat(parts).numpy().astype(np.float64)


class Embedder:
    """Any ONNX network from a 112x112 ArcFace-aligned RGB crop, scaled to -1..1, to a vector."""

    def __init__(self, path: str) -> None:
        import openvino

        self.network = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def __call__(self, crops: list[NDArray[np.uint8]], meshes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Unit vectors (N, D)."""
        vectors = []
        for crop, mesh in zip(crops, meshes, strict=True):
            face = warp_crop(crop, similarity(five_points(mesh), ARCFACE * 112), 112)
            value = (face[..., ::-1].astype(np.float32) - 127.5) / 128
            vector = next(iter(self.network(value.transpose(2, 0, 1)[None]).values()))[0]
            vectors.append(vector / np.linalg.norm(vector))
        return np.stack(vectors)


def held_out(faces: FaceSet, config: EvaluateConfig, low: int, high: int) -> NDArray[np.int64]:
    """Rows of the split between two ages that are sharp, frontal and coloured, in a fixed random order."""
    rows = faces.rows(config.split)
    good = (faces.years[rows] >= low) & (faces.years[rows] <= high) & ~faces.grey[rows]
    strict = good & (faces.yaw[rows] < 0.3) & (faces.sharpness[rows] > 4.5)
    rows = rows[strict if strict.any() else good]
    return np.random.default_rng(config.seed).permutation(rows)[: config.limit or config.people]


def _aged(
    faces: FaceSet, rows: NDArray[np.int64], generator: Generator, source: NDArray[np.float64], target: float | None
) -> list[NDArray[np.uint8]]:
    made: list[NDArray[np.uint8]] = []
    for start in range(0, len(rows), 8):
        part = rows[start : start + 8]
        crops = [np.asarray(faces.crops[r]) for r in part]
        ages = source[start : start + 8]
        wanted = ages if target is None else np.full(len(part), float(target))
        residuals = generator(crops, ages, wanted)
        made += [apply(c, faces.meshes[r], q) for c, r, q in zip(crops, part, residuals, strict=True)]
    return made


def _card(
    faces: FaceSet, rows: NDArray[np.int64], generator: Generator, judges: dict[str, Judge], config: EvaluateConfig
) -> tuple[dict[str, float], dict[int, list[NDArray[np.uint8]]]]:
    figures: dict[str, float] = {}
    crops = [np.asarray(faces.crops[r]) for r in rows]
    before = {name: judge.years(crops) for name, judge in judges.items()}
    source = before["age"]
    same = _aged(faces, rows, generator, source, None)
    figures["same_age_difference_255"] = float(
        np.mean([np.abs(a.astype(np.float32) - b).mean() for a, b in zip(same, crops, strict=True)])
    )
    for name, judge in judges.items():
        figures[f"same_age_moves_{name}_years"] = float(np.abs(judge.years(same) - before[name]).mean())
    made = {target: _aged(faces, rows, generator, source, target) for target in TARGETS}
    seen = {name: {t: judge.years(made[t]) for t in TARGETS} for name, judge in judges.items()}
    for name in judges:
        for target in TARGETS:
            figures[f"to_{target}_{name}_years"] = float((seen[name][target] - before[name]).mean())
        adult = [t for t in TARGETS if t >= 20]
        curve = np.stack([seen[name][t] for t in adult])
        figures[f"slope_{name}"] = float(np.polyfit(adult, curve.mean(1), 1)[0])
        figures[f"monotonic_share_{name}"] = float((np.diff(curve, axis=0) > -0.5).all(0).mean())
    if config.embedder:
        embed = Embedder(config.embedder)
        first = embed(crops, faces.meshes[rows])
        for target in (20, 40, 60, 80):
            cosine = (first * embed(made[target], faces.meshes[rows])).sum(1)
            figures[f"identity_to_{target}"] = float(cosine.mean())
    return figures, made


def _sheet(path: Path, faces: FaceSet, rows: NDArray[np.int64], made: dict[int, list[NDArray[np.uint8]]]) -> None:
    lines = []
    for number, row in enumerate(rows):
        pictures = [np.asarray(faces.crops[row])] + [made[t][number] for t in TARGETS]
        lines.append(np.hstack([p[16:246, 28:228] for p in pictures]))
    if lines:
        write_picture(path, np.vstack(lines))


def evaluate(config: EvaluateConfig) -> dict[str, float]:
    """Writes scorecard.json and the contact sheets into ``config.out``; returns the figures."""
    torch.set_num_threads(1)
    faces = load(Path(config.data))
    base = AgeConfig()
    judges = {"age": Judge(config.age, base.width, base.size)}
    if config.second:
        judges["second"] = Judge(config.second, config.second_width, config.second_size)
    generator = Generator(config.run)
    rows = faces.rows(config.split)[: config.limit or None]
    figures: dict[str, float] = {}
    for name, judge in judges.items():
        measured = evaluate_age(judge.network, faces, rows, judge.size)
        figures |= {f"{name}_{key}": value for key, value in measured.items()}
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    for label, low, high in (("young", 20, 35), ("old", 55, 90)):
        people = held_out(faces, config, low, high)
        if not len(people):
            continue
        measured, made = _card(faces, people, generator, judges, config)
        figures |= {f"{label}_{key}": value for key, value in measured.items()}
        _sheet(out / f"{label}.png", faces, people[: config.sheet], made)
    figures = {key: round(value, 4) for key, value in figures.items()}
    card = {"figures": figures, "config": vars(config)}
    (out / "scorecard.json").write_text(json.dumps(card, indent=2) + "\n")
    return figures
