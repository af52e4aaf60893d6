"""A drawn-up world of faces for the live pipeline: a detector, a mesher and networks that know where the faces are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.aging.ager import Each, in_turn
from engine.geometry import boxes as box_math
from engine.landmarks import topology
from engine.landmarks.mesh import Mesh, five_points, mesh_box
from engine.landmarks.pose import HEAD, POSE_POINTS
from engine.types import AgeEstimate, AlignedFace, Detections, FloatArray, Image


@dataclass(slots=True)
class Person:
    """A face in the world: centre and width in pixels, and what the networks will see."""

    x: float
    y: float
    width: float = 80.0
    yaw_degrees: float = 0.0
    years: float = 30.0
    has_mesh: bool = True
    detectable: bool = True

    @property
    def mesh(self) -> FloatArray:
        """A mesh (478, 2) whose pose, outline and five points are those of this face."""
        points = np.zeros((topology.POINTS, 2))
        eye_distance = self.width / 2.3
        angle = math.radians(self.yaw_degrees)
        angles = np.linspace(0, 2 * math.pi, len(topology.FACE_OVAL), endpoint=False)
        oval = np.stack([np.sin(angles) / 2, -np.cos(angles) * 0.65], axis=1) * self.width
        points[list(topology.FACE_OVAL)] = oval + np.array([0, 0.25 * self.width])
        # A head turned by yaw about the vertical axis, seen from far away.
        seen = np.stack([math.cos(angle) * HEAD[:, 0] - math.sin(angle) * HEAD[:, 2], HEAD[:, 1]], axis=1)
        points[POSE_POINTS] = seen * eye_distance
        mouth_y = 1.0 * eye_distance
        points[topology.RIGHT_MOUTH_CORNER] = [-0.41 * eye_distance, mouth_y]
        points[topology.LEFT_MOUTH_CORNER] = [0.41 * eye_distance, mouth_y]
        return (points + np.array([self.x, self.y])).astype(np.float32)

    @property
    def box(self) -> FloatArray:
        return mesh_box(self.mesh)


class World:
    """Who is there. Tests move people between frames."""

    def __init__(self, *people: Person) -> None:
        self.people = list(people)

    def at(self, box: FloatArray) -> Person | None:
        """The person whose face overlaps a box."""
        for person in self.people:
            if box_math.iou(person.box[None], box[None])[0, 0] > 0.2:
                return person
        return None


class FakeDetector:
    name = "fake"

    def __init__(self, world: World) -> None:
        self.world = world
        self.calls = 0
        self.closed = 0

    def detect(self, image: Image) -> Detections:
        self.calls += 1
        people = [person for person in self.world.people if person.detectable]
        if not people:
            return Detections.empty()
        landmarks = np.stack([five_points(person.mesh) for person in people])
        return Detections(np.stack([p.box for p in people]), np.full(len(people), 0.9, np.float32), landmarks)

    def close(self) -> None:
        self.closed += 1


class GlancingDetector(FakeDetector):
    """Glances at a third of the world at a time, by the order of its people."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.glances = 0

    def glance(self, image: Image) -> Detections:
        self.glances += 1
        everybody = self.detect(image)
        self.calls -= 1
        return everybody.take(np.arange(len(everybody)) % 3 == self.glances % 3)


class FakeMesher:
    def __init__(self, world: World) -> None:
        self.world = world
        self.closed = 0

    def mesh(
        self, image: Image, box: FloatArray, *, landmarks: FloatArray | None = None, passes: int = 1
    ) -> Mesh | None:
        person = self.world.at(box)
        return Mesh(person.mesh, 0.95) if person is not None and person.has_mesh else None

    def follow_all(self, image: Image, previous: Sequence[FloatArray]) -> list[Mesh | None]:
        return [self.mesh(image, mesh_box(points)) for points in previous]

    def close(self) -> None:
        self.closed += 1


class FakeAger:
    """Darkens a face by one grey level a year of change, and notes what it was asked for."""

    device = "fake/ager"

    def __init__(self) -> None:
        self.calls: list[list[tuple[int, int, float, float]]] = []  # (track, size, source, target)
        self.closed = 0

    def residuals(
        self,
        faces: Sequence[AlignedFace],
        source_ages: Sequence[float],
        target_ages: Sequence[float],
        *,
        each: Each = in_turn,
    ) -> FloatArray:
        rows = list(zip(faces, source_ages, target_ages, strict=True))
        self.calls.append([(face.track_id, face.size, source, target) for face, source, target in rows])
        size = faces[0].size
        return np.stack([np.full((size, size, 3), source - target, np.float32) for _, source, target in rows])

    def close(self) -> None:
        self.closed += 1


class FakeEstimator:
    """Says the same age for everyone."""

    size = 112
    device = "fake/age"

    def __init__(self, years: float = 30.0) -> None:
        self.years = years
        self.crops: list[Image] = []
        self.closed = 0

    def estimate(self, crops: Sequence[Image]) -> tuple[AgeEstimate, ...]:
        self.crops.extend(crops)
        return tuple(AgeEstimate(self.years, 4.0, "fake") for _ in crops)

    def close(self) -> None:
        self.closed += 1
