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
    """Where a task's configuration class and its function stand; ``smoke`` overrides make it run in seconds.

    resumes: whether --resume continues it; parallel: whether it runs on any number of devices; positional: keys that
    may stand on the command line without their names; told_by_file: --smoke reads its TOML file too, which tells what
    the task is.
    """

    about: str
    module: str
    config: str
    run: str
    smoke: dict[str, Any]
    resumes: bool = False
    parallel: bool = False
    positional: tuple[str, ...] = ()
    told_by_file: bool = False


TASKS = {
    "prepare": Task(
        "turn a collection of faces (SET SRC OUT) into aligned, cleaned, split ones, and --shards",
        "training.data.prepare", "PrepareConfig", "prepare", {"limit": 4, "processes": 1},
        positional=("set", "source", "out"),
    ),
    "pairs": Task(
        "make the same face at other ages by wrinkle, colour and shape transfer",
        "training.aging.pairs", "PairsConfig", "make_pairs",
        {"targets": 1, "limit": 6, "exemplars": "oldest", "yaw_limit": 9.0, "sharpness_limit": 0.0},
    ),
    "growth": Task(
        "the table of how children's faces are shaped beside adults', for the mirror's ages below 20",
        "training.aging.growth", "GrowthConfig", "make_growth",
        {"ages": [10.0, 60.0], "kernel": [40.0, 0.0], "points": 9, "yaw_limit": 9.0},
    ),
    "age": Task(
        "train the age network",
        "training.loops.age", "AgeConfig", "train",
        {"epochs": 1, "batch": 4, "width": 8, "size": 32, "blocks": 1}, True, True,
    ),
    "compact": Task(
        "small crops of prepared faces, for the age network or the embedder",
        "training.data.compact", "CompactConfig", "compact", {},
    ),
    "teach": Task(
        "ask a teacher network for its embeddings of small crops",
        "training.data.teacher", "TeachConfig", "teach", {},
    ),
    "turn": Task(
        "turn frontal faces aside in depth, with the teacher's answers for them, for the embedder",
        "training.data.turning", "TurnConfig", "turn", {"sharpness_limit": 0.0, "yaw_limit": 9.0, "limit": 4},
    ),
    "embedder": Task(
        "train the face embedder, from a teacher or from who is who",
        "training.loops.embedder", "EmbedderConfig", "train",
        {"method": "triplet", "stem": 8, "channels": (8, 16), "blocks": (1, 1), "features": 16, "dimensions": 8,
         "epochs": 1, "batch": 8, "sizes": (64,), "until": (1.0,), "hold_out": 3}, True, True,
    ),
    "compare-embedders": Task(
        "ways to learn an embedder side by side, on people that none of them learned from",
        "training.evaluation.methods", "CompareConfig", "compare", {},
    ),
    "label": Task(
        "guess age and gender of prepared faces that tell neither, with the networks that ship",
        "training.data.labels", "LabelConfig", "label", {"limit": 6, "samples": 12},
    ),
    "aging": Task(
        "train the aging generator on the pairs",
        "training.loops.aging", "AgingConfig", "train",
        {"steps": 3, "batch": 2, "width": 4, "save_every": 1, "adversarial_from": 1, "discriminator_lead": 1,
         "features": ""}, True, True,
    ),
    "aging-distilled": Task(
        "train a lighter aging generator to answer as a heavier one does",
        "training.loops.aging_distilled", "DistilledConfig", "train",
        {"steps": 2, "batch": 2, "width": 4, "texture_from": 1, "save_every": 1, "fine_lines": 1.2, "folds": 1.4,
         "frowns": 0.5, "strands": 1.0, "beards": 0.8, "white": 0.5, "rimless": True},
        True, True,
    ),
    "large": Task(
        "crops of 512 pixels of prepared faces, from the pictures they came from, to measure large faces on",
        "training.data.large", "LargeConfig", "enlarge", {"least": 1},
    ),
    "prepare-scenes": Task(
        "collect whole pictures with boxes for the detector, and label those that have none",
        "training.data.scenes", "ScenesConfig", "prepare_scenes", {},
    ),
    "detector": Task(
        "train the face detector on cut-outs and mosaics of the scenes",
        "training.loops.detector", "DetectorConfig", "train",
        {"steps": 2, "batch": 4, "side": 96, "large_every": 2, "stem": 4, "widths": (4, 4, 4), "pyramid": 4,
         "save_every": 1, "limit": 1}, True, True,
    ),
    "evaluate-detector": Task(
        "measure face detectors side by side on held-out scenes",
        "training.evaluation.detector", "EvaluateDetectorConfig", "evaluate_detector",
        {"limit": 2, "detectors": ("anchor", "mediapipe fast")},
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
    "paint": Task(
        "paint the styles by code: oil, ink, glass",
        "training.style.paintings", "PaintConfig", "paint_all", {"side": 96},
    ),
    "style-eye": Task(
        "train the small network whose features measure style",
        "training.style.eye", "EyeConfig", "train",
        {"steps": 2, "batch": 4, "channels": (4, 4), "window": 16, "photographs": 4, "paintings": 1, "save_every": 1},
        True, True,
    ),
    "style-image": Task(
        "style transfer of one picture by optimisation (Gatys): --set content=FILE --set style=oil",
        "training.style.gatys", "StyleImageConfig", "style_image",
        {"steps": 3, "side": 48, "painting_side": 64, "stages": 2, "looker": ""},
    ),
    "style": Task(
        "train the network that paints the live picture in one pass (Johnson), all styles in one",
        "training.style.loop", "StyleConfig", "train",
        {"extra": (), "steps": 2, "batch": 3, "side": 32, "width": 4, "blocks": 1, "painting_side": 64, "looker": "",
         "save_every": 1}, True, True,
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
        "evaluate MODEL: measure age, embedder, steady (each with --help) or aging, the generator's scorecard",
        "training.evaluation.aging", "ScorecardConfig", "evaluate",
        {"limit": 1, "impostors": 4, "sheet": 1, "pans": 1, "seconds": 0.12, "rounds": 0},
    ),
}  # fmt: skip

# What the networks see (training/insight/). --smoke shows networks that have learned nothing.
SEE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "filters": ("the first layer's filters of the age network, the embedder and the detector", "FiltersConfig", {}),
    "features": ("feature maps by layer for the face of a picture", "FeaturesConfig", {"maps": 3}),
    "units": ("the patches of a folder of faces that excite a unit most", "UnitsConfig",
              {"units": (0, 1), "patches": 3}),
    "age": ("where the age network sees the age: occlusion and gradient maps", "AgeMapsConfig",
            {"stride": 20, "samples": 2, "steps": 2}),
    "people": ("faces as points in the embedder's space (PCA; UMAP in TensorBoard)", "PeopleConfig", {}),
    "anchors": ("the detector's anchors and boxes before and after suppression", "AnchorsConfig", {}),
    "generator": ("the aging network's residual at several ages, and its skips", "GeneratorConfig", {"ages": (20, 70)}),
    "discriminator": ("the discriminator's map over real and made faces of a run", "DiscriminatorConfig", {"count": 2}),
    "latent": ("a walk from face to face in the latent space of a ladder's run", "LatentConfig", {"stops": 2}),
}  # fmt: skip
TASKS |= {
    f"see-{name}": Task(about, f"training.insight.{name}", config, "see", smoke)
    for name, (about, config, smoke) in SEE.items()
}

# The GAN ladder (training/ladder/): one loop, and a TOML file for each rung.
RUNGS = {
    "basic": "GAN ladder, rung 1: fully connected, 28 px",
    "dcgan": "GAN ladder, rung 2: convolutions and batch normalisation, 64 px",
    "progressive": "GAN ladder, rung 3: progressive growing, 128 px",
    "wgan-gp": "GAN ladder, experiment: Wasserstein distance with gradient penalty, 64 px",
    "spectral": "GAN ladder, experiment: spectral normalisation, 64 px",
    "conditional": "GAN ladder, experiment: faces of a wished age and gender, 64 px",
    "faces": "GAN ladder: the generator of faces that ships, conditional on FairFace, 64 px",
    "stylegan2": "GAN ladder, experiment: a compact StyleGAN2, 64 px",
    "r3gan": "GAN ladder, experiment: R3GAN's loss, 64 px",
}
GAN_SMOKE = {
    "steps": 2, "batch": 4, "width": 4, "critic_steps": 1, "penalty_every": 1, "save_every": 1, "measure_every": 2,
    "measure_faces": 8, "yaw_limit": 9.0,
}  # fmt: skip
TASKS |= {
    f"gan-{rung}": Task(about, "training.ladder.loop", "GanConfig", "train", GAN_SMOKE, True, True, told_by_file=True)
    for rung, about in RUNGS.items()
}
TASKS["gan-cyclegan"] = Task(
    "GAN ladder, experiment: young faces to old ones and back without pairs, 64 px",
    "training.ladder.translate", "CycleConfig", "train",
    {"steps": 2, "batch": 2, "width": 4, "save_every": 1, "measure_every": 2, "measure_faces": 4, "yaw_limit": 9.0,
     "young": (0, 55), "old": (30, 100)}, True, True, told_by_file=True,
)  # fmt: skip

TASKS["compare-gans"] = Task(
    "GAN ladder: finished runs side by side, in figures and faces",
    "training.ladder.compare",
    "CompareGansConfig",
    "compare",
    {},
)

# An older name, for those who have it in their fingers.
ALIASES = {"faces": "prepare"}


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
        if isinstance(default, tuple):  # one name alone stands for a list of one
            value = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value
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
    parser.add_argument("task", nargs="?", metavar="TASK", help="see --list")
    parser.add_argument("values", nargs="*", metavar="VALUE", help="what the task wants named: prepare SET SRC OUT")
    parser.add_argument("--list", action="store_true", help="name all tasks")
    parser.add_argument("--config", type=Path, metavar="FILE", help="a TOML file; default: training/configs/TASK.toml")
    parser.add_argument("--data", metavar="DIR", help="where the data is (key `data`)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override one key")
    parser.add_argument("--dry-run", action="store_true", help="print the configuration and stop")
    parser.add_argument("--smoke", action="store_true", help="run in seconds on pictures made by the program itself")
    parser.add_argument("--resume", action="store_true", help="continue a stopped run")
    parser.add_argument("--shards", action="store_true", help="prepare: write shards too, for streaming")
    parser.add_argument("--card", metavar="FILE", help="evaluate aging: write the figures on this card")
    machine = parser.add_argument_group("where to train (tasks that run on many devices; torchrun works too)")
    machine.add_argument("--accelerator", metavar="KIND", help="auto, cpu, cuda or mps")
    machine.add_argument("--devices", metavar="N", help="on each machine; auto: one process on the CPU, or all GPUs")
    machine.add_argument("--nodes", type=int, metavar="N", help="how many machines")
    machine.add_argument("--precision", metavar="NAME", help="auto, bf16-mixed, 16-mixed or 32-true")
    machine.add_argument("--workers", metavar="N", help="processes that make samples; auto: none on the CPU")
    return parser


def _run(task: Task, config: Any, resume: bool, machine: dict[str, Any]) -> None:
    function: Callable[..., Any] = getattr(importlib.import_module(task.module), task.run)
    options: dict[str, Any] = {"resume": resume} if task.resumes else {}
    if task.parallel:
        from training.house import Machine

        options["machine"] = Machine(**machine)
    result = function(config, **options)
    if result is not None:  # of several processes only the first has one
        print(json.dumps({"task": config.name, "result": result}))


def _smoke(task: Task, file: Path | None, overrides: dict[str, Any], machine: dict[str, Any]) -> None:
    """The real task on drawn data in a temporary folder; file: its TOML file, for tasks that it tells what they are."""
    from training.data.synthetic import write_smoke_data

    with tempfile.TemporaryDirectory(prefix="age-mirror-smoke-") as folder:
        places = write_smoke_data(Path(folder), task.config)
        config = configuration(task, file if task.told_by_file else None, {**places, **task.smoke, **overrides})
        _run(task, config, False, machine)


def _overrides(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """All keys that the command line sets, --set last."""
    keys = TASKS[name].positional
    if options.values and len(options.values) != len(keys):
        wants = " ".join(key.upper() for key in keys) or "nothing"
        raise UsageError(f"{name} wants {wants} after its name, not {' '.join(options.values)}.")
    named = dict(zip(keys, options.values, strict=False))
    if options.data:
        named["data"] = options.data
    if options.card:
        named["card"] = options.card
    return named | ({"shards": True} if options.shards else {}) | _set_values(options.set)


def _machine(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """What the command line says of devices."""
    keys = ("accelerator", "devices", "nodes", "precision", "workers")
    given = {key: getattr(options, key) for key in keys if getattr(options, key) is not None}
    if given and not TASKS[name].parallel:
        able = ", ".join(each for each, task in TASKS.items() if task.parallel)
        raise UsageError(f"{name} runs in one process: --{next(iter(given))} is for {able}.")
    return given


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one task; 0 done, 1 the data or weights are not fit for it, 2 wrong usage."""
    typed = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if typed[:1] == ["evaluate"] and typed[1:] and not typed[1].startswith("-"):
            if typed[1] != "aging":
                from training.evaluation.cli import run

                return run(typed[1:])
            del typed[1]  # the scorecard of the generator takes the options of every other task
        options = _parser().parse_intermixed_args(typed)
        if options.list or options.task is None:
            for name, task in TASKS.items():
                print(f"{name:18} {task.about}")
            return 0 if options.list else 2
        name = ALIASES.get(options.task, options.task)
        if name not in TASKS:
            raise UsageError(f"{name!r} is no task: see python -m training --list.")
        task, overrides, machine = TASKS[name], _overrides(name, options), _machine(name, options)
        if options.resume and not task.resumes:
            raise UsageError(f"{name} has nothing to resume by option; it continues by itself or starts anew.")
        default = CONFIGS / f"{name}.toml"
        file = options.config or (default if default.is_file() else None)
        if options.smoke and not options.dry_run:
            _smoke(task, file, overrides, machine)
            return 0
        config = configuration(task, file, overrides)
        if options.dry_run:
            print(json.dumps(vars(config), indent=2))
            return 0
        _run(task, config, options.resume, machine)
    except UsageError as error:
        print(f"training: {error}", file=sys.stderr)
        return 2
    except (DataError, AgeMirrorError, OSError) as error:
        print(f"training: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("training: stopped.", file=sys.stderr)
        return 130
    return 0
