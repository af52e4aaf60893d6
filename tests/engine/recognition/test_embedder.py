"""Crops become directions: the right colours, unit length, and the name of the very weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import WeightsError
from engine.recognition.embedder import Embedder, card_thresholds, model_name
from engine.recognition.identify import Thresholds
from engine.types import FloatArray, Image
from engine.weights.card import write_card
from engine.weights.store import find
from tests.fakes.network import FakeNetwork

SIZE = 8


def corner(x: FloatArray) -> FloatArray:
    """Red and green of the top left pixel, times 255: a vector of any length."""
    return x[:, :2, 0, 0] * 255


def crop(red: int, green: int, size: int = SIZE) -> Image:
    image = np.zeros((size, size, 3), np.uint8)
    image[:, : size // 2] = (0, green, red)
    image[:, size // 2 :] = (0, red, green)
    return image


@pytest.mark.parametrize("batches", [False, True])
def test_rows_are_unit_vectors_of_rgb(batches: bool) -> None:
    network = FakeNetwork(corner, size=SIZE, batches=batches)
    rows = Embedder(network, "m").embed([crop(30, 40), crop(0, 7)])
    np.testing.assert_allclose(rows, [[0.6, 0.8], [0, 1]], atol=1e-6)
    assert rows.dtype == np.float32
    assert len(network.asked) == (1 if batches else 2)


def test_a_still_is_seen_mirrored_too() -> None:
    found = Embedder(FakeNetwork(corner, size=SIZE), "m").embedding_of_still(crop(30, 40))
    np.testing.assert_allclose(found.vector, [0.5**0.5] * 2, atol=1e-6)
    assert found.model == "m"


def test_no_crops_give_no_rows_of_the_right_width() -> None:
    assert Embedder(FakeNetwork(corner, size=SIZE), "m").embed([]).shape == (0, 2)


def test_an_answer_of_zeros_is_still_a_direction() -> None:
    rows = Embedder(FakeNetwork(corner, size=SIZE), "m").embed([crop(0, 0)])
    assert np.linalg.norm(rows) == pytest.approx(1)


def test_a_crop_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected \(8, 8, 3\), got \(9, 9, 3\)"):
        Embedder(FakeNetwork(corner, size=SIZE), "m").embed([crop(1, 2, size=9)])


def test_a_real_network_gives_the_same_unit_rows_again(made_weights: Path) -> None:
    embedder = Embedder.load("cpu", folder=made_weights, precision="f32")
    crops = np.random.default_rng(0).integers(0, 256, (3, 112, 112, 3), dtype=np.uint8)
    first, again = embedder.embed(crops), embedder.embed(crops[::-1])[::-1]
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1, atol=1e-5)
    assert first.shape == (3, embedder.dimensions) == (3, 16)
    assert embedder.device == "cpu/openvino/f32"
    embedder.close()
    embedder.close()


def test_the_model_is_named_by_its_weights(weights: Path) -> None:
    card = find("embedder", weights).card
    digest = card.sha256["embedder.safetensors"]
    assert model_name(weights) == f"embedder-{digest[:8]}"
    embedder = Embedder.load("cpu", folder=weights, precision="f32")
    assert embedder.model == model_name(weights)
    assert embedder.thresholds == card_thresholds(weights) == Thresholds(0.45, 0.5, 0.001)
    embedder.close()


def test_without_weights_there_is_one_clear_line(tmp_path: Path) -> None:
    for ask in (model_name, card_thresholds, lambda folder: Embedder.load("cpu", folder=folder)):
        with pytest.raises(WeightsError, match="faces cannot be recognised: no weights are called 'embedder'"):
            ask(tmp_path)


def test_a_card_with_thresholds_that_make_no_sense_is_refused(weights: Path) -> None:
    from dataclasses import replace

    card = find("embedder", weights).card
    write_card(weights / "embedder.toml", replace(card, figures={"verify_threshold": 3.0}))
    with pytest.raises(WeightsError, match="make no sense"):
        Embedder.load("cpu", folder=weights)
