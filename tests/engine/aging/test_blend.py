"""Pasting changes exactly what the mask shows, and equals the plain formula."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.aging.blend import paste
from engine.types import Affine, AgedPatch, FloatArray, HairSpread, Image

SIZE = 64


@pytest.fixture
def image() -> Image:
    return np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)


def disc(size: int = SIZE) -> FloatArray:
    y, x = np.mgrid[:size, :size]
    radius = np.hypot(x - (size - 1) / 2, y - (size - 1) / 2) / (size / 2)
    return np.clip((0.9 - radius) * 4, 0, 1).astype(np.float32)


def patch(to_frame: Affine, residual: float | FloatArray = 20.0, mask: FloatArray | None = None) -> AgedPatch:
    values = np.broadcast_to(np.asarray(residual, np.float32), (SIZE, SIZE, 3)).copy()
    return AgedPatch(values, disc() if mask is None else mask, to_frame, 70.0, 0)


def shift(x: float, y: float) -> Affine:
    return np.array([[1.0, 0, x], [0, 1, y]])


def turned(scale: float, degrees: float, x: float, y: float) -> Affine:
    a = np.deg2rad(degrees)
    return np.array([[scale * np.cos(a), -scale * np.sin(a), x], [scale * np.sin(a), scale * np.cos(a), y]])


def test_a_whole_pixel_shift_equals_the_formula_exactly(image: Image) -> None:
    residual = np.random.default_rng(1).normal(0, 30, (SIZE, SIZE, 3)).astype(np.float32)
    result = paste(image, [patch(shift(30, 40), residual)])
    expected = image.astype(np.float64)
    expected[40:104, 30:94] += residual * disc()[..., None]
    assert np.abs(result - np.clip(expected, 0, 255)).max() <= 0.5
    np.testing.assert_array_equal(paste(image, [patch(shift(30, 40), residual)]), result)


def test_the_input_is_not_changed(image: Image) -> None:
    before = image.copy()
    result = paste(image, [patch(shift(30, 40))])
    np.testing.assert_array_equal(image, before)
    assert result is not image


def test_a_read_only_picture_is_welcome(image: Image) -> None:
    image.flags.writeable = False
    assert paste(image, [patch(shift(30, 40))]).shape == image.shape


@pytest.mark.parametrize("fine", [False, True])
@pytest.mark.parametrize(
    "to_frame",
    [shift(30.3, 40.7), turned(0.3, 20, 50, 30), turned(1.7, -35, 20, 60), turned(1.0, 90, 140, 10)],
    ids=["between pixels", "shrunk", "enlarged", "quarter turn"],
)
def test_outside_the_mask_every_bit_stays(image: Image, to_frame: Affine, fine: bool) -> None:
    result = paste(image, [patch(to_frame, 60.0)], fine=fine)
    reach = np.ones((5, 5), np.uint8)
    touched = cv2.dilate((disc() > 0).astype(np.uint8), reach)
    # Where any pixel of the mask, two pixels wider, may land in the frame.
    landed = cv2.warpAffine(touched, to_frame, (160, 120), flags=cv2.INTER_LINEAR)
    landed = cv2.dilate(landed, reach)
    changed = (result != image).any(axis=2)
    assert changed.any()
    assert not (changed & (landed == 0)).any()


@pytest.mark.parametrize("to_frame", [turned(0.4, 15, 60, 20), turned(1.6, -10, 25, 30)])
def test_inside_the_whole_residual_arrives(image: Image, to_frame: Affine) -> None:
    grey = np.full_like(image, 100)
    result = paste(grey, [patch(to_frame, 20.0)])
    x, y = to_frame @ [SIZE / 2, SIZE / 2, 1]
    np.testing.assert_array_equal(result[round(y), round(x)], [120, 120, 120])


@pytest.mark.parametrize("scale", [1.4, 1.6, 3.3])
def test_a_much_enlarged_residual_is_what_one_warp_makes_of_it(scale: float) -> None:
    residual = cv2.GaussianBlur(np.random.default_rng(2).normal(0, 60, (SIZE, SIZE, 3)), (0, 0), 1.2)
    to_frame = turned(scale, 12, 20, -15)
    grey = np.full((240, 320, 3), 128, np.uint8)
    got = paste(grey, [patch(to_frame, residual.astype(np.float32))]).astype(np.float64) - 128
    whole = (residual * disc()[..., None]).astype(np.float32)
    wanted = cv2.warpAffine(whole, to_frame, (320, 240), flags=cv2.INTER_LINEAR)
    assert np.sqrt(((got - wanted) ** 2).mean()) < 0.12 * wanted.std() + 0.3  # 0.3: whole grey levels
    assert np.corrcoef(got.ravel(), wanted.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("peak", [20.0, 50.0, 100.0, 200.0])
def test_in_bytes_no_pixel_is_off_by_more_than_a_grey_level(peak: float) -> None:
    residual = cv2.GaussianBlur(np.random.default_rng(3).normal(0, 1, (SIZE, SIZE, 3)), (0, 0), 2)
    residual = (residual * peak / np.abs(residual).max()).astype(np.float32)
    to_frame = turned(1.5, 12, 20, -15)
    grey = np.full((240, 320, 3), 128, np.uint8)
    got = paste(grey, [patch(to_frame, residual, np.ones((SIZE, SIZE), np.float32))])
    wanted = np.clip(128 + cv2.warpAffine(residual, to_frame, (320, 240), flags=cv2.INTER_LINEAR), 0, 255)
    assert np.abs(got - wanted).max() <= 1.01
    assert np.abs(got - wanted).mean() < 0.4


def test_what_is_rounded_away_changes_nothing(image: Image) -> None:
    assert paste(image, [patch(shift(30, 40), 0.4)]) is image


def test_fine_lines_on_a_small_face_do_not_alias() -> None:
    stripes = np.zeros((SIZE, SIZE, 3), np.float32)
    stripes[:, ::2], stripes[:, 1::2] = 60, -60
    grey = np.full((120, 160, 3), 128, np.uint8)
    result = paste(grey, [patch(turned(0.3, 0, 60, 40), stripes)])
    assert np.abs(result.astype(int) - 128).max() <= 16


@pytest.mark.parametrize(("residual", "end"), [(300.0, 255), (-300.0, 0)])
def test_values_are_clipped_not_wrapped(image: Image, residual: float, end: int) -> None:
    result = paste(image, [patch(shift(30, 40), residual, np.ones((SIZE, SIZE), np.float32))])
    assert (result[60:80, 50:70] == end).all()


@pytest.mark.parametrize("to_frame", [shift(-30, -40), shift(140, 100), turned(3.0, 10, -20, -30)])
def test_a_patch_may_reach_beyond_the_picture(image: Image, to_frame: Affine) -> None:
    result = paste(image, [patch(to_frame)])
    assert result.shape == image.shape
    assert (result != image).any()


@pytest.mark.parametrize("to_frame", [shift(-64, 0), shift(160, 0), shift(0, 500), shift(0, -500)])
def test_a_patch_outside_the_picture_changes_nothing(image: Image, to_frame: Affine) -> None:
    np.testing.assert_array_equal(paste(image, [patch(to_frame)]), image)


def test_nothing_to_add_gives_the_very_same_picture(image: Image) -> None:
    assert paste(image, []) is image
    assert paste(image, [patch(shift(30, 40), 0.0)]) is image
    assert paste(image, [patch(shift(30, 40), 50.0, np.zeros((SIZE, SIZE), np.float32))]) is image


def test_two_overlapping_patches_are_both_added() -> None:
    grey = np.full((120, 160, 3), 100, np.uint8)
    whole = np.ones((SIZE, SIZE), np.float32)
    both = paste(grey, [patch(shift(20, 20), 10.0, whole), patch(shift(50, 20), 5.0, whole)])
    assert both[50, 30, 0] == 110
    assert both[50, 70, 0] == 115
    assert both[50, 100, 0] == 105


def test_a_one_pixel_picture() -> None:
    result = paste(np.full((1, 1, 3), 100, np.uint8), [patch(shift(-32, -32))])
    assert result.tolist() == [[[120, 120, 120]]]


def spread(to_frame: Affine, slope: float = 0.0, gain: float = 0.0, added: float = 20.0) -> HairSpread:
    """Hair in the middle of a grid (20, 24), all of it."""
    place = np.zeros((2, 20, 24), np.float32)
    place[1, 5:15, 6:18] = 1
    return HairSpread(place, to_frame, np.array([added, added + 1, added + 2], np.float32), slope, gain, 5)


def with_hair(hair: HairSpread, residual: float = 0.0) -> AgedPatch:
    plain = patch(shift(30, 40), residual)
    return AgedPatch(plain.residual, plain.mask, plain.to_frame, 70.0, 0, hair)


class TestHair:
    @pytest.mark.parametrize(
        "to_frame",
        [turned(4, 0, 30, 20), turned(4.6, 15, 60, 10), turned(0.7, -30, 60, 60), turned(6, 90, 130, -40)],
        ids=["straight", "turned", "small", "quarter turn"],
    )
    def test_it_gets_its_change_and_beyond_it_every_bit_stays(self, image: Image, to_frame: Affine) -> None:
        calm = np.clip(image, 20, 200)
        result = paste(calm, [with_hair(spread(to_frame))])
        area = np.zeros((20, 24), np.uint8)
        area[5:15, 6:18] = 1
        wide = cv2.warpAffine(
            cv2.dilate(area, np.ones((5, 5), np.uint8)), to_frame, (160, 120), flags=cv2.INTER_NEAREST
        )
        np.testing.assert_array_equal(result[cv2.dilate(wide, np.ones((5, 5), np.uint8)) == 0],
                                      calm[cv2.dilate(wide, np.ones((5, 5), np.uint8)) == 0])  # fmt: skip
        sure = cv2.warpAffine(cv2.erode(area, np.ones((5, 5), np.uint8)), to_frame, (160, 120), flags=cv2.INTER_NEAREST)
        assert sure.any()
        change = result.astype(int) - calm
        assert np.abs(change[sure > 0] - [20, 21, 22]).max() <= 1

    def test_it_follows_the_formula(self, image: Image) -> None:
        hair = spread(shift(0, 0), slope=-0.2, gain=0.7)
        whole = HairSpread(np.stack([np.zeros((120, 160)), np.full((120, 160), 0.5)]).astype(np.float32),
                           hair.to_frame, hair.added, hair.slope, hair.gain, 5)  # fmt: skip
        result = paste(image, [with_hair(whole)])
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        line = hair.slope * grey + hair.gain * (grey.astype(float) - cv2.blur(grey, (5, 5)))
        expected = np.clip(image + 0.5 * (line[..., None] + hair.added), 0, 255)
        assert np.abs(result - expected).max() <= 1.1

    def test_its_place_depends_on_the_grey(self) -> None:
        picture = np.full((60, 80, 3), 200, np.uint8)
        picture[:, :40] = 40
        place = np.stack([np.full((6, 8), -1 / 100), np.full((6, 8), 1.4)]).astype(np.float32)
        hair = HairSpread(place, turned(10, 0, 4.5, 4.5), np.full(3, 30, np.float32), 0.0, 0.0, 3)
        change = paste(picture, [with_hair(hair)]).astype(int) - picture
        assert (change[10:50, 10:39] == 30).all()
        assert (change[:, 40:] == 0).all()

    def test_the_residual_comes_on_top(self, image: Image) -> None:
        hair = spread(turned(4, 0, 30, 20))
        only_hair = paste(image, [with_hair(hair)])
        both = paste(image, [with_hair(hair, 15.0)])
        np.testing.assert_array_equal(both, paste(only_hair, [patch(shift(30, 40), 15.0)]))

    @pytest.mark.parametrize(
        "to_frame", [shift(500, 0), shift(0, -300), turned(3, 10, -20, -30), turned(9, 0, 100, 90)]
    )
    def test_it_may_reach_beyond_the_picture(self, image: Image, to_frame: Affine) -> None:
        before = image.copy()
        assert paste(image, [with_hair(spread(to_frame))]).shape == image.shape
        np.testing.assert_array_equal(image, before)

    def test_an_empty_place_gives_the_very_same_picture(self, image: Image) -> None:
        empty = HairSpread(np.zeros((2, 20, 24), np.float32), shift(30, 40), np.ones(3, np.float32), 0.0, 0.0, 3)
        assert paste(image, [with_hair(empty)]) is image

    def test_what_is_left_of_hair_that_fades_away_is_not_looked_at(self, image: Image) -> None:
        rest = spread(shift(30, 40), added=60.0)
        fading = HairSpread(rest.place * np.float32(0.003), rest.to_frame, rest.added, 0.0, 0.0, 3)
        assert paste(image, [with_hair(fading)]) is image
        shown = HairSpread(rest.place * np.float32(0.03), rest.to_frame, rest.added, 0.0, 0.0, 3)
        assert (paste(image, [with_hair(shown)]) != image).any()

    def test_parts_meet_without_a_seam(self) -> None:
        """A ring is cut into parts; it comes out the same as in one piece."""
        y, x = np.mgrid[:60, :60]
        radius = np.hypot(x - 30, y - 30)
        ring = np.clip(1 - np.abs(radius - 20) / 4, 0, 1).astype(np.float32)
        picture = np.random.default_rng(2).integers(60, 120, (240, 240, 3), dtype=np.uint8)
        hair = HairSpread(np.stack([0 * ring, ring]), turned(4, 0, 1.5, 1.5), np.full(3, 60, np.float32), 0.0, 0.5, 7)
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        share = cv2.resize(ring, (240, 240), interpolation=cv2.INTER_LINEAR)
        line = 60 + 0.5 * (grey.astype(float) - cv2.blur(grey, (7, 7)))
        expected = picture + (share * line)[..., None]
        assert np.abs(paste(picture, [with_hair(hair)]) - expected).max() <= 1.1
