"""The paintings are what their seed says, and the costs are what one computes by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.networks.age import AgeNet
from training.data.sets import DataError
from training.style.costs import StyleCosts, gram, light_cost, load_looker, total_variation
from training.style.eye import EyeNet
from training.style.paintings import PAINTERS, PaintConfig, paint, paint_all


@pytest.mark.parametrize("style", sorted(PAINTERS))
def test_a_painting_is_the_same_for_a_seed_and_another_for_another(style: str) -> None:
    picture = paint(style, 128, seed=3)
    assert picture.shape == (128, 128, 3)
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, paint(style, 128, seed=3))
    assert np.abs(picture.astype(int) - paint(style, 128, seed=4)).mean() > 10
    assert picture.std() > 25, "it is no blank canvas"


def test_paintings_are_large_enough_and_written(tmp_path: Path) -> None:
    assert PaintConfig().side >= 512
    files = paint_all(PaintConfig(styles=("ink",), side=64, out=str(tmp_path)))
    assert files == [str(tmp_path / "ink.png")]
    assert (tmp_path / "ink.png").is_file()


def test_a_style_there_is_not_is_named() -> None:
    with pytest.raises(DataError, match="'cubism' is no style: there are oil, ink, glass"):
        paint("cubism")


def test_gram_by_hand() -> None:
    # Two features at three places: (1, 2, 3) and (0, 1, -1).
    features = torch.tensor([[[[1.0, 2.0, 3.0]], [[0.0, 1.0, -1.0]]]])
    expected = torch.tensor([[[14.0, -1.0], [-1.0, 2.0]]]) / 3
    torch.testing.assert_close(gram(features), expected)


def test_gram_forgets_where_and_how_large() -> None:
    features = torch.randn(2, 5, 4, 6, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(gram(features), gram(features.flip(2, 3)))
    torch.testing.assert_close(gram(features), gram(torch.cat([features, features], 3)))


def test_total_variation_by_hand() -> None:
    picture = torch.tensor([[[[0.0, 1.0], [0.0, 3.0]]]])
    assert float(total_variation(picture)) == (1 + 9) / 2 + (0 + 4) / 2
    assert float(total_variation(torch.full((1, 3, 4, 4), 0.7))) == 0


def test_light_by_hand() -> None:
    left = torch.zeros(1, 3, 8, 8)
    left[..., :4] = 1.0
    assert float(light_cost(left, left * 0.3 + 0.5)) == pytest.approx(0, abs=1e-5), "contrast is free"
    assert float(light_cost(left, 1 - left)) == pytest.approx(2, abs=1e-5)
    assert float(light_cost(left, left.transpose(2, 3))) == pytest.approx(1, abs=1e-5)
    tinted = left * torch.tensor([3.0, 0.0, 0.0])[:, None, None]
    assert float(light_cost(left, tinted)) == pytest.approx(0, abs=1e-5), "colour is free"


@pytest.fixture(scope="module")
def costs() -> StyleCosts:
    torch.manual_seed(0)
    return StyleCosts(EyeNet((4, 6, 8)).eval().requires_grad_(False))


def pictures(seed: int = 0, count: int = 2) -> torch.Tensor:
    return torch.rand(count, 3, 32, 32, generator=torch.Generator().manual_seed(seed))


def test_a_picture_costs_nothing_beside_itself_and_something_beside_another(costs: StyleCosts) -> None:
    one, other = pictures(0), pictures(1)
    goals = [costs.style_goal(each[None]) for each in one]
    assert costs.style_cost(costs.look(one), goals).max() < 1e-6
    assert costs.style_cost(costs.look(one * 0.3), goals).min() > 0.05
    wanted = costs.content_goal(one)
    assert costs.content_cost(costs.content_goal(one), wanted).max() == 0
    assert costs.content_cost(costs.content_goal(other), wanted).min() > 0.1


def test_style_stays_where_content_moves(costs: StyleCosts) -> None:
    one = pictures(count=1)
    mirrored = one.flip(3).flip(2)
    goal, wanted = [costs.style_goal(one)], costs.content_goal(one)
    style = float(costs.style_cost(costs.look(one.roll(8, 3)), goal))
    content = float(costs.content_cost(costs.content_goal(one.roll(8, 3)), wanted))
    assert style < 0.05 < content
    assert float(costs.content_cost(costs.content_goal(mirrored), wanted)) > 0.1


def test_each_style_cost_belongs_to_its_own_picture_and_goal(costs: StyleCosts) -> None:
    pair = pictures()
    goals = [costs.style_goal(each[None] * 0.5) for each in pair]
    both = costs.style_cost(costs.look(pair), goals)
    alone = [float(costs.style_cost(costs.look(each[None]), [goal])) for each, goal in zip(pair, goals, strict=True)]
    np.testing.assert_allclose(both.numpy(), alone, rtol=1e-4)


def test_the_eye_and_the_age_network_load_and_anything_else_is_named(tmp_path: Path) -> None:
    assert isinstance(load_looker("eye"), EyeNet)
    assert isinstance(load_looker("age"), AgeNet)
    with pytest.raises(DataError, match="is no eye or age network"):
        load_looker(str(tmp_path / "nothing.safetensors"))
    (tmp_path / "text.safetensors").write_text("not weights")
    with pytest.raises(DataError, match="is no eye or age network"):
        load_looker(str(tmp_path / "text.safetensors"))
