"""Backpropagation in NumPy against numeric differences and against torch."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import training.scratch
from training.scratch.convolution import Convolution, MaxPool, col2im, im2col
from training.scratch.descent import SGD
from training.scratch.layers import Flatten, Floats, Layer, Linear, Parameter, ReLU
from training.scratch.losses import cross_entropy, mean_squared_error, softmax
from training.scratch.network import Network, age_network, people_network

STEP = 1e-6


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def numeric(value: Callable[[], float], at: Floats) -> Floats:
    """Central differences of ``value`` for every number of ``at``, which is changed in place and put back."""
    slope = np.zeros_like(at)
    for place in np.ndindex(at.shape):
        kept = at[place]
        at[place] = kept + STEP
        above = value()
        at[place] = kept - STEP
        below = value()
        at[place] = kept
        slope[place] = (above - below) / (2 * STEP)
    return slope


LAYERS: dict[str, tuple[Callable[[], Layer], tuple[int, ...]]] = {
    "linear": (lambda: Linear(5, 4, rng(), float), (3, 5)),
    "ReLU": (ReLU, (3, 7)),
    "flatten": (Flatten, (2, 2, 3, 3)),
    "convolution": (lambda: Convolution(2, 3, 3, rng(), 0, float), (2, 2, 5, 4)),
    "convolution, padded": (lambda: Convolution(2, 3, 3, rng(), 1, float), (2, 2, 4, 5)),
    "convolution, 1 x 1": (lambda: Convolution(3, 2, 1, rng(), 0, float), (2, 3, 3, 3)),
    "pooling": (lambda: MaxPool(2), (2, 3, 4, 6)),
    "age network": (lambda: age_network(9, 6, rng(), float), (4, 9)),
    "people network": (lambda: people_network(8, 3, 2, rng(), float), (2, 1, 8, 8)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_every_gradient_is_the_numeric_one(name: str) -> None:
    make, shape = LAYERS[name]
    layer, x = make(), rng().normal(size=shape)
    for parameter in layer.parameters:
        parameter.value += rng().normal(0, 0.1, parameter.value.shape)  # biases begin at 0: a special place
    weights = rng().normal(size=layer.forward(x).shape)

    def value() -> float:
        return float((layer.forward(x) * weights).sum())

    value()
    dx = layer.backward(weights)
    gradients = [parameter.gradient.copy() for parameter in layer.parameters]
    assert np.abs(dx).max() > 0
    np.testing.assert_allclose(dx, numeric(value, x), atol=1e-7)
    for parameter, gradient in zip(layer.parameters, gradients, strict=True):
        assert gradient.shape == parameter.value.shape
        np.testing.assert_allclose(gradient, numeric(value, parameter.value), atol=1e-7)


def test_a_wrong_gradient_is_seen() -> None:
    class Wrong(ReLU):
        def backward(self, dy: Floats) -> Floats:
            return dy

    layer, x = Wrong(), rng().normal(size=(3, 7))
    slope = numeric(lambda: float(layer.forward(x).sum()), x)
    assert np.abs(layer.backward(np.ones((3, 7))) - slope).max() > 0.9


@pytest.mark.parametrize("name", ["squared error", "cross-entropy"])
def test_loss_gradients_are_the_numeric_ones(name: str) -> None:
    y = rng().normal(size=(4, 3))
    if name == "squared error":
        target = rng().normal(size=(4, 3))
        np.testing.assert_allclose(
            mean_squared_error(y, target)[1], numeric(lambda: mean_squared_error(y, target)[0], y), atol=1e-8
        )
    else:
        people = np.array([0, 2, 1, 2])
        np.testing.assert_allclose(
            cross_entropy(y, people)[1], numeric(lambda: cross_entropy(y, people)[0], y), atol=1e-8
        )


# -- against torch -----------------------------------------------------------------------------------------------------


def in_torch(mine: Network) -> nn.Sequential:
    """The same network with the same weights in torch."""
    layers: list[nn.Module] = []
    for layer in mine.layers:
        if isinstance(layer, Linear):
            copy: nn.Module = nn.Linear(*layer.weight.value.shape).double()
            _copy(copy, layer.weight.value.T, layer.bias.value)
        elif isinstance(layer, Convolution):
            filters, channels, size, _ = layer.weight.value.shape
            copy = nn.Conv2d(channels, filters, size, padding=layer.padding).double()
            _copy(copy, layer.weight.value, layer.bias.value)
        elif isinstance(layer, MaxPool):
            copy = nn.MaxPool2d(layer.size)
        else:
            copy = nn.ReLU() if isinstance(layer, ReLU) else nn.Flatten()
        layers.append(copy)
    return nn.Sequential(*layers)


def _copy(module: nn.Module, weight: Floats, bias: Floats) -> None:
    module.load_state_dict({"weight": torch.tensor(weight), "bias": torch.tensor(bias)})


def assert_same_gradients(mine: Network, theirs: nn.Sequential) -> None:
    for own, other in zip(mine.parameters, theirs.parameters(), strict=True):
        assert other.grad is not None
        gradient = own.gradient.T if own.gradient.ndim == 2 else own.gradient
        np.testing.assert_allclose(gradient, other.grad.numpy(), atol=1e-12)


def test_people_network_and_cross_entropy_agree_with_torch() -> None:
    mine = people_network(16, 5, 3, rng(), float)
    theirs = in_torch(mine)
    x, people = rng().normal(size=(6, 1, 16, 16)), np.array([0, 4, 2, 2, 1, 3])
    tensor = torch.tensor(x, requires_grad=True)
    loss, dy = cross_entropy(mine.forward(x), people)
    expected = functional.cross_entropy(theirs(tensor), torch.tensor(people))
    expected.backward()
    assert loss == pytest.approx(expected.item(), rel=1e-12)
    np.testing.assert_allclose(mine.backward(dy), tensor.grad, atol=1e-12)
    assert_same_gradients(mine, theirs)


def test_age_network_and_squared_error_agree_with_torch() -> None:
    mine = age_network(30, 8, rng(), float)
    theirs = in_torch(mine)
    x, years = rng().normal(size=(6, 30)), rng().normal(size=(6, 1))
    tensor = torch.tensor(x, requires_grad=True)
    loss, dy = mean_squared_error(mine.forward(x), years)
    expected = functional.mse_loss(theirs(tensor), torch.tensor(years))
    expected.backward()
    assert loss == pytest.approx(expected.item(), rel=1e-12)
    np.testing.assert_allclose(mine.backward(dy), tensor.grad, atol=1e-12)
    assert_same_gradients(mine, theirs)


def test_the_first_of_equal_ones_wins_in_pooling_as_in_torch() -> None:
    pool, x = MaxPool(2), np.zeros((1, 2, 4, 4))
    tensor = torch.tensor(x, requires_grad=True)
    functional.max_pool2d(tensor, 2).sum().backward()
    pool.forward(x)
    np.testing.assert_array_equal(pool.backward(np.ones((1, 2, 2, 2))), tensor.grad)


def test_im2col_and_col2im_agree_with_torch() -> None:
    x = rng().normal(size=(2, 3, 6, 5))
    columns = functional.unfold(torch.tensor(x), 3)
    np.testing.assert_array_equal(im2col(x, 3), columns)
    np.testing.assert_allclose(col2im(im2col(x, 3), x.shape, 3), functional.fold(columns, (6, 5), 3), rtol=1e-12)


def test_momentum_and_l2_walk_as_in_torch() -> None:
    weight, bias = Parameter(rng().normal(size=(3, 2)), decays=True), Parameter(rng().normal(size=2), decays=False)
    copies = [torch.tensor(each.value, requires_grad=True) for each in (weight, bias)]
    mine = SGD([weight, bias], momentum=0.9, l2=0.1)
    theirs = torch.optim.SGD(
        [{"params": copies[:1], "weight_decay": 0.1}, {"params": copies[1:]}], lr=0.05, momentum=0.9
    )
    for step in range(5):
        for parameter, copy in zip((weight, bias), copies, strict=True):
            parameter.gradient = parameter.value**2 + step
            copy.grad = copy.detach() ** 2 + step
        mine.step(0.05)
        theirs.step()
    for parameter, copy in zip((weight, bias), copies, strict=True):
        np.testing.assert_allclose(parameter.value, copy.detach(), rtol=1e-12)


# -- edges -------------------------------------------------------------------------------------------------------------


def test_softmax_of_large_logits_is_finite_and_sums_to_one() -> None:
    logits = np.array([[1000.0, 0.0, -1000.0], [3.0, 3.0, 3.0]])
    np.testing.assert_allclose(softmax(logits), [[1, 0, 0], [1 / 3] * 3])
    assert cross_entropy(logits, np.array([1, 0]))[0] == pytest.approx((1000 + np.log(3)) / 2)


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="multiples of 2"):
        MaxPool(2).forward(np.zeros((1, 1, 5, 4)))
    with pytest.raises(ValueError, match="one shape"):
        mean_squared_error(np.zeros((3, 1)), np.zeros(3))


def test_networks_learn_in_32_bits() -> None:
    network = people_network(8, 3, 2, rng())
    loss, dy = cross_entropy(network.forward(np.ones((2, 1, 8, 8), np.float32)), np.array([0, 1]))
    assert np.isfinite(loss)
    assert network.backward(dy).dtype == np.float32
    assert {parameter.gradient.dtype.name for parameter in network.parameters} == {"float32"}


@pytest.mark.parametrize("name", ["layers", "convolution", "losses", "network", "descent"])
def test_the_mathematics_needs_numpy_alone(name: str) -> None:
    path = Path(training.scratch.__file__).with_name(f"{name}.py")
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    assert found <= {"__future__", "collections", "dataclasses", "engine", "math", "numpy", "training", "typing"}
