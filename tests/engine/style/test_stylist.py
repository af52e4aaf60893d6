"""Painting whole pictures: any size in, the same size out, and smaller where the computer is slow."""

from __future__ import annotations

import time

import numpy as np
import pytest

from engine.style.stylist import AREAS_PX, BUDGET_MS, MULTIPLE, Stylist, painted_size
from engine.types import FloatArray


class FakeNetwork:
    """Gives back the picture, or its negative where the second style is chosen."""

    name, device, size, batches = "style", "fake", 384, False
    timings_ms: dict[str, float] = {}  # noqa: RUF012 - as the protocol wants it

    def __init__(self, sleep_s: float = 0.0) -> None:
        self.shapes: list[tuple[int, ...]] = []
        self.closed = 0
        self.sleep_s = sleep_s

    def __call__(self, *inputs: FloatArray) -> FloatArray:
        if self.sleep_s:  # even a sleep of nothing gives the processor away
            time.sleep(self.sleep_s)
        image, style = inputs
        self.shapes.append(image.shape)
        assert style.shape == (1, 2, 1, 1)
        assert style.sum() == 1
        return 1 - image if style[0, 1] else image.copy()

    def close(self) -> None:
        self.closed += 1


def stylist(network: FakeNetwork | None = None) -> Stylist:
    return Stylist(network or FakeNetwork(), ("same", "negative"))


@pytest.mark.parametrize(("height", "width"), [(720, 1280), (480, 640), (101, 67), (8, 8), (1080, 1920), (2000, 300)])
def test_any_picture_keeps_its_size(height: int, width: int) -> None:
    network = FakeNetwork()
    image = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    painted = stylist(network).paint(image, "same")
    assert painted.shape == image.shape
    assert painted.dtype == np.uint8
    (_, _, rows, columns) = network.shapes[0]
    assert rows % MULTIPLE == columns % MULTIPLE == 0
    assert (rows - 32) * (columns - 32) <= AREAS_PX[0] * 1.1
    assert rows <= 768
    assert columns <= 1280


def test_colours_come_back_as_they_went_in() -> None:
    image = np.empty((64, 64, 3), np.uint8)
    image[:] = (10, 120, 230)
    np.testing.assert_allclose(stylist().paint(image, "same"), image, atol=1)
    np.testing.assert_allclose(stylist().paint(image, "negative"), 255 - image, atol=1)


def test_detail_that_the_small_painting_lacks_comes_back_in_part() -> None:
    image = np.full((720, 1280, 3), 128, np.uint8)
    image[:, ::2] = 148  # stripes finer than the painting
    painted = stylist().paint(image, "same").astype(int)
    contrast = float(np.abs(np.diff(painted[300:400, 400:800, 0], axis=1)).mean())
    assert 3 < contrast < 15


def test_a_style_it_has_not_learned_is_named() -> None:
    with pytest.raises(ValueError, match="'cubism': the network has learned same, negative"):
        stylist().paint(np.zeros((64, 64, 3), np.uint8), "cubism")


def test_a_slow_computer_paints_smaller_and_a_quick_one_does_not() -> None:
    image = np.zeros((360, 640, 3), np.uint8)
    slow, quick = stylist(FakeNetwork(1.3 * BUDGET_MS / 1000)), stylist()
    for _ in range(20):
        slow.paint(image, "same")
        quick.paint(image, "same")
    assert slow.area_px == AREAS_PX[1]
    assert quick.area_px == AREAS_PX[0]


@pytest.mark.parametrize(
    ("size", "painted"),
    [((224, 400), (224, 400)), ((1440, 2560), (224, 400)), ((4000, 100), (736, 16)), ((5, 5), (8, 8))],
)
def test_painted_size(size: tuple[int, int], painted: tuple[int, int]) -> None:
    assert painted_size(*size, AREAS_PX[0]) == painted


def test_closing_lets_go_of_the_network() -> None:
    network = FakeNetwork()
    stylist(network).close()
    assert network.closed == 1
