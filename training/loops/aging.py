"""Trains the aging generator on pairs of the same face at two ages, first by distance, then against a discriminator."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from engine.landmarks.mask import head_mask
from engine.networks.age import AgeNet
from engine.networks.ager import AgingUNet
from training.aging.pairs import Pairs, load_pairs
from training.aging.skin import skin_mask
from training.averaging import ExponentialAverage
from training.data.faces import FaceSet, load
from training.house import Machine, Run, Samples
from training.losses.patch import PatchDiscriminator, hinge_discriminator, hinge_generator
from training.losses.perceptual import PerceptualLoss
from training.losses.texture import texture_loss

HEIGHT, WIDTH = 224, 224
SIZE = 256
ENLARGED = 1.15
"""From this scale on a face stands for one in a crop of 384 or 512 pixels."""


@dataclass(frozen=True)
class AgingConfig:
    """steps of ``batch`` faces; until ``adversarial_from`` only distances count, then they become coarse, texture and
    perceptual losses join and the discriminator works, and ``discriminator_lead`` steps later the generator listens to
    it; zero_gap: share of faces whose target is their own age; freeze_norm_from: from this step on batch normalisation
    uses its running statistics, as it will in the mirror; features: weights of the age network for the perceptual loss
    ("": fresh); extra, extra_pairs: further prepared folders, and the folders of their pairs; start_from: weights of a
    generator to begin with ("": none).
    """

    name: str = "aging"
    data: str = "data/faces"
    pairs: str = "data/pairs"
    extra: tuple[str, ...] = ()
    extra_pairs: tuple[str, ...] = ()
    start_from: str = ""
    features: str = "runs/age/weights.safetensors"
    out: str = "runs/aging"
    seed: int = 1
    width: int = 24
    multiples: tuple[int, ...] = (1, 2, 4, 5, 6)
    fold: int = 2
    steps: int = 10500
    batch: int = 8
    learning_rate: float = 1.2e-3
    discriminator_rate: float = 4e-4
    zero_gap: float = 0.1
    l1: float = 10.0
    squares: float = 200.0
    edges: float = 10.0
    perceptual: float = 1.0
    texture: float = 200.0
    adversarial: float = 0.3
    adversarial_from: int = 5500
    discriminator_lead: int = 200
    patch: int = 128
    threads: int = 1
    save_every: int = 250
    freeze_norm_from: int = 5500


@dataclass(frozen=True)
class Whole:
    """Whole faces in the crop's own size, as bright as the windows of them: face (N, 3, SIZE, SIZE) RGB 0..1, skin
    (N, 1, SIZE, SIZE); matrix (N, 2, 3) takes their pixels to those of the window.
    """

    face: Tensor
    skin: Tensor
    matrix: Tensor

    @property
    def scale(self) -> Tensor:
        """(N,) how much larger a face is in its window."""
        return self.matrix[:, :, 0].norm(dim=1)


@dataclass(frozen=True)
class Batch:
    """before, after (N, 3, H, W) RGB 0..1; mask (N, 1, H, W) of the face, outside of which nothing is added; weight
    (N, 1, H, W) of the loss; ages (N,) in years. If the sampler was asked for it: skin (N, 1, H, W) where skin is, and
    the whole faces they are windows of.
    """

    before: Tensor
    after: Tensor
    mask: Tensor
    weight: Tensor
    source: Tensor
    target: Tensor
    skin: Tensor | None = None
    whole: Whole | None = None

    @staticmethod
    def of(columns: list[Tensor]) -> Batch:
        """From collated samples: pictures become channels first."""
        planes = [t for t in columns if t.ndim == 4]
        pictures = [t.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last) for t in planes]
        before, after, mask, weight, *rest = pictures
        *matrix, source, target = columns[len(planes) :]
        if not rest:
            return Batch(before, after, mask, weight, source, target)
        skin, face, its_skin = rest
        return Batch(before, after, mask, weight, source, target, skin, Whole(face, its_skin, matrix[0]))


def _jitter(rng: np.random.Generator) -> NDArray[np.float64]:
    """A random similarity of the crop with a window of it: some faces enlarged, as 384 and 512 pixel crops are."""
    scale = rng.uniform(0.88, ENLARGED) if rng.random() < 0.6 else rng.uniform(ENLARGED, 2.0)
    matrix = cv2.getRotationMatrix2D((SIZE / 2, 140.0), rng.normal(0, 4), scale)
    spread = 4 + 70 * max(scale - 1.0, 0.0)
    shift = np.array([WIDTH / 2 - SIZE / 2, HEIGHT / 2 - 132.0]) + rng.uniform(-spread, spread, 2)
    shift[1] += rng.uniform(-6, 16 + 60 * max(scale - 1.0, 0))  # the hair is up there
    matrix[:, 2] = matrix[:, 2] + shift
    return np.asarray(matrix, np.float64)


def _webcam(value: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Light noise and blur on what the network sees; what it must add stays clean."""
    if rng.random() < 0.25:
        value = np.asarray(cv2.GaussianBlur(value, (0, 0), rng.uniform(0.4, 1.4)), np.float32)
    if rng.random() < 0.4:
        value = value + rng.normal(0, rng.uniform(0.004, 0.025), value.shape).astype(np.float32)
    return value


def _crisp(value: NDArray[np.float32], scale: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """An enlarged face with edges and skin as fine as a real one of that size has: else blur alone would tell the size,
    and sharp large faces would get the wrinkles of small ones.
    """
    soft = cv2.GaussianBlur(value, (0, 0), scale)
    noise = rng.normal(0, 1, value.shape[:2]).astype(np.float32)
    grain = np.asarray(cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.5, 0.9)), np.float32)
    strength = np.float32(rng.uniform(0.004, 0.02) / max(float(grain.std()), 1e-6))
    edges = np.float32(rng.uniform(0, 1.2)) * (value - soft)
    return np.asarray(value + edges + strength * grain[..., None], np.float32)


def _known(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    """(S, S) 1 where the crop shows the picture, 0 where its edge is repeated, with a soft seam."""
    canvas = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillConvexPoly(canvas, np.round(corners).astype(np.int32), 255)
    return cv2.blur(cv2.erode(canvas, np.ones((5, 5))), (5, 5)).astype(np.float32) / 255


class PairSampler:
    """Draws augmented pairs; the same seed and number give the same pair. whole: with the skin, and with the whole
    face around the window that the pair shows.
    """

    def __init__(self, sets: Sequence[tuple[FaceSet, Pairs]], config: AgingConfig, whole: bool = False) -> None:
        self.sets, self.config, self.whole = sets, config, whole
        self.ends = np.cumsum([len(pairs.rows) for _, pairs in sets])

    def _one(self, number: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], ...]:
        which = int(np.searchsorted(self.ends, number, "right"))
        faces, pairs = self.sets[which]
        index = number - int(self.ends[which]) + len(pairs.rows)
        row = int(pairs.rows[index])
        before = faces.crops[row]
        same = rng.random() < self.config.zero_gap
        after = before if same else pairs.after[index]
        masks = [head_mask(faces.meshes[row], SIZE), _known(faces.corners[row])]
        if self.whole:
            masks.append(skin_mask(faces.meshes[row], SIZE))
        matrix = _jitter(rng)
        flip = rng.random() < 0.5
        gain = (rng.uniform(0.7, 1.2) * rng.uniform(0.93, 1.07, 3)).astype(np.float32)
        gamma = rng.uniform(0.8, 1.25)

        def lit(image: NDArray[np.uint8]) -> NDArray[np.float32]:
            return np.clip((image.astype(np.float32) / 255) ** gamma * gain, 0, 1)

        def place(image: NDArray[np.uint8]) -> NDArray[np.float32]:
            moved = cv2.warpAffine(image, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
            return lit(np.asarray(moved, np.uint8))

        clean, change = place(before), place(after) - place(before)
        moved = cv2.warpAffine(np.dstack(masks), matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
        mask, known, rest = moved[..., :1], moved[..., 1:2], moved[..., 2:]
        scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
        seen = _crisp(clean, scale, rng) if scale > ENLARGED and rng.random() < 0.7 else clean
        seen = np.clip(_webcam(seen, rng), 0, 1)
        wanted = np.clip(seen + change * known * mask, 0, 1)
        # Beyond the picture's edge the truth is not known, only guessed as no change.
        weight = 0.1 + 0.9 * known
        stack = [seen[..., ::-1], wanted[..., ::-1], mask, weight, *([rest] if self.whole else [])]
        if flip:
            stack = [s[:, ::-1] for s in stack]
            matrix = np.array([[-1, 0, WIDTH - 1], [0, 1, 0]]) @ np.vstack([matrix, [0, 0, 1]])
        source = float(pairs.source[index])
        target = source if same else float(pairs.target[index])
        about = [np.array(source, np.float32), np.array(target, np.float32)]
        if self.whole:
            stack += [lit(before)[..., ::-1], masks[2][..., None]]
            about.insert(0, matrix.astype(np.float32))
        return (*(np.ascontiguousarray(s, np.float32) for s in stack), *about)

    def sample(self, number: int) -> tuple[NDArray[np.float32], ...]:
        """before, after (H, W, 3) RGB 0..1, mask and weight (H, W, 1), and both ages, as in ``Batch``; if asked for,
        with the skin (H, W, 1), and the face, its skin and the matrix of ``Whole`` before the ages.
        """
        rng = np.random.default_rng((self.config.seed, number))
        return self._one(int(rng.integers(0, self.ends[-1])), rng)

    def samples(self) -> Samples:
        """Those of the whole run."""
        return Samples(self.config.steps * self.config.batch, self.sample)


def age_map(years: Tensor, like: Tensor) -> Tensor:
    """Years (N,) as constant maps (N, 1, H, W) in units of 100 years."""
    return (years / 100).view(-1, 1, 1, 1).expand(-1, 1, *like.shape[2:])


def edge_loss(made: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """Absolute difference of neighbouring-pixel differences: wrinkles are edges, and L1 alone would soften them."""
    error = made - wanted
    right = (error[..., :, 1:] - error[..., :, :-1]).abs() * weight[..., :, 1:]
    down = (error[..., 1:, :] - error[..., :-1, :]).abs() * weight[..., 1:, :]
    return right.mean() + down.mean()


def _perceptual(config: AgingConfig) -> PerceptualLoss:
    network = AgeNet()
    if config.features:
        network.load_state_dict(load_file(config.features))
    return PerceptualLoss(network).to(memory_format=torch.channels_last)


@dataclass(frozen=True)
class Window:
    """What the perceptual loss and the discriminator look at: a square part of every face, at full resolution."""

    rows: slice
    columns: slice

    @staticmethod
    def random(size: int, rng: np.random.Generator) -> Window:
        top, left = int(rng.integers(0, HEIGHT - size + 1)), int(rng.integers(0, WIDTH - size + 1))
        return Window(slice(top, top + size), slice(left, left + size))

    def __call__(self, tensor: Tensor) -> Tensor:
        return tensor[..., self.rows, self.columns].contiguous(memory_format=torch.channels_last)


class AgingTrainer:
    """The networks, their optimisers and one step of each."""

    def __init__(self, config: AgingConfig, run: Run) -> None:
        self.config, self.run = config, run
        generator = AgingUNet(config.width, config.multiples, fold=config.fold).to(memory_format=torch.channels_last)
        if config.start_from:
            generator.load_state_dict(load_file(config.start_from))
        critic = PatchDiscriminator().to(memory_format=torch.channels_last)
        self.perceptual: PerceptualLoss | None = None
        self.generator = run.prepare(
            generator,
            torch.optim.AdamW(generator.parameters(), config.learning_rate, (0.9, 0.99), weight_decay=1e-4),
        )
        self.critic = run.prepare(critic, torch.optim.Adam(critic.parameters(), config.discriminator_rate, (0.0, 0.99)))
        self.average = run.average(generator, 0.998)

    def state(self, step: int) -> dict[str, Any]:
        return {
            "generator": self.generator.network.state_dict(),
            "critic": self.critic.network.state_dict(),
            "generator_steps": self.generator.optimiser.state_dict(),
            "critic_steps": self.critic.optimiser.state_dict(),
            "average": self.average.network.state_dict(),
            "updates": self.average.updates,
            "step": step,
        }

    def load(self, state: dict[str, Any]) -> int:
        """Takes over a saved state; returns the step to go on with."""
        self.generator.network.load_state_dict(state["generator"])
        self.critic.network.load_state_dict(state["critic"])
        self.generator.optimiser.load_state_dict(state["generator_steps"])
        self.critic.optimiser.load_state_dict(state["critic_steps"])
        self.average.network.load_state_dict(state["average"])
        self.average.updates = int(state["updates"])
        return int(state["step"]) + 1

    def distances(self, batch: Batch, made: Tensor, coarse: bool = False) -> dict[str, Tensor]:
        """How far the made faces are from the wanted ones, pixel by pixel and edge by edge.

        coarse: only means over 4x4 pixels are compared, and edges count a fifth. A wrinkle a pixel off costs twice as
        much as none, so full distances would smooth wrinkles away for ever; other losses judge them from there on.
        """
        config = self.config
        error = (made - batch.after) * batch.weight
        edges = config.edges * edge_loss(made, batch.after, batch.weight)
        if coarse:
            error, edges = functional.avg_pool2d(error, 4), edges / 5
        return {
            "l1": config.l1 * error.abs().mean(),
            # Squares pull hardest where much is to change, which is what a young network should see to first.
            "squares": config.squares * error.square().mean(),
            "edges": edges,
        }

    def perceptual_distance(self, made: Tensor, wanted: Tensor) -> Tensor:
        self.perceptual = self.perceptual or _perceptual(self.config).to(self.run.device)
        with self.run.autocast():
            return self.config.perceptual * self.perceptual(made, wanted)

    def critic_step(self, before: Tensor, real: Tensor, fake: Tensor, ages: tuple[Tensor, Tensor]) -> float:
        """One step of the discriminator, real and fake in one batch; the generator is left alone."""
        scores = self.critic(
            torch.cat([before, before]),
            torch.cat([real, fake.detach()]),
            *(torch.cat([age, age]) for age in ages),
        ).float()
        loss = hinge_discriminator(*scores.chunk(2))
        self.critic.learn(loss)
        return float(loss.detach())

    def fooling(self, before: Tensor, fake: Tensor, ages: tuple[Tensor, Tensor]) -> Tensor:
        """The generator's adversarial loss; leaves no gradient in the discriminator."""
        critic = self.critic.network.requires_grad_(False)
        with self.run.autocast():
            scores = critic(before, fake, *ages).float()
        critic.requires_grad_(True)
        return self.config.adversarial * hinge_generator(scores)

    def step(self, batch: Batch, number: int) -> dict[str, float]:
        """One step of everything that is due; returns the losses."""
        config = self.config
        warm = min(1.0, (number + 1) / 100)
        decay = 0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * number / config.steps))
        self.generator.rate(config.learning_rate * warm * decay)
        self.generator.network.train(number < config.freeze_norm_from)
        source, target = age_map(batch.source, batch.before), age_map(batch.target, batch.before)
        residual = self.generator(batch.before, source, target)
        # As the mirror does it: residual times mask, added.
        made = batch.before + residual.float() * batch.mask
        losses = self.distances(batch, made, coarse=number >= config.adversarial_from)
        notes: dict[str, float] = {}
        if number >= config.adversarial_from:
            window = Window.random(config.patch, np.random.default_rng((config.seed, number, 7)))
            before, fake, real = window(batch.before), window(made), window(batch.after)
            ages = (window(source), window(target))
            losses["texture"] = config.texture * texture_loss(
                made - batch.before, batch.after - batch.before, batch.mask * batch.weight
            )
            if config.perceptual > 0:
                losses["perceptual"] = self.perceptual_distance(fake, real)
            if config.adversarial > 0:
                notes["critic"] = self.critic_step(before, real, fake, ages)
                if number >= config.adversarial_from + config.discriminator_lead:
                    losses["adversarial"] = self.fooling(before, fake, ages)
        self.generator.learn(torch.stack(list(losses.values())).sum(), clip=1.0)
        self.average.update(self.generator.network)
        return {name: float(value.detach()) for name, value in losses.items()} | notes


def train(config: AgingConfig, resume: bool = False, machine: Machine | None = None) -> dict[str, float] | None:
    """Runs the training and writes checkpoints into ``config.out``; returns the last figures."""
    folders = zip((config.data, *config.extra), (config.pairs, *config.extra_pairs), strict=True)
    sampler = PairSampler([(load(Path(data)), load_pairs(Path(pairs))) for data, pairs in folders], config)
    run = Run(config, machine, resume)
    return run_steps(run, AgingTrainer(config, run), sampler.samples(), config.steps, config.batch, config.save_every)


class Trainer(Protocol):
    """What learns step by step from batches of faces."""

    average: ExponentialAverage[AgingUNet]

    def state(self, step: int) -> dict[str, Any]:
        """All that is needed to go on after this step."""

    def load(self, state: dict[str, Any]) -> int:
        """Takes over a saved state; returns the step to go on with."""

    def step(self, batch: Batch, number: int) -> dict[str, float]:
        """One step; returns its losses."""


def run_steps(
    run: Run, trainer: Trainer, samples: Samples, steps: int, batch: int, save_every: int
) -> dict[str, float] | None:
    """From the checkpoint, if there is one, to the last step, with a checkpoint and a line of the log every
    ``save_every`` steps; returns the last figures.
    """
    first = trainer.load(run.saved) if run.saved else 0
    sums: dict[str, float] = {}
    figures: dict[str, float] = {}
    started, counted = time.monotonic(), 0
    batches = run.batches(samples, batch, first * batch, f"to step {steps}")
    for number, columns in enumerate(batches, first):
        for name, value in trainer.step(Batch.of(columns), number).items():
            sums[name] = sums.get(name, 0.0) + value
        counted += 1
        if (number + 1) % save_every and number + 1 < steps:
            continue
        figures = {name: run.mean(value / counted) for name, value in sums.items()}
        rate = counted * batch / (time.monotonic() - started)
        run.log("step", number + 1, {"faces_per_s": rate, **figures})
        run.save(trainer.state(number), trainer.average.network)
        sums, started, counted = {}, time.monotonic(), 0
    return run.finish(figures)
