"""Every rung: shapes, gradients everywhere, and what is special about each."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from training.data.sets import DataError
from training.ladder.conditional import Wish
from training.ladder.config import GanConfig
from training.ladder.cyclegan import PatchCritics, Translators, there_and_back
from training.ladder.dcgan import doublings
from training.ladder.layers import HE, EqualConv, EqualLinear, MinibatchDeviation, PixelNorm, doubled, halved, leaky
from training.ladder.progressive import Discriminator, Generator, Grown, faded, progress_at
from training.ladder.rungs import RUNGS, build
from training.ladder.stylegan2 import ModulatedConv

LABELS = torch.tensor([[0, 0], [3, 1], [8, 2], [5, 0]])


def config(rung: str) -> GanConfig:
    return replace(GanConfig(), rung=rung, size=28 if rung == "basic" else 32, latent=8, width=8)


def stirred(network: nn.Module) -> nn.Module:
    """With every parameter moved a little, so that none is held back by one that starts at zero."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return network


def grown(network: nn.Module, progress: float) -> None:
    if isinstance(network, Grown):
        network.progress = progress


@pytest.mark.parametrize("rung", RUNGS)
def test_shapes(rung: str) -> None:
    torch.manual_seed(0)
    made = config(rung)
    generator, critic = build(made)
    images = generator(torch.randn(4, 8), LABELS)
    assert images.shape == (4, 3, made.size, made.size)
    assert critic(images, LABELS).shape == (4,)
    assert torch.isfinite(images).all()


@pytest.mark.parametrize("rung", RUNGS)
def test_gradient_reaches_every_parameter(rung: str) -> None:
    torch.manual_seed(0)
    generator, critic = (stirred(network) for network in build(config(rung)))
    for progress in (0.0, 0.5, 1.5, 2.5):  # of those that grow; all together every level has worked
        grown(generator, progress)
        grown(critic, progress)
        critic(generator(torch.randn(4, 8), LABELS), LABELS).square().sum().backward()
    for network in (generator, critic):
        silent = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
        assert silent == []


@pytest.mark.parametrize("size", [0, 4, 28, 48])
def test_sizes_that_four_never_doubles_to_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="expected 8, 16"):
        doublings(size)


def test_unknown_rung_and_impossible_size_are_told() -> None:
    with pytest.raises(DataError, match="no rung of the ladder"):
        build(replace(GanConfig(), rung="stylegan9"))
    with pytest.raises(DataError, match="dcgan: size: expected 8, 16"):
        build(replace(GanConfig(), rung="dcgan", size=28))


# -- layers -----------------------------------------------------------------------------------------------------------


def test_minibatch_deviation_is_nothing_where_all_images_are_the_same() -> None:
    x = torch.randn(1, 5, 4, 4).repeat(4, 1, 1, 1)
    assert float(MinibatchDeviation()(x)[:, 5].max()) < 1e-3


def test_minibatch_deviation_is_the_mean_over_channels_and_places() -> None:
    x = torch.zeros(2, 2, 3, 3)
    x[1, 0] = 2  # deviation 1 in one channel, 0 in the other
    found = MinibatchDeviation()(x)
    assert found.shape == (2, 3, 3, 3)
    torch.testing.assert_close(found[:, :2], x)
    torch.testing.assert_close(found[:, 2], torch.full((2, 3, 3), 0.5), atol=1e-3, rtol=0)


def test_minibatch_deviation_of_two_groups_is_told_to_the_right_images() -> None:
    """Eight images in two groups: those with an even number are all the same, the others are not."""
    x = torch.zeros(8, 1, 2, 2)
    x[1::2] = torch.tensor([0.0, 2.0, 0.0, 2.0]).view(4, 1, 1, 1)
    told = MinibatchDeviation()(x)[:, 1, 0, 0]
    torch.testing.assert_close(told, torch.tensor([0.0, 1.0] * 4), atol=1e-3, rtol=0)


def test_pixel_norm_gives_every_pixel_a_mean_square_of_one() -> None:
    found = PixelNorm()(torch.randn(2, 7, 3, 3) * 9)
    torch.testing.assert_close(found.square().mean(1), torch.ones(2, 3, 3))


def test_equalised_layers_keep_the_size_of_what_goes_through() -> None:
    torch.manual_seed(0)
    picture = torch.randn(4, 64, 24, 24)
    assert float(EqualLinear(400, 400)(torch.randn(64, 400)).std().detach()) == pytest.approx(1, abs=0.05)
    assert float(EqualConv(64, 64, 3, gain=1.0)(picture).std().detach()) == pytest.approx(1, abs=0.1)
    for layer, x in ((EqualLinear(400, 400, gain=HE), torch.randn(64, 400)), (EqualConv(64, 64, 3), picture)):
        assert float(leaky()(layer(x)).square().mean().sqrt().detach()) == pytest.approx(1, abs=0.1)
    slow = EqualLinear(400, 400, bias=1.0, rate=0.01)
    assert float(slow(torch.randn(64, 400)).std().detach()) == pytest.approx(1, abs=0.05)
    assert float(slow(torch.zeros(1, 400)).mean().detach()) == pytest.approx(1)


# -- progressive ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_level_that_does_not_count_yet_is_the_smaller_network_enlarged(level: int) -> None:
    torch.manual_seed(0)
    network = Generator(32, 8, 8)
    latent = torch.randn(4, 8)
    network.progress = level - 1
    small = network(latent, LABELS)
    network.progress = level - 1 + 1e-6
    torch.testing.assert_close(network(latent, LABELS), doubled(small), atol=1e-4, rtol=0)
    assert small.shape[-1] == 4 * 2 ** (level - 1)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_discriminators_level_that_does_not_count_yet_sees_the_smaller_picture(level: int) -> None:
    torch.manual_seed(0)
    network = Discriminator(32, 8)
    image = torch.randn(4, 3, 4 * 2**level, 4 * 2**level)
    network.progress = level - 1
    small = network(halved(image), LABELS)
    network.progress = level - 1 + 1e-6
    torch.testing.assert_close(network(image, LABELS), small, atol=1e-4, rtol=0)


def test_half_faded_is_half_of_both() -> None:
    torch.manual_seed(0)
    network = Generator(16, 8, 8)
    latent = torch.randn(2, 8)

    def at(progress: float) -> Tensor:
        network.progress = progress
        return network(latent, LABELS[:2])

    torch.testing.assert_close(at(1.5), (doubled(at(1.0)) + at(2.0)) / 2)


def test_real_faces_are_as_soft_as_the_newest_level() -> None:
    image = torch.randn(1, 3, 8, 8)
    torch.testing.assert_close(faded(image, 0.0), doubled(halved(image)))
    torch.testing.assert_close(faded(image, 1.0), image)


@pytest.mark.parametrize(
    ("step", "progress"),
    [(0, 0.0), (9, 0.0), (10, 0.0), (15, 0.5), (20, 1.0), (29, 1.0), (35, 1.5), (40, 2.0), (50, 2.0), (99, 2.0)],
)
def test_plan_of_growing_holds_fades_holds_fades_holds(step: int, progress: float) -> None:
    assert progress_at(step, 50, 2) == pytest.approx(progress)


# -- the experiments --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rung", ["progressive", "stylegan2"])
def test_a_deep_discriminator_hears_its_picture_from_the_start(rung: str) -> None:
    torch.manual_seed(0)
    _, critic = build(replace(config(rung), size=128, width=32))
    heard: list[Tensor] = []
    last = critic.last
    assert isinstance(last, nn.Module)
    last.register_forward_hook(lambda _, inputs, output: heard.append(output.detach()))
    critic(0.5 * torch.randn(4, 3, 128, 128), LABELS)
    assert heard[0].std() > 0.05  # it was a thousandth without He's constant


def test_modulation_of_the_picture_is_that_of_the_kernel() -> None:
    """Karras et al. 2020, equations 1 to 3, written out for one picture at a time."""
    torch.manual_seed(0)
    layer = ModulatedConv(4, 6, 3, style=5)
    x, style = torch.randn(2, 4, 8, 8), torch.randn(2, 5)
    found = layer(x, style)
    for number in range(2):
        scales = layer.style(style[number : number + 1])[0]
        kernel = layer.weight * layer.scale * scales[None, :, None, None]
        kernel = kernel / (kernel.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        wanted = nn.functional.conv2d(x[number : number + 1], kernel, padding=1)
        torch.testing.assert_close(found[number : number + 1], wanted, atol=1e-5, rtol=1e-4)


def test_stylegan_paints_other_detail_each_time_once_noise_has_a_strength() -> None:
    generator, _ = build(config("stylegan2"))
    latent = torch.randn(1, 8)
    torch.testing.assert_close(generator(latent, LABELS[:1]), generator(latent, LABELS[:1]))
    stirred(generator)
    assert not torch.equal(generator(latent, LABELS[:1]), generator(latent, LABELS[:1]))


def test_spectral_normalisation_bounds_every_layer() -> None:
    torch.manual_seed(0)
    _, critic = build(config("spectral"))
    stirred(critic)
    for _ in range(30):  # power iteration
        critic(torch.randn(2, 3, 32, 32), LABELS[:2])
    critic.eval()
    for layer in critic.modules():
        if isinstance(layer, nn.Conv2d):
            assert float(torch.linalg.matrix_norm(layer.weight.flatten(1), 2).detach()) == pytest.approx(1, abs=0.05)


def test_a_wish_changes_the_face_and_its_score_once_it_is_learned() -> None:
    torch.manual_seed(0)
    generator, critic = build(config("conditional"))
    latent, other = torch.randn(4, 8), LABELS.roll(1, 0)
    images = generator(latent, LABELS)
    torch.testing.assert_close(images, generator(latent, other))
    for module in (*generator.modules(), *critic.modules()):
        if isinstance(module, Wish):
            stirred(module)
    assert not torch.allclose(generator(latent, LABELS), generator(latent, other))
    assert not torch.allclose(critic(images, LABELS), critic(images, other))


def test_cyclegan_shapes_and_gradients() -> None:
    torch.manual_seed(0)
    networks, critics = Translators(4), PatchCritics(4)
    young, old = torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32)
    made = there_and_back(networks, young, old)
    assert [tuple(each.shape) for each in made] == [(2, 3, 32, 32)] * 6
    scores = critics(made[0], made[1])
    assert scores[0].shape == scores[1].shape == (2, 36)
    torch.stack([each.square().mean() for each in (*made, *scores)]).sum().backward()
    for network in (networks, critics):
        assert [name for name, p in network.named_parameters() if p.grad is None] == []
