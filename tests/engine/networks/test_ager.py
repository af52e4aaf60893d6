"""The aging network's settings: the dead zone and the stretch, which only what ships has, and the fold."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from engine.networks.ager import AgingUNet


def pair(**settings: float) -> tuple[AgingUNet, AgingUNet]:
    """A plain network, and one of the same weights with these settings."""
    torch.manual_seed(0)
    plain = AgingUNet(4, (1, 2)).eval()
    other = AgingUNet(4, (1, 2), **settings).eval()
    other.load_state_dict(plain.state_dict())
    return plain, other


def ask(network: AgingUNet, source: float, target: float) -> torch.Tensor:
    """The residual of one noisy picture; ages in years."""
    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    ages = (torch.full((1, 1, 32, 32), years / 100) for years in (source, target))
    with torch.no_grad():
        return network(image, *ages)


@pytest.mark.parametrize(
    ("source", "target", "meant"),
    [
        (30, 60, 63),  # a tenth further
        (60, 30, 30),  # younger as asked
        (40, 40, 40),  # the own age stays
        (30, 88, 90),  # not beyond what was learned
        (30, 96, 96),  # unless that is asked for
    ],
)
def test_a_stretched_network_makes_older_by_more_years(source: float, target: float, meant: float) -> None:
    plain, stretched = pair(stretch=1.1)
    assert torch.allclose(ask(stretched, source, target), ask(plain, source, meant), atol=1e-6)
    assert source == target or not torch.allclose(ask(plain, source, target), ask(plain, source, 50), atol=1e-6)


def test_changes_within_the_dead_zone_are_nothing_and_others_smaller_by_it() -> None:
    plain, quiet = pair(dead_zone=0.002)
    before, after = ask(plain, 30, 80), ask(quiet, 30, 80)
    small = before.abs() <= 0.002
    assert small.any() and not small.all()
    assert (after[small] == 0).all()
    assert torch.allclose(after[~small], before[~small] - 0.002 * before[~small].sign(), atol=1e-6)


@pytest.mark.parametrize("fold", [2, 4])
def test_a_picture_folded_more_comes_back_in_its_size(fold: int) -> None:
    torch.manual_seed(0)
    network = AgingUNet(4, (1, 2), fold=fold).eval()
    assert network.stem[0].in_channels == 5 * fold**2
    residual = ask(network, 30, 70)
    assert residual.shape == (1, 3, 32, 32)
    assert residual.std() > 0


@pytest.mark.parametrize("fold", [2, 4])
def test_no_grid_stays_even_where_every_place_in_a_cell_has_an_answer_of_its_own(fold: int) -> None:
    torch.manual_seed(0)
    network = AgingUNet(4, (1, 2), fold=fold).eval()
    with torch.no_grad():
        assert network.head.bias is not None
        network.head.weight.zero_()
        network.head.bias.normal_()
    middle = ask(network, 30, 70)[..., 8:-8, 8:-8]
    assert middle.abs().mean() > 1e-3
    assert middle.std(dim=(2, 3)).max() < 1e-6


@pytest.mark.parametrize(("fold", "tap"), [(2, [1, 2, 1]), (4, [1, 2, 2, 2, 1])])
def test_the_blur_between_cells_is_the_plain_blur_of_the_picture(fold: int, tap: list[int]) -> None:
    cells = torch.randn(2, 3 * fold**2, 6, 5, generator=torch.Generator().manual_seed(2))
    taps = torch.tensor(tap, dtype=torch.float32) / (2 * fold)
    plain = torch.outer(taps, taps).expand(3, 1, -1, -1)
    expected = functional.conv2d(functional.pixel_shuffle(cells, fold), plain, padding=fold // 2, groups=3)
    blurred = functional.conv2d(cells, AgingUNet(4, (1, 2), fold=fold).blur, padding=1)
    assert torch.allclose(functional.pixel_shuffle(blurred, fold), expected, atol=1e-6)


@pytest.mark.parametrize("fold", [2, 4])
def test_the_first_level_answers_as_one_over_picture_and_ages_folded_together(fold: int) -> None:
    torch.manual_seed(0)
    network = AgingUNet(4, (1, 2), fold=fold).eval()
    seen: list[torch.Tensor] = []
    network.down[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    ask(network, 30, 70)
    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    ages = torch.full((1, 1, 32, 32), 0.3 - 0.4), torch.full((1, 1, 32, 32), 0.7 - 0.3)
    with torch.no_grad():
        expected = network.stem(functional.pixel_unshuffle(torch.cat([image - 0.5, *ages], dim=1), fold))
    assert torch.allclose(seen[0], expected, atol=1e-5)
