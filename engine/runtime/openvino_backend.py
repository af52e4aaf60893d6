"""Networks on the CPU through OpenVINO, in the precision that is fastest on this machine."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np

from engine.errors import DeviceError, WeightsError
from engine.networks import REGISTRY
from engine.runtime.folding import fold, folded, unfolded
from engine.types import FloatArray, Image
from engine.weights.card import Card
from engine.weights.store import INT8_FILES, IR_FILES, Weights

log = logging.getLogger(__name__)

PRECISIONS = ("f32", "bf16", "int8")  # most exact first
# A less exact precision is taken if it needs less than this share of the time, and if its mean difference from f32
# is below this share of the mean f32 output.
WORTHWHILE = 0.9
AGREEMENT = 0.25
_LEAST_ROUNDS, _MOST_ROUNDS, _TIMING_S = 5, 15, 0.3

Shapes = tuple[tuple[int, ...], ...]
Make = Callable[..., Any]

_chosen: dict[tuple[object, ...], Mapping[str, float]] = {}
_chosen_lock = threading.Lock()


@lru_cache(maxsize=1)
def openvino() -> Any:
    """OpenVINO. Its usage statistics stay off: nothing leaves this computer."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None makes importing it fail
    try:
        import openvino
    except ImportError as error:
        raise DeviceError(f"OpenVINO does not start ({error}): run ./run again to repair the set-up.") from error
    return openvino


@lru_cache(maxsize=1)
def core() -> Any:
    """OpenVINO's core, made once."""
    return openvino().Core()


class OpenVinoNetwork:
    """A network on the CPU. One that sees aligned crops has a form for each shape of inputs, made when it first comes,
    which takes a quarter of a second; one that sees pictures, whose shapes are many, has one form for all of them.
    Measured: where no size is left open, the ager takes a sixth less time.
    """

    batches = False  # measured: a batch of two takes twice the time of one

    def __init__(self, name: str, make: Make, precision: str, size: int, timings_ms: Mapping[str, float]) -> None:
        """make: gives what answers inputs of these shapes, or with ``picture=True`` a picture in place of the first."""
        self.name = name
        self.device = f"cpu/openvino/{precision}"
        self.size = size
        self.timings_ms = timings_ms
        self._make: Make | None = make
        self._lock = threading.Lock()

    def __call__(self, *inputs: FloatArray) -> FloatArray:
        with self._lock:
            if self._make is None:
                raise DeviceError(f"network {self.name} is closed.")
            request = self._make(_shapes(inputs))
            try:
                return _answer(request, inputs)
            except RuntimeError as error:
                raise self._failure(error) from error

    def picture(self, image: Image, *others: FloatArray) -> FloatArray:
        """See engine.runtime.backend.on_pictures. Measured at 512 px, with all around it: a quarter less time."""
        with self._lock:
            if self._make is None:
                raise DeviceError(f"network {self.name} is closed.")
            request = self._make(_shapes_of_picture(image, others), picture=True)
            try:
                return _answer_to_picture(request, image, others)
            except RuntimeError as error:
                raise self._failure(error) from error

    def close(self) -> None:
        with self._lock:
            self._make = None

    def _failure(self, error: RuntimeError) -> DeviceError:
        return DeviceError(f"network {self.name} failed on {self.device}: {_first_line(error)}")


def load_openvino(weights: Weights, *, precision: str, size: int, threads: int) -> OpenVinoNetwork:
    """The network on the CPU, warmed up for one crop of this size.

    precision: one of PRECISIONS, or "auto" for the fastest by a short timing (kept for the life of the process).
    threads: 0 lets OpenVINO decide. Raises WeightsError (missing or changed file), DeviceError (cannot run it).
    """
    files = _files(weights)
    wanted = _candidates(files) if precision == "auto" else (precision,)
    if wanted[0] not in files:
        raise WeightsError(f"weights {weights.card.name}: there is no {precision} form; there are {', '.join(files)}.")
    inputs = example_inputs(weights.card, size)
    key = (weights.card.sha256.get(files[wanted[0]].name), wanted, size, threads)
    with _chosen_lock:  # one timing at a time, or two networks would disturb each other
        timings = _chosen.get(key, MappingProxyType({}))
        if timings:
            wanted = (fastest(timings),)
        spec = REGISTRY[weights.card.network]
        made = {p: _maker(files[p], p, threads, spec.any_shape) for p in wanted}
        picture = _picture_of(inputs[0]) if spec.pictures else None
        if not timings and len(made) > 1:
            asks = {p: _asker(make, inputs, picture) for p, make in made.items()}
            timings = _chosen[key] = MappingProxyType(_time(asks))
        best = fastest(timings) if timings else wanted[0]
        network = OpenVinoNetwork(weights.card.name, made[best], best, size, timings)
        if picture is None:
            network(*inputs)
        else:
            network.picture(picture, *inputs[1:])
    return network


def fastest(timings_ms: Mapping[str, float]) -> str:
    """The precision to take: a less exact one only where it is clearly faster.

    >>> fastest({"f32": 10.0, "bf16": 9.5}), fastest({"f32": 10.0, "bf16": 5.0})
    ('f32', 'bf16')
    """
    best = ""
    for precision in PRECISIONS:
        taken = timings_ms.get(best, float("inf"))
        if timings_ms.get(precision, float("inf")) < (taken * WORTHWHILE if best else taken):
            best = precision
    return best


def example_inputs(card: Card, size: int) -> list[FloatArray]:
    """Something like a face, for one crop: soft blobs of colour in 0..1, seen as 30 and wanted as 70 years old.

    For the style network: the same blobs in its first style.
    """
    blobs = np.random.default_rng(0).random((8, 8, 3), np.float32)
    image = np.asarray(cv2.resize(blobs, (size, size), interpolation=cv2.INTER_LINEAR), np.float32)
    tensor = np.ascontiguousarray(image.transpose(2, 0, 1)[None])
    if card.network == "style":
        channels = REGISTRY[card.network].inputs[1][1]
        return [tensor, np.eye(1, channels, dtype=np.float32)[..., None, None]]
    ages = [np.full((1, 1, size, size), years, np.float32) for years in (0.3, 0.7)]
    return [tensor, *ages][: len(REGISTRY[card.network].inputs)]


def _files(weights: Weights) -> dict[str, Path]:
    """The verified .xml of each precision there is a file for; bf16 is computed from the f32 one."""
    files = {ending: weights.verify(ending) for ending in IR_FILES}
    found = {"f32": files[".xml"], "bf16": files[".xml"]}
    if weights.has(*INT8_FILES):
        found["int8"], _ = (weights.verify(ending) for ending in INT8_FILES)
    return found


def _candidates(files: Mapping[str, Path]) -> tuple[str, ...]:
    """What this processor may be good at; without bf16 instructions bf16 is slow or fails."""
    abilities = core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return tuple(p for p in PRECISIONS if p in files and (p == "f32" or p.upper() in abilities))


def _picture_of(tensor: FloatArray) -> Image:
    """(1, 3, S, S) RGB in 0..1 as a picture (S, S, 3) uint8 BGR."""
    return np.ascontiguousarray((tensor[0, ::-1].transpose(1, 2, 0) * 255).round().astype(np.uint8))


def _asker(make: Make, inputs: Sequence[FloatArray], picture: Image | None) -> Callable[[], FloatArray]:
    """What asks a form of the network once: with a picture for its first input, if one is given."""
    if picture is None:
        request = make(_shapes(inputs))
        return lambda: _answer(request, inputs)
    others = inputs[1:]
    request = make(_shapes_of_picture(picture, others), picture=True)
    return lambda: _answer_to_picture(request, picture, others)


def _shapes_of_picture(image: Image, others: Sequence[FloatArray]) -> Shapes:
    side = image.shape[0]
    return ((1, 3, side, side), *_shapes(others))


def _shapes(inputs: Sequence[FloatArray]) -> Shapes:
    return tuple(each.shape for each in inputs)


def _maker(path: Path, precision: str, threads: int, any_shape: bool) -> Make:
    """What makes requests for shapes and keeps them; any_shape: one for all."""
    kept: dict[tuple[Shapes | None, bool], Any] = {}

    def make(shapes: Shapes, *, picture: bool = False) -> Any:
        key = None if any_shape else shapes, picture
        if key not in kept:
            kept[key] = _request(path, precision, threads, *key)
        return kept[key]

    return make


def _request(path: Path, precision: str, threads: int, shapes: Shapes | None, picture: bool) -> Any:
    """What answers inputs of these shapes, or of any (None). Raises DeviceError."""
    config: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
    }
    if threads:
        config["INFERENCE_NUM_THREADS"] = threads
    try:
        model = _for_pictures(path, shapes) if picture else _read(path, shapes)
        return core().compile_model(model, "CPU", config).create_infer_request()
    except RuntimeError as error:
        raise DeviceError(f"OpenVINO cannot prepare {path} in {precision}: {_first_line(error)}") from error


def _read(path: Path, shapes: Shapes | None) -> Any:
    """The model for inputs of these shapes, or of any."""
    model = core().read_model(str(path))
    if shapes is not None:
        model.reshape({port: list(shape) for port, shape in zip(model.inputs, shapes, strict=True)})
    return model


def _for_pictures(path: Path, shapes: Shapes | None) -> Any:
    """The model with a picture for its first input, folded where it folds."""
    quick = None if shapes is None else folded(_read(path, shapes), openvino())
    return _on_pictures(_read(path, shapes)) if quick is None else quick


def _on_pictures(model: Any) -> Any:
    """The network with a picture (1, S, S, 3) uint8 BGR for its first input, answering (1, S, S, 3) RGB times 255.

    Measured: to turn the colours of the answer in here takes longer than to do so while it is copied.
    """
    ov = openvino()
    from openvino import opset13 as ops
    from openvino.preprocess import ColorFormat, PrePostProcessor

    result = model.get_results()[0]
    pixels = ops.multiply(result.input_value(0), ops.constant(np.float32(255)))
    result.input(0).replace_source_output(pixels.output(0))
    model.validate_nodes_and_infer_types()
    steps = PrePostProcessor(model)
    planes, picture = ov.Layout("NCHW"), ov.Layout("NHWC")
    steps.input(0).tensor().set_element_type(ov.Type.u8).set_color_format(ColorFormat.BGR).set_layout(picture)
    steps.input(0).model().set_layout(planes)
    steps.input(0).preprocess().convert_element_type(ov.Type.f32).convert_color(ColorFormat.RGB).scale(255.0)
    steps.output(0).model().set_layout(planes)
    steps.output(0).tensor().set_layout(picture)
    return steps.build()


def _answer(request: Any, inputs: Sequence[FloatArray]) -> FloatArray:
    """The output for these inputs; it is copied because the next call overwrites it."""
    _ask(request, inputs)
    return np.array(request.get_output_tensor(0).data, np.float32)


def _answer_to_picture(request: Any, image: Image, others: Sequence[FloatArray]) -> FloatArray:
    """(S, S, 3) BGR in 8-bit units for a picture (S, S, 3) uint8 BGR and the further inputs."""
    given = request.get_input_tensor(0).data
    if given.shape[-1] != image.shape[-1]:
        fold(image, given)
        _ask(request, others, first=1)
        return unfolded(request.get_output_tensor(0).data)
    given[0] = image
    _ask(request, others, first=1)
    return np.asarray(cv2.cvtColor(request.get_output_tensor(0).data[0], cv2.COLOR_RGB2BGR), np.float32)


def _ask(request: Any, inputs: Sequence[FloatArray], first: int = 0) -> None:
    """Runs the request on these inputs, from the ``first`` place on, which are read in place."""
    tensor, arrays = openvino().Tensor, [np.ascontiguousarray(each, np.float32) for each in inputs]
    for place, array in enumerate(arrays, first):  # they must outlive the call
        request.set_input_tensor(place, tensor(array, shared_memory=True))
    request.infer()


def _time(prepared: Mapping[str, Callable[[], FloatArray]]) -> dict[str, float]:
    """Best time of each precision in ms, taken in turns so that a busy moment hits all; unfit ones are left out."""
    asks: dict[str, Callable[[], FloatArray]] = {}
    reference: FloatArray | None = None
    for precision, ask in prepared.items():
        try:
            output = ask()
        except RuntimeError as error:
            log.warning("%s is not used: it fails on this processor (%s)", precision, _first_line(error))
            continue
        reference = output if reference is None else reference
        if not np.abs(output - reference).mean() <= AGREEMENT * np.abs(reference).mean():  # NaN is not either
            log.warning("%s is not used: its results differ too much on this processor", precision)
            continue
        asks[precision] = ask
    times: dict[str, list[float]] = {precision: [] for precision in asks}
    end = time.perf_counter() + _TIMING_S
    for done in range(_MOST_ROUNDS):
        if done >= _LEAST_ROUNDS and time.perf_counter() > end:
            break
        for precision, ask in asks.items():
            begin = time.perf_counter()
            ask()
            times[precision].append(1e3 * (time.perf_counter() - begin))
    return {precision: min(values) for precision, values in times.items()}


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
