"""Frozen, black and impossible pictures are told apart from healthy ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.capture.watchdog import Fault, Limits, Watchdog, as_image, equal, is_black
from tests.fakes.camera import picture

SIZE = (64, 48)
LIMITS = Limits(frozen_s=1.0, black_s=2.0)
STEP_NS = 100_000_000


def faults(watchdog: Watchdog, images: list[Any], start: int = 0) -> list[Fault | None]:
    return [watchdog.look(image, (start + i) * STEP_NS) for i, image in enumerate(images)]


def test_changing_pictures_are_healthy() -> None:
    watchdog = Watchdog(LIMITS)
    assert set(faults(watchdog, [picture(SIZE, seed) for seed in range(50)])) == {None}
    assert watchdog.healthy


def test_frozen_from_the_limit_on_and_not_before() -> None:
    watchdog = Watchdog(LIMITS)
    seen = faults(watchdog, [picture(SIZE, 1)] * 14)
    # The second picture is the first that repeats: a second later, the limit is reached.
    assert seen == [None] * 11 + [Fault.FROZEN] * 3
    assert not watchdog.healthy
    assert watchdog.look(picture(SIZE, 2), 20 * STEP_NS) is None
    assert watchdog.healthy


def test_one_changed_bit_is_life() -> None:
    watchdog = Watchdog(LIMITS)
    still = picture(SIZE, 1)
    images = []
    for i in range(30):
        image = still.copy()
        image[3, 5, 1] ^= i % 2  # not on the grid that is compared first
        images.append(image)
    assert set(faults(watchdog, images)) == {None}


def test_still_pictures_can_be_allowed() -> None:
    watchdog = Watchdog(LIMITS, still_is_fine=True)
    assert set(faults(watchdog, [picture(SIZE, 1)] * 30)) == {None}


def test_black_with_and_without_noise_is_black_and_not_frozen() -> None:
    for images in ([picture(SIZE, seed, black=True) for seed in range(30)], [np.zeros((48, 64, 3), np.uint8)] * 30):
        watchdog = Watchdog(LIMITS)
        seen = faults(watchdog, images)
        assert seen[:20] == [None] * 20 and set(seen[20:]) == {Fault.BLACK}
        assert watchdog.black


def test_light_ends_the_dark() -> None:
    watchdog = Watchdog(LIMITS)
    faults(watchdog, [picture(SIZE, seed, black=True) for seed in range(30)])
    assert watchdog.look(picture(SIZE, 99), 31 * STEP_NS) is None
    assert not watchdog.black
    assert set(faults(watchdog, [picture(SIZE, seed, black=True) for seed in range(19)], start=32)) == {None}


def test_a_dim_room_is_not_black() -> None:
    dim = np.zeros((480, 640, 3), np.uint8)
    dim[200:260, 300:380] = 40  # a face in the light of a screen
    assert not is_black(dim)
    assert is_black(np.full((480, 640, 3), 10, np.uint8))


def test_equal_compares_every_bit_and_the_shape() -> None:
    one = picture(SIZE, 1)
    other = one.copy()
    assert equal(one, other)
    other[47, 63, 2] += 1
    assert not equal(one, other)
    assert not equal(one, one[:40])


@pytest.mark.parametrize(
    "garbage",
    [
        None,
        "text",
        7,
        np.zeros(0, np.uint8),
        np.zeros((0, 0, 3), np.uint8),
        np.zeros((1, 640), np.uint8),
        np.zeros((48, 64, 3), np.float32),
        np.zeros((48, 64, 2), np.uint8),
        np.zeros((48, 64, 5), np.uint8),
        np.zeros((1, 48, 64, 3), np.uint8),
    ],
    ids=lambda value: f"{getattr(value, 'shape', value)}",
)
def test_what_is_no_picture(garbage: object) -> None:
    assert as_image(garbage) is None


@pytest.mark.parametrize("shape", [(48, 64), (48, 64, 1), (48, 64, 4), (48, 64, 3)])
def test_what_can_be_made_a_picture(shape: tuple[int, ...]) -> None:
    image = as_image(np.full(shape, 90, np.uint8))
    assert image is not None
    assert image.shape == (48, 64, 3) and image.dtype == np.uint8 and image.flags.c_contiguous
    assert (image == 90).all()
