"""What can be set of the ladder's runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

from training.data.sets import DataError

_POSITIVE = (
    "size", "latent", "width", "batch", "steps", "critic_steps", "penalty_every", "save_every", "measure_every",
    "generator_rate", "discriminator_rate", "face_part", "threads",
)  # fmt: skip


class DataConfig(Protocol):
    """Which faces a run sees."""

    @property
    def data(self) -> str: ...
    @property
    def face_part(self) -> float: ...
    @property
    def yaw_limit(self) -> float: ...
    @property
    def youngest(self) -> int: ...
    @property
    def oldest(self) -> int: ...
    @property
    def limit(self) -> int: ...


@dataclass(frozen=True)
class GanConfig:
    """rung: which networks (training/ladder/rungs.py); size: side of the picture in pixels; face_part: of the crop's
    side that is shown; yaw_limit: about 1 is full profile; youngest, oldest: in years; latent: its dimensions; width:
    channels, as each rung counts them; momentum: Adam's betas; game: one of training/ladder/losses.py; critic_steps: of
    the discriminator for each of the generator; gradient_penalty, r1, r2, path_length: weights of the penalties (0:
    none), computed in every ``penalty_every``-th step and that much heavier; grow_steps: of the run that a progressive
    rung grows in, before it stays as large as it is (0: all; never more than ``steps``); fall_steps: of the end of the
    run, in which both rates fall evenly to zero (0: they never fall); save_every: steps between two
    sheets; measure_every: steps between two measurements of ``measure_faces`` faces against the part ``reference``;
    features: the weights whose features measure.
    """

    name: str = "gan-basic"
    rung: str = "basic"
    data: str = "data/faces-small"
    out: str = "runs/gan-basic"
    seed: int = 1
    size: int = 28
    face_part: float = 0.64
    yaw_limit: float = 0.5
    youngest: int = 0
    oldest: int = 100
    latent: int = 64
    width: int = 256
    batch: int = 64
    steps: int = 12000
    grow_steps: int = 0
    fall_steps: int = 0
    generator_rate: float = 2e-4
    discriminator_rate: float = 2e-4
    momentum: tuple[float, ...] = (0.5, 0.999)
    game: str = "non-saturating"
    critic_steps: int = 1
    gradient_penalty: float = 0.0
    r1: float = 0.0
    r2: float = 0.0
    path_length: float = 0.0
    penalty_every: int = 1
    average_decay: float = 0.998
    save_every: int = 400
    measure_every: int = 2000
    measure_faces: int = 1000
    reference: str = "val"
    features: str = "age"
    threads: int = 1
    limit: int = 0


def check(config: Any) -> None:
    """Raises DataError for a number that makes no run, of a GanConfig or a CycleConfig."""
    for key in _POSITIVE:
        value = getattr(config, key, 1)
        if not 0 < value < math.inf:
            raise DataError(f"{key} = {value}: a number above 0 is wanted.")
    for key in ("grow_steps", "fall_steps"):
        if not getattr(config, key, 0) >= 0:
            raise DataError(f"{key} = {getattr(config, key)}: 0 or more is wanted.")
    if len(config.momentum) != 2 or not all(0 <= beta < 1 for beta in config.momentum):
        raise DataError(f"momentum = {list(config.momentum)}: Adam's two betas are wanted, each from 0 to below 1.")
    if not config.measure_faces > 1 or not config.face_part <= 1 or not 0 <= config.average_decay < 1:
        raise DataError("measure_faces must be at least 2, face_part at most 1, average_decay from 0 to below 1.")
