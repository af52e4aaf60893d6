"""What every task of this room needs to run in seconds: drawn faces, fresh networks, and runs that never learned."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from engine.networks.ager import AgingUNet
from engine.paths import project_dir
from training.checkpoints import save_checkpoint
from training.data.synthetic import write_people_prepared
from training.insight.common import FRESH
from training.ladder.config import GanConfig
from training.ladder.rungs import build
from training.loops.aging import AgingConfig
from training.losses.patch import PatchDiscriminator

CONFIGS = (
    "FiltersConfig", "FeaturesConfig", "UnitsConfig", "AgeMapsConfig", "PeopleConfig", "AnchorsConfig",
    "GeneratorConfig", "DiscriminatorConfig", "LatentConfig",
)  # fmt: skip


def write_smoke(folder: Path, config: str) -> dict[str, str]:
    """All that the task with this configuration class reads; returns the keys that point there."""
    out = {"out": str(folder / "out")}
    if config == "FiltersConfig":
        return {"weights": FRESH, **out}
    if config in ("UnitsConfig", "PeopleConfig"):
        write_people_prepared(folder / "people", people=3, pictures=4)
        return {"data": str(folder / "people"), "weights": FRESH, **out}
    if config == "LatentConfig":
        return {"run": str(write_gan_run(folder / "run")), **out}
    if config == "DiscriminatorConfig":
        write_people_prepared(folder / "people", people=3, pictures=2)
        places = {"data": str(folder / "people"), "pairs": str(write_pairs(folder / "people", folder / "pairs"))}
        return {**places, "run": str(write_aging_run(folder / "run")), **out}
    picture = project_dir() / "engine" / "capture" / "demo_face.png"
    return {"picture": str(picture), "weights": FRESH, **out}


def write_gan_run(folder: Path, rung: str = "dcgan") -> Path:
    """The checkpoint of a rung of the ladder that has not learned anything."""
    torch.manual_seed(0)
    config = GanConfig(name=f"gan-{rung}", rung=rung, size=16, latent=8, width=4, steps=10)
    generator, critic = build(config)
    state = {"average": generator.state_dict(), "critic": critic.state_dict(), "step": 10}
    save_checkpoint(folder, config, state, generator)
    return folder


def write_aging_run(folder: Path) -> Path:
    """The checkpoint of an aging generator that has not learned anything, with its discriminator."""
    torch.manual_seed(0)
    config = AgingConfig(width=4)
    generator, critic = AgingUNet(config.width, config.multiples), PatchDiscriminator()
    state = {"average": generator.state_dict(), "critic": critic.state_dict(), "step": 1}
    save_checkpoint(folder, config, state, generator)
    return folder


def write_pairs(faces: Path, folder: Path) -> Path:
    """A folder as the task `pairs` makes it, with every prepared face and a darker copy of it."""
    folder.mkdir(parents=True, exist_ok=True)
    crops = np.load(faces / "crops.npy")
    count = len(crops)
    np.save(folder / "after.npy", (crops * 0.8).astype(np.uint8)[:, None])
    years = np.full(count, 30.0, np.float32)
    np.savez(folder / "facts.npz", rows=np.arange(count), source=years, target=years[:, None] + 40)
    (folder / "done.json").write_text(json.dumps({"done": count}))
    return folder
