"""Which detections count as faces when no mesh confirms them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from engine.landmarks.faces import find_faces
from engine.types import Detections, Image
from tests.fakes.faces import FakeMesher, World

IMAGE = np.zeros((200, 200, 3), np.uint8)


@dataclass
class Says:
    """A detector that sees squares: (left, side, score) each."""

    rows: list[tuple[float, float, float]] = field(default_factory=list)
    name: str = "says"

    def detect(self, image: Image) -> Detections:
        if not self.rows:
            return Detections.empty()
        boxes = np.array([(x, 20, x + side, 20 + side) for x, side, _ in self.rows], np.float32)
        points = boxes[:, None, :2] + np.array([[10, 10], [30, 10], [20, 20], [12, 30], [28, 30]], np.float32)
        return Detections(boxes, np.array([score for *_, score in self.rows], np.float32), points)

    def close(self) -> None:
        """Nothing is held."""


@pytest.mark.parametrize(
    ("rows", "scores"),
    [
        ([], []),
        ([(10, 20, 0.75)], [0.75]),  # sure, however small
        ([(10, 20, 0.74)], []),  # unsure and small
        ([(10, 60, 0.66)], [0.66]),  # unsure, but large and alone: a profile
        ([(10, 59, 0.74)], []),  # just too small for that
        ([(10, 60, 0.64)], []),  # just too unsure
        ([(0, 70, 0.66), (100, 70, 0.7)], [0.7]),  # only the likelier one
        ([(0, 70, 0.7), (100, 20, 0.8)], [0.8]),  # somebody is surely there: no guessing
    ],
)
def test_without_a_mesh(rows: list[tuple[float, float, float]], scores: list[float]) -> None:
    found = find_faces(IMAGE, Says(rows), FakeMesher(World()))  # type: ignore[arg-type]
    assert [face.score for face in found] == pytest.approx(scores)
    assert all(face.mesh is None for face in found)
