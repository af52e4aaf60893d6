"""The table of growth that ships, and what a folder without or with a broken one gives."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.errors import WeightsError
from engine.paths import weights_dir
from engine.weights.card import read_card, write_card
from engine.weights.files import sha256_of
from engine.weights.growth import load_growth


def test_the_one_that_ships_makes_children_of_adults() -> None:
    growth = load_growth()
    assert growth is not None
    child, teenager = growth.field(35, 4), growth.field(35, 15)
    assert child is not None and teenager is not None
    assert np.abs(child).max() > 2 * np.abs(teenager).max()
    assert growth.field(35, 21) is None
    assert np.abs(child[[0, -1]]).max() == np.abs(child[:, [0, -1]]).max() == 0, "the edge of the crop rests"
    middle = child.shape[0] // 2
    assert np.allclose(child[..., 0], -child[:, ::-1, 0], atol=1e-3), "left and right alike"
    assert child[middle:, middle, 1].min() < -0.01, "mouth and chin go up"


def test_a_folder_without_one_has_none(tmp_path: Path) -> None:
    assert load_growth(tmp_path) is None


def copied(folder: Path) -> Path:
    for name in ("growth.toml", "growth.npz"):
        shutil.copy(weights_dir() / name, folder / name)
    return folder / "growth.npz"


def test_a_damaged_one_is_told(tmp_path: Path) -> None:
    file = copied(tmp_path)
    file.write_bytes(file.read_bytes()[:-7])
    with pytest.raises(WeightsError, match="damaged"):
        load_growth(tmp_path)


def test_another_file_in_its_place_is_told(tmp_path: Path) -> None:
    file = copied(tmp_path)
    np.savez(file, ages=np.arange(3))
    card = read_card(tmp_path / "growth.toml")
    write_card(tmp_path / "growth.toml", card.with_sha256({file.name: sha256_of(file)}))
    with pytest.raises(WeightsError, match="no table of growth"):
        load_growth(tmp_path)
