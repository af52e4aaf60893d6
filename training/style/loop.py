"""Trains the style network: one pass for any picture, one set of weights for all styles (Johnson et al. 2016).

1.  Cut a piece out of a face or a scene, and draw which style it is to get (Dumoulin et al. 2017: the styles share all
    convolutions, and each has its own scales and shifts of the normalisation).
2.  The network paints it. Its deep features should stay, its Gram matrices become those of the painting, and it should
    be no more restless than needed: the three costs of ``gatys.py``, with the network's weights to learn, not pixels;
    and light and dark should stay where they are (costs.light_cost).
3.  Steadiness: the same piece with a camera's noise, and now and then moved by some pixels, has to come out the same
    (moved). Without it strokes jump about in a live picture, because noise differs from frame to frame.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from engine.images import from_tensor, write_picture
from engine.networks.style import FOLD, StyleNet
from engine.types import FloatArray, Image
from training.data.faces import load
from training.data.scenes import load_scenes
from training.data.sets import DataError
from training.house import Learner, Machine, Run, Samples
from training.loops.age import as_input
from training.style.costs import StyleCosts, StyleGoal, light_cost, load_looker, total_variation
from training.style.gatys import as_style

OWN_RATE = 5.0
REACH = 8  # px: pieces are this much larger than ``side``, to have somewhere to move to
MOVING = 0.25  # share of the second looks that are moved; the others differ by noise alone, as a still picture does
NOISE = 4 / 255  # standard deviation of a camera's noise


@dataclass(frozen=True)
class StyleConfig:
    """styles: names of paintings; painting_side: they are reduced to this, so it is the size of the strokes; data,
    extra: prepared faces; scenes: whole pictures ("": none), of which ``scene_share`` of the pieces come; looker: see
    load_looker; style_weights: of each style, beside the content at 1; steady_every: how often there is a second look;
    start_from: weights to begin with (safetensors; "": none).
    """

    name: str = "style"
    data: str = "data/faces"
    extra: tuple[str, ...] = ("data/aaf", "data/celeba-wild")
    scenes: str = "data/detector"
    out: str = "runs/style"
    start_from: str = ""
    seed: int = 1
    styles: tuple[str, ...] = ("oil", "ink", "glass")
    painting_side: int = 448
    looker: str = "eye"
    scales: int = 2
    width: int = 32
    blocks: int = 4
    side: int = 128
    batch: int = 4
    steps: int = 3000
    learning_rate: float = 2e-3
    scene_share: float = 0.35
    style_weights: tuple[float, ...] = (6.0, 6.0, 6.0)
    light_weight: float = 8.0
    variation_weight: float = 1.0
    steady_weight: float = 10.0
    steady_every: int = 2
    save_every: int = 250
    threads: int = 1


class Pieces:
    """Pieces of faces and scenes, and the style each is to get."""

    def __init__(self, config: StyleConfig) -> None:
        """Raises DataError where there is nothing to learn from, or the weights do not fit the styles."""
        if len(config.style_weights) != len(config.styles):
            raise DataError(
                f"style_weights: {len(config.styles)} are needed, one for each of {', '.join(config.styles)}."
            )
        if config.side % 16:
            raise DataError(f"side = {config.side}: give a multiple of 16.")
        self.config = config
        self.sets = [load(Path(folder)) for folder in (config.data, *config.extra)]
        self.faces = [(which, int(row)) for which, faces in enumerate(self.sets) for row in faces.rows("train")]
        self.scenes = load_scenes(Path(config.scenes)) if config.scenes else None
        self.places = np.empty(0, np.int64) if self.scenes is None else self.scenes.rows("train")
        if not self.faces:
            raise DataError(f"{config.data} has no faces to learn from.")
        self.val = self.sets[0].rows("val")[:4]

    def _whole(self, rng: np.random.Generator) -> Image:
        if self.scenes is not None and len(self.places) and rng.random() < self.config.scene_share:
            return self.scenes.picture(int(rng.choice(self.places)))
        which, row = self.faces[int(rng.integers(len(self.faces)))]
        return real_part(self.sets[which].crops[row], self.sets[which].corners[row])

    def piece(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """A piece of a picture, from as small as it fits to as large as it is, flipped and lit anew."""
        side, picture = self.config.side + REACH, self._whole(rng)
        height, width = picture.shape[:2]
        cut = int(min(height, width, side * rng.uniform(0.8, 2.2)))
        x, y = int(rng.integers(width - cut + 1)), int(rng.integers(height - cut + 1))
        way = cv2.INTER_AREA if cut >= side else cv2.INTER_LINEAR
        seen = cv2.resize(picture[y : y + cut, x : x + cut], (side, side), interpolation=way)
        seen = seen[:, :: int(rng.choice((-1, 1)))]
        lit = (seen / 255) ** rng.uniform(0.75, 1.35) * 255 * rng.uniform(0.8, 1.15) * rng.uniform(0.94, 1.06, 3)
        return np.ascontiguousarray(np.clip(lit, 0, 255).astype(np.uint8))

    def samples(self) -> Samples:
        """All of a run: piece (side + REACH), number of its style, how far its second look is moved (2,)."""
        config = self.config

        def make(number: int) -> tuple[NDArray[np.uint8], int, NDArray[np.int64]]:
            rng = np.random.default_rng((config.seed, number))
            style = number % len(config.styles)  # each as often as any other
            moves = rng.random() < MOVING
            return self.piece(rng), style, rng.integers(0, REACH + 1, 2) if moves else np.full(2, REACH // 2)

        return Samples(config.steps * config.batch, make)

    def held_out(self) -> Tensor:
        """Some faces of val (N, 3, 256, 256) RGB in 0..1."""
        faces = self.sets[0]
        rows = self.val if len(self.val) else faces.rows("train")[:2]
        return as_input(torch.from_numpy(np.stack([faces.crops[row] for row in rows])))


def real_part(crop: Image, corners: FloatArray) -> Image:
    """What of a prepared face is picture: without the streaks of repeated edge around it, which would teach streaks.

    corners (4, 2): of the source picture in the crop, clockwise from its upper left. A part of less than a quarter of
    the side is not worth it: then the whole crop.
    """
    height, width = crop.shape[:2]
    left, right = max(corners[0, 0], corners[3, 0], 0), min(corners[1, 0], corners[2, 0], width)
    top, bottom = max(corners[0, 1], corners[1, 1], 0), min(corners[2, 1], corners[3, 1], height)
    part = crop[int(np.ceil(top)) : int(max(bottom, 0)), int(np.ceil(left)) : int(max(right, 0))]
    return part if min(part.shape[:2]) >= width // 4 else crop


def one_hot(numbers: Tensor, styles: int) -> Tensor:
    """Style numbers (N,) as the network takes them: (N, K, 1, 1)."""
    return functional.one_hot(numbers, styles).float()[..., None, None]


def goals_of(costs: StyleCosts, config: StyleConfig) -> list[StyleGoal]:
    """What each painting asks for."""
    return [costs.style_goal(as_style(style, config.painting_side, config.seed)) for style in config.styles]


def cut(pictures: Tensor, at: Tensor, side: int) -> Tensor:
    """From each picture (N, C, H, W) the piece (N, C, side, side) that begins at its y, x of ``at`` (N, 2)."""
    pieces = [each[:, y : y + side, x : x + side] for each, (y, x) in zip(pictures, at.tolist(), strict=True)]
    return torch.stack(pieces).contiguous(memory_format=torch.channels_last)


def shared(first: Tensor, second: Tensor, at: Tensor, side: int) -> Tensor:
    """Mean squared difference where two pieces show the same place: of pictures ``at`` (N, 2) and at REACH / 2."""
    total = first.new_zeros(())
    middle = REACH // 2
    for one, other, (y, x) in zip(first, second, at.tolist(), strict=True):
        top, left = max(y, middle), max(x, middle)
        height, width = side - abs(y - middle), side - abs(x - middle)
        mine = one[:, top - y : top - y + height, left - x : left - x + width]
        its = other[:, top - middle : top - middle + height, left - middle : left - middle + width]
        total = total + (mine - its).float().square().mean()
    return total / len(at)


@torch.no_grad()
def evaluate(network: StyleNet, costs: StyleCosts, goals: list[StyleGoal], pictures: Tensor) -> dict[str, float]:
    """Costs on held-out faces, mean over the styles; unsteady: how much more two noisy looks differ after painting than
    before (root mean square; 1: no more than the noise itself).
    """
    network.eval()
    device = next(network.parameters()).device
    pictures, figures = pictures.to(device), {"content": 0.0, "light": 0.0, "style": 0.0, "unsteady": 0.0}
    noise = NOISE * torch.randn(pictures.shape, generator=torch.Generator().manual_seed(0)).to(device)
    noisy = (pictures + noise).clamp(0, 1)
    wanted = costs.content_goal(pictures)
    for number, goal in enumerate(goals):
        style = one_hot(torch.full((len(pictures),), number, device=device), len(goals))
        painted = network(pictures, style)
        figures["content"] += float(costs.content_cost(costs.content_goal(painted), wanted).mean()) / len(goals)
        figures["light"] += float(light_cost(painted, pictures).mean()) / len(goals)
        figures["style"] += float(costs.style_cost(costs.look(painted), [goal] * len(pictures)).mean()) / len(goals)
        after = (network(noisy, style) - painted).float().square().mean().sqrt()
        figures["unsteady"] += float(after / (noisy - pictures).square().mean().sqrt()) / len(goals)
    return figures


@torch.no_grad()
def sheet(network: StyleNet, pictures: Tensor) -> Image:
    """Held-out faces above what each style makes of them."""
    rows = [pictures]
    device = next(network.parameters()).device
    for number in range(len(network.styles)):
        style = one_hot(torch.full((len(pictures),), number), len(network.styles))
        rows.append(network(pictures.to(device), style.to(device)).float().cpu())
    return np.vstack([np.hstack(list(from_tensor(row.numpy()))) for row in rows])


def train(config: StyleConfig, resume: bool = False, machine: Machine | None = None) -> dict[str, float] | None:
    """Runs the whole training, writes checkpoints into ``config.out``, returns the figures on held-out faces."""
    pieces = Pieces(config)
    run = Run(config, machine, resume)
    costs = StyleCosts(load_looker(config.looker), scales=config.scales)
    goals = [goal.to(run.device) for goal in goals_of(costs, config)]
    costs.to(run.device)
    network = StyleNet(config.styles, config.width, config.blocks).to(memory_format=torch.channels_last)
    if config.start_from:
        network.load_state_dict(load_file(config.start_from))
    optimiser = torch.optim.Adam(_groups(network), config.learning_rate, (0.9, 0.99))
    learner = run.prepare(network, optimiser, "on_canvas")
    average = run.average(network, 0.99)
    first = 0
    if run.saved:
        network.load_state_dict(run.saved["network"])
        average.network.load_state_dict(run.saved["average"])
        average.updates = run.saved["updates"]
        optimiser.load_state_dict(run.saved["optimiser"])
        first = run.saved["step"]
    weights = torch.tensor(config.style_weights, device=run.device)
    held_out = pieces.held_out()
    figures: dict[str, float] = {}
    sums: dict[str, Tensor] = {}
    since, started = 0, time.monotonic()
    batches = run.batches(pieces.samples(), config.batch, first * config.batch, about="style")
    for done, (pictures, styles, at) in enumerate(batches, first + 1):
        network.train()
        rate = config.learning_rate * min(1.0, done / 50) * (1.05 - (done - 1) / config.steps) / 1.05
        for group, times in zip(optimiser.param_groups, (1.0, OWN_RATE), strict=True):
            group["lr"] = times * rate
        again = done % config.steady_every == 0
        losses = _losses(learner, costs, goals, weights, as_input(pictures), styles, at if again else None, config)
        loss = losses["content"] + losses["weighted_style"] + config.light_weight * losses["light"]
        loss = loss + config.variation_weight * losses["variation"] + config.steady_weight * losses["unsteady"]
        learner.learn(loss, clip=10.0)
        average.update(network)
        for key, value in losses.items():
            sums[key] = sums.get(key, torch.zeros((), device=run.device)) + value.detach()
        since += 1
        if done % config.save_every and done != config.steps:
            continue
        per_s = (done - first) * config.batch / (time.monotonic() - started)
        with run.autocast():
            figures = evaluate(average.network, costs, goals, held_out)
            drawn = sheet(average.network, held_out)
        told = {f"train_{key}": run.mean(value / since) for key, value in sums.items()}
        run.log("step", done, {"pieces_per_s": per_s, **told, **figures})
        state = {
            "network": network.state_dict(), "average": average.network.state_dict(), "updates": average.updates,
            "optimiser": optimiser.state_dict(), "step": done,
        }  # fmt: skip
        if run.leads:
            (run.out / "sheets").mkdir(exist_ok=True)
            write_picture(run.out / "sheets" / f"{done:06}.png", drawn)
            told_of = {"config": asdict(config), "figures": figures}
            (run.out / "metrics.json").write_text(json.dumps(told_of, indent=1) + "\n", encoding="utf-8")
        run.save(state, average.network)
        sums, since = {}, 0
    return run.finish(figures)


def _groups(network: StyleNet) -> list[dict[str, Any]]:
    """What all styles share, and what each has of its own, which learns faster (OWN_RATE): it is little, and only the
    pieces of its style teach it.
    """
    own = [p for name, p in network.named_parameters() if name.endswith((".scale", ".shift"))]
    ids = {id(p) for p in own}
    return [{"params": [p for p in network.parameters() if id(p) not in ids]}, {"params": own}]


def _losses(
    learner: Learner[StyleNet], costs: StyleCosts, goals: list[StyleGoal], weights: Tensor, pictures: Tensor,
    styles: Tensor, at: Tensor | None, config: StyleConfig,
) -> dict[str, Tensor]:  # fmt: skip
    """The costs of one batch, each a scalar; ``at``: where the second look begins, None for no second look. Both looks
    go through the network together, on any part of the canvas; noise and part are torch's own random numbers, so a
    resumed run draws the same.
    """
    side = config.side
    still = cut(pictures, torch.full((len(pictures), 2), REACH // 2), side)
    looks, style = [still], one_hot(styles, len(goals))
    if at is not None:
        moved = cut(pictures, at, side)
        looks.append((moved + NOISE * torch.randn_like(moved)).clamp(0, 1))
    canvas = learner.network.canvas
    down, right = (int(torch.randint(0, size - side // FOLD + 1, ())) for size in canvas.shape[2:])
    canvas = canvas[:, :, down:, right:]
    every = learner.by("on_canvas", torch.cat(looks), torch.cat([style] * len(looks)), canvas).float()
    painted, again = every[: len(still)], every[len(still) :]
    with learner.fabric.autocast():
        seen = costs.look(painted)
        wanted = costs.content_goal(still)
    style_costs = costs.style_cost(seen, [goals[int(number)] for number in styles])
    return {
        "content": costs.content_cost([seen[0][layer] for layer in costs.content_layers], wanted).mean(),
        "light": light_cost(painted, still).mean(),
        "style": style_costs.mean(),
        "weighted_style": (weights[styles] * style_costs).mean(),
        "variation": total_variation(painted),
        "unsteady": every.new_zeros(()) if at is None else shared(again, painted, at, side),
    }
