"""A drawn hand and a cup before a real face are found; light, noise, small movements and the face itself are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

import cv2
import numpy as np
import pytest

from engine.aging.occlusion import GRID, OcclusionGuard, uncovered_mask
from engine.geometry.align import crop_affine, transform, warp_crop
from engine.landmarks.mask import head_mask
from engine.landmarks.mesh import FaceMesher, five_points
from engine.types import FloatArray, Image
from tests.builders import face_picture

SIZE = 256
FRAME_NS = 40_000_000
Change = Callable[[Image, int], Image]


@pytest.fixture(scope="module")
def face() -> Iterator[tuple[Image, FloatArray]]:
    """An aligned crop of the demo's face and its mesh in it."""
    picture = face_picture(640)
    mesher = FaceMesher()
    found = mesher.mesh(picture, np.array([170, 120, 470, 500], np.float32), passes=2)
    mesher.close()
    assert found is not None
    to_crop = crop_affine(five_points(found.points), SIZE)
    yield warp_crop(picture, to_crop, SIZE), transform(to_crop, found.points)


class Film:
    """Frames of one face with sensor noise; ``change`` is what happens to each."""

    def __init__(self, face: tuple[Image, FloatArray]) -> None:
        self.crop, self.mesh = face
        self.guard = OcclusionGuard()
        self.mask = head_mask(self.mesh, SIZE)
        noise = np.random.default_rng(5).normal(0, 3, (8, SIZE, SIZE, 3))
        self.noise = noise.astype(np.float32)
        self.frames, self.frame_ns, self.time_ns = 0, FRAME_NS, 0

    def run(self, frames: int, change: Change | None = None, *, yaw: float = 0.0, width: float = 200.0) -> FloatArray:
        """The map after these frames; the change is told the number of the frame in this run."""
        cover = None
        for i in range(frames):
            picture = self.crop if change is None else change(self.crop, i)
            noisy = np.clip(picture + self.noise[self.frames % 8], 0, 255).astype(np.uint8)
            cover = self.guard.update(noisy, self.mesh, yaw_degrees=yaw, width_px=width, time_ns=self.time_ns)
            self.frames += 1
            self.time_ns += self.frame_ns
        return np.zeros((GRID, GRID), np.float32) if cover is None else cover

    def kept(self, cover: FloatArray, where: FloatArray | None = None) -> float:
        """The share of the face's mask that is still aged, within ``where`` (S, S) or everywhere."""
        weight = self.mask if where is None else self.mask * where
        return float((uncovered_mask(self.mask, cover) * weight).sum() / (self.mask * weight).sum())


def _instead(now: Image, crop: Image, _: int) -> Image:
    return now


def shape_of(kind: str, left: int = 0) -> FloatArray:
    """Where the hand or the cup is (S, S) 0..1: over mouth and cheek, moved by some pixels."""
    area = np.zeros((SIZE, SIZE), np.uint8)
    if kind == "hand":
        palm = (128 + left, 190)
        cv2.ellipse(area, palm, (40, 48), 0, 0, 360, (255,), -1)
        for degrees in (-28, -10, 8, 26):
            tip = (round(palm[0] + 95 * np.sin(np.radians(degrees))), round(palm[1] - 95 * np.cos(np.radians(degrees))))
            cv2.line(area, palm, tip, (255,), 20)
    else:
        cv2.rectangle(area, (92 + left, 150), (164 + left, 255), (255,), -1)
    return np.asarray(cv2.GaussianBlur(area, (0, 0), 1.5) / 255, np.float32)


def held(kind: str, colour: tuple[int, int, int], left: int = 0) -> Change:
    area = shape_of(kind, left)
    edge = cv2.distanceTransform((area > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    shade = (0.6 + 0.4 * np.clip(edge / 14, 0, 1))[..., None] * np.array(colour, np.float32)

    def change(crop: Image, _: int) -> Image:
        return np.asarray(crop * (1 - area[..., None]) + shade * area[..., None], np.uint8)

    return change


THINGS = {"cup": (225, 228, 230), "mug": (40, 60, 90), "hand": (105, 130, 190)}


@pytest.mark.parametrize("name", THINGS)
def test_what_comes_before_the_face_is_left_alone_and_the_rest_is_aged(
    face: tuple[Image, FloatArray], name: str
) -> None:
    film = Film(face)
    film.run(25)
    kind = "hand" if name == "hand" else "cup"
    cover = film.run(10, held(kind, THINGS[name]))
    area = shape_of(kind)
    assert film.kept(cover, (area > 0.9).astype(np.float32)) < 0.2
    beside = (cv2.dilate(area, np.ones((41, 41), np.uint8)) < 0.05).astype(np.float32)
    assert film.kept(cover, beside) > 0.92
    assert film.kept(film.run(50)) > 0.98, "when it is gone everything is aged again"


@pytest.mark.parametrize(
    "change",
    [
        lambda crop, i: crop,
        lambda crop, i: np.clip(crop * (1 + 0.35 * min(i / 10, 1)), 0, 255).astype(np.uint8),
        lambda crop, i: (crop * 0.5).astype(np.uint8),
        lambda crop, i: np.clip(crop + np.array([18, 0, -12]), 0, 255).astype(np.uint8),
        lambda crop, i: np.clip(crop * np.linspace(0.85, 1.1, SIZE)[None, :, None], 0, 255).astype(np.uint8),
        lambda crop, i: np.roll(crop, (i % 3 - 1, i % 2), axis=(0, 1)),
    ],
    ids=["nothing", "brighter", "half the light", "another tint", "light from one side", "a shivering mesh"],
)
def test_the_bare_face_stays_aged(face: tuple[Image, FloatArray], change: Change) -> None:
    film = Film(face)
    film.run(25)
    kept = []
    for i in range(30):
        now = change(film.crop, i)
        kept.append(film.kept(film.run(1, partial(_instead, now))))
    assert min(kept) > 0.97


def test_a_turning_head_is_not_taken_for_a_hand(face: tuple[Image, FloatArray]) -> None:
    """Seen from the side, points of the far cheek lie on what is behind it."""
    film = Film(face)
    film.run(25)
    behind = np.zeros((SIZE, SIZE), np.float32)
    behind[:, 205:] = 1
    far = lambda crop, _: np.asarray(crop * (1 - behind[..., None]) + 60 * behind[..., None], np.uint8)  # noqa: E731
    assert film.kept(film.run(10, far, yaw=45)) > film.kept(film.run(10, far)) - 1e-6


def test_it_comes_and_goes_softly(face: tuple[Image, FloatArray]) -> None:
    film = Film(face)
    film.run(25)
    maps = [film.run(1, held("cup", THINGS["cup"])) for _ in range(8)] + [film.run(1) for _ in range(40)]
    steps = [float(np.abs(a - b).max()) for a, b in pairwise(maps)]
    assert max(steps[:7]) < 0.7 and max(steps[8:]) < 0.35
    assert maps[7].max() > 0.9 and maps[-1].max() < 0.05
    assert np.abs(np.diff(maps[7], axis=1)).max() < 0.8, "its edge is feathered"


def test_a_cup_that_was_there_from_the_start_does_not_leave_a_hole(face: tuple[Image, FloatArray]) -> None:
    film = Film(face)
    film.run(25, held("cup", (170, 90, 40)))
    film.run(2)
    assert film.kept(film.run(13)) > 0.9, "half a second after it was put down"


def test_what_stays_belongs_to_the_face_in_the_end(face: tuple[Image, FloatArray]) -> None:
    film = Film(face)
    film.run(25)
    mug = held("cup", THINGS["mug"])
    assert film.kept(film.run(25, mug)) < 0.9
    film.frame_ns = 200_000_000
    assert film.kept(film.run(250, mug)) > 0.97


def test_another_look_altogether_is_learned_anew(face: tuple[Image, FloatArray]) -> None:
    film = Film(face)
    film.run(25)
    assert film.kept(film.run(30, lambda crop, _: np.ascontiguousarray(255 - crop))) > 0.97


def test_nothing_is_claimed_at_first_or_after_a_gap(face: tuple[Image, FloatArray]) -> None:
    film = Film(face)
    cup = held("cup", THINGS["cup"])
    assert film.run(5, cup).max() == 0
    film.run(40)
    film.time_ns += 5_000_000_000
    assert film.run(1, cup).max() == 0


def test_an_uncovered_mask_is_the_mask_itself(face: tuple[Image, FloatArray]) -> None:
    mask = head_mask(face[1], SIZE)
    assert uncovered_mask(mask, None) is mask
    assert uncovered_mask(mask, np.ones((GRID, GRID), np.float32)).max() == 0
