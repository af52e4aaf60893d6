"""Fixtures that several rooms of the engine share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def weights(made_weights: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(made_weights, tmp_path / "weights"))
