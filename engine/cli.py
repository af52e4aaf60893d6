"""The command line: reads what was typed, and hands over to the mirror or to one command.

Nothing heavy is imported before it is needed. Exit status: 0 all done, 1 some input failed, 2 wrong usage, 130 stopped
by the user.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from engine.errors import AgeMirrorError
from engine.live.sweep import LONGEST_S, SHORTEST_S, USUAL_S
from engine.settings import AGE_RANGE_YEARS, DETECTORS, DEVICES, SIZES, Settings

DONE, FAILED, USAGE, STOPPED = 0, 1, 2, 130
LATER = ("verify",)
NOT_YET = "is not in this version yet."

RunApp = Callable[..., int]


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line instead of repeating the usage."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **options})

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message}. Type '{self.prog} --help' for help.\n")


def age_in_years(text: str) -> float:
    """Years from 0 to 100."""
    low, high = AGE_RANGE_YEARS
    try:
        years = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no age: give years from {low:g} to {high:g}") from None
    if not low <= years <= high:
        raise argparse.ArgumentTypeError(f"{text} is out of range: give years from {low:g} to {high:g}")
    return years


def age_or_none(text: str) -> float | None:
    """Years from 0 to 100, or "none"."""
    return None if text.lower() == "none" else age_in_years(text)


def seconds(text: str) -> float:
    """A positive number of seconds, at most a day."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 < value <= 86400:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: give seconds, more than 0")
    return value


def sweep_seconds(text: str) -> float:
    """How long a sweep takes."""
    value = seconds(text)
    if not SHORTEST_S <= value <= LONGEST_S:
        raise argparse.ArgumentTypeError(f"{text} is out of range: give {SHORTEST_S:g} to {LONGEST_S:g} seconds")
    return value


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = _Parser(
        prog="main.py",
        description="Age Mirror: your face in the webcam, live, at the age you choose. No command opens the mirror.",
        epilog="Everything stays on this computer. 'main.py COMMAND --help' tells more about one command.",
    )
    _add_mirror(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    _add_cameras(commands)
    _add_analyze(commands)
    _add_age(commands)
    _add_enroll(commands)
    _add_people(commands)
    _add_bench(commands)
    _add_doctor(commands)
    for name in LATER:
        later = commands.add_parser(name, help="comes with a later version", add_help=False)
        later.add_argument("rest", nargs=argparse.REMAINDER)
    return parser


def _add_mirror(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the mirror")
    group.add_argument(
        "--source", metavar="0|PATH|demo", help="camera index, video, picture, folder of pictures, or demo"
    )
    group.add_argument("--target-age", dest="mirror_age", type=age_in_years, metavar="YEARS", help="begin at this age")
    group.add_argument("--size", dest="mirror_size", type=int, choices=SIZES, help="side of the aligned face in pixels")
    group.add_argument("--device", dest="mirror_device", choices=DEVICES, help="where the networks run")
    group.add_argument("--detector", dest="mirror_detector", choices=DETECTORS, help="what finds the faces")
    group.add_argument("--loop", action="store_const", const=True, help="play a video or a folder again and again")
    group.add_argument("--exit-after", type=seconds, metavar="SECONDS", help="close by itself, for scripts")
    group.add_argument("--stats", type=Path, metavar="FILE", help="write figures of this run as JSON at the end")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell more about what happens")


def _device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", choices=DEVICES, default="auto", help="where the networks run")


def _add_cameras(commands: Any) -> None:
    parser = commands.add_parser("cameras", help="list the cameras")
    parser.add_argument("--json", action="store_true", help="one JSON list")


def _add_analyze(commands: Any) -> None:
    parser = commands.add_parser("analyze", help="faces, ages and landmarks of pictures")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="pictures, or folders of pictures")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--with-embeddings", action="store_true", help="each face's vector too (JSON)")
    parser.add_argument("--list", metavar="FILE", help="a text file with one path a line")
    parser.add_argument("--detector", choices=DETECTORS, default="mediapipe", help="what finds the faces")
    _device(parser)


def _add_age(commands: Any) -> None:
    parser = commands.add_parser("age", help="age a picture, a folder of pictures or a video")
    parser.add_argument("input", type=Path, metavar="INPUT")
    parser.add_argument("output", type=Path, metavar="OUTPUT", help="for a folder of pictures: a folder")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--target-age", type=age_in_years, metavar="YEARS")
    what.add_argument(
        "--sweep", type=sweep_seconds, nargs="?", const=USUAL_S, metavar="SECONDS",
        help="a picture through all ages and back, as a video",
    )  # fmt: skip
    parser.add_argument("--source-age", type=age_in_years, metavar="YEARS", help="default: estimated from each face")
    parser.add_argument("--person", metavar="NAME", help="only the face of this person, who is enrolled")
    parser.add_argument("--size", type=int, choices=SIZES, default=0, help="side of the aligned face in pixels")
    _device(parser)


def _add_enroll(commands: Any) -> None:
    parser = commands.add_parser("enroll", help="remember somebody's face from pictures, to know them from then on")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument(
        "pictures", nargs="+", metavar="PICTURE", help="pictures that show this person alone, or folders"
    )
    parser.add_argument("--consent", action="store_true", help="this person agreed to be enrolled")
    parser.add_argument("--add", action="store_true", help="more pictures of somebody who is enrolled")
    parser.add_argument("--anyway", action="store_true", help="although they look like somebody who is enrolled")
    _device(parser)


def _add_people(commands: Any) -> None:
    parser = commands.add_parser("people", help="who is enrolled: list, remove, rename, merge, export, import, erase")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", parser_class=_Parser, required=True)
    listing = actions.add_parser("list", help="everybody who is enrolled")
    listing.add_argument("--json", action="store_true", help="one JSON list")
    sure = _Parser(add_help=False)
    sure.add_argument("--yes", action="store_true", help="do not ask")
    removing = actions.add_parser("remove", help="forget somebody", parents=[sure])
    removing.add_argument("name", metavar="NAME")
    renaming = actions.add_parser("rename", help="give somebody another name")
    renaming.add_argument("old", metavar="OLD")
    renaming.add_argument("new", metavar="NEW")
    merging = actions.add_parser("merge", help="two of them are one person: GONE's samples go to KEEP")
    merging.add_argument("keep", metavar="KEEP")
    merging.add_argument("gone", metavar="GONE")
    target = actions.add_parser("target", help="the age somebody is shown at when recognised")
    target.add_argument("name", metavar="NAME")
    target.add_argument("years", type=age_or_none, metavar="YEARS", help="0 to 100, or none")
    for name, help_text in (("export", "everybody into one encrypted file"), ("import", "everybody from such a file")):
        actions.add_parser(name, help=help_text).add_argument("file", metavar="FILE")
    actions.add_parser("reembed", help="after a change of the network: measure everybody anew from the stored pictures")
    actions.add_parser("erase", help="forget everybody, without a trace", parents=[sure])


def _add_bench(commands: Any) -> None:
    parser = commands.add_parser("bench", help="measure how fast and how steady everything is here")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON too")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--steady", metavar="PATH|demo", help="only: how still the shown ages in a clip stand")
    parser.add_argument("--seconds", type=seconds, default=10.0, help="of the clip, with --steady (default 10)")
    _device(parser)


def _add_doctor(commands: Any) -> None:
    parser = commands.add_parser("doctor", help="one page: versions, devices, cameras, weights, what to fix")
    _device(parser)


def main(argv: Sequence[str] | None = None, *, run_app: RunApp) -> int:
    """Runs what was typed and returns the exit status.

    run_app: opens the mirror; called with the settings, ``exit_after`` (seconds or None), ``stats_path`` (or None) and
    ``given`` (the settings that were typed, which win over remembered ones). The engine knows no windows, so main.py
    hands it in.
    """
    parser = build_parser()
    argv = sys.argv[1:] if argv is None else argv
    try:
        _refuse_unknown_options(parser, argv)
        args = parser.parse_args(argv)
        _set_up_logging(args)
        if args.command is None:
            return _mirror(args, run_app)
        _refuse_mirror_options(parser, args)
        return _COMMANDS[args.command](args, parser)
    except SystemExit as stop:  # argparse: help was shown, or the usage was wrong
        return stop.code if isinstance(stop.code, int) else USAGE
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        # Whoever read our output has gone (| head): nothing more is to be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except AgeMirrorError as error:
        print(error, file=sys.stderr)
        return FAILED


def _refuse_unknown_options(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    """Names a mistyped option of the mirror; argparse would take its value for a command, and complain about that."""
    for text in argv:
        if text in _COMMANDS:
            return
        if text.startswith("--") and text.partition("=")[0] not in parser._option_string_actions:
            parser.error(f"unrecognized arguments: {text}")


def _set_up_logging(args: argparse.Namespace) -> None:
    """The mirror tells where its networks run; commands speak up only about what goes wrong."""
    quiet = logging.INFO if args.command is None else logging.WARNING
    level = logging.DEBUG if args.verbose else quiet
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    for room in ("engine", "desktop"):
        logging.getLogger(room).setLevel(level)


def mirror_values(args: argparse.Namespace) -> dict[str, Any]:
    """The settings that were given on the command line, under their names in Settings."""
    typed = {
        "source": args.source,
        "target_age": args.mirror_age,
        "size": args.mirror_size,
        "device": args.mirror_device,
        "detector": args.mirror_detector,
        "loop": args.loop,
    }
    return {name: value for name, value in typed.items() if value is not None}


def _mirror(args: argparse.Namespace, run_app: RunApp) -> int:
    values = mirror_values(args)
    return run_app(
        Settings().merged(values), exit_after=args.exit_after, stats_path=args.stats, given=frozenset(values)
    )


def _refuse_mirror_options(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    given = [*mirror_values(args), *(name for name in ("exit_after", "stats") if getattr(args, name) is not None)]
    if given:
        option = "--" + given[0].replace("_", "-")
        parser.error(f"{option} before {args.command!r} belongs to the mirror: put the command's options after it")


def _cameras(args: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    import dataclasses
    import json

    from engine.capture.camera_list import list_cameras

    cameras = list_cameras()
    if args.json:
        print(json.dumps([dataclasses.asdict(camera) for camera in cameras], ensure_ascii=False))
        return DONE
    if not cameras:
        print("No camera was found. Plug one in, or try: main.py --source demo")
    for camera in cameras:
        reason = camera.reason or "another program is using it"
        print(f"{camera.index}  {camera.name}" + (f"  (busy: {reason})" if camera.busy else ""))
    return DONE


def _analyze(args: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    if not args.paths and args.list is None:
        parser.error("analyze needs at least one PATH, or --list FILE")
    from engine.analyze import run_analyze
    from engine.terminal import Terminal

    terminal = Terminal()
    return run_analyze(
        args.paths,
        list_file=args.list,
        as_json=args.json,
        device=args.device,
        detector=args.detector,
        embeddings=args.with_embeddings,
        show=terminal.show,
        complain=terminal.complain,
    )


def _age(args: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    from engine.age_files import AgeOrder, run_age, same_place
    from engine.terminal import Terminal

    if same_place(args.input, args.output):
        parser.error(f"OUTPUT is INPUT ({args.input}): give the result another place")
    order = AgeOrder(args.target_age or 0.0, args.source_age, args.size, args.device, args.person, args.sweep)
    if order.sweep_s is not None and order.person is not None:
        parser.error("--sweep is for everybody in the picture: leave --person out")
    return run_age(args.input, args.output, order, Terminal())


def _enroll(args: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    from engine.enroll import CONSENT_NEEDED, run_enroll
    from engine.terminal import Terminal

    if not args.consent:
        parser.error(CONSENT_NEEDED)
    return run_enroll(
        args.name, args.pictures, Terminal(), add=args.add, anyway=args.anyway, device=args.device
    )  # fmt: skip


def _people(args: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    from engine.people import run_people
    from engine.terminal import Terminal

    return run_people(args, Terminal())


def _bench(args: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    if args.steady is not None:
        from engine.bench_steady import run_steady

        return run_steady(args.steady, args.json, device=args.device, seconds=args.seconds)
    from engine.bench import run_bench

    return run_bench(args.json, device=args.device, quick=args.quick)


def _doctor(args: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    from engine.doctor import run_doctor

    return run_doctor(device=args.device)


def _later(args: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    print(f"{args.command} {NOT_YET}", file=sys.stderr)
    return USAGE


_COMMANDS: dict[str, Callable[[argparse.Namespace, argparse.ArgumentParser], int]] = {
    "cameras": _cameras,
    "analyze": _analyze,
    "age": _age,
    "enroll": _enroll,
    "people": _people,
    "bench": _bench,
    "doctor": _doctor,
    **dict.fromkeys(LATER, _later),
}
