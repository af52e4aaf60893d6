"""The mask: inside one, outside exactly nothing, soft between, whatever the crop."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.landmarks import topology
from engine.landmarks.mask import face_mask
from engine.types import FloatArray


def oval_mesh(x: float, y: float, width: float, height: float, roll_degrees: float = 0.0) -> FloatArray:
    """A mesh whose face oval is an ellipse in a crop; every other point lies in its middle."""
    mesh = np.full((478, 2), (0.0, 0.0))
    turn = np.linspace(0, 2 * np.pi, len(topology.FACE_OVAL), endpoint=False)
    mesh[list(topology.FACE_OVAL)] = np.stack([np.sin(turn) * width / 2, -np.cos(turn) * height / 2], axis=1)
    angle = np.radians(roll_degrees)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (mesh @ rotation.T + [x, y]).astype(np.float32)


@pytest.mark.parametrize("size", [128, 256, 384, 512])
def test_mask_is_one_inside_zero_outside_and_between_at_the_edge(size: int) -> None:
    mesh = oval_mesh(size / 2, size / 2, size * 0.5, size * 0.6)
    mask = face_mask(mesh, size)
    assert mask.shape == (size, size)
    assert mask.dtype == np.float32
    assert mask.min() == 0.0
    assert mask.max() == 1.0
    middle = size // 2
    assert mask[middle, middle] == 1.0
    v, u = np.mgrid[:size, :size]
    radius = np.hypot((u - size / 2) / (0.25 * size), (v - size / 2) / (0.3 * size))
    assert mask[(radius > 1.35)].max() == 0.0, "exactly nothing outside, raise and growth included"
    assert mask[radius < 0.55].min() > 0.99
    below = v > size / 2
    assert 0.1 < mask[below & (np.abs(radius - 1) < 0.03)].mean() < 0.5, "fading at the jaw"


def test_edge_is_soft() -> None:
    mask = face_mask(oval_mesh(256, 256, 260, 320), 512)
    assert np.abs(np.diff(mask, axis=1)).max() < 0.1
    assert np.abs(np.diff(mask, axis=0)).max() < 0.1


def test_forehead_is_raised_and_chin_is_not() -> None:
    mask = face_mask(oval_mesh(256, 256, 260, 300), 512)
    column = np.nonzero(mask[:, 256])[0]
    above, below = 106 - column.min(), column.max() - 406
    assert above > 15
    assert abs(below) < 12


def test_raise_follows_the_face_when_it_lies_on_its_side() -> None:
    upright = face_mask(oval_mesh(256, 256, 220, 280), 512)
    lying = face_mask(oval_mesh(256, 256, 220, 280, roll_degrees=90), 512)
    turned = cv2.warpAffine(upright, cv2.getRotationMatrix2D((256, 256), -90, 1), (512, 512))
    assert np.abs(lying - turned).mean() < 0.004


@pytest.mark.parametrize(("x", "y"), [(256, 256), (20, 256), (500, 480), (256, -10)])
def test_mask_is_zero_along_the_border_even_if_the_face_is_not_inside(x: float, y: float) -> None:
    mask = face_mask(oval_mesh(x, y, 700, 800), 512)
    border = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    assert border.max() == 0.0
    assert mask.max() > 0.9


def test_a_face_outside_the_crop_has_an_empty_mask() -> None:
    assert face_mask(oval_mesh(2000, 2000, 200, 240), 256).max() == 0.0
    assert face_mask(oval_mesh(1e7, -1e7, 200, 240), 256).max() == 0.0


def test_a_mesh_collapsed_to_a_point_does_no_harm() -> None:
    mask = face_mask(np.full((478, 2), 100.0, np.float32), 256)
    assert np.isfinite(mask).all()
    assert mask.sum() < 30


def with_eyes(mesh: FloatArray) -> FloatArray:
    """The same face with an eye 40 px wide and 16 px high on each side of the middle."""
    turn = np.linspace(0, 2 * np.pi, len(topology.RIGHT_EYE), endpoint=False)
    lids = np.stack([np.cos(turn) * 20, np.sin(turn) * 8], axis=1)
    mesh = mesh.copy()
    mesh[list(topology.RIGHT_EYE)] = lids + np.array([206, 230])
    mesh[list(topology.LEFT_EYE)] = lids + np.array([306, 230])
    return mesh


def test_kept_eyes_are_left_out_and_nothing_else_is() -> None:
    mesh = with_eyes(oval_mesh(256, 256, 260, 320))
    whole, kept = face_mask(mesh, 512), face_mask(mesh, 512, keep_eyes=True)
    assert kept[230, 206] < 0.02 and kept[230, 306] < 0.02
    assert whole[230, 206] > 0.9
    assert (kept <= whole + 1e-6).all()
    v, u = np.mgrid[:512, :512]
    far = (np.hypot(u - 206, v - 230) > 40) & (np.hypot(u - 306, v - 230) > 40)
    assert np.abs(kept - whole)[far].max() < 1e-3
    assert np.abs(np.diff(kept, axis=0)).max() < 0.35, "no hard edge at the lids"
