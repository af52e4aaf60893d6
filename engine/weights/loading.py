"""Loads weights into torch networks: safetensors only, every key accounted for. Imports torch only when called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import WeightsError
from engine.networks import REGISTRY, build
from engine.weights.store import SAFETENSORS, Weights

if TYPE_CHECKING:
    from torch import Tensor, nn

PICKLES = (".pt", ".pth", ".ckpt", ".pkl", ".pickle")
# First bytes of what torch.save writes: a zip (since 1.6) or a bare pickle of protocol 2 and later.
_PICKLE_STARTS = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, on the CPU.

    Raises WeightsError for a missing or damaged file, and for pickled weights, by name or by content: unpickling
    runs whatever code the file holds.
    """
    try:
        with open(path, "rb") as file:
            start = file.read(4)
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}): restore it from the repository.") from error
    if path.suffix.lower() in PICKLES or start.startswith(_PICKLE_STARTS):
        raise WeightsError(
            f"{path} is refused: it holds pickled Python, which can run any code when it is read. "
            "Ask for it as .safetensors, or convert it on a machine you can afford to lose."
        )
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(f"{path} is not a whole safetensors file: restore it from the repository.") from error


def load_module(weights: Weights) -> nn.Module:
    """The network of this card with its weights, in evaluation mode on the CPU.

    Raises WeightsError if a file, a key or a shape is not what card and network say.
    """
    card = weights.card
    for suffix in PICKLES:
        if weights.path(suffix).is_file() and not weights.path(SAFETENSORS).is_file():
            read_tensors(weights.path(suffix))  # raises, and says why
    tensors = read_tensors(weights.verify(SAFETENSORS))
    if card.network not in REGISTRY:
        raise WeightsError(f"card {card.name}: unknown network {card.network!r}; known: {', '.join(REGISTRY)}.")
    try:
        module = build(card.network, card.arguments)
    except (TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(f"card {card.name}: its arguments do not fit {card.network}: {error}.") from error
    _fill(module, tensors, card.name)
    return module.eval()


def _fill(module: nn.Module, tensors: dict[str, Tensor], name: str) -> None:
    """Copies the tensors into the module. Raises WeightsError at the first key or shape that does not match."""
    wanted = module.state_dict()
    for key in sorted(wanted.keys() | tensors.keys()):
        if key not in tensors:
            raise WeightsError(f"weights {name}: {key!r} is missing from the file.")
        if key not in wanted:
            raise WeightsError(f"weights {name}: {key!r} is not part of the network.")
        if tensors[key].shape != wanted[key].shape:
            have, want = tuple(tensors[key].shape), tuple(wanted[key].shape)
            raise WeightsError(f"weights {name}: {key!r} has shape {have}, the network needs {want}.")
    module.load_state_dict(tensors, strict=True)
