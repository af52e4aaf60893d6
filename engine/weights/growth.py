"""The table of growth, from its file."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from engine.errors import WeightsError
from engine.geometry.growth import Growth
from engine.weights.store import find, names

NAME = "growth"
TABLE = ".npz"


def load_growth(folder: Path | None = None) -> Growth | None:
    """The table "growth" of the folder of weights (default: those that ship), after its hash was checked; None where
    the folder has none: then faces keep their shape. Raises WeightsError for a broken one.
    """
    if NAME not in names(folder):
        return None
    path = find(NAME, folder).verify(TABLE)
    try:
        with np.load(path, allow_pickle=False) as table:
            return Growth(np.asarray(table["ages"], np.float32), np.asarray(table["fields"], np.float32))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{path} holds no table of growth: restore it from the repository.") from error
