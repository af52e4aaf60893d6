"""``python -m training evaluate MODEL``: one command for every figure that stands on a card.

age       --utkface DIR --fairface DIR --aaf DIR --fgnet DIR (any of them)
embedder  --lfw DIR --cfp DIR (any of them)
steady    how still the shown age of a still face stands: of the demo's face, or of --clip FILE ...
children  --data DIR: adults made children, by the network alone and with the field of growth
sizes     --data DIR ...: faces of 512 pixels made old, asked about at 256, 384 and 512
aging     the generator's scorecard, with the options of every other task
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.cli import UsageError
from training.evaluation.ages import SETS
from training.evaluation.pairs import READERS

OUT = Path("runs") / "evaluate"


def run(arguments: Sequence[str]) -> int:
    """Runs one measurement; 0 done. Raises UsageError, DataError, AgeMirrorError; argparse itself ends with 2."""
    options = _parser().parse_args(arguments)
    if options.smoke:
        _smoke(options)
        return 0
    figures = _measure(options)
    print(json.dumps({"task": f"evaluate {options.model}", "result": _rounded(figures)}))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    models = parser.add_subparsers(dest="model", required=True, metavar="MODEL")
    age = models.add_parser("age", help="the age estimate on held-out collections")
    for name, collection in SETS.items():
        age.add_argument(f"--{name}", type=Path, metavar="DIR", help=collection.title)
    embedder = models.add_parser("embedder", help="the face embedder on public pair benchmarks")
    embedder.add_argument("--lfw", type=Path, metavar="DIR", help="any copy of LFW with pairs.txt")
    embedder.add_argument("--cfp", type=Path, metavar="DIR", help="the folder cfp-dataset")
    embedder.add_argument("--onnx", type=Path, metavar="FILE", help="measure this network on the same aligned crops")
    embedder.add_argument("--mirror", action="store_true", help="with --onnx: each crop and its mirror image together")
    embedder.add_argument("--again", action="store_true", help="with --reuse: embed the kept faces with new weights")
    for each in (age, embedder):
        each.add_argument("--limit", type=int, default=0, metavar="N", help="pictures or pairs of each set, 0: all")
        each.add_argument("--weights", type=Path, metavar="DIR", help="measure the networks of this folder")
        each.add_argument("--card", type=Path, metavar="FILE", help="write the figures on this card")
        each.add_argument("--detector", default="mediapipe", metavar="NAME", help="what finds the faces")
        each.add_argument("--processes", type=int, default=1, metavar="N", help="how many programs side by side")
        each.add_argument("--reuse", action="store_true", help="go on from the answers that a run left in OUT")
        _common(each)
    steady = models.add_parser("steady", help="how still the shown age of a still face stands")
    steady.add_argument(
        "--clip", type=Path, nargs="+", default=[], metavar="FILE", help="videos or pictures; default: the demo's face"
    )
    steady.add_argument("--seconds", type=float, default=10.0, metavar="N", help="how much of it")
    _common(steady)
    children = models.add_parser("children", help="adults made children, by the network alone and with growth")
    children.add_argument("--data", type=Path, metavar="DIR", default=Path("data/faces"), help="prepared faces")
    children.add_argument("--split", default="test", metavar="NAME", help="whose: train, val or test")
    children.add_argument("--people", type=int, default=40, metavar="N", help="how many adults")
    sizes = models.add_parser("sizes", help="large faces made old, asked about at every side")
    sizes.add_argument("--data", type=Path, nargs="+", metavar="DIR", default=[], help="large crops (task `large`)")
    sizes.add_argument("--split", nargs="+", default=["test"], metavar="NAME", help="whose: train, val or test")
    sizes.add_argument("--people", type=int, default=100, metavar="N", help="how many at most")
    for each in (children, sizes):
        each.add_argument("--second", nargs="+", default=[], metavar="PLACE", help="further age networks")
        each.add_argument("--others", nargs="+", default=[], metavar="FILE", help="further recognisers (ONNX)")
        each.add_argument("--weights", type=Path, metavar="DIR", help="measure the networks of this folder")
        _common(each)
    return parser


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, metavar="DIR", help=f"default: {OUT.as_posix()}-MODEL")
    parser.add_argument("--smoke", action="store_true", help="run in seconds on pictures made by the program itself")


def _measure(options: argparse.Namespace) -> dict[str, float]:
    out = options.out or OUT.with_name(f"{OUT.name}-{options.model}")
    if options.model == "steady":
        from training.evaluation.steady import evaluate_steady

        return evaluate_steady(options.clip, options.seconds, out)
    if options.model in ("children", "sizes"):
        return _measure_aged(options, out)
    names = SETS if options.model == "age" else READERS
    folders = {name: folder for name in names if (folder := getattr(options, name)) is not None}
    if not folders:
        raise UsageError(f"nothing to measure on: give {' or '.join(f'--{name} DIR' for name in names)}.")
    weights = _weights(options)
    common: dict[str, Any] = {"folders": folders, "out": out, "limit": options.limit, "weights": weights,
                              "card": options.card, "detector": options.detector, "reuse": options.reuse,
                              "processes": max(1, options.processes)}  # fmt: skip
    if options.model == "age":
        from training.evaluation.age import AgeJob, evaluate_age

        return evaluate_age(AgeJob(**common))
    from training.evaluation.embedder import EmbedderJob, evaluate_embedder

    return evaluate_embedder(EmbedderJob(onnx=options.onnx, mirror=options.mirror, again=options.again, **common))


def _measure_aged(options: argparse.Namespace, out: Path) -> dict[str, float]:
    """What the generator makes of people, in the eyes of these judges."""
    common: dict[str, Any] = {"out": out, "people": options.people, "second": tuple(options.second),
                              "others": tuple(options.others), "weights": options.weights}  # fmt: skip
    if options.model == "children":
        from training.evaluation.children import ChildrenJob, evaluate_children

        return evaluate_children(ChildrenJob(data=options.data, split=options.split, **common))
    from training.evaluation.sizes import SizesJob, evaluate_sizes

    if not options.data:
        raise UsageError("nothing to measure on: give --data DIR, a folder that `python -m training large` wrote.")
    return evaluate_sizes(SizesJob(data=tuple(options.data), splits=tuple(options.split), **common))


def _weights(options: argparse.Namespace) -> Path | None:
    """The folder of the networks to measure; a card gets only figures of the whole sets and of its own network."""
    if options.card is None:
        return options.weights
    for given, why in (
        (options.limit, "--limit: a card tells figures of whole sets"),
        (
            options.reuse and not getattr(options, "again", False),
            "--reuse (without --again): a card tells figures of the network beside it",
        ),
        (getattr(options, "onnx", None), "--onnx: the card is of another network"),
        (options.weights, "--weights: the network beside the card is measured"),
    ):
        if given:
            raise UsageError(f"--card does not go with {why}.")
    return Path(options.card).resolve().parent


def _smoke(options: argparse.Namespace) -> None:
    """The real measurement of the shipped network on drawn data in a temporary folder."""
    import tempfile

    from training.evaluation.drawn import draw

    with tempfile.TemporaryDirectory(prefix="age-mirror-smoke-") as folder:
        for key, value in draw(options.model, Path(folder)).items():
            setattr(options, key, value)
        options.out, options.card, options.smoke = Path(folder) / "out", None, False
        print(json.dumps({"task": f"evaluate {options.model}", "result": _rounded(_measure(options))}))


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {key: round(value, 4) for key, value in figures.items()}
