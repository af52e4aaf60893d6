"""Crops become years: the right size, colour order, both mirror images, batched or not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.age.estimator import LOOKS, AgeEstimator, read_distribution
from engine.geometry.align import WIDE
from engine.types import FloatArray, Image
from tests.fakes.network import FakeNetwork

SIZE = 8


def peaks(x: FloatArray) -> FloatArray:
    """The "age" is the red value (0..100) of the top left pixel."""
    years = np.rint(x[:, 0, 0, 0] * 255).astype(int)
    return np.eye(101, dtype=np.float32)[years]


def crop(left: int, right: int, size: int = SIZE) -> Image:
    image = np.zeros((size, size, 3), np.uint8)
    image[:, : size // 2, 2], image[:, size // 2 :, 2] = left, right
    return image


@pytest.mark.parametrize("batches", [False, True])
def test_each_crop_and_its_mirror_image_are_averaged(batches: bool) -> None:
    network = FakeNetwork(peaks, size=SIZE, batches=batches)
    found = AgeEstimator(network).estimate([crop(20, 40), crop(70, 70)])
    assert [(e.years, e.spread_years) for e in found] == [(30.0, 10.0), (70.0, 0.0)]
    assert found[0].model == "fake"
    assert len(network.asked) == (1 if batches else 4)


def test_an_array_of_crops_is_as_good_as_a_list() -> None:
    estimator = AgeEstimator(FakeNetwork(peaks, size=SIZE))
    both = [crop(20, 40), crop(70, 70)]
    assert estimator.estimate(np.stack(both)) == estimator.estimate(both)


def test_no_crops_no_ages_and_the_network_is_not_asked() -> None:
    network = FakeNetwork(peaks, size=SIZE)
    assert AgeEstimator(network).estimate([]) == ()
    assert network.asked == []


def test_a_crop_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected \(8, 8, 3\), got \(9, 9, 3\)"):
        AgeEstimator(FakeNetwork(peaks, size=SIZE)).estimate([crop(1, 2), crop(1, 2, size=9)])


def test_several_crops_of_one_face_make_one_age() -> None:
    crops = [crop(20, 20), crop(40, 40), crop(7, 7), crop(9, 9)]
    found = AgeEstimator(FakeNetwork(peaks, size=SIZE)).estimate(crops, each=2)
    assert [(e.years, e.spread_years) for e in found] == [(30.0, 10.0), (8.0, 1.0)]


def test_a_face_of_a_still_picture_is_looked_at_from_several_distances() -> None:
    """A white square around the face fills more of the crop the nearer one looks."""
    image = np.zeros((100, 100, 3), np.uint8)
    image[30:70, 30:70] = 255
    network = FakeNetwork(lambda x: np.eye(101, dtype=np.float32)[np.zeros(len(x), int)], size=SIZE, batches=True)
    points = (WIDE * 40 + 30).astype(np.float32)
    found = AgeEstimator(network).estimate_still(image, [points, points])
    assert [e.years for e in found] == [0.0, 0.0]
    ((asked,),) = network.asked
    assert len(asked) == 2 * 2 * len(LOOKS), "two faces, each mirrored too"
    shown = [float(each.mean()) for each in asked[: len(LOOKS)]]
    assert shown[LOOKS.index(0.88)] < shown[LOOKS.index(1.0)] <= shown[LOOKS.index(1.12)]


def test_close_reaches_the_network() -> None:
    network = FakeNetwork(peaks, size=SIZE)
    AgeEstimator(network).close()
    assert network.closed == 1


@pytest.mark.parametrize(
    ("weights", "years", "spread"),
    [
        ([1, 0, 0], 0, 0),
        ([0, 0, 1], 2, 0),
        ([1, 0, 1], 1, 1),
        ([0.2, 0.2, 0.2], 1, (2 / 3) ** 0.5),
        ([0, 0, 0], 1, (2 / 3) ** 0.5),
        ([0.6, 0, 0.4], 1 / 3, (0.6 * 0.64 + 0.4 * 1.44) ** 0.5),
        ([0.1, 0.6, 0.3], 1 - 0.5 + 0.4 / 0.6, (0.1 * 1.44 + 0.6 * 0.04 + 0.3 * 0.64) ** 0.5),
    ],
    ids=["first", "last", "two ends", "flat, not normalised", "nothing", "a far minority", "between"],
)
def test_read_distribution(weights: list[float], years: float, spread: float) -> None:
    mean, deviation = read_distribution(np.array([weights], np.float32))
    assert float(mean[0]) == pytest.approx(years, abs=1e-6)
    assert float(deviation[0]) == pytest.approx(spread, abs=1e-6)


def test_the_card_may_correct_the_spread() -> None:
    found = AgeEstimator(FakeNetwork(peaks, size=SIZE), spread_scale=0.5).estimate([crop(20, 40)])
    assert (found[0].years, found[0].spread_years) == (30.0, 5.0)


def test_a_real_network_gives_years_in_range_and_the_same_ones_again(made_weights: Path) -> None:
    estimator = AgeEstimator.load("cpu", folder=made_weights, precision="f32")
    crops = [np.random.default_rng(i).integers(0, 256, (112, 112, 3), dtype=np.uint8) for i in range(2)]
    first, again = estimator.estimate(crops), estimator.estimate(crops[::-1])[::-1]
    assert first == again
    assert all(0 < e.years < 100 and 0 < e.spread_years < 50 for e in first)
    assert estimator.device == "cpu/openvino/f32"
    assert estimator.size == 112
