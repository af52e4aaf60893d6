"""The ager prepares inputs, reads answers, and leaves alone what needs no change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.aging.ager import Ager, change_gain
from engine.live.hands import Hands
from engine.types import AlignedFace, FloatArray
from tests.fakes.network import FakeNetwork

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


@pytest.mark.parametrize("batches", [False, True])
@pytest.mark.parametrize("side", [2 * SIZE, 3 * SIZE])
def test_large_faces_are_asked_about_small_and_drawn_large(batches: bool, side: int) -> None:
    network = FakeNetwork(echo, size=SIZE, batches=batches)
    ager = Ager(network, 2 * SIZE)
    found = ager.residuals([face((10, 20, 30), side), face((40, 50, 60), side)], [20.0, 80.0], [70.0, 30.0])
    assert {asked[0].shape[2:] for asked in network.asked} == {(SIZE, SIZE)}
    assert found.shape == (2, side, side, 3)
    np.testing.assert_allclose(found[0, 5, 5], [5, 10, 15], rtol=1e-5)
    np.testing.assert_allclose(found[1, side - 5, 5], [-20, -25, -30], rtol=1e-5)
    assert ager.size == 2 * SIZE


def test_several_large_faces_may_be_drawn_side_by_side() -> None:
    faces = [face((10 * n, 20, 30), 2 * SIZE) for n in range(4)]
    hands = Hands(3)
    apart = Ager(FakeNetwork(echo, size=SIZE)).residuals(faces, [20.0] * 4, [70.0] * 4, each=hands)
    hands.close()
    np.testing.assert_array_equal(apart, Ager(FakeNetwork(echo, size=SIZE)).residuals(faces, [20.0] * 4, [70.0] * 4))


def test_the_finest_strands_of_a_large_face_follow_what_the_network_adds() -> None:
    network = FakeNetwork(lambda image, *_: np.full_like(image, 0.2), size=SIZE)
    crop = np.full((2 * SIZE, 2 * SIZE, 3), 40, np.uint8)
    crop[:, ::2] = 80
    found = Ager(network).residuals([AlignedFace(crop, np.eye(2, 3), 0, 0)], [20.0], [70.0])[0]
    assert found[20:40, 20:40].mean() == pytest.approx(51, abs=0.5)
    assert (found[:, ::2] - found[:, 1::2])[20:40, 20:40].mean() > 15


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
