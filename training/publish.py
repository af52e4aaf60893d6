"""From a finished run to weights/: the network, its card with what was measured, and its OpenVINO form."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.networks.age import AgeNet
from engine.networks.ager import AgingUNet
from engine.networks.embedder import EmbedderNet
from engine.networks.faces import FaceGenerator
from engine.networks.style import StyleNet
from engine.paths import weights_dir
from engine.weights.card import Card
from training.checkpoints import WEIGHTS_FILE
from training.data.sets import DataError
from training.export import export, publish
from training.ladder.config import GanConfig
from training.ladder.dcgan import doublings
from training.loops.age import AgeConfig
from training.loops.aging import AgingConfig
from training.loops.detector import DetectorConfig, detector_arguments
from training.loops.detector import build_network as build_detector
from training.loops.embedder import EmbedderConfig, deepened
from training.provenance import read_run
from training.style.loop import StyleConfig

SETS = {
    "utkface": "UTKFace (aligned and cropped, train split by content hash), non-commercial research",
    "fairface": "FairFace (half of its train part; its val part was not learned from), CC BY 4.0",
    "all-age-faces": "All-Age-Faces (official train list; its val list was not learned from), to be cited",
    "maskon": "MaskON (its train part by content hash), partly CC0, partly CC BY-NC-SA",
    "celeba": "CelebA (in the wild; part of it), non-commercial research",
    "cfp": "CFP (people whose names are not in LFW), research",
    "mebeauty": "MEBeauty, research; pictures from stock-photo sites",
    "scut-fbp5500": "SCUT-FBP5500, non-commercial research",
    "dlib": "dlib's example pictures, Boost",
    "bsds500": "BSDS500 (pictures without people, as backgrounds), non-commercial research",
}
# Those that may be used for anything, if their source is named.
FREE = {"fairface", "dlib"}
SPLIT = "learned from train, chosen on val, figures on test; nobody stands in two of them"
METRICS = {
    "age": "mean absolute error and bias in years; share of faces whose age lies within the stated spread",
    "ager": "change of age in years as age networks see it; identity as the cosine of face embeddings",
    "embedder": "verification accuracy by ten folds, TAR at a stated FAR, on people nobody learned from",
    "detector": "average precision and recall on held-out scenes, IoU 0.5",
    "faces": "distance of generated faces from held-out real ones, by the features of our own age network",
    "style": "faces of val: costs by our own eye, light by correlation; unsteady: noise after painting over before",
}
# Changes of the generator below this (in 0..1) are noise: half a step of eight bits.
DEAD_ZONE = 0.002
CROPS = {"embedder": "arcface"}
FREE_LICENCE = "trained on data for any use with attribution (CC BY 4.0 and freer): name the data with these weights"
LICENCE = "trained on data for non-commercial research: use these weights for research and private use only"


@dataclass(frozen=True)
class PublishConfig:
    """run: the folder of the finished run; weights: "age", "ager", "embedder", "detector", "faces" or "style"; sets:
    what it learned from; figures: a JSON file written by `evaluate`, of which the card takes those that begin with
    ``prefix``; split, metric: in words; mean_with: safetensors of other runs, whose numbers are averaged with the run's
    in equal parts (Wortsman et al. 2022, Model soups); an embedder's may be shallower.
    What is left empty (command, split, metric) or -1 (seed) is told by the run itself or by the kind of network.
    """

    name: str = "publish"
    run: str = "runs/aging"
    weights: str = "ager"
    sets: tuple[str, ...] = ("utkface",)
    figures: str = ""
    prefix: tuple[str, ...] = ("young_", "old_")
    command: str = ""
    split: str = ""
    metric: str = ""
    notes: str = ""
    seed: int = -1
    folder: str = ""
    mean_with: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExportConfig:
    """weights: which network of weights/ (or of ``folder``)."""

    name: str = "export"
    weights: str = "ager"
    folder: str = ""


def _network(config: PublishConfig, told: dict[str, Any]) -> tuple[str, nn.Module, dict[str, object], tuple[int, ...]]:
    """Name, fresh network, its arguments and the sides of its inputs; told: the run's own configuration."""
    if config.weights == "age":
        age = AgeConfig()
        arguments: dict[str, Any] = {"width": age.width, "multiples": list(age.multiples), "blocks": age.blocks}
        return "age", AgeNet(age.width, age.multiples, age.blocks), arguments, (age.size,)
    if config.weights == "ager":
        shape = {key: told[key] for key in ("width", "multiples", "fold") if key in told}
        aging = replace(AgingConfig(), **shape)
        arguments = {
            "width": aging.width,
            "multiples": list(aging.multiples),
            "dead_zone": DEAD_ZONE,
            "fold": aging.fold,
        }
        return "ager", AgingUNet(**arguments), arguments, (256,)  # larger faces are asked about at that side
    if config.weights == "detector":
        detector = DetectorConfig()
        return "detector", build_detector(detector), detector_arguments(detector), (640,)
    if config.weights == "embedder":
        built = {key: told[key] for key in ("stem", "channels", "blocks", "features", "dimensions") if key in told}
        e = replace(EmbedderConfig(), **built)
        embedder: dict[str, object] = {"stem": e.stem, "channels": list(e.channels), "blocks": list(e.blocks),
                                       "features": e.features, "dimensions": e.dimensions}  # fmt: skip
        return "embedder", EmbedderNet(e.stem, e.channels, e.blocks, e.features, e.dimensions), embedder, (112,)
    if config.weights == "style":
        style = StyleConfig()
        painted: dict[str, object] = {"styles": list(style.styles), "width": style.width, "blocks": style.blocks}
        return "style", StyleNet(style.styles, style.width, style.blocks), painted, (384,)
    if config.weights == "faces":
        gan = GanConfig(**{key: told[key] for key in ("size", "latent", "width") if key in told})
        channels = [gan.width << level for level in reversed(range(doublings(gan.size)))]
        made: dict[str, object] = {"latent": gan.latent, "channels": channels}
        return "faces", FaceGenerator(gan.latent, channels), made, (1,)  # its inputs are points, not pictures
    known = "age, ager, detector, embedder, faces or style"
    raise DataError(f"{config.weights!r} is no network of this program: publish {known}.")


def _mean(files: list[Path], network: nn.Module) -> dict[str, Tensor]:
    """The mean of the same networks' tensors, in the first one's precision; of an embedder also with shallower ones,
    by what they are as deep ones. Raises DataError for another network's.
    """
    first, *others = (load_file(_there(file)) for file in files)
    if isinstance(network, EmbedderNet) and others:
        network.load_state_dict(first)
        others = [_as_deep(other, network) for other in others]
    for file, other in zip(files[1:], others, strict=True):
        if {name: each.shape for name, each in first.items()} != {name: each.shape for name, each in other.items()}:
            raise DataError(f"{file} holds another network than {files[0]}: only the same networks have a mean.")
    return {
        name: torch.stack([each[name].float() for each in (first, *others)]).mean(0).to(tensor.dtype)
        if tensor.is_floating_point()
        else tensor
        for name, tensor in first.items()
    }


def _as_deep(tensors: dict[str, Tensor], network: EmbedderNet) -> dict[str, Tensor]:
    """An embedder's tensors as those of a deeper one, or as they are where they do not fit."""
    try:
        return deepened(tensors, network)
    except ValueError:
        return tensors


def _there(file: Path) -> Path:
    if not file.is_file():
        raise DataError(f"{file} does not exist: train first, or name the run with --set run=FOLDER.")
    return file


def licence_of(sets: tuple[str, ...]) -> str:
    """What weights that learned from these collections may be used for."""
    return FREE_LICENCE if set(sets) <= FREE else LICENCE


def publish_run(config: PublishConfig) -> str:
    """Writes weights/NAME.* from a run; returns the SHA-256 of the safetensors."""
    source = _there(Path(config.run) / WEIGHTS_FILE)
    run = read_run(Path(config.run))
    network, module, arguments, sizes = _network(config, run.get("config", {}))
    module.load_state_dict(_mean([source, *map(Path, config.mean_with)], module))
    unknown = [name for name in config.sets if name not in SETS]
    if unknown:
        raise DataError(f"{unknown[0]!r} is no known collection: give {', '.join(SETS)}.")
    told = json.loads(Path(config.figures).read_text()) if config.figures else {"figures": {}}
    measured = told["figures"] if "figures" in told else told["last"]  # a run of the ladder tells its last measurement
    figures = {key: value for key, value in measured.items() if key.startswith(config.prefix)}
    data = tuple(SETS[name] for name in config.sets)
    card = Card(
        name=config.weights, network=network, sizes=sizes, crop=CROPS.get(config.weights, "wide"),
        licence=licence_of(config.sets), data=data,
        split=config.split or SPLIT, metric=config.metric or METRICS[config.weights],
        command=config.command or run.get("command", ""), commit=run.get("commit", ""),
        seed=config.seed if config.seed >= 0 else run.get("seed", 1), notes=config.notes, arguments=arguments,
        figures=figures,
    )  # fmt: skip
    folder = Path(config.folder) if config.folder else weights_dir()
    written = publish(card, module.eval(), folder)
    return written.sha256[f"{config.weights}.safetensors"]


def export_network(config: ExportConfig) -> str:
    """Rebuilds NAME.xml and NAME.bin; returns the name."""
    return export(config.weights, Path(config.folder) if config.folder else None).name
