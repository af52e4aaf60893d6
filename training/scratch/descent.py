"""Mini-batch stochastic gradient descent with momentum and L2. NumPy alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import AgeMirrorError
from training.scratch.layers import Floats, Parameter
from training.scratch.network import Network

Loss = Callable[[Floats, NDArray[Any]], tuple[float, Floats]]
Augment = Callable[[Floats, np.random.Generator], Floats]


class DivergedError(AgeMirrorError):
    """The loss has left the numbers: the steps were too long."""


class SGD:
    """v <- m v + (g + l w), w <- w - r v (Sutskever et al. 2013, equations 1 and 2, with the rate outside as in torch).

    l w is the derivative of the L2 penalty l/2 |w|^2; biases are left out of it.
    """

    def __init__(self, parameters: list[Parameter], momentum: float, l2: float) -> None:
        self.parameters, self.momentum, self.l2 = parameters, momentum, l2
        self._velocity = [np.zeros_like(each.value) for each in parameters]

    def step(self, rate: float) -> None:
        for parameter, velocity in zip(self.parameters, self._velocity, strict=True):
            velocity *= self.momentum
            velocity += parameter.gradient
            if parameter.decays and self.l2:
                velocity += self.l2 * parameter.value
            parameter.value -= rate * velocity


@dataclass(frozen=True)
class Plan:
    """How long and how fast: ``rate`` falls to zero along half a cosine (Loshchilov & Hutter 2017, equation 5)."""

    epochs: int
    batch: int
    rate: float
    momentum: float
    l2: float


def mirrored(x: Floats, rng: np.random.Generator) -> Floats:
    """Half of the pictures (..., W) of the batch, drawn by lot, left to right; a copy."""
    flip = rng.random(len(x)) < 0.5
    x = x.copy()
    x[flip] = x[flip][..., ::-1]
    return x


def descend(
    network: Network, loss: Loss, x: Floats, target: NDArray[Any], plan: Plan, augment: Augment, seed: int
) -> Iterator[float]:
    """Learns in place; yields the mean training loss after every epoch. The last batch of an epoch may be smaller.

    Raises DivergedError when the loss is not finite any more.
    """
    rng = np.random.default_rng(seed)
    optimiser = SGD(network.parameters, plan.momentum, plan.l2)
    steps = math.ceil(len(x) / plan.batch)
    for epoch in range(plan.epochs):
        order, total = rng.permutation(len(x)), 0.0
        for step in range(steps):
            chosen = order[step * plan.batch : (step + 1) * plan.batch]
            progress = (epoch * steps + step) / (plan.epochs * steps)
            with np.errstate(over="ignore", invalid="ignore"):
                value, dy = loss(network.forward(augment(x[chosen], rng)), target[chosen])
                network.backward(dy)
                optimiser.step(plan.rate * (0.5 + 0.5 * math.cos(math.pi * progress)))
            total += value * len(chosen)
            if not math.isfinite(total):
                raise DivergedError(f"the loss is {value} in epoch {epoch}: give a smaller `rate` than {plan.rate}.")
        yield total / len(x)
