"""Networks on an accelerator through PyTorch: half precision, channels last, CUDA graphs. Imports torch when built."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import DeviceError
from engine.runtime.openvino_backend import example_inputs
from engine.types import FloatArray
from engine.weights.loading import load_module
from engine.weights.store import Weights

if TYPE_CHECKING:
    from torch import Tensor, nn

log = logging.getLogger(__name__)

_MOST_GRAPHS = 6  # shapes kept recorded: three sizes, alone and one batch


class TorchNetwork:
    """A network on "cuda" or "mps" in half precision ("cpu" in f32: for tests and comparison); see Network."""

    timings_ms: Mapping[str, float] = MappingProxyType({})

    def __init__(self, name: str, module: nn.Module, device: str, size: int) -> None:
        import torch

        half = device != "cpu"
        self.name = name
        self.device = f"{device}/torch/{'f16' if half else 'f32'}"
        self.size = size
        self.batches = half
        self._type = torch.float16 if half else torch.float32
        self._lock = threading.Lock()
        self._graphs: dict[tuple[tuple[int, ...], ...], Callable[[list[Tensor]], Tensor] | None] = {}
        try:
            self._module: Any = module.to(device, self._type, memory_format=torch.channels_last)  # type: ignore[call-overload]
        except RuntimeError as error:
            raise DeviceError(f"network {name} cannot be put on {device}: {_first_line(error)}") from error
        self._target = torch.device(device)

    def __call__(self, *inputs: FloatArray) -> FloatArray:
        import torch

        with self._lock:
            if self._module is None:
                raise DeviceError(f"network {self.name} is closed.")
            try:
                with torch.inference_mode():
                    tensors = [torch.from_numpy(np.ascontiguousarray(x)).to(self._target, self._type) for x in inputs]
                    output = self._runner(tensors)(tensors)
                    result: FloatArray = output.float().cpu().numpy()
            except RuntimeError as error:
                raise DeviceError(f"network {self.name} failed on {self.device}: {_first_line(error)}") from error
            return result.copy() if result.base is not None else result

    def close(self) -> None:
        with self._lock:
            self._module = None
            self._graphs.clear()

    def _eager(self, tensors: list[Tensor]) -> Tensor:
        import torch

        output: Tensor = self._module(*(x.contiguous(memory_format=torch.channels_last) for x in tensors))
        return output

    def _runner(self, tensors: list[Tensor]) -> Callable[[list[Tensor]], Tensor]:
        """How to run inputs of these shapes: a recorded CUDA graph, made on first use, else plainly."""
        if self._target.type != "cuda":
            return self._eager
        shapes = tuple(tuple(x.shape) for x in tensors)
        if shapes not in self._graphs:
            if len(self._graphs) >= _MOST_GRAPHS:
                return self._eager
            self._graphs[shapes] = self._record(tensors)
        return self._graphs[shapes] or self._eager

    def _record(self, tensors: list[Tensor]) -> Callable[[list[Tensor]], Tensor] | None:
        """Records one pass as a CUDA graph: replaying it costs one launch instead of one a layer.

        None if this network cannot be recorded. Warming up on a side stream first is what torch's notes on CUDA
        graphs ask for; "thread_local" lets other threads use the device meanwhile.
        """
        import torch

        still = [x.clone(memory_format=torch.channels_last) for x in tensors]
        try:
            side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                for _ in range(3):
                    self._eager(still)
            torch.cuda.current_stream().wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                output = self._eager(still)
        except RuntimeError as error:
            log.warning("network %s runs without a CUDA graph: %s", self.name, _first_line(error))
            return None

        def replay(fresh: list[Tensor]) -> Tensor:
            for kept, new in zip(still, fresh, strict=True):
                kept.copy_(new)
            graph.replay()
            return output

        return replay


def load_torch(weights: Weights, *, device: str, size: int) -> TorchNetwork:
    """The network through PyTorch, warmed up for one crop of this size. Raises WeightsError, DeviceError."""
    network = TorchNetwork(weights.card.name, load_module(weights), device, size)
    network(*example_inputs(weights.card, size))
    return network


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
