"""The lock files: every package with its exact version, and everything that is imported among them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest

from tests.architecture import house

LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-torch.txt", "requirements-cuda.txt")
INSTALLED = LOCKS[:3]
PIN = re.compile(r"([A-Za-z0-9_.-]+)(===?)([A-Za-z0-9.+!]+)(; sys_platform == \"win32\")?")


def lines(name: str) -> list[str]:
    text = (house.ROOT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(*names: str) -> dict[str, str]:
    """Package and version, without those for another system."""
    matches = (PIN.fullmatch(line) for name in names for line in lines(name))
    return {canonical(m[1]): m[3] for m in matches if m and not m[4]}


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_pins_one_exact_version(name: str) -> None:
    assert [line for line in lines(name) if not PIN.fullmatch(line)] == []


def test_no_package_is_pinned_twice_to_different_versions() -> None:
    versions: dict[str, set[str]] = {}
    for name in LOCKS:
        for package, pinned in pins(name).items():
            versions.setdefault(package, set()).add(pinned)
    assert {package: found for package, found in versions.items() if len(found) > 1} == {}


def test_what_is_installed_is_what_is_locked() -> None:
    locked = pins(*INSTALLED)
    assert {package: version(package).split("+")[0] for package in locked} == locked


def test_the_program_imports_only_what_the_runtime_lock_holds() -> None:
    torch_only = {"torch", "safetensors"}  # where a GPU is, and for the tests and training
    assert unlocked(house.ROOT, ("main", "engine", "desktop"), LOCKS[:1]) <= torch_only


def test_training_imports_only_what_the_locks_hold() -> None:
    assert unlocked(house.ROOT, ("training",), ("requirements.txt", "requirements-torch.txt")) == set()


def test_unlocked_import_is_seen(tmp_path: Path) -> None:
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "still.py").write_text("import numpy\nimport pytest\nimport nobody_has_this\n")
    assert unlocked(tmp_path, ("engine",), LOCKS[:1]) == {"pytest", "nobody_has_this"}


@cache
def distributions() -> Mapping[str, list[str]]:
    """Importable top names of all installed packages, and which packages they come from."""
    return packages_distributions()


def unlocked(root: Path, packages: tuple[str, ...], locks: tuple[str, ...]) -> set[str]:
    """Imported names whose package stands in none of these locks."""
    locked = pins(*locks)
    return {
        name
        for name in house.third_party(root, packages)
        if not any(canonical(found) in locked for found in distributions().get(name, ()))
    }
