"""Trains the face detector: anchors, matching, three losses, on pictures composed anew for every step.

How one gets there, step by step:
1.  Localisation. A network that says "face" can also be asked where: four more numbers, the box, learned by regression.
2.  Many faces. Slide a window over the picture and ask at each place. Computed as a convolution, neighbouring windows
    share nearly all their work: a fully convolutional network *is* the sliding window, one answer a grid cell
    (Sermanet et al. 2014, "OverFeat"). Here the grids have cells of 8, 16 and 32 pixels, so that small and large faces
    are each seen at a scale that fits (engine/networks/detector.py).
3.  Anchors. Two faces in a cell, or one much larger than the cell: each cell has several anchors, boxes of usual
    sizes, and answers for each how to move and stretch it into the face (engine/geometry/anchors.py). The sizes come
    from the data: k-means with one minus IoU as distance (training/data/anchors.py).
4.  Matching. Which anchor has to answer for which face? The ones that overlap it most by IoU; those in between are left
    alone (training/losses/detection.py, ``match``).
5.  Losses. Of thousands of anchors a handful have a face: focal weighting keeps the easy background from drowning
    them, and the wanted score is the IoU that the box reaches. Boxes learn generalised IoU, landmarks smooth L1.
6.  Decode and suppress. Each good anchor becomes a box; one face has many, non-maximum suppression keeps the best
    (engine/detection/anchor_faces.py).
7.  Measure. Average precision, recall at one false positive a picture, by size (training/metrics/detection.py).
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.detection import merge
from engine.detection.anchor_faces import LIVE_PX, canvas_size, read_answers
from engine.geometry import anchors as anchor_math
from engine.images import letterbox, to_tensor
from engine.networks.detector import STRIDES, DetectorNet
from engine.types import Detections, FloatArray, Image
from training.data.anchors import anchors_by_kmeans, mean_best_iou
from training.data.mosaics import Composer
from training.data.scenes import Scenes, load_scenes
from training.data.sets import DataError
from training.house import Machine, Run, Samples, decayed
from training.losses.detection import Wanted, detection_losses, wanted
from training.metrics.detection import Truth, judge, summary

FOUR = 4
MOST_FACES = 128


@dataclass(frozen=True)
class DetectorConfig:
    """anchors_px: anchor sides, smallest first, as many for each stride (print others with ``suggest_anchors``).

    side: of the training pictures; every ``large_every``-th batch has pictures twice as large and a quarter as many,
    for faces larger than ``side``. batch: a multiple of four. stem, widths, blocks, pyramid: see DetectorNet. limit:
    scenes to measure on (0: all).
    """

    name: str = "detector"
    data: str = "data/detector"
    out: str = "runs/detector"
    seed: int = 1
    anchors_px: tuple[float, ...] = (16.0, 28.0, 44.0, 70.0, 118.0, 230.0)
    stem: int = 16
    widths: tuple[int, ...] = (32, 48, 64)
    blocks: tuple[int, ...] = (1, 1, 2)
    pyramid: int = 32
    side: int = 256
    batch: int = 16
    large_every: int = 5
    steps: int = 20000
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    box_weight: float = 2.0
    landmark_weight: float = 0.25
    save_every: int = 500
    threads: int = 1
    limit: int = 0


def sizes_by_stride(anchors_px: tuple[float, ...]) -> list[list[float]]:
    """The anchors shared out among the strides, smallest to the finest grid."""
    each = len(anchors_px) // len(STRIDES)
    if each * len(STRIDES) != len(anchors_px) or not each:
        raise ValueError(f"anchors_px: expected a multiple of {len(STRIDES)} sides, got {len(anchors_px)}")
    return [list(anchors_px[i * each : (i + 1) * each]) for i in range(len(STRIDES))]


def detector_arguments(config: DetectorConfig) -> dict[str, Any]:
    """What DetectorNet is built with, in the form that a card holds."""
    return {
        "sizes_px": sizes_by_stride(config.anchors_px), "stem": config.stem, "widths": list(config.widths),
        "blocks": list(config.blocks), "pyramid": config.pyramid,
    }  # fmt: skip


def build_network(config: DetectorConfig) -> DetectorNet:
    return DetectorNet(**detector_arguments(config))


def suggest_anchors(config: DetectorConfig, count: int = 6, pictures: int = 400) -> dict[str, Any]:
    """Square anchors that k-means finds for the faces of composed pictures, and how well they and ours serve them."""
    composer, rng = Composer(load_scenes(Path(config.data))), np.random.default_rng(config.seed)
    sizes = []
    for index in range(pictures):
        large = index % config.large_every == 0
        sample = composer.sample(config.side * (2 if large else 1), rng)
        found = sample.boxes[~sample.ignored]
        sizes.append(found[:, 2:] - found[:, :2])
    all_sizes = np.concatenate(sizes)
    sides = np.sqrt(anchors_by_kmeans(all_sizes, count).prod(1))
    mine = np.array(config.anchors_px)
    return {
        "faces": len(all_sizes),
        "anchors_px": [round(float(side), 1) for side in sides],
        "mean_best_iou": mean_best_iou(all_sizes, np.stack([sides, sides], 1)),
        "mean_best_iou_of_config": mean_best_iou(all_sizes, np.stack([mine, mine], 1)),
    }


def as_input(images: list[Image]) -> Tensor:
    """Pictures (S, S', 3) of one size as the network takes them, channels last."""
    return torch.from_numpy(to_tensor(np.stack(images))).contiguous(memory_format=torch.channels_last)


class Mosaics:
    """The training pictures, four at a time: of side S each, or instead of them one of side 2 S.

    So every step has as many pixels as any other, and any process can make any part of its batch.
    """

    def __init__(self, config: DetectorConfig) -> None:
        """Raises DataError where a batch is no multiple of four or the side does not fit the network."""
        if config.batch % FOUR or config.batch < FOUR or config.side % STRIDES[-1]:
            raise DataError(
                f"batch = {config.batch}, side = {config.side}: give multiples of {FOUR} and {STRIDES[-1]}."
            )
        self.config = config
        self.scenes = load_scenes(Path(config.data))
        self.composer = Composer(self.scenes)
        self.per_step = config.batch // FOUR

    def large(self, step: int) -> bool:
        """Whether this step has the large pictures."""
        return self.config.large_every > 0 and step % self.config.large_every == self.config.large_every - 1

    def samples(self) -> Samples:
        """All of a run: pictures (4 or 1, side, side, 3), and of the faces of each boxes, points and what they are:
        (4 or 1, MOST_FACES, 15), numbers 0..3 box, 4..13 points, 14: 0 no face, 1 a face, 2 one to be left alone.
        """

        def make(number: int) -> tuple[NDArray[np.uint8], FloatArray]:
            large = self.large(number // self.per_step)
            count, side = (1, 2 * self.config.side) if large else (FOUR, self.config.side)
            made = [
                self.composer.sample(side, np.random.default_rng((self.config.seed, number, k))) for k in range(count)
            ]
            faces = np.zeros((count, MOST_FACES, 15), np.float32)
            for row, sample in zip(faces, made, strict=True):
                shown = min(len(sample.boxes), MOST_FACES)
                row[:shown, :4] = sample.boxes[:shown]
                row[:shown, 4:14] = sample.points[:shown].reshape(shown, 10)
                row[:shown, 14] = 1 + sample.ignored[:shown]
            return np.stack([sample.image for sample in made]), faces

        return Samples(self.config.steps * self.per_step, make)

    def wanted(self, faces: Tensor, side: int) -> Wanted:
        """What the network should say of pictures of this side with these faces (B, MOST_FACES, 15)."""
        anchors = anchor_math.make(side, side, STRIDES, sizes_by_stride(self.config.anchors_px))
        rows = []
        for each in faces.cpu().numpy():
            real = each[each[:, 14] > 0]
            rows.append((real[:, :4], real[:, 4:14].reshape(-1, 5, 2), real[:, 14] > 1))
        return wanted(anchors, rows)


def from_loader(pictures: Tensor) -> Tensor:
    """Pictures (U, K, S, S, 3) BGR uint8 as a batch (U * K, 3, S, S) RGB in 0..1, channels last, on their device."""
    flat = pictures.flatten(0, 1).flip(-1).permute(0, 3, 1, 2)
    return (flat.float() / 255).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def find_faces(network: DetectorNet, image: Image, config: DetectorConfig, min_score: float = 0.02) -> Detections:
    """What a network in training finds in a whole picture, by the same decoding as the engine's adapter."""
    width, height = canvas_size(image.shape[1], image.shape[0], LIVE_PX[0])
    canvas, place = letterbox(image, width, height)
    device = next(network.parameters()).device
    answers = network(as_input([canvas]).to(device))[0].float().cpu().numpy()
    anchors = anchor_math.make(width, height, STRIDES, sizes_by_stride(config.anchors_px))
    found = merge.suppress(read_answers(answers, anchors, min_score))
    return Detections(place.to_image(found.boxes), found.scores, place.to_image(found.landmarks))


def evaluate(network: DetectorNet, scenes: Scenes, config: DetectorConfig, split: str = "val") -> dict[str, float]:
    """Figures on the held-out scenes of this part; see training.metrics.detection.summary."""
    network.eval()
    truths, found = [], []
    for row in scenes.rows(split, "maskon")[: config.limit or None]:
        boxes, kinds, _ = scenes.labels(int(row))
        truths.append(Truth(boxes, kinds))
        found.append(find_faces(network, scenes.picture(int(row)), config))
    return summary(judge(truths, found))


def train(config: DetectorConfig, resume: bool = False, machine: Machine | None = None) -> dict[str, float] | None:
    """Runs the whole training, writes checkpoints into ``config.out``, returns the figures on val."""
    mosaics = Mosaics(config)
    run = Run(config, machine, resume)
    network = build_network(config).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(decayed(network, config.weight_decay), lr=config.learning_rate)
    learner = run.prepare(network, optimiser, "raw")
    average = run.average(network, 0.998)
    first = 0
    if run.saved:
        network.load_state_dict(run.saved["network"])
        average.network.load_state_dict(run.saved["average"])
        average.updates = run.saved["updates"]
        optimiser.load_state_dict(run.saved["optimiser"])
        first = run.saved["step"]
    figures: dict[str, float] = {}
    sums: dict[str, Tensor] = {}
    since = 0
    started = time.monotonic()
    batches = run.batches(mosaics.samples(), mosaics.per_step, first * mosaics.per_step, about="detector")
    for done, (pictures, faces) in enumerate(batches, first + 1):
        network.train()
        warm = min(1.0, done / 300)
        learner.rate(config.learning_rate * warm * (0.5 + 0.5 * math.cos(math.pi * (done - 1) / config.steps)))
        target = mosaics.wanted(faces.flatten(0, 1), pictures.shape[2]).to(run.device)
        losses = detection_losses(learner.wrapped.raw(from_loader(pictures)), target)
        loss = losses["objectness"] + config.box_weight * losses["boxes"]
        learner.learn(loss + config.landmark_weight * losses["landmarks"], clip=10.0)
        average.update(network)
        for key, value in losses.items():
            sums[key] = sums.get(key, torch.zeros((), device=run.device)) + value.detach()
        since += 1
        if done % config.save_every and done != config.steps:
            continue
        rate = (done - first) * config.batch / (time.monotonic() - started)
        with run.autocast():
            figures = evaluate(average.network, mosaics.scenes, config)
        told = {key: run.mean(value / since) for key, value in sums.items()}
        run.log("step", done, {"pictures_per_s": rate, **told, **figures})
        state = {
            "network": network.state_dict(), "average": average.network.state_dict(), "updates": average.updates,
            "optimiser": optimiser.state_dict(), "step": done,
        }  # fmt: skip
        run.save(state, average.network)
        sums, since = {}, 0
    return run.finish(figures)
