"""What may lie where, what no committed file may name, and the compass of sizes."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from statistics import median

import pytest

from tests.architecture import house

ROOMS = {"main.py", "desktop", "engine", "weights", "training", "tests", "README.md"}
PROJECT_FILES = {
    "run",
    "test",
    "run.cmd",
    "test.cmd",
    "pyproject.toml",
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-torch.txt",
    "requirements-cuda.txt",
    "LICENSE",
    "CHANGELOG.md",
    ".ci",
    ".gitignore",
    ".gitattributes",
    ".pre-commit-config.yaml",
}

# A folder of somebody's machine: the first part of the path, then a name.
MACHINE_PATH = re.compile(r"(?<![\w.~$}>*-])/(?:work|root|home|Users|opt|mnt|tmp|srv)/\w|[A-Za-z]:\\\\?Users\\")
URL_HOST = re.compile(r"https?://([^/\s)\"'>`]+)")
KNOWN_HOSTS = {"www.apache.org", "doi.org", "arxiv.org", "creativecommons.org", "github.com", "spdx.org"}
TEXT = {".py", ".md", ".toml", ".txt", ".cmd", ".yaml", ".yml", ".ts", ".svg", ".json", ".xml", ".csv", ""}


def texts() -> list[tuple[str, str]]:
    files = [path for path in house.project_files(house.ROOT) if path.suffix in TEXT]
    return [(str(path.relative_to(house.ROOT)), path.read_text(encoding="utf-8")) for path in files]


def test_the_root_holds_only_its_rooms_and_project_files() -> None:
    tops = {path.relative_to(house.ROOT).parts[0] for path in house.project_files(house.ROOT)}
    assert tops - ROOMS - PROJECT_FILES == set()
    assert ROOMS - tops == set()


def test_no_file_names_a_folder_of_one_machine() -> None:
    found = [(name, match[0]) for name, text in texts() for match in MACHINE_PATH.finditer(text)]
    assert found == []


def test_every_address_leads_to_a_known_host() -> None:
    found = [(name, match[1]) for name, text in texts() for match in URL_HOST.finditer(text)]
    assert [each for each in found if each[1] not in KNOWN_HOSTS and not each[1].startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("text", ["see /" + "work/main", "'/" + "home/ada/x.png'", '"C:' + '\\\\Users\\\\ada"'])
def test_machine_path_is_seen(text: str) -> None:
    assert MACHINE_PATH.search(text)


@pytest.mark.parametrize("text", ["a/" + "home/b", "tests/" + "work/x", "https://doi.org/" + "tmp/x", "/dev/video0"])
def test_other_path_is_not_taken_for_one(text: str) -> None:
    assert not MACHINE_PATH.search(text)


# -- the compass: the houses this one learns from have a median of 138 to 300 lines a file and 7 to 12 a function ------


def lengths(package: str) -> tuple[dict[str, int], dict[str, int]]:
    """Lines of every file, and of every function, of one package."""
    files: dict[str, int] = {}
    functions: dict[str, int] = {}
    for name, path in house.sources(house.ROOT).items():
        if name.split(".")[0] != package:
            continue
        text = path.read_text(encoding="utf-8")
        files[name] = text.count("\n")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and node.end_lineno:
                functions[f"{name}.{node.name}"] = node.end_lineno - node.lineno + 1
    return files, functions


@pytest.mark.parametrize("package", house.PACKAGES)
def test_files_and_functions_stay_small(package: str) -> None:
    files, functions = lengths(package)
    assert {name: n for name, n in files.items() if n > 400} == {}
    assert {name: n for name, n in functions.items() if n > 80} == {}
    assert median(n for n in files.values() if n > 5) <= 170
    assert median(functions.values()) <= 14


def test_main_is_a_page() -> None:
    assert Path(house.ROOT / "main.py").read_text(encoding="utf-8").count("\n") < 60
