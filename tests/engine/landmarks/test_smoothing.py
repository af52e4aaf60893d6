"""One Euro: still points hold still, moving ones are not left behind."""

from __future__ import annotations

import numpy as np
import pytest

from engine.landmarks.smoothing import LONGEST_GAP_S, OneEuro
from engine.types import FloatArray

FRAME_NS = 40_000_000
FACE_PX = 200.0


def run(points: FloatArray, smooth: OneEuro, frame_ns: int = FRAME_NS, scale: float = FACE_PX) -> FloatArray:
    return np.stack([smooth(row, index * frame_ns, scale=scale) for index, row in enumerate(points)])


def noisy_still(noise_px: float, count: int = 200) -> FloatArray:
    random = np.random.default_rng(0)
    base = random.uniform(0, FACE_PX, (1, 5, 2))
    return (base + random.normal(0, noise_px, (count, 5, 2))).astype(np.float32)


def test_the_first_points_come_out_as_they_are() -> None:
    points = np.array([[1.5, 2.5], [3.0, 4.0]], np.float32)
    np.testing.assert_array_equal(OneEuro()(points, 123), points)


@pytest.mark.parametrize("together", [False, True])
def test_shiver_of_a_still_face_is_a_third_or_less(together: bool) -> None:
    points = noisy_still(0.3)
    smooth = run(points, OneEuro(together=together))
    raw_step, step = (np.sqrt((np.diff(p[20:], axis=0) ** 2).mean()) for p in (points, smooth))
    assert step < raw_step / 3


def test_sharing_the_speed_steadies_noisy_points_further() -> None:
    points = noisy_still(1.5)
    alone, together = (np.diff(run(points, OneEuro(together=t))[20:], axis=0).std() for t in (False, True))
    assert together < 0.8 * alone


def test_a_moving_face_is_followed_closely() -> None:
    """One face width a second: after a moment the lag is under 2 % of the face."""
    points = np.zeros((50, 5, 2), np.float32)
    points[:, :, 0] = (np.arange(50) * FACE_PX * 0.04)[:, None]
    smooth = run(points, OneEuro())
    assert np.abs(points - smooth)[15:].max() < 0.02 * FACE_PX


def test_a_constant_stays_exactly() -> None:
    points = np.full((30, 3, 2), 77.25, np.float32)
    np.testing.assert_array_equal(run(points, OneEuro()), points)


def test_it_is_the_low_pass_of_the_paper_when_beta_is_nothing() -> None:
    """A step answered by alpha = 1 / (1 + tau / Te), tau = 1 / (2 pi f), frame after frame."""
    smooth = OneEuro(min_cutoff_hz=2.0, beta=0.0)
    steps = np.concatenate([np.zeros((1, 1, 2)), np.ones((20, 1, 2))]).astype(np.float32)
    alpha = 1 / (1 + 1 / (2 * np.pi * 2.0) / 0.04)
    expected = 1 - (1 - alpha) ** np.arange(21)
    np.testing.assert_allclose(run(steps, smooth)[:, 0, 0], expected, atol=1e-6)


def test_speed_counts_in_face_widths() -> None:
    """A face twice as large that moves twice as far is smoothed the same."""
    points = noisy_still(1.0, 40) + np.arange(40, dtype=np.float32)[:, None, None]
    small = run(points, OneEuro(), scale=FACE_PX)
    large = run(points * 2, OneEuro(), scale=2 * FACE_PX)
    np.testing.assert_allclose(large, 2 * small, rtol=1e-5)


def test_a_long_gap_or_another_number_of_points_is_a_new_beginning() -> None:
    smooth = OneEuro()
    smooth(np.zeros((5, 2)), 0)
    after_gap = smooth(np.full((5, 2), 50.0), int((LONGEST_GAP_S + 0.01) * 1e9))
    np.testing.assert_array_equal(after_gap, 50.0)
    np.testing.assert_array_equal(smooth(np.ones((3, 2)), int(1e9)), 1.0)


def test_reset_forgets() -> None:
    smooth = OneEuro()
    smooth(np.zeros((5, 2)), 0)
    smooth.reset()
    np.testing.assert_array_equal(smooth(np.full((5, 2), 9.0), FRAME_NS), 9.0)


def test_time_that_stands_still_or_runs_back_changes_nothing() -> None:
    smooth = OneEuro()
    smooth(np.zeros((5, 2)), 1000)
    np.testing.assert_array_equal(smooth(np.ones((5, 2)), 1000), 0.0)
    np.testing.assert_array_equal(smooth(np.ones((5, 2)), 500), 0.0)


@pytest.mark.parametrize("wrong", [{"min_cutoff_hz": 0}, {"derivative_cutoff_hz": -1}, {"beta": -0.1}])
def test_senseless_settings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="cut-off"):
        OneEuro(**wrong)  # type: ignore[arg-type]
