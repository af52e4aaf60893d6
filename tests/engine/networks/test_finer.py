"""The finer network begins as plain enlarging, and learns what only the large picture tells."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from engine.networks.finer import FinerNet


def blank(network: FinerNet) -> FinerNet:
    """The network with nothing learned of the picture."""
    with torch.no_grad():
        for parameter in network.last.parameters():
            parameter.zero_()
    return network


@pytest.mark.parametrize("side", [16, 48, 128])
def test_what_is_not_learned_is_bilinear_interpolation(side: int) -> None:
    coarse = torch.rand(2, 3, side // 2, side // 2, generator=torch.Generator().manual_seed(0)) - 0.5
    made = blank(FinerNet(8, 1))(torch.rand(2, 3, side, side), coarse)
    wanted = functional.interpolate(coarse, scale_factor=2.0, mode="bilinear")
    inner = (..., slice(4, -4), slice(4, -4))  # beyond the edge are zeros, not the edge
    torch.testing.assert_close(made[inner], wanted[inner], atol=1e-6, rtol=1e-5)


def test_colours_do_not_mix() -> None:
    coarse = torch.zeros(1, 3, 16, 16)
    coarse[:, 1] = 0.2
    made = blank(FinerNet(8, 1))(torch.rand(1, 3, 32, 32), coarse).detach()
    assert made[:, ::2].abs().max() == 0
    assert float(made[0, 1, 16, 16]) == pytest.approx(0.2)


def test_it_learns_to_make_strands_lighter_in_proportion_where_the_small_answer_does() -> None:
    torch.manual_seed(0)
    network = FinerNet(8, 1)
    steps = torch.optim.Adam(network.parameters(), 1e-2)
    losses = []
    for _ in range(250):
        strands = 0.2 * (torch.rand(4, 1, 32, 32) - 0.5).expand(-1, 3, -1, -1)
        lighter = torch.rand(4, 1, 1, 1).round().expand(-1, 3, 32, 32)  # half of the pictures turn grey
        wanted = lighter * (0.3 + strands)
        loss = (network(0.3 + strands, functional.avg_pool2d(0.3 * lighter, 2)) - wanted).square().mean()
        losses.append(float(loss.detach()))
        steps.zero_grad()
        loss.backward()
        steps.step()
    assert sum(losses[-5:]) < 0.4 * sum(losses[:5])
