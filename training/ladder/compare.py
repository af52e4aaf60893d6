"""``compare-gans``: the rungs of the ladder side by side: what each cost, how good it is, and two rows of its faces."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.errors import PictureError
from engine.images import read_picture, write_picture
from engine.networks.faces import BANDS
from training.data.sets import DataError
from training.evaluation.report import table
from training.ladder.diary import COLUMNS
from training.ladder.pictures import GAP, SHEETS_FOLDER, read_log
from training.ladder.rungs import RUNGS
from training.provenance import read_run

Images = NDArray[np.uint8]

SHOWN_PX = 64
HEADS = (
    "run", "pixels", "parameters (generator + discriminator)", "steps x batch", "minutes", "own FID", "own KID",
    "diversity", "nearest in train",
)  # fmt: skip


@dataclass(frozen=True)
class CompareGansConfig:
    """runs: finished runs of the ladder, the lowest rung first; out: gets gans.md, gans.json and gans.jpg."""

    name: str = "compare-gans"
    runs: tuple[str, ...] = (
        "runs/gan-basic", "runs/gan-dcgan", "runs/gan-progressive", "runs/gan-wgan-gp", "runs/gan-spectral",
        "runs/gan-conditional", "runs/gan-stylegan2", "runs/gan-r3gan",
    )  # fmt: skip
    out: str = "runs/gans"


def minutes_of(log: list[dict[str, Any]], batch: int, critic_steps: int) -> float:
    """How long the steps of a log took, without sheets and measurements; one entry counts the steps since the last."""
    seconds, before = 0.0, 0
    for line in log:
        seconds += (line["step"] - before) * batch * critic_steps / line["faces_per_s"]
        before = line["step"]
    return seconds / 60


def two_rows(folder: Path, size: int, conditional: bool) -> Images:
    """Two rows of eight of a run's last sheet (``size`` pixels a face): the first two, or where a row is an age band
    that was wished for, faces in their twenties and in their sixties.
    """
    files = sorted((folder / SHEETS_FOLDER).glob("*.png"))
    if not files:
        raise DataError(f"{folder} holds no sheet of faces: train it first.")
    try:
        sheet = read_picture(files[-1])
    except PictureError as error:
        raise DataError(str(error)) from None
    faces = []
    for row in (BANDS.index(20), BANDS.index(60)) if conditional else (0, 1):
        for column in range(COLUMNS):
            top, left = row * (size + GAP), column * (size + GAP)
            face = sheet[top : top + size, left : left + size]
            way = cv2.INTER_AREA if size > SHOWN_PX else cv2.INTER_NEAREST
            faces.append(cv2.resize(face, (SHOWN_PX, SHOWN_PX), interpolation=way))
    return np.asarray(np.hstack(faces), np.uint8)


def compare(config: CompareGansConfig) -> dict[str, float]:
    """Prints and writes the table; returns each run's FID. Raises DataError for a folder that holds no finished run."""
    rows, strips, found = [], [], {}
    for name in config.runs:
        folder = Path(name)
        if not (folder / "metrics.json").is_file():
            raise DataError(f"{folder} holds no finished run of the ladder: train it first.")
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        told = read_run(folder).get("config", {})
        last, networks = metrics["last"], metrics["parameters"]
        log = read_log(folder)
        minutes = minutes_of(log, told["batch"], told["critic_steps"])
        millions = " + ".join(f"{networks[each] / 1e6:.2f}" for each in ("generator", "discriminator"))
        found[folder.name] = {
            "steps": log[-1]["step"], "batch": told["batch"], "minutes": round(minutes, 1),
            **{key: last[key] for key in ("own_fid", "own_kid", "diversity", "nearest_in_train")},
        }  # fmt: skip
        rows.append(
            (
                folder.name, str(told["size"]), f"{millions} M", f"{log[-1]['step']} x {told['batch']}",
                f"{minutes:.0f}", f"{last['own_fid']:.2f}", f"{last['own_kid']:.3f}", f"{last['diversity']:.2f}",
                f"{last['nearest_in_train']:.2f}",
            )
        )  # fmt: skip
        strips.append(two_rows(folder, int(told["size"]), RUNGS[told["rung"]].conditional))
        floor = metrics["floor"]["own_fid"]
    page = table(HEADS, rows) + f"\n\nReal faces of train in the generator's place get a FID of {floor:.2f}."
    print(page, flush=True)
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "gans.md").write_text(page + "\n", encoding="utf-8")
    (out / "gans.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    write_picture(out / "gans.jpg", np.asarray(np.vstack(strips), np.uint8))
    return {name: round(each["own_fid"], 3) for name, each in found.items()}
