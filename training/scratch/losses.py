"""Losses: each returns the mean over the batch and its derivative for the network's output. NumPy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.scratch.layers import Floats


def mean_squared_error(y: Floats, target: Floats) -> tuple[float, Floats]:
    """E = mean (y - t)^2 over all of y (N, K); dE/dy = 2 (y - t) / (N K) (Bishop 2006, equation 5.11, without the 1/2).

    Raises ValueError for two shapes: NumPy would spread (N, 1) over (N,) without a word.
    """
    if y.shape != target.shape:
        raise ValueError(f"mean_squared_error: output {y.shape} and target {target.shape} must have one shape.")
    difference = y - target
    return float(np.mean(difference**2)), 2 * difference / difference.size


def softmax(logits: Floats) -> Floats:
    """(N, K) -> probabilities (N, K): exp(z_k) / sum_j exp(z_j) (Bishop 2006, equation 4.104), safe for large z."""
    power = np.exp(logits - logits.max(1, keepdims=True))
    return power / power.sum(1, keepdims=True)


def cross_entropy(logits: Floats, target: NDArray[np.int64]) -> tuple[float, Floats]:
    """E = -mean ln p(target) of softmax(logits (N, K)) with classes (N,); dE/dz = (p - onehot) / N
    (Bishop 2006, equations 4.108 and 4.109: softmax and logarithm together, so that no p near 0 is divided by).
    """
    each = np.arange(len(logits))
    shifted = logits - logits.max(1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(1))
    gradient = softmax(logits)
    gradient[each, target] -= 1
    return float(np.mean(log_sum - shifted[each, target])), gradient / len(logits)
