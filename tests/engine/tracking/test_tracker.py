"""Tracks: ids that stay through motion, gaps, doubt and crossings, and are never used twice."""

from __future__ import annotations

import numpy as np
import pytest

from engine.tracking.tracker import Tracker
from engine.types import Detections, Tracks, TrackState
from tests.builders import boxes

FRAME_NS = 40_000_000
Face = tuple[float, float, float] | tuple[float, float, float, float]


def seen(*faces: Face) -> Detections:
    """Faces as (centre x, centre y, width[, score]); height is 1.2 widths, landmarks lie on the centre."""
    rows, scores = [], []
    for x, y, width, *score in faces:
        rows.append((x - width / 2, y - 0.6 * width, x + width / 2, y + 0.6 * width))
        scores.append(score[0] if score else 0.9)
    points = np.array([[(x, y)] * 5 for x, y, *_ in faces], np.float32).reshape(-1, 5, 2)
    return Detections(boxes(*rows), np.array(scores, np.float32), points)


def follow(tracker: Tracker, frames: list[Detections], start: int = 0) -> list[Tracks]:
    return [tracker.update(found, (start + index) * FRAME_NS) for index, found in enumerate(frames)]


def centres(tracks: Tracks) -> dict[int, float]:
    x = (tracks.detections.boxes[:, 0] + tracks.detections.boxes[:, 2]) / 2
    return {int(number): float(value) for number, value in zip(tracks.ids, x, strict=True)}


def test_nothing_gives_nothing() -> None:
    assert len(Tracker().update(Detections.empty(), 0)) == 0


def test_a_face_is_tentative_then_confirmed_and_keeps_its_id() -> None:
    states = [(t.ids.tolist(), t.states, t.hits.tolist()) for t in follow(Tracker(), [seen((100, 100, 50))] * 3)]
    assert states == [
        ([1], (TrackState.TENTATIVE,), [1]),
        ([1], (TrackState.CONFIRMED,), [2]),
        ([1], (TrackState.CONFIRMED,), [3]),
    ]


def test_a_flash_is_forgotten_at_once() -> None:
    tracks = follow(Tracker(), [seen((100, 100, 50)), Detections.empty(), seen((100, 100, 50))])
    assert [t.ids.tolist() for t in tracks] == [[1], [], [2]]


def test_a_confirmed_face_survives_a_gap_and_is_called_lost() -> None:
    face = seen((100, 100, 50))
    tracks = follow(Tracker(), [face, face, Detections.empty(), Detections.empty(), face])
    assert [t.ids.tolist() for t in tracks] == [[1]] * 5
    assert [t.states[0].value for t in tracks] == ["tentative", "confirmed", "lost", "lost", "confirmed"]
    assert [t.misses.tolist() for t in tracks] == [[0], [0], [1], [2], [0]]


@pytest.mark.parametrize(("gap_s", "expected"), [(0.9, [1]), (1.1, [2])])
@pytest.mark.parametrize("watched", [True, False])
def test_memory_lasts_one_second(gap_s: float, expected: list[int], watched: bool) -> None:
    """Whether frames without a face came in between or none at all, as when the camera stalls."""
    tracker, face = Tracker(), seen((100, 100, 50))
    follow(tracker, [face, face])
    if watched:
        assert tracker.update(Detections.empty(), FRAME_NS + int(0.8e9)).ids.tolist() == [1]
    assert tracker.update(face, FRAME_NS + int(gap_s * 1e9)).ids.tolist() == expected


def test_a_lost_face_is_dropped_in_the_first_frame_after_its_time() -> None:
    tracker, face = Tracker(), seen((100, 100, 50))
    follow(tracker, [face, face])
    assert len(tracker.update(Detections.empty(), FRAME_NS + int(0.99e9))) == 1
    assert len(tracker.update(Detections.empty(), FRAME_NS + int(1.01e9))) == 0


def test_a_lost_face_is_expected_where_it_was_going() -> None:
    """It passes behind something for 6 frames at 12 px a frame: too far from where it was for its own box."""
    tracker = Tracker()
    follow(tracker, [seen((100 + 12 * i, 100, 60)) for i in range(10)])
    hidden = follow(tracker, [Detections.empty()] * 6, start=10)
    x = [centres(t)[1] for t in hidden]
    assert (np.diff([208, *x]) > 0).all(), "it moves on"
    assert x[-1] <= 208 + 12 * 6 + 1, "but does not fly off"
    assert abs(hidden[-1].detections.landmarks[0, 0, 0] - x[-1]) < 1e-3, "its points move with it"
    back = tracker.update(seen((100 + 12 * 16, 100, 60)), 16 * FRAME_NS)
    assert back.ids.tolist() == [1]


def test_two_faces_keep_their_ids_whatever_the_order_they_are_found_in() -> None:
    random = np.random.default_rng(0)
    tracker = Tracker()
    for index in range(20):
        faces = [(100 + 2 * index, 100, 50), (300 - 2 * index, 120, 60)]
        order = random.permutation(2)
        tracks = tracker.update(seen(*(faces[i] for i in order)), index * FRAME_NS)
        assert tracks.ids.tolist() == [1, 2] or index == 0
        if index == 0:
            first = centres(tracks)
        else:
            now = centres(tracks)
            assert {number: x < 200 for number, x in first.items()} == {n: x < 200 for n, x in now.items()}


def test_faces_that_pass_each_other_do_not_swap() -> None:
    """One walks right, one left, at different heights that overlap by a third."""
    tracker = Tracker()
    for index in range(30):
        tracks = tracker.update(seen((100 + 8 * index, 100, 60), (340 - 8 * index, 145, 60)), index * FRAME_NS)
    rows = {int(number): float(y) for number, y in zip(tracks.ids, tracks.detections.landmarks[:, 0, 1], strict=True)}
    assert rows == {1: 100.0, 2: 145.0}


def test_a_face_that_jumps_out_of_its_box_is_the_same_face() -> None:
    tracks = follow(Tracker(), [seen((100, 100, 50)), seen((100, 100, 50)), seen((138, 112, 52))])
    assert [t.ids.tolist() for t in tracks] == [[1]] * 3


@pytest.mark.parametrize(
    "other", [pytest.param((400, 100, 50), id="far away"), pytest.param((130, 100, 120), id="much larger")]
)
def test_another_face_is_another_track(other: Face) -> None:
    tracks = follow(Tracker(), [seen((100, 100, 50)), seen((100, 100, 50)), seen(other)])
    assert tracks[-1].ids.tolist() == [1, 2]
    assert tracks[-1].states == (TrackState.LOST, TrackState.TENTATIVE)


def test_a_long_lost_face_is_not_given_to_somebody_who_is_only_near() -> None:
    tracker, face = Tracker(), seen((100, 100, 50))
    follow(tracker, [face, face, *[Detections.empty()] * 5])
    assert tracker.update(seen((137, 110, 50)), 7 * FRAME_NS).ids.tolist() == [1, 2]


def test_doubtful_detections_keep_a_face_alive_but_start_none() -> None:
    sure, doubtful = seen((100, 100, 50)), seen((102, 100, 50, 0.4))
    tracker = Tracker()
    assert [len(t) for t in follow(tracker, [doubtful] * 3)] == [0, 0, 0]
    tracks = follow(tracker, [sure, sure, doubtful, doubtful], start=3)
    assert tracks[-1].states == (TrackState.CONFIRMED,)
    assert tracks[-1].hits.tolist() == [4]
    assert tracks[-1].detections.scores[0] == np.float32(0.4)


def test_a_confident_detection_goes_before_a_doubtful_one() -> None:
    """The doubtful box fits a little better, but the confident one is the face."""
    tracker = Tracker()
    follow(tracker, [seen((100, 100, 50))] * 2)
    tracks = tracker.update(seen((100, 100, 50, 0.3), (106, 100, 50, 0.95)), 2 * FRAME_NS)
    assert centres(tracks) == {1: pytest.approx(106, abs=1e-3)}


def test_ids_are_never_used_again() -> None:
    tracker = Tracker()
    tracker.update(seen((100, 100, 50), (300, 100, 50)), 0)
    tracker.reset()
    assert len(tracker.update(Detections.empty(), FRAME_NS)) == 0
    assert tracker.update(seen((100, 100, 50)), 2 * FRAME_NS).ids.tolist() == [3]


def test_equal_claims_go_to_the_lower_row() -> None:
    tracks = follow(Tracker(), [seen((100, 100, 50)), seen((90, 100, 50), (110, 100, 50))])
    assert centres(tracks[-1])[1] == pytest.approx(90)


def test_time_that_stands_still_is_survived() -> None:
    tracker = Tracker()
    for _ in range(4):
        tracks = tracker.update(seen((100, 100, 50)), 5)
    assert tracks.ids.tolist() == [1]
    assert np.isfinite(tracks.detections.boxes).all()


def test_one_sighting_is_enough_where_that_is_asked_for() -> None:
    assert Tracker(confirm_hits=1).update(seen((100, 100, 50)), 0).states == (TrackState.CONFIRMED,)


def test_the_same_input_gives_the_same_tracks() -> None:
    random = np.random.default_rng(3)
    frames = []
    for _ in range(60):
        count = int(random.integers(0, 6))
        frames.append(seen(*((*random.uniform(50, 400, 2), 40.0, random.uniform(0.3, 1)) for _ in range(count))))  # type: ignore[misc]
    first, second = (follow(Tracker(), frames) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.ids, b.ids)
        np.testing.assert_array_equal(a.detections.boxes, b.detections.boxes)
        assert len(set(a.ids.tolist())) == len(a)
        assert (np.diff(a.ids) > 0).all()
