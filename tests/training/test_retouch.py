"""What a pupil is to do better: finer lines on skin, milder frowns, grey hair with strands. Nothing else changes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from engine.landmarks import topology
from engine.types import FloatArray
from tests.training.faces import demo_mesh
from training.aging.retouch import (
    beard_mask,
    blurred,
    deepened,
    frown_mask,
    greyed_beards,
    unfrowned,
    whitened,
    with_strands,
    without_rims,
)
from training.aging.skin import light_of


def noise(count: int = 3, seed: int = 0, side: int = 64) -> torch.Tensor:
    return torch.rand(1, count, side, side, generator=torch.Generator().manual_seed(seed))


def half(side: int = 64) -> torch.Tensor:
    """1 on the left half."""
    mask = torch.zeros(1, 1, side, side)
    mask[..., : side // 2] = 1
    return mask


def test_blurring_is_opencvs() -> None:
    plane = noise(1)
    wanted = cv2.GaussianBlur(plane[0, 0].numpy(), (13, 13), 2.0, borderType=cv2.BORDER_REPLICATE)
    np.testing.assert_allclose(blurred(plane, 2.0)[0, 0].numpy(), wanted, atol=1e-5)


def test_fine_lines_are_stronger_on_skin_and_wide_changes_are_not() -> None:
    fine = 0.1 * (noise(1) - 0.5)
    change = (fine + 0.2).expand(-1, 3, -1, -1)
    made = deepened(change, half(), 2.0, 1.0)
    inside, outside = made[..., 8:24] - 0.2, made[..., 40:]
    assert float(inside.std()) > 1.7 * float((change[..., 8:24] - 0.2).std())
    assert abs(float(inside.mean() - fine[..., 8:24].mean())) < 2e-3
    assert torch.equal(outside, change[..., 40:])
    assert torch.equal(deepened(change, half(), 1.0, 1.0), change)


def test_folds_are_deeper_where_they_darken() -> None:
    spot = torch.from_numpy(cv2.GaussianBlur(np.pad(np.ones((4, 4), np.float32), 30), (0, 0), 3.0))[None, None]
    gains = []
    for sign in (-1, 1):
        change = (sign * 0.3 * spot).expand(-1, 3, -1, -1)
        made = deepened(change, torch.ones(1, 1, 64, 64), 1.0, 1.6)
        gains.append(float(made[0, 0, 32, 32] / change[0, 0, 32, 32]) - 1)
    assert 0.2 < gains[0] < 0.6
    assert gains[1] == pytest.approx(gains[0] / 3, rel=0.05)


def test_frowns_lose_what_they_darken_and_keep_what_they_lighten() -> None:
    spot = torch.from_numpy(cv2.GaussianBlur(np.pad(np.ones((4, 4), np.float32), 30), (0, 0), 2.0))[None, None]
    for sign in (-1, 1):
        change = (sign * 0.3 * spot).expand(-1, 3, -1, -1)
        made = unfrowned(change, torch.ones(1, 1, 64, 64), 0.4)
        middle = float(made[0, 0, 32, 32] / change[0, 0, 32, 32])
        assert 0.4 < middle < 0.75 if sign < 0 else middle == 1
    assert torch.equal(unfrowned(change, torch.zeros(1, 1, 64, 64), 0.4), change)


@pytest.fixture(scope="module")
def mesh() -> FloatArray:
    return demo_mesh()


def test_the_frown_is_between_the_brows(mesh: FloatArray) -> None:
    mask = frown_mask(mesh, 256)
    _, columns = np.nonzero(mask > 0.5)
    brows = mesh[[*topology.RIGHT_EYEBROW, *topology.LEFT_EYEBROW]]
    assert brows[:, 0].min() < columns.min() < columns.max() < brows[:, 0].max()
    assert abs(columns.mean() - mesh[9, 0]) < 4
    assert mask.shape == (256, 256) and 0.9 < mask.max() <= 1
    assert mask[round(mesh[1, 1]), round(mesh[1, 0])] == 0, "the nose"


def test_a_beard_is_below_the_nose_and_not_on_the_lips(mesh: FloatArray) -> None:
    mask = beard_mask(mesh, 256)

    def at(point: int) -> float:
        x, y = mesh[point]
        return float(mask[round(float(y)), round(float(x))])

    assert at(topology.CHIN) > 0.5 and at(164) > 0.5, "chin and moustache"
    assert at(13) < 0.2 and at(topology.NOSE_TIP) == 0 and at(9) == 0 and at(50) == 0, "lips, nose, forehead, cheekbone"


SIDE = 96


def bearded(beard_light: float, long: bool = False) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A square face of 0.6 with a beard in its lower half, lit from the left, its skin, and where a beard can be."""
    skin, beard = torch.zeros(1, 1, SIDE, SIDE), torch.zeros(1, 1, SIDE, SIDE)
    skin[..., 8:72, 16:80] = 1
    beard[..., 40:72, 16:80] = 1
    picture = torch.full((1, 3, SIDE, SIDE), 0.6)
    picture[..., 40 : SIDE if long else 72, 16:80] = beard_light
    return picture * torch.linspace(1.2, 0.6, SIDE), skin, beard


def greyed(beard_light: float, long: bool = False, share: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    """Picture, and what is added to it."""
    picture, skin, beard = bearded(beard_light, long)
    made = greyed_beards(torch.zeros_like(picture), picture, skin, beard, torch.full((1, 1, 1, 1), share))
    return picture, made


def test_dark_beards_turn_grey_whatever_side_the_light_comes_from() -> None:
    picture, made = greyed(0.12)
    after = picture + made
    for column in (24, 72):
        skin_light = 0.6 * float(torch.linspace(1.2, 0.6, SIDE)[column])
        assert float(after[0, 0, 56, column]) == pytest.approx(0.7 * skin_light, rel=0.15)
    assert made[..., :36, :].abs().max() < 1e-6, "the upper face"
    assert torch.allclose(greyed(0.12, share=0.5)[1], made / 2)


def test_no_beard_no_grey() -> None:
    assert greyed(0.55)[1].abs().max() < 1e-6, "shaven"
    picture, skin, beard = bearded(0.12)
    assert torch.equal(greyed_beards(0 * picture, picture, skin, 0 * beard, torch.ones(1, 1, 1, 1)), 0 * picture)


def test_long_beards_fade_towards_the_chin() -> None:
    short, long = greyed(0.12)[1], greyed(0.12, long=True)[1]
    assert float(long[0, 0, 44, 48]) > 0.8 * float(short[0, 0, 44, 48])
    assert float(long[0, 0, 70, 48]) < 0.3 * float(short[0, 0, 70, 48])


def test_a_bright_background_stays_and_hair_and_skin_change() -> None:
    picture, skin = torch.full((1, 3, SIDE, SIDE), 0.9), torch.zeros(1, 1, SIDE, SIDE)
    skin[..., 48:, 32:64] = 1
    picture[..., 48:, 32:64] = 0.5
    picture[..., 24:48, 32:64] = 0.1
    change = torch.full_like(picture, 0.2)
    made = without_rims(change, picture, skin)
    assert made[..., 8, 48].abs().max() < 1e-6, "background"
    assert torch.equal(made[..., 30, 48], change[..., 30, 48]), "hair"
    assert torch.allclose(made[..., 80, 48], change[..., 80, 48]), "skin"


def contrast(picture: torch.Tensor) -> torch.Tensor:
    """Strands beside their surroundings, as a share of these."""
    light = light_of(picture)
    return ((blurred(light, 0.8) - blurred(light, 4.0)) / (blurred(light, 4.0) + 12 / 255))[..., 16:48, 16:48].std()


def test_hair_that_turns_grey_keeps_the_contrast_of_its_strands_and_skin_stays() -> None:
    hair = (0.12 + 0.08 * (blurred(noise(1, side=128), 1.0) - 0.5)).expand(-1, 3, -1, -1)[..., :64, :64]
    skin_tone, one = torch.full((1, 3, 64, 64), 0.6), torch.ones(1, 1, 1, 1)
    picture, skin = torch.cat([hair, skin_tone], 3), torch.cat([torch.zeros(1, 1, 64, 64), torch.ones(1, 1, 64, 64)], 3)
    change = torch.full_like(picture, 0.25)
    change[..., 64:] = 0.02
    made = with_strands(change, picture, skin, one, 1.0)
    before, plain, after = (contrast(each[..., :64]) for each in (picture, picture + change, picture + made))
    assert plain < 0.45 * before, "what it is to mend"
    assert 0.8 < after / before < 1.05
    assert abs(float((made - change)[..., 16:48, 16:48].mean())) < 2e-3, "it gets no lighter on the whole"
    assert torch.equal(made[..., 80:], change[..., 80:])
    assert torch.equal(with_strands(change, picture, skin, 0 * one, 1.0), change)


def test_hair_that_turns_white_does_so_by_that_part_more_and_skin_does_not() -> None:
    picture, skin = torch.full((1, 3, 64, 128), 0.12), torch.zeros(1, 1, 64, 128)
    picture[..., 64:], skin[..., 64:] = 0.6, 1
    change, one = torch.full_like(picture, 0.25), torch.ones(1, 1, 1, 1)
    made = whitened(change, picture, skin, one, 0.4)
    assert float(made[0, 0, 32, 24]) == pytest.approx(0.35, abs=0.005)
    assert torch.equal(made[..., 80:], change[..., 80:])
    assert torch.equal(whitened(-change, picture, skin, one, 0.4), -change), "what becomes darker"
    assert torch.equal(whitened(change, picture, skin, 0 * one, 0.4), change)


def test_hair_that_stays_dark_stays_as_it_is() -> None:
    picture, skin = 0.15 + 0.05 * (noise() - 0.5), torch.zeros(1, 1, 64, 64)
    skin[..., :4] = 1
    picture[..., :4] = 0.6
    change = torch.full_like(picture, 0.01)
    made = with_strands(change, picture, skin, torch.ones(1, 1, 1, 1), 1.0)
    assert torch.equal(made, change)
