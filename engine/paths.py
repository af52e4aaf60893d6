"""The only place that knows where weights and the user's own files are."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

HOME_VARIABLE = "AGE_MIRROR_HOME"
WEIGHTS_VARIABLE = "AGE_MIRROR_WEIGHTS"


def project_dir() -> Path:
    """The folder that holds main.py."""
    return Path(__file__).resolve().parent.parent


def weights_dir() -> Path:
    """The folder of the networks: those that ship with the program, or AGE_MIRROR_WEIGHTS."""
    override = os.environ.get(WEIGHTS_VARIABLE)
    return Path(override) if override else project_dir() / "weights"


def user_dir() -> Path:
    """The user's own folder (settings, people); AGE_MIRROR_HOME overrides it. It may not exist yet."""
    override = os.environ.get(HOME_VARIABLE)
    return Path(override) if override else Path(platformdirs.user_data_dir("age-mirror", appauthor=False))


def settings_file() -> Path:
    return user_dir() / "settings.toml"


def gallery_file() -> Path:
    """The people that were enrolled; it may not exist yet."""
    return user_dir() / "people.sqlite"


def pictures_dir() -> Path:
    """Where snapshots go when nothing else was chosen."""
    override = os.environ.get(HOME_VARIABLE)
    return Path(override) / "pictures" if override else Path(platformdirs.user_pictures_dir()) / "Age Mirror"


def videos_dir() -> Path:
    """Where recordings go."""
    override = os.environ.get(HOME_VARIABLE)
    return Path(override) / "videos" if override else Path(platformdirs.user_videos_dir()) / "Age Mirror"
