"""FID, KID and the measure of diversity against what can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.weights.store import find
from training.data.sets import DataError
from training.metrics import realism
from training.metrics.realism import FaceFeatures, diversity, frechet_distance, kernel_distance, nearest

RNG = np.random.default_rng(0)
CLOUD = RNG.normal(size=(500, 6)) @ RNG.normal(size=(6, 6))
TRACE = float(np.trace(np.cov(CLOUD, rowvar=False)))
TURN = np.linalg.qr(RNG.normal(size=(6, 6)))[0]


@pytest.mark.parametrize(
    ("other", "distance"),
    [
        (CLOUD, 0.0),
        (CLOUD[::-1], 0.0),
        (CLOUD + np.arange(6), float(np.square(np.arange(6)).sum())),
        ((CLOUD - CLOUD.mean(0)) * 3 + CLOUD.mean(0), 4 * TRACE),
        (np.repeat(CLOUD.mean(0)[None], 9, 0), TRACE),
    ],
    ids=["the same", "in another order", "moved", "spread three times as far", "all at the mean"],
)
def test_frechet_distance_of_known_gaussians(other: np.ndarray, distance: float) -> None:
    assert frechet_distance(CLOUD, other) == pytest.approx(distance, abs=1e-3, rel=1e-6)
    assert frechet_distance(other, CLOUD) == pytest.approx(distance, abs=1e-3, rel=1e-6)


def test_frechet_distance_of_drawn_gaussians_whose_covariances_do_not_commute() -> None:
    """Against tr (C1 C2)^(1/2) as the sum of the roots of the eigenvalues of C1 C2."""
    other = RNG.normal(size=(800, 6)) @ RNG.normal(size=(6, 6)) + 1
    one, two = np.cov(CLOUD, rowvar=False), np.cov(other, rowvar=False)
    shared = np.sqrt(np.linalg.eigvals(one @ two).real).sum()
    wanted = np.square(CLOUD.mean(0) - other.mean(0)).sum() + np.trace(one) + np.trace(two) - 2 * shared
    assert frechet_distance(CLOUD, other) == pytest.approx(wanted, rel=1e-8)


def test_frechet_distance_does_not_care_how_the_axes_are_turned() -> None:
    other = CLOUD[:200] * 2 + 1
    assert frechet_distance(CLOUD @ TURN, other @ TURN) == pytest.approx(frechet_distance(CLOUD, other), rel=1e-6)


def test_frechet_distance_tells_a_wide_gaussian_from_samples_of_a_narrow_one() -> None:
    """N(0, 1) and N(0, 4) in three dimensions: 3 * (2 - 1)^2."""
    rng = np.random.default_rng(1)
    found = frechet_distance(rng.normal(0, 1, (20000, 3)), rng.normal(0, 2, (20000, 3)))
    assert found == pytest.approx(3.0, rel=0.05)


def test_kernel_distance_by_hand() -> None:
    """k(x, y) = (xy + 1)^3 in one dimension: k(0, 0) = 1, k(1, 1) = 8, k(0, 1) = 1, so 1 + 8 - 2."""
    assert kernel_distance(np.zeros((2, 1)), np.ones((3, 1))).distance == pytest.approx(7.0)


def test_kernel_distance_leaves_out_each_picture_with_itself() -> None:
    one, other = np.array([[0.0], [1.0], [2.0]]), np.array([[1.0], [3.0]])

    def kernel(a: float, b: float) -> float:
        return (a * b + 1) ** 3

    within = np.mean([kernel(a, b) for i, a in enumerate(one[:, 0]) for j, b in enumerate(one[:, 0]) if i != j])
    across = np.mean([kernel(a, b) for a in one[:, 0] for b in other[:, 0]])
    assert kernel_distance(one, other).distance == pytest.approx(within + kernel(1, 3) - 2 * across)


def test_kernel_distance_of_one_distribution_is_nothing_within_its_error_however_few_there_are() -> None:
    rng = np.random.default_rng(3)
    small = [kernel_distance(rng.normal(size=(20, 4)), rng.normal(size=(20, 4))).distance for _ in range(200)]
    assert abs(np.mean(small)) < 3 * np.std(small) / np.sqrt(len(small))
    found = kernel_distance(rng.normal(size=(400, 4)), rng.normal(size=(400, 4)))
    assert found.error > 0 and abs(found.distance) < 4 * found.error


def test_kernel_distance_grows_with_the_shift() -> None:
    rng = np.random.default_rng(4)
    one, other = rng.normal(size=(300, 4)), rng.normal(size=(300, 4))
    found = [kernel_distance(one, other + shift).distance for shift in (0.0, 0.5, 1.0)]
    assert found == sorted(found) and found[2] > 10 * abs(found[0])


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (np.zeros((1, 3)), np.zeros((4, 3)), "at least 2"),
        (np.zeros((4, 3)), np.zeros((4, 2)), "expected"),
        (np.zeros(4), np.zeros((4, 2)), "expected"),
    ],
    ids=["one row", "other dimensions", "no rows"],
)
def test_features_that_do_not_fit_are_refused(one: np.ndarray, other: np.ndarray, said: str) -> None:
    for distance in (frechet_distance, kernel_distance):
        with pytest.raises(ValueError, match=said):
            distance(one, other)


# -- with the shipped age network -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def instrument() -> FaceFeatures:
    return FaceFeatures.shipped()


def blots(count: int, seed: int, side: int = 32) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, 4, 4, 3), np.uint8).repeat(side // 4, 1).repeat(side // 4, 2)


def test_instrument_says_which_weights_it_is(instrument: FaceFeatures) -> None:
    assert instrument.digest == find("age").card.sha256["age.safetensors"]


def test_other_networks_are_no_instrument() -> None:
    with pytest.raises(DataError, match="no age network"):
        FaceFeatures.shipped("ager")


def test_features_do_not_depend_on_the_batch(instrument: FaceFeatures, monkeypatch: pytest.MonkeyPatch) -> None:
    faces = blots(5, 0)
    whole = instrument.pooled(faces)
    monkeypatch.setattr(realism, "_BATCH", 2)
    assert whole.shape == (5, 192)
    np.testing.assert_allclose(instrument.pooled(faces), whole, atol=1e-4)
    assert ((instrument.years(faces) >= 0) & (instrument.years(faces) <= 100)).all()


def test_diversity_of_identical_pictures_is_nothing(instrument: FaceFeatures) -> None:
    assert diversity(instrument, blots(1, 0).repeat(6, 0)) == 0
    assert diversity(instrument, blots(6, 0)) > 0.05


def test_a_small_change_is_a_small_distance(instrument: FaceFeatures) -> None:
    faces = blots(3, 0)
    little = np.clip(faces.astype(int) + 4, 0, 255).astype(np.uint8)
    assert (instrument.distances(faces, little) < 0.2 * instrument.distances(faces, blots(3, 9))).all()
    assert (instrument.distances(faces, faces) == 0).all()


def test_one_picture_has_no_diversity(instrument: FaceFeatures) -> None:
    with pytest.raises(ValueError, match="at least two"):
        diversity(instrument, blots(1, 0))


def test_the_nearest_of_many_is_found_with_its_distance() -> None:
    among = blots(30, 1)
    near = np.clip(among[[7, 3]].astype(int) + 5, 0, 255).astype(np.uint8)
    rows, distances = nearest(near, among, 2)
    assert rows[:, 0].tolist() == [7, 3]
    assert (distances[:, 0] <= 5.01).all() and (distances[:, 1] > distances[:, 0]).all()
    assert nearest(among[:1], among)[1][0, 0] == pytest.approx(0, abs=1e-3)
