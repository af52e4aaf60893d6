"""The one interface behind which every network runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from engine.types import FloatArray

OnPicture = Callable[..., FloatArray]


class Network(Protocol):
    """A loaded network: float32 arrays in, one float32 array out. Safe to call from several threads, one at a time.

    device: where and how it runs, for example ``cpu/openvino/bf16`` or ``cuda/torch/f16``.
    size: side of the input crop it was warmed up for. batches: whether one call for N crops beats N calls.
    timings_ms: what the choice of precision was based on, may be empty.
    """

    @property
    def name(self) -> str: ...

    @property
    def device(self) -> str: ...

    @property
    def size(self) -> int: ...

    @property
    def batches(self) -> bool: ...

    @property
    def timings_ms(self) -> Mapping[str, float]: ...

    def __call__(self, *inputs: FloatArray) -> FloatArray:
        """The output for these inputs, a new array that the caller owns. Raises DeviceError if the device fails."""
        ...

    def close(self) -> None:
        """Lets go of the device's memory; twice is safe. Calling the network afterwards raises DeviceError."""
        ...


def on_pictures(network: Network) -> OnPicture | None:
    """A quicker way to ask a network from picture to picture, if this one has it: nothing is turned on the way.

    (picture (S, S, 3) uint8 BGR, the other inputs as ever) -> what the network answers to it alone, as (S, S, 3)
    float32 BGR in units of 8-bit pixel values, a new array. It is a method ``picture``.
    """
    way: OnPicture | None = getattr(network, "picture", None)
    return way


def on_many_pictures(network: Network) -> OnPicture | None:
    """The same for several pictures in one call, if this network has it.

    (pictures (N, S, S, 3) uint8 BGR, for every other input a number for each picture, (N,) float32, which the input is
    all over) -> (N, S, S, 3) float32 BGR in units of 8-bit pixel values, a new array. It is a method ``pictures``.
    """
    way: OnPicture | None = getattr(network, "pictures", None)
    return way
