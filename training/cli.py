"""The door to all training tasks: ``python -m training TASK``."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from engine.errors import AgeMirrorError
from training.data.sets import DataError

CONFIGS = Path(__file__).parent / "configs"


@dataclass(frozen=True)
class Task:
    """Where a task's configuration class and its function stand; ``smoke`` overrides make it run in seconds."""

    about: str
    module: str
    config: str
    run: str
    smoke: dict[str, Any]
    resumes: bool = False


TASKS = {
    "faces": Task(
        "align labelled pictures and find their meshes",
        "training.data.faces", "FacesConfig", "prepare", {"limit": 4, "processes": 1},
    ),
    "pairs": Task(
        "make the same face at other ages by wrinkle, colour and shape transfer",
        "training.aging.pairs", "PairsConfig", "make_pairs",
        {"targets": 1, "limit": 6, "exemplars": "oldest", "yaw_limit": 9.0, "sharpness_limit": 0.0},
    ),
    "age": Task(
        "train the age network",
        "training.loops.age", "AgeConfig", "train",
        {"epochs": 1, "batch": 4, "width": 8, "size": 32, "blocks": 1}, True,
    ),
    "aging": Task(
        "train the aging generator on the pairs",
        "training.loops.aging", "AgingConfig", "train",
        {"steps": 3, "batch": 2, "width": 4, "save_every": 1, "adversarial_from": 1, "discriminator_lead": 1,
         "features": ""}, True,
    ),
    "scratch-age": Task(
        "tell the age with one hidden layer, in NumPy alone",
        "training.scratch.age", "ScratchAgeConfig", "train",
        {"epochs": 2, "batch": 4, "hidden": 8},
    ),
    "scratch-people": Task(
        "tell 20 people apart with a small convolutional network, in NumPy alone",
        "training.scratch.people", "ScratchPeopleConfig", "train",
        {"people": 3, "epochs": 1, "batch": 4, "width": 2},
    ),
    "demo-face": Task(
        "average portraits into the demo's face that is nobody's",
        "training.data.demo_face", "DemoFaceConfig", "build", {},
    ),
    "publish": Task(
        "put a finished run's network into weights/ with its card, and export it",
        "training.publish", "PublishConfig", "publish_run", {},
    ),
    "export": Task(
        "build the OpenVINO form of a network in weights/ from its safetensors",
        "training.publish", "ExportConfig", "export_network", {"weights": "age"},
    ),
    "evaluate": Task(
        "measure the age network and the generator on held-out people, with a contact sheet",
        "training.metrics.aging", "EvaluateConfig", "evaluate", {"limit": 2},
    ),
}  # fmt: skip


class UsageError(AgeMirrorError):
    """The command line or a configuration file asks for something that does not exist."""


def configuration(task: Task, file: Path | None, overrides: dict[str, Any]) -> Any:
    """The task's frozen configuration: its defaults, then the file, then the overrides. Unknown keys are errors."""
    config_class = getattr(importlib.import_module(task.module), task.config)
    known = {f.name: f for f in fields(config_class)}
    values: dict[str, Any] = {}
    if file is not None:
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UsageError(f"{file} does not exist: the configurations are in {CONFIGS}.") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{file} is not a TOML file: {error}.") from None
    values |= overrides
    config = config_class()
    for key, value in values.items():
        if key not in known:
            raise UsageError(f"unknown key {key!r} in the configuration: known are {', '.join(known)}.")
        default = getattr(config, key)
        value = tuple(value) if isinstance(default, tuple) and isinstance(value, list) else value
        wanted = (int, float) if isinstance(default, float) else (type(default),)
        if not isinstance(value, wanted) or (isinstance(value, bool) and not isinstance(default, bool)):
            raise UsageError(f"{key} = {value!r} has the wrong type: a {type(default).__name__} is wanted.")
        values[key] = value
    return replace(config, **values)


def _set_values(pairs: Sequence[str]) -> dict[str, Any]:
    values = {}
    for pair in pairs:
        key, sign, text = pair.partition("=")
        if not sign:
            raise UsageError(f"--set {pair!r}: write KEY=VALUE.")
        try:
            values[key] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            values[key] = text
    return values


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("task", nargs="?", choices=sorted(TASKS), metavar="TASK", help="see --list")
    parser.add_argument("--list", action="store_true", help="name all tasks")
    parser.add_argument("--config", type=Path, metavar="FILE", help="a TOML file; default: training/configs/TASK.toml")
    parser.add_argument("--data", metavar="DIR", help="where the data is (key `data`)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override one key")
    parser.add_argument("--dry-run", action="store_true", help="print the configuration and stop")
    parser.add_argument("--smoke", action="store_true", help="run in seconds on pictures made by the program itself")
    parser.add_argument("--resume", action="store_true", help="continue a stopped run")
    return parser


def _run(task: Task, config: Any, resume: bool) -> None:
    function: Callable[..., Any] = getattr(importlib.import_module(task.module), task.run)
    result = function(config, resume=resume) if task.resumes else function(config)
    print(json.dumps({"task": config.name, "result": result}))


def _smoke(task: Task, overrides: dict[str, Any]) -> None:
    """The real task on drawn data in a temporary folder."""
    from training.data.synthetic import write_smoke_data

    with tempfile.TemporaryDirectory(prefix="age-mirror-smoke-") as folder:
        places = write_smoke_data(Path(folder), task.config)
        _run(task, configuration(task, None, {**places, **task.smoke, **overrides}), resume=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one task; 0 done, 1 the data or weights are not fit for it, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    if options.list or options.task is None:
        for name, task in TASKS.items():
            print(f"{name:14} {task.about}")
        return 0 if options.list else 2
    task = TASKS[options.task]
    try:
        overrides = _set_values(options.set) | ({"data": options.data} if options.data else {})
        if options.smoke and not options.dry_run:
            _smoke(task, overrides)
            return 0
        default = CONFIGS / f"{options.task}.toml"
        file = options.config or (default if default.is_file() else None)
        config = configuration(task, file, overrides)
        if options.dry_run:
            print(json.dumps(vars(config), indent=2))
            return 0
        if options.resume and not task.resumes:
            raise UsageError(f"{options.task} has nothing to resume by option; it continues by itself or starts anew.")
        _run(task, config, options.resume)
    except UsageError as error:
        print(f"training: {error}", file=sys.stderr)
        return 2
    except (DataError, AgeMirrorError) as error:
        print(f"training: {error}", file=sys.stderr)
        return 1
    return 0
