"""Hair beyond the crop follows the hair in it; walls, other people and bald heads do not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.aging.hair_follower import HairFollower
from engine.aging.occlusion import GRID
from engine.types import FloatArray
from tests.engine.aging.hair_scene import BLACK, GREY_HAIR, LIGHT, Colour, Head

FRAME_NS = 40_000_000


def beside_hair(head: Head) -> np.ndarray:
    """Where the wall is (H, W), not counting the hair's soft edge."""
    near = cv2.dilate(head.hair_area, np.ones((9, 9), np.uint8))
    rows = np.indices(head.shape)[0] < head.middle[1] - 0.2 * head.width
    return np.asarray((near == 0) & rows)


def mean_beyond(head: Head, added: FloatArray) -> float:
    beyond = head.beyond() > 0
    assert beyond.sum() > 2000
    return float(added[beyond].mean())


@pytest.mark.parametrize("wall", [LIGHT, (120, 120, 120), (40, 60, 110)], ids=["light", "middle grey", "wood"])
@pytest.mark.parametrize("size", [256, 384])
def test_hair_beyond_the_crop_gets_the_change_of_the_hair_in_it(wall: Colour, size: int) -> None:
    head = Head(wall=wall, size=size)
    spread = head.spread()
    assert spread is not None
    added = head.added(spread)
    assert mean_beyond(head, head.added(None)) == 0, "without it, a seam"
    assert mean_beyond(head, added) == pytest.approx(GREY_HAIR, rel=0.1)
    wall_added = np.abs(added[beside_hair(head)])
    assert wall_added.max() <= 10, "a few pixels from the edge there is a little"
    assert wall_added.mean() < 0.05, "the wall stays"


def test_far_from_the_hair_every_bit_stays() -> None:
    head = Head()
    aged = head.aged(head.spread())
    far = cv2.dilate(head.hair_area, np.ones((61, 61), np.uint8)) == 0
    far[int(head.middle[1]) :] = False
    np.testing.assert_array_equal(aged[far], head.image[far])
    assert far.sum() > 50_000


def test_light_hair_before_a_dark_wall_follows_too() -> None:
    head = Head(hair=(110, 160, 190), wall=(30, 30, 30), greyed=25.0)
    assert mean_beyond(head, head.added(head.spread())) == pytest.approx(25, rel=0.15)


def test_grey_hair_turns_dark_again() -> None:
    head = Head(hair=(150, 150, 150), wall=(240, 240, 240), greyed=-80.0)
    assert mean_beyond(head, head.added(head.spread())) == pytest.approx(-80, rel=0.15)


@pytest.mark.parametrize("wall", [BLACK, (60, 55, 50)], ids=["the same", "a little lighter"])
def test_a_wall_like_the_hair_is_left_alone(wall: Colour) -> None:
    assert Head(wall=wall).spread() is None


@pytest.mark.parametrize("shape", [(480, 640), (330, 360)], ids=["wide", "close"])
def test_a_wall_that_the_network_greys_by_mistake_is_not_carried_on(shape: tuple[int, int]) -> None:
    close = shape[1] < 400
    head = Head(wall=BLACK, shape=shape, middle=(180, 200) if close else (320, 260), width=200 if close else 160)
    assert head.spread(residual=head.residual(np.ones(shape, np.float32))) is None


def test_what_has_the_colour_of_the_hair_but_does_not_touch_it_stays() -> None:
    head = Head()
    head.image[60:130, 90:150] = BLACK
    head.image[60:130, 500:560] = BLACK
    spread = head.spread()
    assert spread is not None
    added = head.added(spread)
    assert mean_beyond(head, added) == pytest.approx(GREY_HAIR, rel=0.1)
    assert np.abs(added[62:128, 92:148]).max() == 0
    assert np.abs(added[62:128, 502:558]).max() == 0


@pytest.mark.parametrize("size", [0.0, 2.0], ids=["none", "hardly any"])
def test_no_change_changes_nothing(size: float) -> None:
    head = Head(greyed=size)
    assert head.spread() is None
    head = Head()
    assert head.spread(residual=np.zeros_like(head.residual())) is None


def test_a_bald_head_has_no_hair() -> None:
    head = Head(hair=None)
    assert head.spread(residual=Head().residual()) is None
    grown = np.full_like(head.residual(), 12.0)
    assert head.spread(residual=grown) is None


def test_hair_of_the_colour_of_skin_is_left_alone() -> None:
    assert Head(hair=(116, 148, 188)).spread() is None


@pytest.mark.parametrize("weight", [0.25, 0.5, 1.0])
def test_strength_scales_it(weight: float) -> None:
    head = Head()
    nothing = np.zeros_like(head.residual())
    added = head.aged(head.spread(weight=weight), nothing).astype(np.float32) - head.image
    assert mean_beyond(head, added) == pytest.approx(weight * GREY_HAIR, rel=0.15)
    assert head.spread(weight=0) is None


def test_what_is_covered_stays() -> None:
    head = Head()
    cover = np.zeros((GRID, GRID), np.float32)
    cover[:, : GRID // 2] = 1
    added = head.added(head.spread(cover=cover), np.zeros_like(head.residual()))
    beyond = head.beyond() > 0
    left = np.indices(head.shape)[1] < head.middle[0]
    assert np.abs(added[beyond & left][:, 0]).mean() < 5
    assert added[beyond & ~left].mean() > 55


def test_hair_nearer_to_another_face_is_its_own() -> None:
    head = Head()
    above = head.box - np.array([0, 360, 0, 360], np.float32)
    added = head.added(head.spread(others=above[None]))
    upper, lower = head.beyond() > 0, head.beyond() > 0
    upper[int(head.middle[1]) - 190 :] = False
    lower[: int(head.middle[1]) - 165] = False
    assert min(upper.sum(), lower.sum()) > 200
    assert added[upper].mean() < 8, "but for a soft edge"
    assert added[lower].mean() > 50
    free = head.spread(others=np.zeros((0, 4), np.float32))
    assert mean_beyond(head, head.added(free)) == pytest.approx(GREY_HAIR, rel=0.1)


@pytest.mark.parametrize("middle", [(320, 60), (40, 260), (610, 420), (320, 470), (5, 5)])
def test_a_face_at_the_border_of_the_frame(middle: tuple[float, float]) -> None:
    head = Head(middle=middle)
    aged = head.aged(head.spread())
    assert aged.shape == head.image.shape
    assert (aged != head.image).any()


class TestTime:
    def test_nothing_flickers_while_noise_changes(self) -> None:
        head, follower = Head(), HairFollower()
        random, sums = np.random.default_rng(3), []
        jitter = random.normal(0, 1.5, 30).astype(np.float32)
        clean = head.image.astype(np.float32)
        for i in range(30):
            head.image = np.clip(clean + random.normal(0, 3, clean.shape), 0, 255).astype(np.uint8)
            spread = head.spread(follower, residual=head.residual() + jitter[i], time_ns=i * FRAME_NS)
            assert spread is not None
            sums.append(float(head.added(spread)[head.beyond() > 0].mean()))
        assert np.abs(np.diff(sums[5:])).max() < 0.4 * np.abs(np.diff(jitter)).max()
        assert np.mean(sums[5:]) == pytest.approx(GREY_HAIR, rel=0.1)

    def test_a_dial_that_moves_is_followed(self) -> None:
        follower, got = HairFollower(), 0.0
        for i in range(15):
            head = Head(greyed=min(70.0, 10.0 * i))
            got = mean_beyond(head, head.added(head.spread(follower, time_ns=i * FRAME_NS)))
        assert got > 55
        assert Head(greyed=0.0).spread(follower, time_ns=15 * FRAME_NS) is None, "own age: at once nothing"

    def test_a_wall_that_comes_behind_the_hair_is_noticed_softly(self) -> None:
        follower, dark = HairFollower(), Head(wall=BLACK)
        for i in range(10):
            Head().spread(follower, time_ns=i * FRAME_NS)
        trust = []
        for i in range(10, 60):
            spread = dark.spread(follower, time_ns=i * FRAME_NS)
            trust.append(0.0 if spread is None else float(np.abs(spread.place).max()))
        assert trust[0] > 0, "no jump"
        assert trust[-1] == 0

    def test_it_settles_on_a_picture_that_stands_still(self) -> None:
        head, follower = Head(), HairFollower()
        assert follower.settled
        for i in range(3):
            head.spread(follower, time_ns=i * FRAME_NS)
        assert follower.settled
        Head(greyed=30.0).spread(follower, time_ns=3 * FRAME_NS)
        Head(greyed=30.0).spread(follower, time_ns=5 * FRAME_NS)
        assert not follower.settled
        for i in range(6, 40):
            Head(greyed=30.0).spread(follower, time_ns=i * FRAME_NS)
        assert follower.settled

    @pytest.mark.parametrize("gap_ns", [600_000_000, -5], ids=["long gap", "backwards"])
    def test_it_starts_afresh_after_a_gap(self, gap_ns: int) -> None:
        follower = HairFollower()
        Head(greyed=30.0).spread(follower, time_ns=10**9)
        head = Head(greyed=70.0)
        spread = head.spread(follower, time_ns=10**9 + gap_ns)
        assert mean_beyond(head, head.added(spread)) == pytest.approx(70, rel=0.1)
