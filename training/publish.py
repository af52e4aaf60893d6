"""From a finished run to weights/: the network, its card with what was measured, and its OpenVINO form."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import load_file
from torch import nn

from engine.networks.age import AgeNet
from engine.networks.ager import AgingUNet
from engine.paths import weights_dir
from engine.weights.card import Card
from training.checkpoints import WEIGHTS_FILE
from training.data.sets import DataError
from training.export import export, publish
from training.loops.age import AgeConfig
from training.loops.aging import AgingConfig

SETS = {
    "utkface": "UTKFace (aligned and cropped, train split by content hash), non-commercial research",
    "fairface": "FairFace (half of its train part; its val part was not learned from), CC BY 4.0",
    "all-age-faces": "All-Age-Faces (official train list; its val list was not learned from), to be cited",
}
LICENCE = "trained on data for non-commercial research: use these weights for research and private use only"


@dataclass(frozen=True)
class PublishConfig:
    """run: the folder of the finished run; weights: "age" or "ager"; sets: what it learned from; figures: a JSON file
    written by `evaluate`, of which the card takes those that begin with ``prefix``.
    """

    name: str = "publish"
    run: str = "runs/aging"
    weights: str = "ager"
    sets: tuple[str, ...] = ("utkface",)
    figures: str = ""
    prefix: tuple[str, ...] = ("young_", "old_")
    command: str = ""
    notes: str = ""
    seed: int = 1
    folder: str = ""


@dataclass(frozen=True)
class ExportConfig:
    """weights: which network of weights/ (or of ``folder``)."""

    name: str = "export"
    weights: str = "ager"
    folder: str = ""


def _network(config: PublishConfig) -> tuple[str, nn.Module, dict[str, object], tuple[int, ...]]:
    if config.weights == "age":
        age = AgeConfig()
        arguments = {"width": age.width, "multiples": list(age.multiples), "blocks": age.blocks}
        return "age", AgeNet(age.width, age.multiples, age.blocks), arguments, (age.size,)
    if config.weights == "ager":
        aging = AgingConfig()
        arguments = {"width": aging.width, "multiples": list(aging.multiples)}
        return "ager", AgingUNet(aging.width, aging.multiples), arguments, (256, 384, 512)
    raise DataError(f"{config.weights!r} is no network of this program: publish age or ager.")


def publish_run(config: PublishConfig) -> str:
    """Writes weights/NAME.* from a run; returns the SHA-256 of the safetensors."""
    source = Path(config.run) / WEIGHTS_FILE
    if not source.is_file():
        raise DataError(f"{source} does not exist: train first, or name the run with --set run=FOLDER.")
    network, module, arguments, sizes = _network(config)
    module.load_state_dict(load_file(source))
    unknown = [name for name in config.sets if name not in SETS]
    if unknown:
        raise DataError(f"{unknown[0]!r} is no known collection: give {', '.join(SETS)}.")
    measured = json.loads(Path(config.figures).read_text())["figures"] if config.figures else {}
    figures = {key: value for key, value in measured.items() if key.startswith(config.prefix)}
    data = tuple(SETS[name] for name in config.sets)
    card = Card(
        name=config.weights, network=network, sizes=sizes, crop="wide", licence=LICENCE, data=data,
        command=config.command, seed=config.seed, notes=config.notes, arguments=arguments, figures=figures,
    )  # fmt: skip
    folder = Path(config.folder) if config.folder else weights_dir()
    written = publish(card, module.eval(), folder)
    return written.sha256[f"{config.weights}.safetensors"]


def export_network(config: ExportConfig) -> str:
    """Rebuilds NAME.xml and NAME.bin; returns the name."""
    return export(config.weights, Path(config.folder) if config.folder else None).name
