"""Publishing and exporting: all forms of one network agree, the same every time, and nothing bad replaces good."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest
import torch

from engine.errors import WeightsError
from engine.runtime import load_network
from engine.types import FloatArray
from engine.weights.loading import load_module
from engine.weights.store import INT8_FILES, IR_FILES, SAFETENSORS, find
from tests.fakes.weights import AGER, make_weights
from training import export as exporting
from training.export import export
from training.quantise import _fold_pools, ager_inputs, demo_crops


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def samples() -> list[list[FloatArray]]:
    return ager_inputs(demo_crops(AGER.size))


def test_all_forms_are_written_and_signed(made: Path) -> None:
    ager, age = find("ager", made), find("age", made)
    for ending in (SAFETENSORS, *IR_FILES, *INT8_FILES):
        ager.verify(ending)
        age.verify(ending)
    assert not [path for path in made.iterdir() if path.name.startswith(".") or path.suffix == ".partial"]


@pytest.mark.parametrize("precision", ["f32", "int8"])
def test_the_exported_ager_agrees_with_torch_on_faces(
    made: Path, samples: list[list[FloatArray]], precision: str
) -> None:
    module = load_module(find("ager", made))
    network = load_network("ager", "cpu", folder=made, precision=precision)
    error = size = 0.0
    for inputs in samples:
        with torch.inference_mode():
            expected = module(*map(torch.from_numpy, inputs)).numpy()
        error += float(np.abs(network(*inputs) - expected).mean())
        size += float(np.abs(expected).mean())
    network.close()
    assert size / len(samples) > 5 / 255, "an answer of zeros would prove nothing"
    assert error / size < {"f32": 0.002, "int8": 0.04}[precision]


def test_the_same_weights_give_the_same_bytes(made: Path) -> None:
    before = dict(find("ager", made).card.sha256)
    assert dict(export("ager", made).sha256) == before


def test_an_8_bit_form_that_strays_is_not_kept(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _copy(made, tmp_path)
    monkeypatch.setattr(exporting, "INT8_TOLERANCE", 0.0)
    card = export("ager", folder)
    assert sorted(card.sha256) == ["ager.bin", "ager.safetensors", "ager.xml"]
    assert not list(folder.glob("ager*int8*"))


def test_a_conversion_that_differs_replaces_nothing(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _copy(made, tmp_path)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr(exporting, "difference", lambda *a: float("nan"))
    with pytest.raises(WeightsError, match="differs from torch"):
        export("age", folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_changed_weights_are_not_exported(made: Path, tmp_path: Path) -> None:
    folder = _copy(made, tmp_path)
    data = bytearray((folder / "age.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "age.safetensors").write_bytes(data)
    with pytest.raises(WeightsError, match="not the file its card describes"):
        export("age", folder)


def test_a_mean_before_a_convolution_is_folded_into_it_without_a_trace(made: Path) -> None:
    core, path = openvino.Core(), str(find("age", made).verify(".xml"))
    folded = core.read_model(path)
    _fold_pools(openvino, folded)
    assert _kinds(core.read_model(path)).count("AvgPool") == 3
    assert "AvgPool" not in _kinds(folded)
    picture = np.random.default_rng(0).random((1, 3, 112, 112), np.float32)
    answers = [
        core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(picture)[0] for model in (path, folded)
    ]
    assert np.ptp(answers[0]) > 1e-3, "an even answer would prove nothing"
    np.testing.assert_allclose(answers[1], answers[0], atol=1e-6)


def test_what_is_rounded_throughout_passes_rounded_numbers_on(made: Path) -> None:
    model = openvino.Core().read_model(str(find("age", made).verify("-int8.xml")))
    kinds = _kinds(model)
    assert "AvgPool" not in kinds
    sums = [node for node in model.get_ordered_ops() if node.get_type_name() == "Add"]
    passing = [{port.get_node().get_type_name() for port in node.input_values()} for node in sums]
    assert sum("FakeQuantize" in each for each in passing) == 5, "the blocks that nothing is folded in"
    rounded = [node.input_value(0) for node in model.get_ordered_ops() if node.get_type_name() == "FakeQuantize"]
    assert len({(each.get_node().get_friendly_name(), each.get_index()) for each in rounded}) == len(rounded)


def _kinds(model: Any) -> list[str]:
    return [node.get_type_name() for node in model.get_ordered_ops()]


def test_calibration_covers_lights_and_ages(samples: list[list[FloatArray]]) -> None:
    means = [float(image.mean()) for image, _, _ in samples]
    assert min(means) < 0.2
    assert max(means) > 0.5
    assert {float(source[0, 0, 0, 0]) for _, source, _ in samples} >= {np.float32(0.2), np.float32(0.75)}
    assert all(image.shape == (1, 3, AGER.size, AGER.size) for image, _, _ in samples)


def _copy(source: Path, target: Path) -> Path:
    for path in source.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target
