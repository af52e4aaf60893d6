"""Large crops are cut from the pictures that faces were prepared from, and show the same faces."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from training.data.faces import load
from training.data.large import LargeConfig, enlarge
from training.data.prepare import PrepareConfig, prepare
from training.data.sets import DataError
from training.data.synthetic import write_utkface_like


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn pictures, the faces prepared from them, and their large crops."""
    folder = tmp_path_factory.mktemp("faces")
    write_utkface_like(folder / "pictures")
    faces, pictures, large = (str(folder / name) for name in ("faces", "pictures", "large"))
    prepare(PrepareConfig(source=pictures, out=faces, processes=1))
    enlarge(LargeConfig(data=faces, source=pictures, out=large, least=1))
    return folder


def test_large_crops_show_the_same_face_at_twice_the_size(prepared: Path) -> None:
    small, large = load(prepared / "faces"), load(prepared / "large")
    assert len(large) == len(small)
    assert large.crops.shape[1:] == (512, 512, 3)
    np.testing.assert_allclose(large.meshes, 2 * small.meshes, rtol=1e-6)
    np.testing.assert_allclose(large.corners, 2 * small.corners, rtol=1e-6)
    np.testing.assert_array_equal(large.years, small.years)
    for one, other in zip(small.crops, large.crops, strict=True):
        # The template is scaled: a point of the small crop lies at twice its place in the large one.
        again = cv2.warpAffine(other, np.array([[0.5, 0, 0], [0, 0.5, 0]]), (256, 256), flags=cv2.INTER_LINEAR)
        assert np.abs(again[8:-8, 8:-8].astype(float) - one[8:-8, 8:-8]).mean() < 4


def test_faces_that_are_small_in_their_pictures_are_left_out(prepared: Path, tmp_path: Path) -> None:
    config = LargeConfig(data=str(prepared / "faces"), source=str(prepared / "pictures"), out=str(tmp_path / "large"))
    with pytest.raises(DataError, match=r"no face of .* is 5000 pixels large"):
        enlarge(replace(config, least=5000))
    with pytest.raises(DataError, match="no face of"):
        enlarge(replace(config, source=str(tmp_path), least=1))
    assert not (tmp_path / "large" / "prepared.json").exists()
