"""Fixtures that several rooms of the engine share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def made_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of small random networks, made once; do not write into it."""
    pytest.importorskip("torch")
    from tests.fakes.weights import make_weights

    return make_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def weights(made_weights: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(made_weights, tmp_path / "weights"))
