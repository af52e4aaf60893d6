"""MediaPipe's landmark network with attention as an OpenVINO model: the same points from the same file, sooner.

The network (Grishchenko et al. 2020, "Attention Mesh") finds 468 points, cuts the eyes and the lips out of its own
features where those points are, and looks at them closer. OpenVINO reads all of it but the three operations of that
cutting, which are added here: where a region lies, its features, and its points back in the crop.
"""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import DeviceError
from engine.landmarks import topology
from engine.runtime.device import usable_cores
from engine.runtime.openvino_backend import core, openvino

CROP_PX = 192
_AT_ONCE = 4  # faces, as far as there are cores
_FILE = "modules/face_landmark/face_landmark_with_attention.tflite"
_FEATURES = 48  # cells a side of the features that regions are cut from
_REGION = 16  # cells a side of a region
_ROOM = 1.5  # a region is as much larger than the box around its points
_LIPS = (
    *(61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409),
    *(78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415),
    *(76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408),
    *(62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268, 271, 272, 407),
)
_RIGHT_EYE = (
    *(33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173, 130, 25, 110, 24, 23, 22, 26, 112),
    *(243, 247, 30, 29, 27, 28, 56, 190, 226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189),
    *(35, 124, 46, 53, 52, 65, 143, 111, 117, 118, 119, 120, 121, 128, 245, 156, 70, 63, 105, 66, 107, 55, 193),
)
_LEFT_EYE = (
    *(263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398, 359, 255, 339, 254, 253, 252),
    *(256, 341, 463, 467, 260, 259, 257, 258, 286, 414, 446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444),
    *(443, 442, 441, 413, 265, 353, 276, 283, 282, 295, 372, 340, 346, 347, 348, 349, 350, 357, 465, 383, 300, 293),
    *(334, 296, 336, 285, 417),
)
# What each of the file's regions is fitted to: its points, and the two that lie level in an upright one. The file
# counts its regions from 0 and calls the eye on the picture's left the left one.
_REGIONS = (
    (_LIPS, (topology.RIGHT_MOUTH_CORNER, topology.LEFT_MOUTH_CORNER)),
    (_RIGHT_EYE, topology.RIGHT_EYE_CORNERS),
    (_LEFT_EYE, topology.LEFT_EYE_CORNERS),
)
_PARTS = (
    ("output_mesh_identity", tuple(range(topology.POINTS_WITHOUT_IRISES))),
    ("output_lips", _LIPS),
    ("output_left_eye", _RIGHT_EYE),
    ("output_right_eye", _LEFT_EYE),
    ("output_left_iris", (topology.RIGHT_IRIS_CENTRE, *topology.RIGHT_IRIS)),
    ("output_right_iris", (topology.LEFT_IRIS_CENTRE, *topology.LEFT_IRIS)),
)
_SCORE = "conv_faceflag"


def mesh_request() -> Any:
    """An OpenVINO request on one core, of which several may run at once: a crop (1, 192, 192, 3) uint8 BGR in; points
    (478, 2) in pixels of the crop, counted from the corner of the first, and how surely it is a face (0..1) out.

    Raises DeviceError where MediaPipe's file is missing or no network that OpenVINO reads.
    """
    path = _path()
    try:
        return _compiled(path).create_infer_request()
    except Exception as error:  # its readers raise kinds of their own
        raise DeviceError(f"OpenVINO cannot read {path}: run ./run again to repair the set-up.") from error


@lru_cache(maxsize=1)
def _compiled(path: Path) -> Any:
    """Ready to run, each request on a core. That takes up to a second, so it is made once for all who look at faces."""
    count = max(1, min(_AT_ONCE, usable_cores()))
    config = {"NUM_STREAMS": count, "INFERENCE_NUM_THREADS": count, "INFERENCE_PRECISION_HINT": "f32"}
    return core().compile_model(_model(path), "CPU", config)


def _path() -> Path:
    """MediaPipe's file. The package need not be imported for it."""
    package = importlib.util.find_spec("mediapipe")
    path = Path(*(package.submodule_search_locations or [""]), _FILE) if package else Path(_FILE)
    if not path.is_file():
        raise DeviceError(f"{path} is missing, MediaPipe's face mesh: run ./run again to repair the set-up.")
    return path


def _model(path: Path) -> Any:
    openvino()
    from openvino.frontend import FrontEndManager

    frontend = FrontEndManager().load_by_framework("tflite")
    model = frontend.convert_partially(frontend.load(str(path)))
    for node in model.get_ordered_ops():
        if node.get_type_name() == "TFFrameworkNode":
            made = _converted(node)
            for reader in node.output(0).get_target_inputs():
                reader.replace_source_output(made.output(0))
    model.validate_nodes_and_infer_types()
    return _with_pictures_and_points(model)


def _converted(node: Any) -> Any:
    """What one of the three operations does, in OpenVINO's own."""
    kind, _, number = node.output(0).any_name.partition("_v2")
    first, *others = (each.get_source_output() for each in node.inputs())
    if kind == "landmarks_to_transform_matrix":
        return _matrix(first, *_REGIONS[int(number.lstrip("_") or 0)])
    if kind == "transform_tensor_bilinear":
        return _cut(first, *others)
    return _moved(first, *others)


def _matrix(points: Any, of: tuple[int, ...], level: tuple[int, int]) -> Any:
    """(1, 4, 4) that takes cells of an upright region to where the points (1, 468, 3) have it."""
    op = _operations()
    flat = op.gather(op.squeeze(points, _whole(0)), _whole([0, 1]), _whole(1))
    along = op.matmul(_numbers([[-1, 1]]), op.gather(flat, _whole(level), _whole(0)), False, False)
    along = op.divide(along, op.sqrt(op.reduce_sum(op.multiply(along, along), _whole([1]), True)))  # cosine and sine
    across = op.matmul(along, _numbers([[0, 1], [-1, 0]]), False, False)
    turn = op.transpose(op.concat([along, across], 0), _whole([1, 0]))
    upright = op.matmul(op.gather(flat, _whole(of), _whole(0)), turn, False, False)
    most, least = (reduce(upright, _whole([0]), True) for reduce in (op.reduce_max, op.reduce_min))
    middle = op.matmul(turn, op.multiply(op.add(most, least), _numbers(0.5)), False, True)
    cell = op.multiply(turn, op.multiply(op.subtract(most, least), _numbers(_ROOM / _REGION)))
    corner = op.subtract(middle, op.matmul(cell, _numbers([[_REGION / 2], [_REGION / 2]]), False, False))
    rows = op.concat([cell, _numbers([[0], [0]]), corner], 1)
    return op.unsqueeze(op.concat([rows, _numbers([[0, 0, 1, 0], [0, 0, 0, 1]])], 0), _whole(0))


def _cut(features: Any, matrix: Any) -> Any:
    """Features (1, 16, 16, C) of a region out of those of the crop (1, 48, 48, C), between its cells by their
    distance; nothing beyond the edge.
    """
    op = _operations()
    y, x = np.mgrid[:_REGION, :_REGION] + 0.5
    cells = _numbers(np.stack([x, y, np.zeros_like(x), np.ones_like(x)], -1).reshape(-1, 4))
    places = op.matmul(cells, _rows(matrix), False, True)
    grid = op.subtract(op.multiply(places, _numbers(2 / _FEATURES)), _numbers(1))
    grid = op.reshape(grid, _whole([1, _REGION, _REGION, 2]), False)
    how = {"align_corners": False, "mode": "bilinear", "padding_mode": "zeros"}
    found = op.grid_sample(op.transpose(features, _whole([0, 3, 1, 2])), grid, how)
    return op.transpose(found, _whole([0, 2, 3, 1]))


def _moved(points: Any, matrix: Any) -> Any:
    """Points (1, N, 2) of a region where they are in the crop."""
    op = _operations()
    turn = op.gather(_rows(matrix), _whole([0, 1]), _whole(1))
    corner = op.reshape(op.gather(_rows(matrix), _whole([3]), _whole(1)), _whole([1, 1, 2]), False)
    return op.add(op.matmul(points, turn, False, True), corner)


def _rows(matrix: Any) -> Any:
    """The first two rows (2, 4) of a matrix (1, 4, 4)."""
    op = _operations()
    return op.gather(op.squeeze(matrix, _whole(0)), _whole([0, 1]), _whole(0))


def _with_pictures_and_points(model: Any) -> Any:
    """The network with a picture for an input, and all points in the mesh's order and a score for outputs."""
    op = _operations()
    outputs = {name: each.node.input(0).get_source_output() for each in model.outputs for name in each.names}
    rows = np.zeros(topology.POINTS, np.int64)
    parts, start = [], 0
    for name, places in _PARTS:  # later ones are nearer looks
        size = 3 if name == _PARTS[0][0] else 2
        part = op.reshape(outputs[name], _whole([-1, size]), False)
        parts.append(op.gather(part, _whole([0, 1]), _whole(1)))
        rows[list(places)] = start + np.arange(len(places))
        start += len(places)
    points = op.gather(op.concat(parts, 0), _whole(rows), _whole(0))
    score = op.sigmoid(op.reshape(outputs[_SCORE], _whole([1]), False))
    ov = openvino()
    from openvino.preprocess import ColorFormat, PrePostProcessor

    whole = ov.Model([op.result(points), op.result(score)], model.get_parameters(), "face_mesh")
    steps = PrePostProcessor(whole)
    picture = steps.input()
    picture.tensor().set_element_type(ov.Type.u8).set_color_format(ColorFormat.BGR).set_layout(ov.Layout("NHWC"))
    picture.model().set_layout(ov.Layout("NHWC"))
    picture.preprocess().convert_element_type(ov.Type.f32).convert_color(ColorFormat.RGB).scale(255.0)
    return steps.build()


def _operations() -> Any:
    openvino()
    from openvino import opset13

    return opset13


def _numbers(values: Any) -> Any:
    return _operations().constant(np.asarray(values, np.float32))


def _whole(values: Any) -> Any:
    return _operations().constant(np.asarray(values, np.int64))
