"""Trains a lighter aging generator to answer as a heavier one does (Hinton et al. 2015, "Distilling the knowledge").

The teacher has seen the pairs and a discriminator; here it is copied, on any face and from any age to any other. So
pairs are not needed, faces do. Four things are bettered on the way. Fine lines that the teacher adds to skin are copied
as shading, without the colours it gives them, and so are wide hollows. The teacher sees each picture some pixels aside,
as many as chance will have: so the faint grid that its folding leaves, which stays where it is, averages out. And of a
large face, whose hair it hardly greys, it is asked what is wide at the size it knows best.

Late and lightly, age networks may say as well how far a face has come (``years``), because the teacher's young faces of
the old are hardly younger for 20 than for 30, embedders how like itself it still is (``likeness``), and a discriminator
whether it looks like a real one of that age.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from engine.networks.age import AgeNet
from engine.networks.ager import AgingUNet
from engine.networks.embedder import EmbedderNet
from training.aging.moving import inverse, moved
from training.aging.pairs import Pairs
from training.aging.real_faces import RealFaces
from training.aging.retouch import (
    GREY_BEARDS,
    WHITE_HAIR,
    by_years,
    deepened,
    greyed_beards,
    unfrowned,
    whitened,
    with_strands,
    without_rims,
)  # fmt: skip
from training.aging.skin import as_shading, wide_part, without_holes
from training.aging.windows import ENLARGED, Batch, PairSampler, Whole
from training.data.faces import FaceSet, load
from training.data.labels import with_labels
from training.data.sets import DataError
from training.house import Machine, Run
from training.loops.aging import AgingConfig, age_map, edge_loss, run_steps
from training.losses.likeness import LikenessLost
from training.losses.texture import texture_loss
from training.losses.years import YearsShort

Network = TypeVar("Network", bound=nn.Module)

_OLDEST = 92.0
_NEARLY_OWN = 0.15  # share of faces whose target is about their own age: there the residual has to vanish
_GRID = 16  # the coarsest grid whose cells could show, in pixels
_GROWN = 18.0  # a child's shape is no matter of colours: younger than this nobody is driven to be, nor held
_OLDER = 5.0  # years a face has to become older until its lines are shading altogether


@dataclass(frozen=True)
class DistilledConfig:
    """teacher: weights of a generator of ``width``, ``teacher_multiples`` and ``teacher_fold``; multiples, fold: of the
    pupil of the same width, which takes over every layer that both have; shading: whether fine lines on skin are
    copied as shading (training/aging/skin.py) where a face becomes older, wide_shading: and wide changes; whole: large
    faces get what is wide from the teacher's answer for the whole face at 256 px; enlarged: share of large faces;
    fine_lines, folds, frowns, strands: how strong the finest lines on skin, its folds, frowns of faces that become
    older and strands of hair that turns grey are to be, in parts of what they were (training/aging/retouch.py; strands
    0: as the teacher has them); beards: how grey those of old men become; white: by how much more than with the teacher
    the hair of the old becomes lighter; rimless: whether a bright background stays as it is; texture_from: from this
    step on the amount of fine detail counts, too; years: weight of a year that is missing of the share ``asked`` of the
    way, as the age networks ``estimators`` see it (0: they are not asked); likeness: weight of the similarity that is
    missing of what a face has to keep, ``kept`` over a large gap, as the embedders ``recognisers`` see it (0: they are
    not asked); adversarial: weight of a discriminator that compares with real faces of the wished age (0: none), to
    which the pupil listens from step ``discriminator_lead`` on. Faces whose ages are not told need the task `label`.
    """

    name: str = "aging-distilled"
    data: str = "data/faces"
    extra: tuple[str, ...] = ()
    teacher: str = "runs/aging-third/weights.safetensors"
    teacher_multiples: tuple[int, ...] = (1, 2, 4, 5, 6)
    teacher_fold: int = 2
    start_from: str = ""
    out: str = "runs/aging-distilled"
    seed: int = 1
    width: int = 24
    multiples: tuple[int, ...] = (2, 4, 5, 6)
    fold: int = 4
    shading: bool = True
    wide_shading: bool = True
    whole: bool = True
    enlarged: float = 0.4
    fine_lines: float = 1.0
    folds: float = 1.0
    frowns: float = 1.0
    strands: float = 0.0
    beards: float = 0.0
    white: float = 0.0
    rimless: bool = False
    steps: int = 5000
    batch: int = 8
    learning_rate: float = 1.5e-3
    l1: float = 10.0
    squares: float = 200.0
    edges: float = 10.0
    texture: float = 100.0
    texture_from: int = 2000
    years: float = 0.0
    asked: float = 0.75
    estimators: tuple[str, ...] = ("weights/age.safetensors",)
    likeness: float = 0.0
    kept: float = 0.62
    recognisers: tuple[str, ...] = ("weights/embedder.safetensors",)
    adversarial: float = 0.0
    discriminator_rate: float = 3e-4
    discriminator_lead: int = 200
    r1: float = 1.0
    freeze_norm_from: int = 4000
    threads: int = 1
    save_every: int = 250


def take_over(pupil: AgingUNet, teacher: AgingUNet) -> int:
    """Copies the deepest levels that both have with the same shapes; returns how many numbers."""
    given, own = teacher.state_dict(), pupil.state_dict()
    deeper = len(teacher.down) - len(pupil.down)
    copied = 0
    for name, value in own.items():
        part, *rest = name.split(".")
        if part.startswith("down"):  # levels of the way down count from the finest, those of the way up from the last
            rest[0] = str(int(rest[0]) + deeper)
        source = given.get(".".join([part, *rest]))
        if source is not None and source.shape == value.shape:
            value.copy_(source)
            copied += value.numel()
    return copied


def _loaded(name: str, file: str, network: Network) -> Network:
    """The network with these weights, named so in the configuration. Raises DataError."""
    try:
        network.load_state_dict(load_file(file))
    except (RuntimeError, OSError) as error:
        raise DataError(f"{name} = {file!r} does not fit: {str(error).splitlines()[0]}") from None
    return network


def _faces(folder: str) -> tuple[FaceSet, Pairs]:
    """All faces to learn from, each as a pair with itself. Raises DataError where ages are neither told nor guessed."""
    faces = with_labels(load(Path(folder)), Path(folder))
    rows = faces.rows("train")
    years = faces.years[rows].astype(np.float32)
    return faces, Pairs(np.zeros((0, 1, 1, 3), np.uint8), rows, years, years)


def wished(source: Tensor, rng: np.random.Generator) -> Tensor:
    """Target ages (N,) for faces of these ages (N,), in years."""
    count = len(source)
    anywhere = torch.from_numpy(rng.uniform(0, _OLDEST, count).astype(np.float32)).to(source)
    about_own = source + torch.from_numpy(rng.normal(0, 3, count).astype(np.float32)).to(source)
    nearly = torch.from_numpy(rng.random(count) < _NEARLY_OWN).to(source.device)
    return torch.where(nearly, about_own.clamp(0, _OLDEST), anywhere)


class Distiller:
    """Teacher, pupil, and one step of the pupil."""

    def __init__(self, config: DistilledConfig, run: Run) -> None:
        self.config, self.run = config, run
        teacher = AgingUNet(config.width, config.teacher_multiples, fold=config.teacher_fold)
        pupil = AgingUNet(config.width, config.multiples, fold=config.fold)
        _loaded("teacher", config.teacher, teacher)
        if config.start_from:
            _loaded("start_from", config.start_from, pupil)
        else:
            take_over(pupil, teacher)
        self.teacher = teacher.to(run.device, memory_format=torch.channels_last).eval().requires_grad_(False)
        pupil = pupil.to(memory_format=torch.channels_last)
        optimiser = torch.optim.AdamW(pupil.parameters(), config.learning_rate, (0.9, 0.99), weight_decay=1e-4)
        self.pupil = run.prepare(pupil, optimiser)
        self.average = run.average(pupil, 0.998)
        self.real: RealFaces | None = None
        if config.adversarial > 0:
            self.real = RealFaces(run, config.discriminator_rate, config.r1)
        self.short: YearsShort | None = None
        if config.years > 0:
            networks = [_loaded("estimators", file, AgeNet()) for file in config.estimators]
            self.short = YearsShort(networks, config.asked).to(run.device, memory_format=torch.channels_last)
        self.lost: LikenessLost | None = None
        if config.likeness > 0:
            embedders = [_loaded("recognisers", file, EmbedderNet()) for file in config.recognisers]
            self.lost = LikenessLost(embedders, config.kept).to(run.device, memory_format=torch.channels_last)

    def state(self, step: int) -> dict[str, Any]:
        return {
            "generator": self.pupil.network.state_dict(),
            "generator_steps": self.pupil.optimiser.state_dict(),
            "average": self.average.network.state_dict(),
            "updates": self.average.updates,
            "step": step,
        } | ({} if self.real is None else self.real.state())

    def load(self, state: dict[str, Any]) -> int:
        """Takes over a saved state; returns the step to go on with."""
        self.pupil.network.load_state_dict(state["generator"])
        self.pupil.optimiser.load_state_dict(state["generator_steps"])
        self.average.network.load_state_dict(state["average"])
        self.average.updates = int(state["updates"])
        if self.real is not None:
            self.real.load(state)
        return int(state["step"]) + 1

    def _asked(self, picture: Tensor, maps: tuple[Tensor, Tensor], rng: np.random.Generator) -> Tensor:
        """The teacher's residual (N, 3, H, W), asked of the picture shifted by some pixels and shifted back."""
        aside = tuple(int(pixels) for pixels in rng.integers(0, _GRID, 2))
        moved = picture.roll(aside, (2, 3)).contiguous(memory_format=torch.channels_last)
        return self.teacher(moved, *maps).float().roll((-aside[0], -aside[1]), (2, 3))

    def _answer(
        self,
        picture: Tensor,
        maps: tuple[Tensor, Tensor],
        skin: Tensor | None,
        older: Tensor,
        rng: np.random.Generator,
    ) -> Tensor:
        """The teacher's residual (N, 3, H, W) as the pupil is to give it; older (N, 1, 1, 1): how much is shading."""
        with torch.no_grad(), self.run.autocast():
            wanted = self._asked(picture, maps, rng)
        if not self.config.shading or skin is None:
            return wanted
        return as_shading(wanted, picture, skin * older, self.config.wide_shading)

    def _with_whole(
        self, wanted: Tensor, batch: Batch, target: Tensor, older: Tensor, rng: np.random.Generator
    ) -> Tensor:
        """The residual of windows in which what is wide around large faces, their hair, comes from the answer for the
        whole face: that for the window has deeper folds, but hardly any grey hair.
        """
        whole, skin = batch.whole, batch.skin
        if whole is None or skin is None or not (large := whole.scale > ENLARGED).any():
            return wanted
        face = whole.face[large]
        maps = age_map(batch.source[large], face), age_map(target[large], face)
        answer = self._answer(face, maps, whole.skin[large], older[large], rng)
        seen = moved(answer, whole.matrix[large], (wanted.shape[2], wanted.shape[3]))
        result = wanted.clone()
        result[large] += (1 - without_holes(skin[large])) * wide_part(seen - wanted[large])
        return result

    def _retouched(self, wanted: Tensor, batch: Batch, target: Tensor, older: Tensor) -> Tensor:
        """The residual (N, 3, H, W) as it is to be, better than the teacher's."""
        config, picture, skin, frown, beard = self.config, batch.before, batch.skin, batch.frown, batch.beard
        if skin is None or frown is None or beard is None:  # the sampler gives all of them or none
            return wanted
        if (config.fine_lines, config.folds) != (1, 1):
            wanted = deepened(wanted, skin * older, config.fine_lines, config.folds)
        if config.frowns != 1:
            wanted = unfrowned(wanted, frown * older, config.frowns)
        if config.beards > 0:
            share = config.beards * by_years(target, GREY_BEARDS) * older
            wanted = greyed_beards(wanted, picture, skin, beard, share)
        if config.white > 0:
            wanted = whitened(wanted, picture, skin, by_years(target, WHITE_HAIR) * older, config.white)
        if config.strands > 0:
            wanted = with_strands(wanted, picture, skin, older, config.strands)
        return without_rims(wanted, picture, skin) if config.rimless else wanted

    def _seen(self, batch: Batch, made: Tensor, target: Tensor) -> dict[str, Tensor]:
        """What age networks and embedders miss in whole faces, by name. Of large ones, what lies beyond their windows
        is taken from the averaged pupil's answer for the whole face.
        """
        whole = batch.whole
        if whole is None:
            return {}
        face, change = whole.face, made * batch.mask
        large = whole.scale > ENLARGED
        back = inverse(whole.matrix)
        smooth = functional.avg_pool2d(change, 3, 1, 1)  # it is made smaller: fine lines must not alias
        change = torch.where(large.view(-1, 1, 1, 1), smooth, change)
        change = moved(change, back, (face.shape[2], face.shape[3]))
        if large.any():
            beyond = 1 - moved(torch.ones_like(batch.mask[large]), back[large], (face.shape[2], face.shape[3]))
            around = self._whole_change(whole, batch.source, target, large) * beyond
            change = change.index_add(0, large.nonzero()[:, 0], around)
        after, found = (face + change).clamp(0, 1), {}
        with self.run.autocast():
            if self.short is not None:
                wish = torch.where(batch.source > _GROWN, target.clamp(min=_GROWN), target)
                found["years"] = self.config.years * self.short(face, after, batch.source, wish)
            grown = (batch.source > _GROWN) & (target > _GROWN)
            if self.lost is not None and grown.any():
                lost = self.lost(face[grown], after[grown], batch.source[grown], target[grown])
                found["likeness"] = self.config.likeness * lost
        return found

    @torch.no_grad()
    def _whole_change(self, whole: Whole, source: Tensor, target: Tensor, rows: Tensor) -> Tensor:
        """What the averaged pupil adds to some of the whole faces (N, 3, SIZE, SIZE), within their outlines."""
        face = whole.face[rows].contiguous(memory_format=torch.channels_last)
        with self.run.autocast():
            answer = self.average.network.eval()(face, age_map(source[rows], face), age_map(target[rows], face))
        return answer.float() * without_holes(whole.skin[rows])

    def step(self, batch: Batch, number: int) -> dict[str, float]:
        """One step down the distance of the two residuals; returns the losses and how much of the teacher's is kept."""
        config = self.config
        warm = min(1.0, (number + 1) / 100)
        decay = 0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * number / config.steps))
        self.pupil.rate(config.learning_rate * warm * decay)
        self.pupil.network.train(number < config.freeze_norm_from)
        rng = np.random.default_rng((config.seed, number, 11))
        target = wished(batch.source, rng)
        maps = age_map(batch.source, batch.before), age_map(target, batch.before)
        older = ((target - batch.source) / _OLDER).clamp(0, 1).view(-1, 1, 1, 1)
        wanted = self._answer(batch.before, maps, batch.skin, older, rng)
        if config.whole:
            wanted = self._with_whole(wanted, batch, target, older, rng)
        wanted = self._retouched(wanted, batch, target, older)
        made = self.pupil(batch.before, *maps).float()
        weight = 0.2 + 0.8 * batch.mask  # what lies outside of the face is not shown, but where the mask ends it is
        error = (made - wanted) * weight
        losses = {
            "l1": config.l1 * error.abs().mean(),
            "squares": config.squares * error.square().mean(),
            "edges": config.edges * edge_loss(made, wanted, weight),
        }
        if number >= config.texture_from:
            losses["texture"] = config.texture * texture_loss(made, wanted, batch.mask)
        if self.short is not None or self.lost is not None:
            losses |= self._seen(batch, made, target)
        notes: dict[str, float] = {}
        if self.real is not None:
            face = batch.before + made * batch.mask
            notes["critic"] = self.real.learn(batch.before, face.detach(), maps, batch.mask, number)
            if number >= config.discriminator_lead:
                losses["adversarial"] = config.adversarial * self.real.fooling(face, maps[1], batch.mask)
        self.pupil.learn(torch.stack(list(losses.values())).sum(), clip=1.0)
        self.average.update(self.pupil.network)
        with torch.no_grad():
            missed = error.square().sum() / (wanted * weight).square().sum().clamp(min=1e-9)
            fine = [
                each - functional.avg_pool2d(each, 5, 1, 2)
                for each in (made.detach() * batch.mask, wanted * batch.mask)
            ]
            detail = fine[0].square().sum().sqrt() / fine[1].square().sum().sqrt().clamp(min=1e-9)
        return {name: float(value.detach()) for name, value in losses.items()} | notes | {
            "unexplained": float(missed), "detail": float(detail),
        }  # fmt: skip


def train(config: DistilledConfig, resume: bool = False, machine: Machine | None = None) -> dict[str, float] | None:
    """Runs the training and writes checkpoints into ``config.out``; returns the last figures: the losses, which share
    of the teacher's residual (its squares) is missed, and how much detail of up to five pixels there is (1: as much).
    """
    drawn = AgingConfig(
        seed=config.seed, steps=config.steps, batch=config.batch, zero_gap=1.0, enlarged=config.enlarged
    )
    lines = config.fine_lines, config.folds, config.frowns
    retouched = lines != (1, 1, 1) or config.strands > 0 or config.beards > 0 or config.white > 0 or config.rimless
    whole = config.shading or config.whole or retouched or config.years > 0 or config.likeness > 0
    sampler = PairSampler([_faces(folder) for folder in (config.data, *config.extra)], drawn, whole)
    run = Run(config, machine, resume)
    return run_steps(run, Distiller(config, run), sampler.samples(), config.steps, config.batch, config.save_every)
