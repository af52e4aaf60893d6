"""Checkpoints of a running training: written whole or not at all, and never resumed by another configuration."""

from __future__ import annotations

import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from training.data.sets import DataError

STATE_FILE = "state.pt"
WEIGHTS_FILE = "weights.safetensors"
# Keys that may change between a run and its resumption: they tell where things lie, how far to go and how to end.
FREE_KEYS = {"out", "data", "threads", "epochs", "steps", "limit", "save_every", "fall_steps", "average_decay"}


class CheckpointError(DataError):
    """A checkpoint belongs to another configuration or cannot be read."""


def _fixed(config: Any) -> dict[str, Any]:
    return {k: v for k, v in asdict(config).items() if k not in FREE_KEYS}


def save_checkpoint(folder: Path, config: Any, state: dict[str, Any], network: nn.Module) -> None:
    """Writes the full state for resuming, and the (averaged) network alone as safetensors."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / (STATE_FILE + ".partial")
    torch.save({"config": _fixed(config), **state}, partial)
    os.replace(partial, folder / STATE_FILE)
    tensors = {k: v.detach().contiguous().clone() for k, v in network.state_dict().items()}
    partial = folder / (WEIGHTS_FILE + ".partial")
    save_file(tensors, partial)
    os.replace(partial, folder / WEIGHTS_FILE)


def load_checkpoint(folder: Path, config: Any) -> dict[str, Any] | None:
    """The saved state on the CPU, or None where there is none.

    Raises CheckpointError if it is another configuration's or damaged. A key that the configuration did not have yet
    when the state was written counts as its default.
    """
    path = folder / STATE_FILE
    if not path.is_file():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        its: dict[str, Any] = state.pop("config")
    except Exception as error:  # torch and pickle raise almost anything for bytes that are no checkpoint
        raise CheckpointError(f"{path} is no checkpoint of ours, or damaged: use another output folder.") from error
    mine = _fixed(config)
    if its.get("name") != mine.get("name"):
        raise CheckpointError(
            f"{path} is a checkpoint of {its.get('name')!r}, not of {mine.get('name')!r}: use another output folder."
        )
    defaults = {f.name: f.default for f in fields(config)}
    changed = [key for key in mine if mine[key] != its.get(key, defaults[key])]
    if changed:
        key = changed[0]
        raise CheckpointError(
            f"{path} was written with {key} = {its.get(key)!r}, this run has {mine[key]!r}: "
            "use the same configuration, or another output folder."
        )
    return state
