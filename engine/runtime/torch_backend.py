"""Networks on an accelerator through PyTorch: half precision, channels last, CUDA graphs. Imports torch when built."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import DeviceError
from engine.networks import REGISTRY
from engine.runtime.openvino_backend import example_inputs
from engine.types import FloatArray
from engine.weights.loading import load_module
from engine.weights.store import Weights

if TYPE_CHECKING:
    from torch import Tensor, nn

Images = NDArray[np.uint8]
Run = Callable[["list[Tensor]"], "Tensor"]

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
        self._graphs: dict[tuple[Any, ...], Run | None] = {}
        try:
            self._module: Any = module.to(device, self._type, memory_format=torch.channels_last)  # type: ignore[call-overload]
        except RuntimeError as error:
            raise DeviceError(f"network {name} cannot be put on {device}: {_first_line(error)}") from error
        self._target = torch.device(device)

    def __call__(self, *inputs: FloatArray) -> FloatArray:
        return self._answer(self._eager, inputs, self._type)

    def pictures(self, images: Images, *numbers: FloatArray) -> FloatArray:
        """See engine.runtime.backend.on_many_pictures: a seventh of the bytes go to the device, and there they
        are turned into what the network takes.
        """
        return self._answer(self._eager_on_pictures, (images, *numbers), None)

    def close(self) -> None:
        with self._lock:
            self._module = None
            self._graphs.clear()

    def _answer(self, run: Run, inputs: Sequence[np.ndarray[Any, Any]], kind: Any) -> FloatArray:
        """What ``run`` makes of the inputs on the device, turned to this type there (None: as they are)."""
        import torch

        with self._lock:
            if self._module is None:
                raise DeviceError(f"network {self.name} is closed.")
            try:
                with torch.inference_mode():
                    tensors = [torch.from_numpy(np.ascontiguousarray(x)).to(self._target, kind) for x in inputs]
                    output = self._runner(run, tensors)(tensors)
                    result: FloatArray = output.float().cpu().numpy()
            except RuntimeError as error:
                raise DeviceError(f"network {self.name} failed on {self.device}: {_first_line(error)}") from error
            return result.copy() if result.base is not None else result

    def _eager(self, tensors: list[Tensor]) -> Tensor:
        import torch

        output: Tensor = self._module(*(x.contiguous(memory_format=torch.channels_last) for x in tensors))
        return output

    def _eager_on_pictures(self, tensors: list[Tensor]) -> Tensor:
        """(N, S, S, 3) bytes BGR and numbers (N,) -> (N, S, S, 3) float32 BGR in 8-bit units."""
        images, *numbers = tensors
        planes = (images.to(self._type) / 255).flip(3).permute(0, 3, 1, 2)  # channels last, as they lie
        side = planes.shape[2:]
        maps = [number.to(self._type).view(-1, 1, 1, 1).expand(-1, 1, *side) for number in numbers]
        output: Tensor = self._module(planes, *maps)
        return (output.float() * 255).permute(0, 2, 3, 1).flip(3).contiguous()

    def _runner(self, run: Run, tensors: list[Tensor]) -> Run:
        """How to run inputs of these shapes: a recorded CUDA graph, made on first use, else plainly."""
        if self._target.type != "cuda":
            return run
        shapes = (run.__name__, *(tuple(x.shape) for x in tensors))
        if shapes not in self._graphs:
            if len(self._graphs) >= _MOST_GRAPHS:
                return run
            self._graphs[shapes] = self._record(run, tensors)
        return self._graphs[shapes] or run

    def _record(self, run: Run, tensors: list[Tensor]) -> Run | None:
        """Records one pass as a CUDA graph: replaying it costs one launch instead of one a layer.

        None if this network cannot be recorded. Warming up on a side stream first is what torch's notes on CUDA
        graphs ask for; "thread_local" lets other threads use the device meanwhile.
        """
        import torch

        layouts = (torch.channels_last if x.ndim == 4 and x.is_floating_point() else torch.contiguous_format
                   for x in tensors)  # fmt: skip
        still = [x.clone(memory_format=layout) for x, layout in zip(tensors, layouts, strict=True)]
        try:
            side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                for _ in range(3):
                    run(still)
            torch.cuda.current_stream().wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                output = run(still)
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
    examples = example_inputs(weights.card, size)
    if REGISTRY[weights.card.network].pictures:  # the form that will be asked: each is recorded for itself
        network.pictures(np.zeros((1, size, size, 3), np.uint8), *(x[0].mean((1, 2)) for x in examples[1:]))
    else:
        network(*examples)
    return network


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
