"""Anchors: where they are, and that decoding undoes encoding."""

from __future__ import annotations

import numpy as np
import pytest

from engine.geometry.anchors import decode, decode_points, encode, encode_points, make, to_boxes


def test_make_counts_and_orders_levels_cells_and_sizes() -> None:
    anchors = make(32, 16, [8, 16], [[10.0, 14.0], [40.0]])
    assert anchors.shape == (4 * 2 * 2 + 2 * 1, 4)
    assert anchors[0].tolist() == [4, 4, 10, 10]
    assert anchors[1].tolist() == [4, 4, 14, 14]
    assert anchors[2].tolist() == [12, 4, 10, 10], "along a row before the next row"
    assert anchors[8].tolist() == [4, 12, 10, 10]
    assert anchors[-1].tolist() == [24, 8, 40, 40]


def test_make_covers_a_side_that_the_stride_does_not_divide() -> None:
    anchors = make(9, 8, [4], [[6.0]])
    assert len(anchors) == 3 * 2


def test_make_wants_sizes_for_every_level() -> None:
    with pytest.raises(ValueError, match="2 strides"):
        make(32, 32, [8, 16], [[10.0]])


def test_to_boxes_surrounds_the_centre() -> None:
    assert to_boxes(np.array([[5.0, 6, 4, 2]])).tolist() == [[3, 5, 7, 7]]


def test_an_anchor_encodes_itself_as_nothing() -> None:
    anchors = make(64, 64, [16], [[20.0, 30.0]])
    np.testing.assert_allclose(encode(to_boxes(anchors), anchors), 0, atol=1e-5)


def test_encode_by_hand() -> None:
    offsets = encode(np.array([[12.0, 8, 32, 48]]), np.array([[20.0, 20, 20, 20]]))
    np.testing.assert_allclose(offsets, [[1.0, 4.0, 0.0, np.log(2) / 0.2]], atol=1e-5)


def test_decode_undoes_encode() -> None:
    random = np.random.default_rng(0)
    anchors = make(128, 96, [16, 32], [[24.0, 36.0], [80.0]])
    low = random.uniform(-10, 100, (len(anchors), 2))
    found = np.concatenate([low, low + random.uniform(4, 90, low.shape)], axis=1).astype(np.float32)
    np.testing.assert_allclose(decode(encode(found, anchors), anchors), found, atol=1e-3)
    points = random.uniform(-20, 150, (len(anchors), 5, 2)).astype(np.float32)
    np.testing.assert_allclose(decode_points(encode_points(points, anchors), anchors), points, atol=1e-3)


def test_decode_stays_finite_whatever_the_network_says() -> None:
    decoded = decode(np.full((1, 4), 1e4, np.float32), np.array([[5.0, 5, 10, 10]]))
    assert np.isfinite(decoded).all()
    assert decoded[0, 2] - decoded[0, 0] < 1000


def test_an_empty_box_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        encode(np.array([[3.0, 3, 3, 8]]), np.array([[5.0, 5, 10, 10]]))
