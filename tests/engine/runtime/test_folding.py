"""Folding beside the network: the same answers, and no other network is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engine.runtime.folding import fold, folded, unfolded
from engine.runtime.openvino_backend import Shapes, _on_pictures, _read, core, openvino
from engine.types import FloatArray

WEIGHTS = Path(__file__).resolve().parents[3] / "weights"


def shapes(size: int) -> Shapes:
    return (1, 3, size, size), (1, 1, size, size), (1, 1, size, size)


def request(model: Any) -> Any:
    config = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    return core().compile_model(model, "CPU", config).create_infer_request()


def answer(asked: Any, own: float, wanted: float) -> FloatArray:
    for place, years in ((1, own), (2, wanted)):
        asked.get_input_tensor(place).data[:] = years / 100
    asked.infer()
    return np.array(asked.get_output_tensor(0).data, np.float32)


@pytest.mark.parametrize("size", [64, 96])
@pytest.mark.parametrize("form, off", [("ager", 0.02), ("ager-int8", 0.2)])  # a number between two steps of 8 bits
def test_the_shipped_ager_answers_the_same_either_way(form: str, off: float, size: int) -> None:
    path = WEIGHTS / f"{form}.xml"
    quick = folded(_read(path, shapes(size)), openvino())
    assert quick is not None
    one, other = request(quick), request(_on_pictures(_read(path, shapes(size))))
    picture = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (size, size, 3)).astype(np.uint8), (0, 0), 2)
    fold(picture, one.get_input_tensor(0).data)
    other.get_input_tensor(0).data[0] = picture
    for own, wanted in ((30, 70), (60, 20)):
        expected = answer(other, own, wanted)[0, ..., ::-1]
        assert np.abs(expected).max() > 1, "an answer of zeros would prove nothing"
        np.testing.assert_allclose(unfolded(answer(one, own, wanted)), expected, atol=off)


def test_a_network_that_does_not_fold_is_none_of_its_business() -> None:
    assert folded(_read(WEIGHTS / "age.xml", ((1, 3, 112, 112),)), openvino()) is None
    assert folded(_read(WEIGHTS / "style.xml", None), openvino()) is None


def test_a_size_that_is_open_cannot_be_folded() -> None:
    assert folded(_read(WEIGHTS / "ager.xml", None), openvino()) is None


def test_folding_keeps_each_square_together_and_unfolding_undoes_it() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (8, 24, 3)).astype(np.uint8)[:, ::2]  # strided
    blocks = np.zeros((1, 2, 3, 48), np.uint8)
    fold(picture, blocks)
    np.testing.assert_array_equal(blocks[0, 1, 2], picture[4:8, 8:12].ravel())
    np.testing.assert_array_equal(unfolded(blocks.astype(np.float32)), picture)
