"""What a pupil is to do better: finer lines on skin, milder frowns, grey hair with strands. Nothing else changes."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from engine.landmarks import topology
from engine.landmarks.mesh import FaceMesher
from tests.builders import face_picture
from training.aging.retouch import blurred, deepened, frown_mask, unfrowned, with_strands
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
    made = deepened(change, half(), 2.0)
    inside, outside = made[..., 8:24] - 0.2, made[..., 40:]
    assert float(inside.std()) > 1.7 * float((change[..., 8:24] - 0.2).std())
    assert abs(float(inside.mean() - fine[..., 8:24].mean())) < 2e-3
    assert torch.equal(outside, change[..., 40:])
    assert torch.equal(deepened(change, half(), 1.0), change)


def test_frowns_lose_what_they_darken_and_keep_what_they_lighten() -> None:
    spot = torch.from_numpy(cv2.GaussianBlur(np.pad(np.ones((4, 4), np.float32), 30), (0, 0), 2.0))[None, None]
    for sign in (-1, 1):
        change = (sign * 0.3 * spot).expand(-1, 3, -1, -1)
        made = unfrowned(change, torch.ones(1, 1, 64, 64), 0.4)
        middle = float(made[0, 0, 32, 32] / change[0, 0, 32, 32])
        assert 0.4 < middle < 0.75 if sign < 0 else middle == 1
    assert torch.equal(unfrowned(change, torch.zeros(1, 1, 64, 64), 0.4), change)


def test_the_frown_is_between_the_brows() -> None:
    mesher = FaceMesher()
    found = mesher.mesh(face_picture(256), np.array([65, 50, 190, 200], np.float32), passes=3)
    mesher.close()
    assert found is not None
    mesh = found.points
    mask = frown_mask(mesh, 256)
    _, columns = np.nonzero(mask > 0.5)
    brows = mesh[[*topology.RIGHT_EYEBROW, *topology.LEFT_EYEBROW]]
    assert brows[:, 0].min() < columns.min() < columns.max() < brows[:, 0].max()
    assert abs(columns.mean() - mesh[9, 0]) < 4
    assert mask.shape == (256, 256) and 0.9 < mask.max() <= 1
    assert mask[round(mesh[1, 1]), round(mesh[1, 0])] == 0, "the nose"


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


def test_hair_that_stays_dark_stays_as_it_is() -> None:
    picture, skin = 0.15 + 0.05 * (noise() - 0.5), torch.zeros(1, 1, 64, 64)
    skin[..., :4] = 1
    picture[..., :4] = 0.6
    change = torch.full_like(picture, 0.01)
    made = with_strands(change, picture, skin, torch.ones(1, 1, 1, 1), 1.0)
    assert torch.equal(made, change)
