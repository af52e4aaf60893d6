"""The detector network: what goes in, what comes out, and in which order."""

from __future__ import annotations

import pytest
import torch

from engine.geometry import anchors as anchor_math
from engine.networks.detector import ANSWERS, PRIOR, STRIDES, DetectorNet

SIZES = ((16.0, 28.0), (48.0, 84.0), (150.0, 280.0))


def small() -> DetectorNet:
    torch.manual_seed(0)
    return DetectorNet(SIZES, stem=4, widths=(4, 6, 8), blocks=(1, 1, 1), pyramid=4).eval()


@pytest.mark.parametrize(("width", "height"), [(32, 32), (96, 64), (64, 160)])
def test_there_is_one_answer_for_each_anchor_of_any_canvas(width: int, height: int) -> None:
    with torch.inference_mode():
        answers = small()(torch.rand(2, 3, height, width))
    assert answers.shape == (2, len(anchor_math.make(width, height, STRIDES, SIZES)), ANSWERS)


def test_a_fresh_network_thinks_of_everything_as_background() -> None:
    with torch.inference_mode():
        answers = small()(torch.rand(1, 3, 64, 64))
    assert answers[..., 0].mean().item() == pytest.approx(PRIOR, rel=0.2)
    assert answers[..., 1:].abs().max().item() < 0.5


def test_answers_stand_in_the_order_of_the_anchors() -> None:
    """A bright spot moves the answers of the anchors around it, and of the finest grid no others."""
    network = small()
    dark, spot = torch.zeros(1, 3, 128, 128), torch.zeros(1, 3, 128, 128)
    spot[..., 88:104, 24:40] = 1
    with torch.inference_mode():
        moved = (network.raw(spot) - network.raw(dark)).abs().sum(-1)[0]
    anchors = torch.from_numpy(anchor_math.make(128, 128, STRIDES, SIZES))
    finest = 2 * 16 * 16
    best = anchors[int(moved[:finest].argmax()), :2]
    assert (best - torch.tensor([32.0, 96.0])).abs().max() <= 24


def test_anchor_lists_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        DetectorNet(((16.0,), (48.0, 84.0), (150.0,)))
