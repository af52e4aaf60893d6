"""Publishes a trained network: safetensors and card, and the OpenVINO form that machines without torch run."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors.torch import save

from engine.errors import WeightsError
from engine.networks import REGISTRY
from engine.paths import weights_dir
from engine.weights.card import Card, write_card
from engine.weights.files import sha256_of, write_bytes
from engine.weights.loading import load_module
from engine.weights.store import CARD, INT8_FILES, IR_FILES, SAFETENSORS, Weights, find
from training.quantise import EXACT, ROUNDED, quantise, samples_for, write_model

if TYPE_CHECKING:
    from torch import Tensor, nn

log = logging.getLogger(__name__)

# Half-precision constants move outputs in 0..1 by about 1e-4; more than this mean difference is a broken conversion.
TOLERANCE = 2e-3
# The 8-bit form may differ by this share of the output: a residual of 20 grey levels by one.
INT8_TOLERANCE = 0.05


def publish(card: Card, module: nn.Module, folder: Path | None = None) -> Card:
    """Writes NAME.safetensors and NAME.toml into the folder (default: weights/), then exports them.

    The card's hashes are filled in; the card as written is returned.
    """
    folder = weights_dir() if folder is None else folder
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (card.name + SAFETENSORS)
    tensors = {key: _stored(value) for key, value in module.state_dict().items()}
    write_bytes(path, save(tensors))
    write_card(folder / (card.name + CARD), card.with_sha256({path.name: sha256_of(path)}))
    return export(card.name, folder)


def _stored(tensor: Tensor) -> Tensor:
    """A tensor as it is kept: kernels and matrices in half precision, as in the OpenVINO form; others as they are."""
    kept = tensor.detach().cpu().contiguous().clone()
    return kept.half() if kept.is_floating_point() and kept.ndim > 1 else kept


def export(name: str, folder: Path | None = None) -> Card:
    """Builds NAME.xml and NAME.bin from NAME.safetensors and its card, and puts their hashes on the card.

    The network stays dynamic in the number of crops and in their side. It gets an 8-bit form too, NAME-int8.xml and
    .bin, unless that strays too far. Nothing is replaced unless the result agrees with torch. Raises WeightsError
    otherwise, and for missing, changed or unknown weights.
    """
    weights = find(name, folder)
    module = load_module(weights)
    inputs = _examples(weights.card, weights.card.size)
    model = _convert(module, inputs, weights.card)
    with tempfile.TemporaryDirectory(dir=weights.folder, prefix=f".{name}-") as temporary:
        stem = Path(temporary) / name
        write_model(_openvino(), model, Path(f"{stem}.xml"))
        worst = difference(module, Path(f"{stem}.xml"), inputs)
        if not worst <= TOLERANCE:
            raise WeightsError(f"export of {name}: the result differs from torch by {worst:.4f} in the mean.")
        endings = list(IR_FILES)
        if weights.card.network in ROUNDED and _quantised(stem, weights.card):
            endings += INT8_FILES
        for ending in endings:
            os.replace(f"{stem}{ending}", weights.path(ending))
    return _signed(weights, endings)


def _quantised(stem: Path, card: Card) -> bool:
    """Whether an 8-bit form was written beside the others and is good enough."""
    target, exact = Path(f"{stem}{INT8_FILES[0]}"), EXACT.get(card.network, ())
    strayed = quantise(_openvino(), Path(f"{stem}.xml"), samples_for(card), target, exact)
    log.info("%s in 8 bits differs by %.1f %% of the output", card.name, 100 * strayed)
    return strayed <= INT8_TOLERANCE


def _signed(weights: Weights, endings: list[str]) -> Card:
    """The card with the hashes of these files and without those of forms that are no longer made."""
    kept = {file: digest for file, digest in weights.card.sha256.items() if file == weights.path(SAFETENSORS).name}
    hashes = {weights.path(ending).name: sha256_of(weights.path(ending)) for ending in endings}
    card = replace(weights.card, sha256={**kept, **hashes})
    write_card(weights.path(CARD), card)
    for ending in {*IR_FILES, *INT8_FILES} - set(endings):
        weights.path(ending).unlink(missing_ok=True)
    return card


def difference(module: nn.Module, xml: Path, inputs: tuple[Tensor, ...]) -> float:
    """Mean absolute difference between torch and OpenVINO, both in f32, on the same inputs."""
    with torch.inference_mode():
        expected = module(*inputs).numpy()
    config = {"INFERENCE_PRECISION_HINT": "f32"}
    request = _openvino().Core().compile_model(str(xml), "CPU", config).create_infer_request()
    request.infer([x.numpy() for x in inputs])
    return float(np.abs(request.get_output_tensor(0).data - expected).mean())


def _convert(module: nn.Module, inputs: tuple[Tensor, ...], card: Card) -> Any:
    with warnings.catch_warnings():  # the converter traces by a function that torch calls deprecated
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.filterwarnings("ignore", "Converting a tensor to a Python")  # a branch on the size, which a card fixes
        model = _openvino().convert_model(module, example_input=inputs)
    spec = REGISTRY[card.network]
    for port, (name, _) in zip(model.inputs, spec.inputs, strict=True):
        port.get_tensor().set_names({name})
    model.reshape({name: [-1, channels, -1, -1] for name, channels in spec.inputs})
    return model


def _examples(card: Card, size: int) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    channels = [channels for _, channels in REGISTRY[card.network].inputs]
    return tuple(torch.rand(1, count, size, size, generator=generator) for count in channels)


def _openvino() -> Any:
    """OpenVINO without its usage statistics, which would be sent over the network at every conversion."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None makes importing it fail
    import openvino

    return openvino
