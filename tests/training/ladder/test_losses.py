"""The games and the penalties against what can be worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from training.ladder.losses import GAMES, gradient_penalty, path_lengths, squared_slopes, zero_centred_penalty

SLOPE = torch.linspace(-1, 1, 3 * 4 * 4).reshape(3, 4, 4)
LENGTH = float(SLOPE.square().sum().sqrt())


def linear(images: Tensor) -> Tensor:
    """A critic whose slope is the same everywhere."""
    return (images * SLOPE).sum((1, 2, 3)) + 5


def images(seed: int) -> Tensor:
    return torch.randn(6, 3, 4, 4, generator=torch.Generator().manual_seed(seed))


def test_slope_of_a_linear_critic_is_its_weight() -> None:
    torch.testing.assert_close(squared_slopes(linear, images(0)).detach(), torch.full((6,), LENGTH**2))


def test_zero_centred_penalty_of_a_linear_critic_is_half_the_squared_length() -> None:
    assert float(zero_centred_penalty(linear, images(0)).detach()) == pytest.approx(LENGTH**2 / 2, rel=1e-5)


def test_gradient_penalty_of_a_linear_critic_is_the_squared_distance_of_its_length_from_one() -> None:
    found = gradient_penalty(linear, images(0), images(1), torch.rand(6))
    assert float(found.detach()) == pytest.approx((LENGTH - 1) ** 2, rel=1e-5)


def test_gradient_penalty_looks_between_real_and_fake() -> None:
    """Of |x|^2 the slope at x is 2x: at the start, the middle and the end of a vector of length 2, 0, 2 and 4."""
    real, fake = torch.zeros(3, 3, 4, 4), torch.zeros(3, 3, 4, 4)
    fake[:, 0, 0, 0] = 2
    found = gradient_penalty(lambda x: x.square().sum((1, 2, 3)), real, fake, torch.tensor([0.0, 0.5, 1.0]))
    assert float(found.detach()) == pytest.approx((1 + 1 + 9) / 3, rel=1e-4)


def test_penalties_reach_the_critics_weights() -> None:
    weight = SLOPE.clone().requires_grad_(True)
    zero_centred_penalty(lambda x: (x * weight).sum((1, 2, 3)), images(0)).backward()
    torch.testing.assert_close(weight.grad, SLOPE)  # d(|w|^2 / 2) / dw


def test_path_length_of_a_linear_generator_is_that_of_the_noise_seen_through_it() -> None:
    styles = torch.randn(2, 5, requires_grad=True)
    matrix = torch.randn(5, 3 * 4 * 4)
    noise = images(2)[:2]
    found = path_lengths((styles @ matrix).reshape(2, 3, 4, 4), styles, noise)
    wanted = (noise.flatten(1) @ matrix.T / 4).norm(dim=1)
    torch.testing.assert_close(found.detach(), wanted.detach())


@pytest.mark.parametrize(
    ("name", "discriminator", "generator"),
    [
        ("non-saturating", 2 * math.log(2), math.log(2)),
        ("least-squares", 1.0, 1.0),
        ("hinge", 2.0, 0.0),
        ("wasserstein", 0.0, 0.0),
        ("relativistic", math.log(2), math.log(2)),
    ],
)
def test_losses_of_a_discriminator_that_knows_nothing(name: str, discriminator: float, generator: float) -> None:
    nothing = torch.zeros(4)
    assert float(GAMES[name].discriminator(nothing, nothing)) == pytest.approx(discriminator)
    assert float(GAMES[name].generator(nothing, nothing)) == pytest.approx(generator)


@pytest.mark.parametrize("name", GAMES)
def test_each_side_wants_the_opposite_of_a_fake_score(name: str) -> None:
    real = torch.tensor([0.3, 0.6])
    scores = torch.tensor([-0.2, 0.1], requires_grad=True)
    game = GAMES[name]
    (down,) = torch.autograd.grad(game.discriminator(real, scores), scores)
    (up,) = torch.autograd.grad(game.generator(real, scores), scores)
    if name != "least-squares":  # which pulls fakes to 0 and to 1
        assert (down > 0).all()
    assert (up < 0).all()


def test_relativistic_game_only_counts_how_much_more_real_the_real_one_is() -> None:
    game, real, fake = GAMES["relativistic"], torch.tensor([0.3, 2.0]), torch.tensor([-1.0, 1.0])
    assert game.paired
    torch.testing.assert_close(game.generator(real + 7, fake + 7), game.generator(real, fake))
    torch.testing.assert_close(game.discriminator(real + 7, fake + 7), game.discriminator(real, fake))
