"""A network that answers what the test says, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.types import FloatArray


class FakeNetwork:
    """Fits engine.runtime.Network."""

    timings_ms: Mapping[str, float] = {}

    def __init__(
        self, answer: Callable[..., FloatArray], *, size: int = 64, batches: bool = False, name: str = "fake"
    ) -> None:
        self.name = name
        self.device = "cpu/fake/f32"
        self.size = size
        self.batches = batches
        self.asked: list[tuple[FloatArray, ...]] = []
        self.closed = 0
        self._answer = answer

    def __call__(self, *inputs: FloatArray) -> FloatArray:
        self.asked.append(inputs)
        return self._answer(*inputs)

    def close(self) -> None:
        self.closed += 1
