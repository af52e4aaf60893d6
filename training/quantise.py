"""Makes an 8-bit form of an exported network: quicker on processors with 8-bit instructions and no bf16 ones.

Post-training quantisation after Jacob et al. 2018 ("Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference"): weights symmetric and per output channel, activations by ranges seen on a few
pictures. Of the ager four convolutions stay as they are, because the eye sees what they lose: the first, the last two,
and the one that meets the finest skip, whose inputs span very different ranges (in 8 bits it alone costs 1.7 % of the
output). The networks that answer with numbers are rounded throughout, also what passes their blocks by, so that nothing
has to be turned into another kind of number on the way: the age moves by a tenth of a year in the mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.geometry.align import ARCFACE, WIDE, crop_affine, warp_crop
from engine.images import read_picture
from engine.paths import project_dir
from engine.types import FloatArray, Image
from engine.weights.card import Card

Inputs = list[FloatArray]
# The range of an activation: this quantile of what was seen, and a margin for faces that were not.
QUANTILE = 0.9999
MARGIN = 1.1
EXACT = {"ager": (0, -4, -2, -1)}
ROUNDED = ("ager", "age", "embedder")
"""The networks that get an 8-bit form."""
AGES = ((20, 75), (75, 20), (45, 45), (5, 60), (60, 95))


def demo_crops(size: int, template: FloatArray = WIDE) -> list[Image]:
    """The demo's face, aligned, in several lights and colours: pictures that every copy of the project has."""
    from engine.detection.mediapipe_faces import MediaPipeDetector
    from engine.landmarks.faces import find_faces
    from engine.landmarks.mesh import FaceMesher

    image = read_picture(project_dir() / "engine" / "capture" / "demo_face.png")
    detector, mesher = MediaPipeDetector(), FaceMesher()
    face = find_faces(image, detector, mesher)[0]
    detector.close()
    mesher.close()
    crop = warp_crop(image, crop_affine(face.landmarks, size, template), size)
    rng = np.random.default_rng(0)
    crops = [crop, np.ascontiguousarray(crop[:, ::-1])]
    for gain in (0.3, 0.5, 0.8, 1.3):
        tint = rng.uniform(0.8, 1.2, 3)
        noise = rng.normal(0, 8, crop.shape)
        crops.append(np.clip(crop * gain * tint + noise, 0, 255).astype(np.uint8))
    return crops


def samples_for(card: Card) -> list[Inputs]:
    """What the network of this card is calibrated on: the demo's face, which every copy of the project has."""
    crops = demo_crops(card.size, WIDE if card.crop == "wide" else ARCFACE)
    return ager_inputs(crops) if card.network == "ager" else [[_blob(crop)] for crop in crops]


def _blob(crop: Image) -> FloatArray:
    return np.asarray(cv2.dnn.blobFromImage(crop, 1 / 255, swapRB=True), np.float32)


def ager_inputs(crops: Sequence[Image]) -> list[Inputs]:
    """What the ager is to be run on: every crop with every pair of ages."""
    inputs = []
    for crop in crops:
        image = _blob(crop)
        for source, target in AGES:
            maps = [np.full_like(image[:, :1], years / 100) for years in (source, target)]
            inputs.append([image, *maps])
    return inputs


def quantise(
    openvino: Any, xml: Path, samples: Sequence[Inputs], target: Path, exact: Sequence[int] = EXACT["ager"]
) -> float:
    """Writes the 8-bit form of ``xml`` to ``target``; its mean difference on the samples as a share of the output.

    exact: which convolutions, in the order of computation, are left as they are; where there are none, sums are rounded
    too.
    """
    core = openvino.Core()
    model = core.read_model(str(xml))
    if not exact:
        _fold_pools(openvino, model)
    ranges = _ranges(core, model.clone(), samples)
    convolutions = _convolutions(model)
    kept = {convolutions[index].get_friendly_name() for index in exact}
    rounded: dict[str, Any] = {}
    for convolution in convolutions:
        name = convolution.get_friendly_name()
        if name not in kept:
            source = _source(convolution)
            if source not in rounded:
                rounded[source] = _rounded(openvino, convolution.input_value(0), *ranges[name])
            _quantise_weights(openvino, convolution)
            convolution.input(0).replace_source_output(rounded[source].output(0))
    for node in rounded.values() if not exact else ():
        _pass_by_rounded(node)
    model.validate_nodes_and_infer_types()
    write_model(openvino, model, target)
    return _difference(core, xml, target, samples)


def write_model(openvino: Any, model: Any, xml: Path) -> None:
    """Saves a model with constants in half precision, and the same bytes for the same model on every run.

    OpenVINO names nodes by a running number of the process, so they are named anew in the order of computation.
    """
    model.set_friendly_name(xml.stem)
    for index, node in enumerate(model.get_ordered_ops()):
        node.set_friendly_name(f"{node.get_type_name()}_{index}")
    openvino.save_model(model, str(xml), compress_to_fp16=True)


def _convolutions(model: Any) -> list[Any]:
    """Those over the picture, in the order of computation; not the 1x1 ones over the ages, which are single numbers."""
    found = [node for node in model.get_ordered_ops() if node.get_type_name() == "Convolution"]
    return [node for node in found if max(node.get_input_shape(1)[2:]) > 1 or not _behind_ages(node)]


def _behind_ages(node: Any) -> bool:
    """Whether a node sees nothing of the picture but the maps of years."""
    waiting, seen, names = [node], set(), set()
    while waiting:
        last = waiting.pop()
        if last.get_friendly_name() in seen:
            continue
        seen.add(last.get_friendly_name())
        if last.get_type_name() == "Parameter":
            names |= last.output(0).get_names()
        waiting += [port.get_node() for port in last.input_values()]
    return "image" not in names


def _source(convolution: Any) -> str:
    """What a convolution sees, by name: several may see the same."""
    return str(convolution.input_value(0).get_node().get_friendly_name())


def _ranges(core: Any, model: Any, samples: Sequence[Inputs]) -> dict[str, tuple[float, float]]:
    """Lowest and highest input of each convolution over the samples, by the convolution's name; changes the model."""
    convolutions = _convolutions(model)
    sources = {_source(convolution): convolution.input_value(0) for convolution in convolutions}
    for output in sources.values():
        model.add_outputs(output)
    request = _request(core, model)
    lows: dict[str, list[float]] = {source: [] for source in sources}
    highs: dict[str, list[float]] = {source: [] for source in sources}
    for inputs in samples:
        request.infer(inputs)
        for index, source in enumerate(sources, start=1):  # output 0 is the network's own
            low, high = np.quantile(request.get_output_tensor(index).data, (1 - QUANTILE, QUANTILE))
            lows[source].append(float(low))
            highs[source].append(float(high))
    found = {name: (min(0.0, min(lows[name]) * MARGIN), max(highs[name]) * MARGIN) for name in sources}
    return {convolution.get_friendly_name(): found[_source(convolution)] for convolution in convolutions}


def _fold_pools(openvino: Any, model: Any) -> None:
    """Makes a mean over 2x2 and a 1x1 convolution behind it one of 2x2: the same sums, and it sees what its neighbour
    sees, so that it needs no rounding of its own.
    """
    ops = openvino.opset13
    for node in model.get_ordered_ops():
        if node.get_type_name() != "Convolution" or max(node.get_input_shape(1)[2:]) > 1:
            continue
        pool = node.input_value(0).get_node()
        if pool.get_type_name() != "AvgPool" or not _halves(pool):
            continue
        wide = np.tile(_weights(node) / 4, (1, 1, 2, 2))
        folded = ops.convolution(pool.input_value(0), ops.constant(wide), [2, 2], [0, 0], [0, 0], [1, 1])
        folded.set_friendly_name(node.get_friendly_name() + "_folded")
        for reader in node.output(0).get_target_inputs():
            reader.replace_source_output(folded.output(0))
    model.validate_nodes_and_infer_types()


def _halves(pool: Any) -> bool:
    """Whether it is a mean over 2x2 that do not overlap."""
    about = pool.get_attributes()
    return bool(about["kernel"] == [2, 2] and about["strides"] == [2, 2])


def _pass_by_rounded(rounded: Any) -> None:
    """Sums read what was rounded too, not what it was made of."""
    for reader in rounded.input_value(0).get_target_inputs():
        if reader.get_node().get_type_name() == "Add":
            reader.replace_source_output(rounded.output(0))


def _weights(convolution: Any) -> FloatArray:
    """(O, I, H, W), also from behind a conversion from half precision."""
    constant = convolution.input_value(1).get_node()
    if constant.get_type_name() != "Constant":
        constant = constant.input_value(0).get_node()
    return np.array(constant.get_data(), np.float32)


def _quantise_weights(openvino: Any, convolution: Any) -> None:
    """Replaces f32 weights (O, I, H, W) by 8-bit ones and a scale for each output channel."""
    ops = openvino.opset13
    weights = _weights(convolution)
    scale = np.maximum(np.abs(weights).max(axis=(1, 2, 3), keepdims=True) / 127, 1e-12).astype(np.float32)
    steps = np.clip(np.rint(weights / scale), -127, 127).astype(np.int8)
    restored = ops.multiply(ops.convert(ops.constant(steps), "f32"), ops.constant(scale))
    convolution.input(1).replace_source_output(restored.output(0))


def _rounded(openvino: Any, output: Any, low: float, high: float) -> Any:
    """The node that rounds this to 256 levels, of which one is exactly zero (the padding)."""
    ops = openvino.opset13
    step = max((high - low) / 255, 1e-12)
    zero = round(-low / step)
    ends: list[NDArray[np.float32]] = [np.full((1, 1, 1, 1), end * step, np.float32) for end in (-zero, 255 - zero)]
    low_end, high_end = (ops.constant(end) for end in ends)
    return ops.fake_quantize(output, low_end, high_end, low_end, high_end, 256)


def _difference(core: Any, xml: Path, target: Path, samples: Sequence[Inputs]) -> float:
    exact, rounded = (_request(core, str(path)) for path in (xml, target))
    error = size = 0.0
    for inputs in samples:
        exact.infer(inputs)
        rounded.infer(inputs)
        expected = exact.get_output_tensor(0).data
        error += float(np.abs(rounded.get_output_tensor(0).data - expected).mean())
        size += float(np.abs(expected).mean())
    return error / max(size, 1e-12)


def _request(core: Any, model: Any) -> Any:
    return core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
