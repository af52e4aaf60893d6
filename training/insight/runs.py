"""Finished and unfinished runs, read back: the networks of the GAN ladder and of the aging generator."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from torch import nn

from engine.networks.ager import AgingUNet
from training.checkpoints import STATE_FILE, CheckpointError
from training.data.sets import DataError
from training.ladder import progressive
from training.ladder.config import GanConfig
from training.ladder.rungs import RUNGS, build
from training.losses.patch import PatchDiscriminator
from training.provenance import read_run


def read_state(folder: str) -> dict[str, Any]:
    """The last checkpoint of a run. Raises DataError where there is none, CheckpointError where it is none of ours."""
    path = Path(folder) / STATE_FILE
    if not path.is_file():
        raise DataError(f"{path} does not exist: train first, or name the run with --set run=FOLDER.")
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        _ = state["config"]["name"]
    except Exception as error:  # torch and pickle raise almost anything for bytes that are no checkpoint
        raise CheckpointError(f"{path} is no checkpoint of ours, or damaged: name another run.") from error
    return state


def read_gan(folder: str) -> tuple[GanConfig, nn.Module, nn.Module]:
    """Configuration, averaged generator and discriminator of a rung of the ladder, in evaluation mode.

    Raises DataError for another kind of run.
    """
    state = read_state(folder)
    told: dict[str, Any] = state["config"] | {
        k: v for k, v in read_run(Path(folder)).get("config", {}).items() if k in ("steps", "data")
    }
    if told.get("rung") not in RUNGS or "average" not in state:
        raise DataError(f"{folder} is a run of {told['name']!r}: name one of the ladder's (gan-dcgan, gan-r3gan ...).")
    known = {f.name for f in fields(GanConfig)}
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in told.items() if k in known}
    config = GanConfig(**values)
    generator, critic = build(config)
    try:
        generator.load_state_dict(state["average"])
        critic.load_state_dict(state["critic"])
    except (RuntimeError, KeyError) as error:
        raise CheckpointError(f"{folder} does not fit its own configuration: {error}") from None
    for each in (generator, critic):
        if isinstance(each, progressive.Grown) and "steps" in told:  # else as large as they become
            each.progress = progressive.progress_at(int(state["step"]), config.steps, each.levels)
    return config, generator.eval(), critic.eval()


def read_aging(folder: str) -> tuple[AgingUNet, PatchDiscriminator]:
    """Averaged generator and patch discriminator of a run of the task `aging`. Raises DataError for another one."""
    state = read_state(folder)
    told = state["config"]
    if told["name"] != "aging":
        raise DataError(f"{folder} is a run of {told['name']!r}, not of 'aging'.")
    generator, critic = AgingUNet(told["width"], told["multiples"], fold=told.get("fold", 2)), PatchDiscriminator()
    try:
        generator.load_state_dict(state["average"])
        critic.load_state_dict(state["critic"])
    except (RuntimeError, KeyError) as error:
        raise CheckpointError(f"{folder} does not fit its own configuration: {error}") from None
    return generator.eval(), critic.eval()
