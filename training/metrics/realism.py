"""How near generated faces come to real ones, and how different from each other they are.

The published figures of this kind use the features of an Inception network trained on ImageNet. Ours are those of our
own age network: **FID and KID with our own features, not comparable with published ones**, only with each other, and
only while the feature weights are the same.

Convention: features (N, D) float64, one row a picture; pictures (N, S, S, 3) uint8 BGR of aligned faces, any size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.networks.age import AgeNet
from engine.weights.loading import load_module
from engine.weights.store import SAFETENSORS, find
from training.data.sets import DataError
from training.loops.age import as_input, expected_years

Features = NDArray[np.float64]
Images = NDArray[np.uint8]

NOTE = "FID and KID with the features of our own age network: not comparable with published FIDs and KIDs"
_BATCH = 64


def _checked(one: Features, other: Features, least: int) -> None:
    if one.ndim != 2 or other.ndim != 2 or one.shape[1] != other.shape[1]:
        raise ValueError(f"features: expected (N, D) and (M, D), got {one.shape} and {other.shape}")
    if min(len(one), len(other)) < least:
        raise ValueError(f"features: at least {least} rows are needed, got {len(one)} and {len(other)}")


def frechet_distance(one: Features, other: Features) -> float:
    """Distance of the Gaussians with the means and covariances of two sets: 0 for equal ones, no upper bound.

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)); Heusel et al. 2017, equation 6. With few pictures it is too high, so
    compare only figures of equally many. Raises ValueError for fewer than two rows or other dimensions.
    """
    _checked(one, other, 2)
    covariances = [np.atleast_2d(np.cov(each, rowvar=False)) for each in (one, other)]
    # tr (C1 C2)^(1/2) is the sum of the singular values of C1^(1/2) C2^(1/2): no root of a non-symmetric matrix.
    roots = [_root(covariance) for covariance in covariances]
    shared = np.linalg.svd(roots[0] @ roots[1], compute_uv=False).sum()
    apart = np.square(one.mean(0) - other.mean(0)).sum()
    return float(max(apart + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * shared, 0.0))


def _root(covariance: Features) -> Features:
    """The symmetric square root of a covariance matrix."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T, np.float64)


class KernelDistance(NamedTuple):
    """The distance and its standard error; both in the same unit."""

    distance: float
    error: float


def kernel_distance(one: Features, other: Features, parts: int = 10) -> KernelDistance:
    """KID: the unbiased squared maximum mean discrepancy with the kernel (x.y / D + 1)^3; 0 on average for two samples
    of one distribution, whatever their size, so that small sets can be measured too (it may come out below 0).

    Binkowski et al. 2018, section 4 and equation 4. error: from the spread over ``parts`` disjoint parts of both sets,
    0 where they are too small to be parted. Raises ValueError for fewer than two rows or other dimensions.
    """
    _checked(one, other, 2)
    parts = min(parts, len(one) // 2, len(other) // 2)
    error = 0.0
    if parts > 1:
        pieces = zip(np.array_split(one, parts), np.array_split(other, parts), strict=True)
        error = float(np.std([_discrepancy(a, b) for a, b in pieces], ddof=1) / np.sqrt(parts))
    return KernelDistance(_discrepancy(one, other), error)


def _discrepancy(one: Features, other: Features) -> float:
    def kernel(a: Features, b: Features) -> Features:
        return np.asarray((a @ b.T / a.shape[1] + 1) ** 3, np.float64)

    def within(rows: Features) -> float:
        values = kernel(rows, rows)
        return float((values.sum() - np.trace(values)) / (len(rows) * (len(rows) - 1)))

    return within(one) + within(other) - 2 * float(kernel(one, other).mean())


@dataclass(frozen=True, eq=False)
class FaceFeatures:
    """The age network as a measuring instrument. size: the side in pixels at which it looks; digest: SHA-256 of its
    weights, without which a figure means nothing.
    """

    network: AgeNet
    size: int = 112
    digest: str = ""

    @staticmethod
    def shipped(name: str = "age", device: torch.device | None = None) -> FaceFeatures:
        """With the weights of this name in weights/, on this device (None: a GPU if there is one). Raises WeightsError,
        and DataError for another kind of network.
        """
        if device is None:
            device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        weights = find(name)
        network = load_module(weights)
        if not isinstance(network, AgeNet):
            raise DataError(f"weights {name!r} are no age network: features are measured with one.")
        network.requires_grad_(False)
        return FaceFeatures(network.to(device), weights.card.sizes[0], weights.card.sha256[name + SAFETENSORS])

    @torch.no_grad()
    def maps(self, pictures: Images) -> list[Tensor]:
        """Activations after the stem and after each block, finest first, of one batch of pictures."""
        resized = [cv2.resize(each, (self.size, self.size), interpolation=_way(each, self.size)) for each in pictures]
        tensor = torch.from_numpy(np.stack(resized)).to(next(self.network.parameters()).device)
        return self.network.features(as_input(tensor))

    def pooled(self, pictures: Images) -> Features:
        """(N, D): the last activations, averaged over the picture."""
        return np.concatenate([self._last(part).double().cpu().numpy() for part in _parts(pictures)])

    def _last(self, pictures: Images) -> Tensor:
        return self.maps(pictures)[-1].mean((2, 3))

    @torch.no_grad()
    def years(self, pictures: Images) -> Features:
        """(N,) the ages that the network sees, in years."""
        found = []
        for part in _parts(pictures):
            chances = torch.softmax(self.network.head(self._last(part)), 1)
            found.append(expected_years(chances)[0].double().cpu().numpy())
        return np.concatenate(found)

    def distances(self, one: Images, other: Images) -> Features:
        """(N,) how different each picture is from its partner: 0 for the same, about 1 at most.

        Like LPIPS (Zhang et al. 2018, equation 1), but with our own network and all channels weighted alike: squared
        difference of the activations scaled to unit length in every place, averaged over places and depths.
        """
        found = []
        for first, second in zip(_parts(one), _parts(other), strict=True):
            total = torch.zeros(len(first))
            maps = list(zip(self.maps(first), self.maps(second), strict=True))
            for a, b in maps:
                a, b = (torch.nn.functional.normalize(each.float(), dim=1) for each in (a, b))
                total += (a - b).square().sum(1).mean((1, 2)).cpu() / (2 * len(maps))
            found.append(total.double().numpy())
        return np.concatenate(found)


def _way(picture: Images, size: int) -> int:
    return cv2.INTER_AREA if picture.shape[0] > size else cv2.INTER_CUBIC


def _parts(pictures: Images) -> list[Images]:
    return [pictures[start : start + _BATCH] for start in range(0, len(pictures), _BATCH)]


def diversity(features: FaceFeatures, pictures: Images, pairs: int = 200) -> float:
    """Mean distance of two different pictures of a set: 0 where all are the same, which is mode collapse.

    The first half is paired with the second, ``pairs`` at most; compare it with the diversity of real faces.
    """
    half = min(len(pictures) // 2, pairs)
    if not half:
        raise ValueError("pictures: at least two are needed")
    return float(features.distances(pictures[:half], pictures[-half:]).mean())


def nearest(pictures: Images, among: Images, count: int = 1) -> tuple[NDArray[np.int64], Features]:
    """The most alike of ``among`` for each picture: rows (N, count), nearest first, and root mean square distances
    (N, count) in grey levels, of the pictures shrunk to 16x16 pixels.
    """

    def small(images: Images) -> Features:
        shrunk = [cv2.resize(image, (16, 16), interpolation=cv2.INTER_AREA) for image in images]
        return np.stack(shrunk).reshape(len(images), -1).astype(np.float64)

    a, b = small(pictures), small(among)
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    rows = np.argsort(squares, 1)[:, :count]
    found = np.take_along_axis(squares, rows, 1)
    return rows.astype(np.int64), np.sqrt(np.clip(found, 0, None) / a.shape[1])
