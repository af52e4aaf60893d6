"""What every test gets: no screen, one thread for torch, and a home folder of its own."""

from __future__ import annotations

import os
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("OMP_NUM_THREADS", "1")  # torch with two threads collapses when anything else wants a core
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"  # never the keyring of whoever runs the tests

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of this one test: settings and pictures never reach the real one."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("AGE_MIRROR_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def made_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of small random networks, made once; do not write into it."""
    pytest.importorskip("torch")
    from tests.fakes.weights import make_weights

    return make_weights(tmp_path_factory.mktemp("weights"))
