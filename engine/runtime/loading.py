"""Loads a network by name onto the chosen device, and says in the log where it runs and why."""

from __future__ import annotations

import logging
from pathlib import Path

from engine.errors import DeviceError, WeightsError
from engine.networks import REGISTRY
from engine.runtime.backend import Network
from engine.runtime.device import choose
from engine.weights.store import Weights, find

log = logging.getLogger(__name__)


def load_network(
    name: str,
    device: str = "auto",
    *,
    folder: Path | None = None,
    size: int = 0,
    precision: str = "auto",
    threads: int = 0,
) -> Network:
    """The network of this name, ready to run.

    device: "auto", "cpu", "cuda" or "mps". folder: where the weights lie (default: those that ship). size: side of
    the crop in pixels to prepare for (default: the card's). precision: on the CPU "f32", "bf16", "int8" or "auto",
    the fastest by a short timing; give "f32" where the same picture must give the same numbers on every start.
    threads: of the CPU, 0 for all.

    Raises WeightsError if files are missing or changed, DeviceError if a device asked for by name cannot run it.
    """
    weights = find(name, folder)
    size = _checked_size(weights, size)
    plan = choose(device)
    for note in plan.notes:
        log.warning("%s: %s", name, note)
    network: Network
    if plan.backend == "torch":
        from engine.runtime.torch_backend import load_torch

        try:
            network = load_torch(weights, device=plan.device, size=size)
        except DeviceError as error:
            if device != "auto":
                raise
            log.warning("%s: %s; running on the CPU", name, error)
        else:
            log.info("%s runs on %s", name, network.device)
            return network
    from engine.runtime.openvino_backend import load_openvino

    network = load_openvino(weights, precision=precision, size=size, threads=threads)
    timings = ", ".join(f"{p} {ms:.1f} ms" for p, ms in network.timings_ms.items())
    log.info("%s runs on %s%s", name, network.device, f" ({timings})" if timings else "")
    return network


def _checked_size(weights: Weights, size: int) -> int:
    card = weights.card
    if card.network not in REGISTRY:
        raise WeightsError(f"card {card.name}: unknown network {card.network!r}; known: {', '.join(REGISTRY)}.")
    multiple = REGISTRY[card.network].multiple
    size = size or card.size
    if size % multiple:
        raise WeightsError(f"network {card.name}: the crop's side must be a multiple of {multiple}, not {size}.")
    return size
