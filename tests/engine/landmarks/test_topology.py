"""The index lists against MediaPipe's own connections, so that a typing error cannot pass."""

from __future__ import annotations

import itertools

import pytest

from engine.detection.mediapipe_runtime import mediapipe
from engine.landmarks import topology


def edges(line: tuple[int, ...], *, closed: bool) -> set[frozenset[int]]:
    ends = (*line, line[0]) if closed else line
    return {frozenset(pair) for pair in itertools.pairwise(ends)}


@pytest.mark.parametrize(
    ("name", "lines", "closed"),
    [
        ("FACEMESH_FACE_OVAL", (topology.FACE_OVAL,), True),
        ("FACEMESH_LEFT_EYE", (topology.LEFT_EYE,), True),
        ("FACEMESH_RIGHT_EYE", (topology.RIGHT_EYE,), True),
        ("FACEMESH_LIPS", (topology.LIPS_OUTER, topology.LIPS_INNER), True),
        ("FACEMESH_LEFT_IRIS", (topology.LEFT_IRIS,), True),
        ("FACEMESH_RIGHT_IRIS", (topology.RIGHT_IRIS,), True),
    ],
)
def test_outlines_are_mediapipes(name: str, lines: tuple[tuple[int, ...], ...], closed: bool) -> None:
    theirs = {frozenset(pair) for pair in getattr(mediapipe().solutions.face_mesh, name)}
    assert set().union(*(edges(line, closed=closed) for line in lines)) == theirs


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("FACEMESH_LEFT_EYEBROW", topology.LEFT_EYEBROW),
        ("FACEMESH_RIGHT_EYEBROW", topology.RIGHT_EYEBROW),
        ("FACEMESH_NOSE", topology.NOSE_BRIDGE),
        ("FACEMESH_NOSE", topology.NOSE_BASE[:2]),
    ],
)
def test_lines_are_part_of_mediapipes(name: str, line: tuple[int, ...]) -> None:
    theirs = {frozenset(pair) for pair in getattr(mediapipe().solutions.face_mesh, name)}
    assert edges(line, closed=False) <= theirs


def test_every_index_is_a_mesh_point() -> None:
    for line in (*topology.CLOSED_LINES, *topology.OPEN_LINES):
        assert len(set(line)) == len(line)
        assert max(line) < topology.POINTS
