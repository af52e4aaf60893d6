"""The house rules as data, and a checker that walks the imports of a source tree with ast."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("engine", "desktop", "training")

# Rooms of the engine from the ground up. A room may import the layers below it; in the layers of NEIGHBOURLY also the
# rooms beside it. The networks stand on their own: training and engine share them, and they need nothing but torch.
LAYERS = (
    ("types", "errors", "settings", "paths", "geometry"),
    ("networks",),
    ("images", "weights"),
    ("runtime",),
    ("capture", "detection", "landmarks", "tracking", "recognition", "age", "aging", "output", "style"),
    ("live", "still"),
    (
        "cli",
        "analyze",
        "age_files",
        "age_sweep",
        "age_video",
        "bench",
        "bench_steady",
        "doctor",
        "enroll",
        "people",
        "terminal",
    ),
)
NEIGHBOURLY = (LAYERS[0], LAYERS[4], LAYERS[6])
ALONE = ("networks",)
RANKS = {room: rank for rank, rooms in enumerate(LAYERS) for room in rooms}

# What the others may use of the engine. Training measures the faces it learns from, so it needs the mesh too, and
# draws a map of the people whom the mirror knows.
ENGINE_FOR = {
    "desktop": {"live", "still", "types", "errors", "settings"},
    "training": {
        "networks",
        "geometry",
        "images",
        "weights",
        "types",
        "errors",
        "paths",
        "detection",
        "landmarks",
        "recognition",
    },
    "main": {"cli", "errors", "settings"},
}
PACKAGES_FOR = {
    "engine": {"engine"},
    "desktop": {"desktop", "engine"},
    "training": {"training", "engine"},
    "main": {"engine", "desktop"},
}

# Large and slow to import: never at the top of a module, except in these, which others import only inside functions.
HEAVY = {"torch", "mediapipe", "openvino", "safetensors"}
ADAPTERS = ("engine.networks.", "engine.runtime.torch_backend", "engine.weights.loading")
HEAVY_NEVER = {
    "desktop": HEAVY,
    "main": HEAVY,
    "engine.types": HEAVY,
    "engine.errors": HEAVY,
    "engine.settings": HEAVY,
    "engine.paths": HEAVY,
    "engine.geometry": HEAVY,
    "engine.networks": HEAVY - {"torch"},
}


@dataclass(frozen=True)
class Import:
    """One imported module as one line of a file names it; ``lazy`` inside a function or for type checking only."""

    importer: str
    module: str
    line: int
    lazy: bool

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.module}"


def sources(root: Path) -> dict[str, Path]:
    """Every module of the program by its dotted name."""
    found = {"main": root / "main.py"} if (root / "main.py").exists() else {}
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _lazy_nodes(tree: ast.AST) -> set[int]:
    lazy: set[int] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.If):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.dump(node.test):
            continue
        lazy.update(id(below) for statement in node.body for below in ast.walk(statement))
    return lazy


def imports(name: str, path: Path, modules: set[str]) -> Iterator[Import]:
    """What one module imports; ``from a import b`` names ``a.b`` where that is a module, else ``a``."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lazy = _lazy_nodes(tree)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base]).rstrip(".")
            full = [f"{base}.{alias.name}" for alias in node.names]
            targets = [target if target in modules else base for target in full]
        else:
            continue
        for target in dict.fromkeys(targets):
            yield Import(name, target, node.lineno, id(node) in lazy)


def all_imports(root: Path) -> list[Import]:
    found = sources(root)
    return [each for name, path in found.items() for each in imports(name, path, set(found))]


def _room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def _is_adapter(module: str) -> bool:
    return any(module.startswith(prefix) for prefix in ADAPTERS)


def fault(each: Import) -> str | None:
    """Why this import is against the house rules, or None."""
    own, other = each.importer.split(".")[0], each.module.split(".")[0]
    if other in PACKAGES and other not in PACKAGES_FOR[own]:
        return f"{own} may not import {other}"
    if other == "engine" and own != "engine" and _room(each.module) not in ENGINE_FOR[own]:
        return f"{own} may use of the engine only: {', '.join(sorted(ENGINE_FOR[own]))}"
    if own == other == "engine":
        return _room_fault(_room(each.importer), _room(each.module)) or _adapter_fault(each)
    if other == "PySide6" and own not in ("desktop", "main"):
        return "Qt stays in desktop/"
    return _heavy_fault(each, other)


def _room_fault(room: str, used: str) -> str | None:
    if room == used or not room or not used:
        return None if room else "the package itself imports nothing, so that importing it is cheap"
    if room not in RANKS or used not in RANKS:
        return f"{room if room not in RANKS else used} is no room of this house: add it to LAYERS"
    beside = any(room in rooms and used in rooms for rooms in NEIGHBOURLY)
    if room not in ALONE and (RANKS[used] < RANKS[room] or beside):
        return None
    return f"{room} stands below or beside {used} and may not import it"


def _adapter_fault(each: Import) -> str | None:
    if _is_adapter(each.module) and not each.lazy and not _is_adapter(each.importer):
        return f"{each.module} loads torch: import it inside the function that needs it"
    return None


def _heavy_fault(each: Import, other: str) -> str | None:
    if other not in HEAVY or each.importer.startswith("training"):
        return None
    for part, never in HEAVY_NEVER.items():
        if other in never and (each.importer == part or each.importer.startswith(part + ".")):
            return f"{part} does without {other}"
    if not each.lazy and not _is_adapter(each.importer):
        return f"{other} is imported only inside a function, or in an adapter"
    return None


def faults(root: Path) -> list[str]:
    return [f"{each}: {why}" for each in all_imports(root) if (why := fault(each))]


def cycles(root: Path) -> list[str]:
    """Rooms of the engine that import each other in a circle, at the top of their modules or inside functions."""
    uses: dict[str, set[str]] = {}
    for each in all_imports(root):
        room, used = _room(each.importer), _room(each.module)
        if each.importer.startswith("engine.") and each.module.startswith("engine.") and room != used:
            uses.setdefault(room, set()).add(used)

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        todo = [start]
        while todo:
            for nearby in uses.get(todo.pop(), set()) - seen:
                seen.add(nearby)
                todo.append(nearby)
        return seen

    return sorted(room for room in uses if room in reached(room))


def third_party(root: Path, packages: tuple[str, ...]) -> set[str]:
    """Top names of all imports that are neither ours nor Python's own."""
    tops = {e.module.split(".")[0] for e in all_imports(root) if e.importer.split(".")[0] in packages}
    return tops - set(PACKAGES) - set(sys.stdlib_module_names) - {"main", "tests"}


def project_files(root: Path) -> list[Path]:
    """Every file that is, or would be, committed; without git, every file outside hidden and cache folders."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = [root / name for name in listing.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        skip = {
            ".venv",
            ".git",
            "__pycache__",
            ".mypy_cache",
            ".ruff_cache",
            ".pytest_cache",
            "runs",
            "data",
            ".shards",
        }
        found = [path for path in root.rglob("*") if not skip & set(path.relative_to(root).parts)]
    return sorted(path for path in found if path.is_file())
