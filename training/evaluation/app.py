"""What the program itself says of pictures: ``main.py analyze --json`` as a user's script would run it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from engine.paths import HOME_VARIABLE, WEIGHTS_VARIABLE, project_dir
from engine.weights.files import write_bytes
from training.data.sets import DataError


@dataclass(frozen=True, slots=True)
class Seen:
    """The program's answer for one picture: its size in pixels, its faces (largest first), or why it was not read."""

    path: str
    width: int = 0
    height: int = 0
    faces: tuple[Mapping[str, Any], ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """One answer a picture, in the order asked; ms_per_picture: of one process, start-up left out; 0 if kept ones."""

    seen: tuple[Seen, ...]
    ms_per_picture: float


def analyze(
    paths: Sequence[Path],
    *,
    embeddings: bool = False,
    weights: Path | None = None,
    detector: str = "mediapipe",
    processes: int = 1,
    kept: Path | None = None,
    reuse: bool = False,
    name: str = "analyze",
) -> Answers:
    """The answers for these pictures. weights: the folder of the networks (default: those that ship). detector:
    as ``analyze`` calls it. The gallery of this computer's user is left alone.

    kept: a file that every answer is written to at once; with ``reuse`` the answers it holds already are taken from it,
    so that a stopped measurement goes on where it was. Raises DataError if the program ends before it has answered for
    every picture.
    """
    known = _kept(kept) if reuse and kept is not None else {}
    todo = [str(path) for path in paths if str(path) not in known]
    command = [sys.executable, str(project_dir() / "main.py"), "analyze", "--json", "--device", "cpu"]
    command += ["--detector", detector]
    if embeddings:
        command.append("--with-embeddings")
    environment = {**os.environ, **({WEIGHTS_VARIABLE: str(weights.resolve())} if weights else {})}
    if processes > 1:
        environment |= {"OMP_NUM_THREADS": "1"}
    parts = [part.tolist() for part in np.array_split(np.array(todo, object), min(processes, len(todo)) or 1)]
    lock = threading.Lock()
    if kept is not None:  # whole lines only, also where a run was cut off
        write_bytes(kept, "".join(f"{line}\n" for line in known.values()).encode())
    with contextlib.ExitStack() as stack:
        bar = stack.enter_context(tqdm(total=len(todo), unit="picture", desc=name, disable=None))
        file = stack.enter_context(kept.open("a", encoding="utf-8")) if kept is not None else None

        def take(line: str) -> None:
            with lock:
                known[json.loads(line)["path"]] = line
                bar.update()
                if file is not None:
                    print(line, file=file, flush=True)

        pool = stack.enter_context(ThreadPoolExecutor(len(parts)))
        jobs = [pool.submit(_run, command, part, environment, take) for part in parts if part]
        times = [job.result() for job in jobs]
    return Answers(tuple(_seen(known[str(path)]) for path in paths), float(np.mean(times)) if times else 0.0)


def _run(command: list[str], paths: list[str], environment: Mapping[str, str], take: Callable[[str], None]) -> float:
    """Hands on the line of every path; returns the milliseconds a picture, from the first answer to the last."""
    with tempfile.TemporaryDirectory(prefix="age-mirror-evaluate-") as folder:
        listing, complaints = Path(folder) / "list.txt", Path(folder) / "errors.txt"
        listing.write_text("\n".join(paths) + "\n", encoding="utf-8")
        count, first, last = 0, 0.0, 0.0
        with complaints.open("w") as errors, subprocess.Popen(
            [*command, "--list", str(listing)], stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8",
            env={**environment, HOME_VARIABLE: str(Path(folder) / "home")},
        ) as process:  # fmt: skip
            try:
                for line in process.stdout or ():
                    take(line.rstrip("\n"))
                    count, last = count + 1, time.monotonic()
                    first = first or last
                status = process.wait()
            finally:
                process.kill()  # an exception on the way, Ctrl-C too: do not leave it working
        if status not in (0, 1) or count != len(paths):
            said = complaints.read_text().strip().splitlines()
            reason = said[-1] if said else f"it ended with status {status}"
            raise DataError(f"analyze answered for {count} of {len(paths)} pictures: {reason}")
    return 1e3 * (last - first) / max(count - 1, 1)


def _seen(line: str) -> Seen:
    value = json.loads(line)
    if "error" in value:
        return Seen(value["path"], error=value["error"])
    return Seen(value["path"], value["width"], value["height"], tuple(value["faces"]))


def _kept(file: Path) -> dict[str, str]:
    """The lines of an earlier run by path. A last line that was cut off is left out."""
    lines: dict[str, str] = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
        with contextlib.suppress(json.JSONDecodeError):
            lines[json.loads(line)["path"]] = line
    return lines


def principal(seen: Seen) -> Mapping[str, Any] | None:
    """The face a labelled picture is about, or None: the largest, less so the further it is from the middle.

    Collections are cut around the labelled person, but a bystander may stand nearer to the camera: the area of the box
    is multiplied by (1 - d)^2, where d is 0 for a box centred in the picture and 1 for one in its corner.
    """
    half = np.array([seen.width, seen.height], np.float64) / 2

    def weight(face: Mapping[str, Any]) -> float:
        x1, y1, x2, y2 = face["box"]
        d = float(np.hypot(*(np.array([x1 + x2, y1 + y2]) / 2 - half)) / np.hypot(*half))
        return (x2 - x1) * (y2 - y1) * max(0.0, 1 - d) ** 2

    return max(seen.faces, key=weight, default=None)


def count(answers: Sequence[Seen]) -> dict[str, int]:
    """How many pictures there are, how many could not be read, and in how many no face was found."""
    return {
        "pictures": len(answers),
        "unreadable": sum(bool(seen.error) for seen in answers),
        "no_face": sum(not seen.error and not seen.faces for seen in answers),
        "several_faces": sum(len(seen.faces) > 1 for seen in answers),
    }


def landmarks(face: Mapping[str, Any]) -> NDArray[np.float32]:
    """The five points (5, 2) of a face in pixels of its picture."""
    return np.array(face["landmarks"], np.float32)


def batches(items: Sequence[Any], length: int) -> Iterator[Sequence[Any]]:
    """The items in groups of at most this length, in order."""
    for start in range(0, len(items), length):
        yield items[start : start + length]
