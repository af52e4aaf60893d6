"""Networks of any origin on the CPU, for measuring: one thread, a stated precision, times in milliseconds."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from training.data.sets import DataError

if TYPE_CHECKING:
    from torch import nn

Floats = NDArray[np.float32]


def openvino() -> Any:
    """OpenVINO without its usage statistics, which would be sent over the network."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None makes importing it fail
    import openvino as module

    return module


class Compiled:
    """A network that takes arrays in the order of its inputs and gives its first output.

    source: an ONNX or OpenVINO file, or a torch module with ``examples`` of its inputs. precision: "f32" or "bf16".
    threads: 0 for as many as OpenVINO likes. Raises DataError where OpenVINO cannot run it.
    """

    def __init__(
        self,
        source: Path | nn.Module,
        examples: Sequence[Floats] = (),
        *,
        precision: str = "f32",
        threads: int = 1,
    ) -> None:
        library = openvino()
        settings: dict[str, Any] = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
        if threads:
            settings["INFERENCE_NUM_THREADS"] = threads
        try:
            model = str(source) if isinstance(source, Path) else _converted(source, examples)
            self._network = library.Core().compile_model(model, "CPU", settings)
        except RuntimeError as error:
            reason = next((line for line in str(error).splitlines() if line.strip()), "unknown")
            raise DataError(f"{source} is no network that OpenVINO can run: {reason}") from None
        self._request = self._network.create_infer_request()

    @property
    def inputs(self) -> int:
        """How many inputs it has."""
        return len(self._network.inputs)

    def __call__(self, *arrays: Floats) -> Floats:
        """The first output, float32; the caller owns it. Raises DataError for inputs that do not fit."""
        ports = [port.partial_shape for port in self._network.inputs]
        fit = len(ports) == len(arrays) and all(
            port.compatible(openvino().PartialShape(list(each.shape))) for port, each in zip(ports, arrays, strict=True)
        )
        if not fit:  # OpenVINO itself would answer with nothing
            told, wanted = [each.shape for each in arrays], ", ".join(str(port) for port in ports)
            raise DataError(f"the network does not take inputs {told}: it wants {wanted}.")
        try:
            self._request.infer([np.ascontiguousarray(each, np.float32) for each in arrays])
        except RuntimeError as error:
            reason = next((line for line in str(error).splitlines() if line.strip()), "unknown")
            raise DataError(f"the network fails: {reason}") from None
        return np.array(self._request.get_output_tensor(0).data, np.float32)

    def ms(self, *arrays: Floats, rounds: int = 30) -> tuple[float, float]:
        """Best and median time of one call in milliseconds, after three to warm up."""
        return timed(lambda: self(*arrays), rounds)


def timed(call: Callable[[], object], rounds: int = 30) -> tuple[float, float]:
    """Best and median time of a call in milliseconds, after three to warm up."""
    times = []
    for number in range(rounds + 3):
        begin = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - begin))
        del times[: number < 3]
    return float(min(times)), float(np.median(times))


def _converted(module: nn.Module, examples: Sequence[Floats]) -> Any:
    """The module for OpenVINO, free in the number and the side of its pictures."""
    import torch

    tensors = tuple(torch.from_numpy(each) for each in examples)
    with warnings.catch_warnings():  # the converter traces by a function that torch calls deprecated
        warnings.simplefilter("ignore")
        model = openvino().convert_model(module.eval(), example_input=tensors)
    model.reshape({port: [-1, each.shape[1], -1, -1] for port, each in zip(model.inputs, examples, strict=True)})
    return model
