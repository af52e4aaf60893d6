"""The ager prepares inputs, reads answers, and leaves alone what needs no change."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from engine.aging.ager import Ager, change_gain
from engine.runtime.torch_backend import load_torch
from engine.types import AlignedFace, FloatArray
from engine.weights.loading import load_module
from engine.weights.store import find
from tests.fakes.network import FakeNetwork
from tests.fakes.weights import make_finer_weights

SIZE = 32


def face(colour: tuple[int, int, int] = (10, 20, 30), size: int = SIZE) -> AlignedFace:
    crop = np.empty((size, size, 3), np.uint8)
    crop[:] = colour
    return AlignedFace(crop, np.eye(2, 3), 0, 0)


def echo(image: FloatArray, source: FloatArray, target: FloatArray) -> FloatArray:
    """The picture itself, times target less source."""
    return image * (target - source)


@pytest.mark.parametrize("batches", [False, True])
def test_colours_ages_and_units_arrive_and_return_in_order(batches: bool) -> None:
    network = FakeNetwork(echo, size=SIZE, batches=batches)
    found = Ager(network).residuals([face((10, 20, 30)), face((40, 50, 60))], [20.0, 80.0], [70.0, 30.0])
    assert found.shape == (2, SIZE, SIZE, 3)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[0, 5, 5], [5, 10, 15], rtol=1e-5)
    np.testing.assert_allclose(found[1, 5, 5], [-20, -25, -30], rtol=1e-5)
    image, source, target = network.asked[0]
    np.testing.assert_allclose(image[0, :, 0, 0], np.array([30, 20, 10]) / 255, rtol=1e-5)
    assert source[0, 0, 3, 3] == pytest.approx(0.2)
    assert target[0, 0, 3, 3] == pytest.approx(0.7)
    assert source.shape == target.shape == (2 if batches else 1, 1, SIZE, SIZE)


@pytest.mark.parametrize("target", [30.0, 29.5, 30.5])
def test_target_equal_to_source_is_exactly_nothing_and_the_network_is_not_asked(target: float) -> None:
    network = FakeNetwork(echo, size=SIZE)
    found = Ager(network).residuals([face()], [30.0], [target])
    assert not found.any()
    assert network.asked == []


def test_only_faces_that_change_are_asked_for() -> None:
    network = FakeNetwork(echo, size=SIZE, batches=True)
    found = Ager(network).residuals([face(), face(), face()], [30.0, 30.0, 30.0], [70.0, 30.0, 70.0])
    assert len(network.asked[0][0]) == 2
    assert found[0].any()
    assert not found[1].any()
    np.testing.assert_array_equal(found[0], found[2])


def test_no_faces_no_residuals() -> None:
    assert Ager(FakeNetwork(echo, size=SIZE)).residuals([], [], []).shape == (0, SIZE, SIZE, 3)


def test_crops_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"one size, got \[32, 64\]"):
        Ager(FakeNetwork(echo)).residuals([face(), face(size=64)], [30.0, 30.0], [70.0, 70.0])


def test_a_missing_age_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 2 of each, got 1 and 2"):
        Ager(FakeNetwork(echo)).residuals([face(), face()], [30.0], [70.0, 70.0])


def test_the_change_fades_in_without_a_step_and_alike_in_both_directions() -> None:
    targets = np.linspace(25, 35, 401)
    gains = np.array([change_gain(30.0, t) for t in targets])
    assert np.abs(np.diff(gains)).max() < 0.02
    np.testing.assert_allclose(gains, gains[::-1], atol=1e-9)
    assert gains[0] == gains[-1] == 1.0
    assert gains[200] == 0.0


def coarse_and_fine(batches: bool) -> tuple[Ager, FakeNetwork, FakeNetwork, list[int]]:
    """An ager of two networks, of which the second adds a tenth of the picture, and the sides that was loaded for."""
    loaded: list[int] = []
    network = FakeNetwork(echo, size=SIZE, batches=batches)
    fine = FakeNetwork(lambda image, coarse: coarse.repeat(2, 2).repeat(2, 3) + image / 10, size=2 * SIZE)

    def load(side: int) -> FakeNetwork:
        loaded.append(side)
        return fine

    return Ager(network, 2 * SIZE, load), network, fine, loaded


@pytest.mark.parametrize("batches", [False, True])
@pytest.mark.parametrize("side", [2 * SIZE, 3 * SIZE])
def test_large_faces_are_asked_about_small_and_drawn_large(batches: bool, side: int) -> None:
    ager, network, fine, loaded = coarse_and_fine(batches)
    faces = [face((10, 20, 30), side), face((40, 50, 60), side)]
    found = ager.residuals(faces, [20.0, 80.0], [70.0, 30.0])
    assert {asked[0].shape[2:] for asked in network.asked} == {(SIZE, SIZE)}
    assert {asked[1].shape for asked in fine.asked} == {(1, 3, side // 2, side // 2)}
    assert found.shape == (2, side, side, 3)
    np.testing.assert_allclose(found[0, 5, 5], [6, 12, 18], rtol=1e-5)
    np.testing.assert_allclose(found[1, side - 5, 5], [-16, -20, -24], rtol=1e-5)
    assert loaded == [side]
    ager.residuals(faces, [20.0, 80.0], [70.0, 30.0])
    assert loaded == [side], "once is enough"
    ager.close()
    assert (network.closed, fine.closed) == (1, 1)


def test_small_faces_need_no_second_network() -> None:
    ager, network, fine, loaded = coarse_and_fine(False)
    found = ager.residuals([face()], [20.0], [70.0])
    np.testing.assert_allclose(found[0, 5, 5], [5, 10, 15], rtol=1e-5)
    assert (loaded, fine.asked) == ([], [])
    ager.close()
    assert network.closed == 1
    assert ager.size == 2 * SIZE


@pytest.mark.parametrize("device", ["openvino", "torch"])
def test_both_networks_answer_as_one_after_the_other(made_weights: Path, tmp_path: Path, device: str) -> None:
    folder = make_finer_weights(Path(shutil.copytree(made_weights, tmp_path / "weights")))
    picture = cv2.resize(np.random.default_rng(0).integers(0, 256, (9, 9, 3)).astype(np.uint8), (128, 128))
    large = AlignedFace(np.asarray(picture, np.uint8), np.eye(2, 3), 0, 0)
    if device == "openvino":
        ager = Ager.load("cpu", folder=folder, precision="f32", size=128)
    else:
        own, finer = (load_torch(find(name, folder), device="cpu", size=64) for name in ("ager", "finer"))
        ager = Ager(own, 128, lambda _: finer)
    with torch.inference_mode():
        small = torch.nn.functional.avg_pool2d(_tensor(picture), 2).mul(255).round() / 255
        maps = [torch.full((1, 1, 64, 64), years / 100) for years in (30.0, 70.0)]
        coarse = load_module(find("ager", folder))(small, *maps)
        wanted = load_module(find("finer", folder))(_tensor(picture), coarse)
    expected = 255 * wanted[0].permute(1, 2, 0).numpy()[..., ::-1]
    assert np.abs(expected).max() > 1, "an answer of zeros would prove nothing"
    np.testing.assert_allclose(ager.residuals([large], [30.0], [70.0])[0], expected, atol=0.05)
    ager.close()


def _tensor(picture: np.ndarray[Any, Any]) -> torch.Tensor:
    return torch.from_numpy(picture[..., ::-1].copy()).permute(2, 0, 1)[None].float() / 255


def test_a_real_network_runs_at_every_size(made_weights: Path) -> None:
    ager = Ager.load("cpu", folder=made_weights, precision="f32")
    assert ager.device == "cpu/openvino/f32"
    for size in (64, 96, 128):
        ager.warm_up(size)
        found = ager.residuals([face(size=size)], [30.0], [70.0])
        assert found.shape == (1, size, size, 3)
        assert np.isfinite(found).all()
        assert found.any()
    ager.close()
    ager.close()
