"""Fine lines on skin become shading: light changes, hue does not, and nothing else is touched."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.landmarks import topology
from tests.training.faces import demo_mesh
from training.aging.skin import as_shading, skin_mask, without_holes

SKIN = torch.tensor([0.7, 0.5, 0.4]).view(1, 3, 1, 1)
ALL = torch.ones(1, 1, 64, 64)


def picture() -> Tensor:
    return SKIN.expand(1, 3, 64, 64).clone()


def line(red: float, green: float, blue: float) -> Tensor:
    """A change that is one line of this colour, three pixels wide."""
    change = torch.zeros(1, 3, 64, 64)
    change[..., 31:34] = torch.tensor([red, green, blue]).view(1, 3, 1, 1)
    return change


def test_a_green_line_becomes_a_shadow_of_the_skins_own_hue() -> None:
    made = (picture() + as_shading(line(-0.25, -0.02, -0.25), picture(), ALL))[0, :, 32, 32]
    assert (made < SKIN.flatten()).all(), "a shadow darkens all channels"
    assert made[0] > made[1] > made[2], "and looks like skin"
    plain = (picture() + line(-0.25, -0.02, -0.25))[0, :, 32, 32]
    assert plain[0] < plain[1], "what was asked for was green"


def test_how_dark_a_line_is_stays() -> None:
    light = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    wanted = line(-0.08, -0.05, -0.02)
    made = as_shading(wanted, picture(), ALL)
    before, after = ((each * light).sum(1)[0, 32, 32] for each in (wanted, made))
    assert float(after) == pytest.approx(float(before), rel=0.12)


def test_no_line_is_black_and_none_glares() -> None:
    for strong, least, most in ((-0.6, 0.3, 1.0), (0.6, 1.0, 1.7)):
        made = picture() + as_shading(line(strong, strong, strong), picture(), ALL)
        share = (made / picture())[0, 1, 32, 32]
        assert least < float(share) < most


def test_what_is_wide_keeps_its_colour() -> None:
    blush = torch.tensor([0.06, -0.02, -0.01]).view(1, 3, 1, 1).expand(1, 3, 64, 64)
    made = as_shading(blush, picture(), ALL)
    assert torch.allclose(made[..., 32, 32], blush[..., 32, 32], atol=2e-3)


def patch(colour: tuple[float, float, float], under: float = 1.0) -> tuple[Tensor, Tensor]:
    """A wide change of the left third of skin, which is ``under`` times as light there: the picture, and the change."""
    before, change = picture(), torch.zeros(1, 3, 64, 64)
    before[..., :21] *= under
    change[..., :21] = torch.tensor(colour).view(1, 3, 1, 1)
    return before, change


def test_a_wide_red_hollow_becomes_a_shadow_if_asked_for() -> None:
    before, change = patch((-0.02, -0.16, -0.16))
    hue = [(before + as_shading(change, before, ALL, wide_too=wide))[0, :, 32, 6] for wide in (False, True)]
    red, shaded = (float(colour[0] / colour[1]) for colour in hue)
    own = float(SKIN[0, 0] / SKIN[0, 1])
    assert own < shaded < red
    assert shaded - own < 0.5 * (red - own)
    assert float(hue[1].mean()) < 0.9 * float(SKIN.mean()), "the hollow is still there"


def test_what_is_paler_all_over_stays_paler_and_dark_hair_turns_grey() -> None:
    paler = torch.tensor([0.0, 0.03, 0.06]).view(1, 3, 1, 1).expand(1, 3, 64, 64)
    assert torch.allclose(as_shading(paler, picture(), ALL, wide_too=True), paler, atol=4e-3)
    before, change = patch((0.1, 0.15, 0.18), under=0.15)
    made = as_shading(change, before, ALL, wide_too=True)
    assert torch.allclose(made[..., 32, 6], change[..., 32, 6], atol=0.01)


def test_eyes_and_lips_are_filled_and_the_outline_stays() -> None:
    skin = torch.zeros(1, 1, 256, 256)
    skin[..., 40:220, 50:200] = 1
    whole = skin.clone()
    skin[..., 90:120, 70:110] = skin[..., 170:200, 90:160] = 0
    filled = without_holes(skin)
    assert float((filled - whole)[..., 8:-8, 8:-8].abs().mean()) < 0.02, "only a soft rim differs"
    assert filled[..., 90:120, 70:110].min() > 0.95


def test_where_no_skin_is_nothing_changes() -> None:
    change = 0.1 * torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert torch.equal(as_shading(change, picture(), torch.zeros_like(ALL)), change)


def test_skin_is_cheeks_and_forehead_but_not_eyes_lips_or_background() -> None:
    mesh = demo_mesh()
    mask = skin_mask(mesh, 256)

    def at(*points: int) -> float:
        x, y = mesh[list(points)].mean(axis=0)
        return float(mask[round(y), round(x)])

    assert at(50) > 0.8 and at(280) > 0.8, "cheeks"
    assert at(9) > 0.8, "between the brows"
    assert at(topology.RIGHT_IRIS_CENTRE) < 0.05 and at(topology.LEFT_IRIS_CENTRE) < 0.05
    assert at(*topology.LIPS_INNER) < 0.05
    assert mask[0].max() == 0 and mask[-1].max() == 0
