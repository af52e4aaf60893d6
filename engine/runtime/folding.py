"""Networks that fold squares of pixels into channels, answering pictures without what folding costs in OpenVINO.

A folding network (pixel unshuffle, Shi et al. 2016, "Real-time single image super-resolution") first makes channels of
each square of F x F pixels, and pixels of channels at the end. That moves bytes and computes nothing, yet it takes an
eighth of the ager's time. Here the picture comes and goes folded in the order in which its bytes lie, which copying
does on the way, and the weights of the first and the last convolution are put in that order, once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.types import FloatArray, Image

_FOLDS = [0, 1, 3, 5, 2, 4]  # (N, C, h, F, w, F) -> (N, C, F, F, h, w)
_UNFOLDS = [0, 1, 4, 2, 5, 3]  # and back


def folded(model: Any, ov: Any) -> Any | None:
    """The model for one picture of fixed size, folded: (1, H / F, W / F, 3 F F) uint8 for its first input and float32
    in 8-bit units for its output, both with a square's bytes as they lie: rows, columns, BGR. Other inputs stay.

    None where the model is not of that kind; it must not be used afterwards.
    """
    from openvino import opset13 as op

    try:
        head, tail = _Head(model), _Tail(model)
        if head.fold != tail.fold:
            return None
        inner = _inner(head.fold)
        picture = op.parameter([1, head.rows, head.columns, len(inner)], ov.Type.u8, "picture")
        planes = op.transpose(op.convert(picture, "f32"), op.constant(np.array([0, 3, 1, 2])))
        head.replace(op, op.multiply(planes, op.constant(np.float32(1 / 255))), inner)
        pixels = op.multiply(tail.replaced(op, inner), op.constant(np.float32(255)))
        answer = op.result(op.transpose(pixels, op.constant(np.array([0, 2, 3, 1]))))
        others = [port.get_node() for port in model.inputs[1:]]
        return ov.Model([answer], [picture, *others], model.get_friendly_name())
    except (_OtherKindError, RuntimeError):  # the latter: something else still reads the picture as it was
        return None


def fold(image: Image, into: NDArray[np.uint8]) -> None:
    """Copies a picture (H, W, 3) into one that is folded (1, H / F, W / F, 3 F F)."""
    rows, columns, bytes_ = into.shape[1:]
    side = image.shape[0] // rows
    squares = into.reshape(rows, columns, side, bytes_ // side)
    squares[...] = image.reshape(rows, side, columns, -1).transpose(0, 2, 1, 3)


def unfolded(answer: FloatArray) -> FloatArray:
    """A new (H, W, 3) from one that is folded (1, H / F, W / F, 3 F F)."""
    rows, columns, values = answer.shape[1:]
    side = round((values / 3) ** 0.5)
    pixels = np.empty((rows * side, columns * side, 3), np.float32)
    squares = answer.reshape(rows, columns, side, values // side).transpose(0, 2, 1, 3)
    pixels.reshape(rows, side, columns, values // side)[...] = squares
    return pixels


class _OtherKindError(Exception):
    """The model does not fold, or does more at its ends than fold."""


def _inner(fold: int) -> list[int]:
    """For each byte of a square (row, column, BGR) the channel of the network that it is (RGB, row, column)."""
    return [(2 - colour) * fold * fold + place for place in range(fold * fold) for colour in range(3)]


class _Head:
    """The first steps of a model: the picture, perhaps a number added, folding, further maps, a convolution."""

    def __init__(self, model: Any) -> None:
        node = _reader(model.inputs[0].get_node())
        self._added = None
        if node.get_type_name() == "Add":
            self._added = node.input_value(1)
            if list(self._added.get_shape()) not in ([], [1], [1, 1, 1, 1]):
                raise _OtherKindError
            node = _reader(node)
        squares = _expected(node, "Reshape")
        _, colours, self.rows, self.fold, self.columns, across = _shape(squares, 6)
        turned = _expected(_reader(squares), "Transpose")
        if colours != 3 or self.fold != across or _order(turned) != _FOLDS:
            raise _OtherKindError
        self._channels = _expected(_reader(turned), "Reshape")
        joined = _expected(_reader(self._channels), "Concat")
        if joined.input_value(0).get_node().get_friendly_name() != self._channels.get_friendly_name():
            raise _OtherKindError
        self._convolution = _expected(_reader(joined), "Convolution")

    def replace(self, op: Any, planes: Any, inner: list[int]) -> None:
        """Lets these planes (1, 3 F F, h, w) in 0..1 stand for the folded picture, in this order of channels."""
        if self._added is not None:
            planes = op.add(planes, self._added)
        for port in self._channels.output(0).get_target_inputs():
            port.replace_source_output(planes.output(0))
        weights = self._convolution.input_value(1)
        order = np.array([*inner, *range(len(inner), weights.get_shape()[1])])
        sorted_ = op.gather(weights, op.constant(order), op.constant(1))
        self._convolution.input(1).replace_source_output(sorted_.output(0))


class _Tail:
    """The last steps of a model: a convolution, unfolding, perhaps a dead zone about zero."""

    def __init__(self, model: Any) -> None:
        node = model.get_results()[0].input_value(0).get_node()
        self._zone: dict[str, float] | None = None
        if node.get_type_name() == "Subtract":
            clamp = _expected(node.input_value(1).get_node(), "Clamp")
            self._zone = clamp.get_attributes()
            node = node.input_value(0).get_node()
            if clamp.input_value(0).get_node().get_friendly_name() != node.get_friendly_name():
                raise _OtherKindError
        turned = _expected(_expected(node, "Reshape").input_value(0).get_node(), "Transpose")
        squares = _expected(turned.input_value(0).get_node(), "Reshape")
        _, colours, self.fold, across, _, _ = _shape(squares, 6)
        if colours != 3 or self.fold != across or _order(turned) != _UNFOLDS:
            raise _OtherKindError
        self._convolution = _expected(squares.input_value(0).get_node(), "Convolution")

    def replaced(self, op: Any, inner: list[int]) -> Any:
        """The same but folded (1, 3 F F, h, w), its channels in this order."""
        weights = op.gather(self._convolution.input_value(1), op.constant(np.array(inner)), op.constant(0))
        self._convolution.input(1).replace_source_output(weights.output(0))
        if self._zone is None:
            return self._convolution
        return op.subtract(self._convolution, op.clamp(self._convolution, self._zone["min"], self._zone["max"]))


def _reader(node: Any) -> Any:
    """The one node that reads this one's output, other than for its shape."""
    readers = {port.get_node().get_friendly_name(): port.get_node() for port in node.output(0).get_target_inputs()}
    found = [reader for reader in readers.values() if reader.get_type_name() != "ShapeOf"]
    if len(found) != 1:
        raise _OtherKindError
    return found[0]


def _expected(node: Any, kind: str) -> Any:
    if node.get_type_name() != kind:
        raise _OtherKindError
    return node


def _shape(node: Any, length: int) -> list[int]:
    """The fixed shape of a node's output."""
    partial = node.get_output_partial_shape(0)
    if partial.is_dynamic or len(partial) != length:
        raise _OtherKindError
    return [int(each) for each in node.get_output_shape(0)]


def _order(transpose: Any) -> list[int]:
    order = _expected(transpose.input_value(1).get_node(), "Constant")
    return [int(each) for each in order.data]
