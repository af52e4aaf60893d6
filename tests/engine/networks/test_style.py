"""The style network: shapes, styles, and the canvas that stands still."""

from __future__ import annotations

import pytest
import torch

from engine.networks.style import CANVAS, FOLD, StyleNet, woven


def network(styles: tuple[str, ...] = ("oil", "ink")) -> StyleNet:
    torch.manual_seed(0)
    made = StyleNet(styles, width=4, blocks=1).eval()
    with torch.no_grad():  # styles that differ, as after training
        for name, parameter in made.named_parameters():
            if name.endswith("scale"):
                parameter.add_(torch.randn(parameter.shape))
    return made


def one(style: int, styles: int = 2) -> torch.Tensor:
    return torch.eye(styles)[style][None, :, None, None]


@pytest.mark.parametrize(("height", "width"), [(32, 32), (40, 64), (8, 24)])
def test_the_picture_keeps_its_size_and_stays_in_range(height: int, width: int) -> None:
    with torch.inference_mode():
        painted = network()(torch.rand(2, 3, height, width), one(0).expand(2, -1, -1, -1))
    assert painted.shape == (2, 3, height, width)
    assert painted.min() >= 0
    assert painted.max() <= 1


def test_styles_differ_and_can_be_mixed() -> None:
    net, image = network(), torch.rand(1, 3, 32, 32)
    with torch.inference_mode():
        oil, ink, half = net(image, one(0)), net(image, one(1)), net(image, (one(0) + one(1)) / 2)
    assert (oil - ink).abs().mean() > 1e-3
    assert (half - oil).abs().mean() > 1e-4
    assert (half - ink).abs().mean() > 1e-4


def test_a_style_may_be_a_number_or_a_map_of_it() -> None:
    net, image = network(), torch.rand(1, 3, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(net(image, one(1)), net(image, one(1).expand(-1, -1, 32, 32)))


def test_the_canvas_is_the_same_every_time_and_no_part_of_the_weights() -> None:
    torch.manual_seed(5)
    first = woven()
    torch.manual_seed(6)
    torch.testing.assert_close(first, woven())
    assert first.shape == (1, 2, *CANVAS)
    assert abs(float(first.std()) - 1) < 0.05
    assert "canvas" not in network().state_dict()


def test_on_a_plain_wall_the_canvas_is_what_strokes_are_set_by() -> None:
    net, wall = network(), torch.full((1, 3, 64, 64), 0.5)
    bare = torch.zeros(1, 2, 64 // FOLD, 64 // FOLD)
    with torch.inference_mode():
        painted, plain = net(wall, one(0)), net.on_canvas(wall, one(0), bare)
    inner = (..., slice(24, 40), slice(24, 40))
    assert painted[inner].std() > 10 * plain[inner].std()
