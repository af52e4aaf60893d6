"""Noise on a still face is quietened; motion, a new target, a gap or a new size are followed at once."""

from __future__ import annotations

import numpy as np
import pytest

from engine.aging.stabiliser import STILL_SHARE, Stabiliser
from engine.types import FloatArray, Image

SIZE = 64
FRAME_NS = 33_333_333


def crop(shift: int = 0, light: int = 0) -> Image:
    rng = np.random.default_rng(0)
    blocks = np.repeat(np.repeat(rng.integers(40, 200, (8, 8, 3)), 8, axis=0), 8, axis=1)
    return np.roll(blocks + light, shift, axis=1).astype(np.uint8)


def constant(value: float, size: int = SIZE) -> FloatArray:
    return np.full((size, size, 3), value, np.float32)


def test_the_first_residual_passes_unchanged() -> None:
    first = np.random.default_rng(1).normal(0, 5, (SIZE, SIZE, 3)).astype(np.float32)
    np.testing.assert_array_equal(Stabiliser().update(first, crop(), 70.0, 0), first)


def test_on_a_still_face_noise_shrinks_as_a_running_mean_promises() -> None:
    rng = np.random.default_rng(2)
    stabiliser = Stabiliser()
    outputs = []
    for i in range(60):
        noisy = constant(10) + rng.normal(0, 4, (SIZE, SIZE, 3)).astype(np.float32)
        outputs.append(stabiliser.update(noisy, crop(), 70.0, i * FRAME_NS).copy())
    settled = np.stack(outputs[20:])
    assert settled.std(axis=0).mean() < 4 * np.sqrt(STILL_SHARE / (2 - STILL_SHARE)) * 1.1
    assert abs(settled.mean() - 10) < 0.1


def test_the_smoothing_per_second_does_not_depend_on_the_frame_rate() -> None:
    def after_a_third(frames: int) -> float:
        stabiliser = Stabiliser()
        stabiliser.update(constant(0), crop(), 70.0, 0)
        for i in range(1, frames + 1):
            out = stabiliser.update(constant(10), crop(), 70.0, i * 333_000_000 // frames)
        return float(out.mean())

    assert after_a_third(5) == pytest.approx(after_a_third(20), abs=0.1)


def test_where_the_face_moves_the_fresh_residual_is_taken() -> None:
    stabiliser = Stabiliser()
    stabiliser.update(constant(0), crop(), 70.0, 0)
    moved = crop()
    moved[:, 32:] = 255 - moved[:, 32:]
    out = stabiliser.update(constant(10), moved, 70.0, FRAME_NS)
    assert out[32, 8, 0] == pytest.approx(10 * STILL_SHARE, abs=0.5)
    assert out[:, 44:].mean() > 8


def test_light_that_changes_everywhere_is_not_motion() -> None:
    stabiliser = Stabiliser()
    stabiliser.update(constant(0), crop(), 70.0, 0)
    out = stabiliser.update(constant(10), crop(light=30), 70.0, FRAME_NS)
    assert out.mean() == pytest.approx(10 * STILL_SHARE, abs=0.5)


@pytest.mark.parametrize(
    ("target", "time_ns", "reason"),
    [(40.0, FRAME_NS, "the target jumped"), (70.0, 600_000_000, "a gap"), (70.0, -FRAME_NS, "time ran backwards")],
)
def test_it_starts_afresh_after(target: float, time_ns: int, reason: str) -> None:
    stabiliser = Stabiliser()
    stabiliser.update(constant(0), crop(), 70.0, 0)
    assert (stabiliser.update(constant(10), crop(), target, time_ns) == 10).all(), reason


def test_a_gliding_target_is_followed_faster_than_a_resting_one() -> None:
    values = []
    for step in (0.0, 0.5, 1.5):
        stabiliser = Stabiliser()
        stabiliser.update(constant(0), crop(), 50.0, 0)
        values.append(float(stabiliser.update(constant(10), crop(), 50.0 + step, FRAME_NS).mean()))
    assert values == sorted(values)
    assert values[2] > 7


def test_another_size_starts_afresh() -> None:
    stabiliser = Stabiliser()
    stabiliser.update(constant(0), crop(), 70.0, 0)
    large = np.repeat(np.repeat(crop(), 2, axis=0), 2, axis=1)
    assert (stabiliser.update(constant(10, 128), large, 70.0, FRAME_NS) == 10).all()


def test_reset_forgets() -> None:
    stabiliser = Stabiliser()
    stabiliser.update(constant(0), crop(), 70.0, 0)
    stabiliser.reset()
    assert (stabiliser.update(constant(10), crop(), 70.0, FRAME_NS) == 10).all()


def test_the_result_cannot_be_written_to_and_the_input_is_not_kept() -> None:
    stabiliser = Stabiliser()
    fresh = constant(0)
    out = stabiliser.update(fresh, crop(), 70.0, 0)
    fresh[:] = 99
    assert not out.any()
    with pytest.raises(ValueError, match="read-only"):
        out[0, 0, 0] = 1
