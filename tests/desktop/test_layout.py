"""Geometry: the parts of the window, the letterbox, and the marks on faces."""

from __future__ import annotations

import numpy as np
import pytest

from desktop import overlay
from desktop.layout import Arrangement, Box, Viewport, arrange, letterbox
from engine.types import AgeEstimate, Face, Match
from tests.fakes.session import face

SIZES = [(480, 400), (640, 480), (1280, 800), (1920, 1080), (3840, 2160)]


def overlap(a: Box, b: Box) -> bool:
    return a.x < b.right and b.x < a.right and a.y < b.bottom and b.y < a.bottom


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("drawer", [0.0, 0.4, 1.0])
def test_parts_stay_inside_and_the_drawer_never_covers(size: tuple[int, int], drawer: float) -> None:
    at: Arrangement = arrange(*size, drawer)
    assert not overlap(at.drawer, at.picture)
    assert not overlap(at.drawer, at.bar)
    assert at.picture.width >= 200
    assert at.bar.x >= 0 and at.bar.right <= size[0] and at.bar.bottom <= size[1]
    assert at.picture.right == (size[0] if drawer == 0 else at.drawer.x)


@pytest.mark.parametrize("mirrored", [False, True])
def test_points_there_and_back(mirrored: bool) -> None:
    view = letterbox(1280, 800, 640, 360, 100, mirrored)
    for x, y in ((0.0, 0.0), (639.0, 359.0), (10.5, 300.25)):
        there = view.to_widget(np.array([x, y]))
        assert view.to_image(*there) == pytest.approx((x, y))


def test_mirroring_swaps_sides() -> None:
    view = Viewport(10, 20, 2.0, 100, 50, mirrored=True)
    assert view.to_widget(np.array([0.0, 0.0])).tolist() == [10 + 200 - 1, 21]


@pytest.mark.parametrize(
    ("room", "image", "reserved", "expected"),
    [
        ((1280, 720), (1280, 720), 0, (0, 0, 1.0)),
        ((1280, 800), (1280, 720), 0, (0, 40, 1.0)),
        ((1280, 800), (1280, 720), 60, (0, 10, 1.0)),
        ((1280, 800), (1280, 720), 120, (0, 0, 1.0)),
        ((1280, 720), (720, 720), 100, (280, 0, 1.0)),
        ((640, 360), (1280, 720), 0, (0, 0, 0.5)),
    ],
    ids=["fits", "bands", "moves up", "as far as it can", "bands at the sides", "smaller"],
)
def test_letterbox(
    room: tuple[int, int], image: tuple[int, int], reserved: int, expected: tuple[float, float, float]
) -> None:
    view = letterbox(*room, *image, reserved, False)
    assert (view.left, view.top, view.scale) == expected


def test_fade_after_rest() -> None:
    assert overlay.fade(overlay.REST_S, reduced_motion=False) == 1.0
    assert 0 < overlay.fade(overlay.REST_S + overlay.FADE_S / 2, reduced_motion=False) < 1
    assert overlay.fade(overlay.REST_S + 2 * overlay.FADE_S, reduced_motion=False) == 0.0
    assert overlay.fade(overlay.REST_S + 0.01, reduced_motion=True) == 0.0


def test_brackets_are_corners_not_a_box() -> None:
    corners = overlay.brackets(0, 0, 1000, 1000)
    assert corners.shape == (4, 3, 2)
    assert corners[:, 1].tolist() == [[0, 0], [1000, 0], [1000, 1000], [0, 1000]]
    assert np.abs(corners[:, 0] - corners[:, 1]).max() == overlay.ARM_LONGEST_PX


def test_marks_follow_the_view() -> None:
    view = Viewport(0, 0, 2.0, 100, 100, mirrored=True)
    mark = overlay.marks((face(9.5, 19.5, 29.5, 39.5),), view, chosen=None, ages=True, landmarks=True)[0]
    assert mark.rect == (140, 40, 180, 80)
    assert mark.anchor == (160, 80 + overlay.LABEL_GAP_PX)
    assert mark.points.shape == (5, 2)
    assert [str(t) for t in mark.label] == ["looks 34 ± 4"]


def test_chosen_is_bright_and_others_are_faint() -> None:
    view = Viewport(0, 0, 1.0, 100, 100)
    faces = (face(0, 0, 9, 9, track=1), face(20, 20, 40, 40, track=2))
    marks = overlay.marks(faces, view, chosen=2, ages=False, landmarks=False)
    assert [(m.chosen, m.faint) for m in marks] == [(False, True), (True, False)]
    assert all(m.label == () and len(m.points) == 0 for m in marks)
    assert not any(m.faint for m in overlay.marks(faces, view, chosen=None, ages=False, landmarks=False))


def test_label_names_the_person_first_and_never_claims_certainty() -> None:
    plain = face(0, 0, 9, 9)
    known = Face(
        plain.box, 0.9, plain.landmarks, age=AgeEstimate(33.6, 0.1, "fake"), person=Match("Ada {Lovelace}", 0.8)
    )
    assert [str(t) for t in overlay.label_of(known)] == ["Ada {Lovelace}", "looks 34 ± 1"]
    assert overlay.label_of(face(0, 0, 9, 9, years=None)) == ()


@pytest.mark.parametrize(
    ("anchor", "face_top", "expected"), [(100, 50, 100), (390, 200, 170), (390, 10, 380)], ids=["chin", "head", "edge"]
)
def test_label_finds_room(anchor: float, face_top: float, expected: float) -> None:
    assert overlay.label_top(anchor, 20, face_top, 0, 400) == expected
