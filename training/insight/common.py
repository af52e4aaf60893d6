"""What all pictures of this room need: a network, faces to show it, and a sheet to draw on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import matplotlib
import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.detection.mediapipe_runtime import quietly
from engine.errors import AgeMirrorError
from engine.geometry.align import ARCFACE, WIDE, similarity
from engine.images import PICTURE_SUFFIXES, read_picture
from engine.networks import build
from engine.types import FloatArray, Image
from engine.weights.loading import load_module, read_tensors
from engine.weights.store import find
from training.checkpoints import WEIGHTS_FILE
from training.data.aligning import Aligner
from training.data.compact import shrink
from training.data.faces import CROP_SIZE, load
from training.data.sets import DataError
from training.ladder.pictures import save_figure
from training.loops.age import to_tensor
from training.provenance import RUN_FILE, read_run

FRESH = "fresh"
SIDES = {"age": 112, "embedder": 112, "ager": 256, "detector": 640}
# What a network is built with, by the names of its run's configuration.
_ARGUMENTS = {
    "age": ("width", "multiples", "blocks"),
    "embedder": ("stem", "channels", "blocks", "features", "dimensions"),
    "ager": ("width", "multiples", "fold"),
    "detector": ("stem", "widths", "blocks", "pyramid"),
}
_ANCHOR_STRIDES = 3
_GAP_INCH = 0.06


@dataclass(frozen=True, eq=False)
class Seer:
    """A network in evaluation mode. size: the side of what it looks at; arguments: what it was built with."""

    kind: str
    module: Any
    size: int
    arguments: dict[str, Any]


def network(kind: str, weights: str = "", folder: str = "") -> Seer:
    """A network of this kind (age, embedder, ager, detector).

    weights: "" the one that ships (or lies in ``folder``), "fresh" one that has learned nothing, else the folder of a
    run or a safetensors file. Raises WeightsError, DataError.
    """
    torch.set_num_threads(1)
    if weights == FRESH:
        torch.manual_seed(0)
        return Seer(kind, build(kind, {}).eval(), SIDES[kind], {})
    if not weights:
        found = find(kind, Path(folder) if folder else None)
        return Seer(kind, load_module(found), found.card.sizes[0], dict(found.card.arguments))
    path = Path(weights)
    file = path / WEIGHTS_FILE if path.is_dir() or not path.suffix else path
    if not file.is_file():
        raise DataError(f"{file} does not exist: train first, or name a run, a safetensors file, or {FRESH!r}.")
    tensors, arguments = read_tensors(file), _arguments(kind, file.parent)
    try:
        module = build(kind, arguments)
        module.load_state_dict(tensors, strict=True)
    except (RuntimeError, TypeError, ValueError) as error:
        raise DataError(f"{file} holds no {kind} network as {file.parent / RUN_FILE} describes it: {error}") from None
    return Seer(kind, module.eval(), SIDES[kind], arguments)


def _arguments(kind: str, folder: Path) -> dict[str, Any]:
    """What a run says of its network; for a file without a run beside it, what the shipped network's card says."""
    told = read_run(folder).get("config", {})
    if not told:
        try:
            return dict(find(kind).card.arguments)
        except AgeMirrorError:
            return {}
    found = {key: told[key] for key in _ARGUMENTS[kind] if key in told}
    if kind == "detector" and "anchors_px" in told:
        found["sizes_px"] = np.array(told["anchors_px"]).reshape(_ANCHOR_STRIDES, -1).tolist()
    return found


# -- faces ------------------------------------------------------------------------------------------------------------


def face_crop(picture: str) -> Image:
    """The face of a picture as prepared faces are: (256, 256, 3) BGR on the WIDE template.

    Raises PictureError for what is no picture, DataError where no face is found.
    """
    image = np.asarray(read_picture(picture), np.uint8)
    found = quietly(lambda: _aligned([image]))[0]
    if found is None:
        raise DataError(f"no face is found in {picture}: give a picture of one face that looks into the camera.")
    return found


def _aligned(pictures: Sequence[Image]) -> list[Image | None]:
    aligner = Aligner()
    try:
        found = [aligner.align(picture) for picture in pictures]
    finally:
        aligner.close()
    return [None if each is None else each[0] for each in found]


@dataclass(frozen=True, eq=False)
class Collection:
    """Faces to look at: crops (N, 256, 256, 3) BGR on the WIDE template, who (N,) and how old (N,), nan if unknown."""

    crops: NDArray[np.uint8]
    who: NDArray[np.str_]
    years: FloatArray

    def __len__(self) -> int:
        return len(self.crops)


def collection(folder: str, limit: int = 0) -> Collection:
    """The faces of a prepared folder, or of a folder of pictures whose names begin with who it is ("ada_1.jpg").

    limit: so many, evenly taken from all of them. Raises DataError where there are none.
    """
    path = Path(folder)
    files = [each for each in sorted(path.glob("*")) if each.suffix.lower() in PICTURE_SUFFIXES]
    if files and not (path / "prepared.json").is_file():
        return _of_pictures(files, limit)
    faces = load(path)
    if faces.crops.shape[1] != CROP_SIZE:
        raise DataError(f"{folder} holds crops of {faces.crops.shape[1]} px: give the folder of {CROP_SIZE} px crops.")
    rows = _evenly(len(faces), limit)
    years = np.where(faces.age_known[rows], faces.years[rows], np.nan).astype(np.float32)
    who = np.array([f"person {number}" if number >= 0 else "" for number in faces.identity[rows]])
    return Collection(np.stack([faces.crops[row] for row in rows]), who, years)


def _of_pictures(files: Sequence[Path], limit: int) -> Collection:
    chosen = [files[row] for row in _evenly(len(files), limit)]
    pictures = [np.asarray(read_picture(file), np.uint8) for file in chosen]
    crops = quietly(lambda: _aligned(pictures))
    kept = [(crop, file) for crop, file in zip(crops, chosen, strict=True) if crop is not None]
    if not kept:
        raise DataError(f"no face is found in the pictures of {files[0].parent}.")
    who = [file.stem.replace("-", "_").split("_")[0] for _, file in kept]
    return Collection(np.stack([crop for crop, _ in kept]), np.array(who), np.full(len(kept), np.nan, np.float32))


def _evenly(count: int, limit: int) -> NDArray[np.int64]:
    if not count:
        raise DataError("there are no faces in it: prepare some first.")
    return np.unique(np.linspace(0, count - 1, min(limit or count, count)).round().astype(np.int64))


def looked_at(seer: Seer, crops: Sequence[Image] | NDArray[np.uint8]) -> list[Image]:
    """Crops (256, 256, 3) on the WIDE template as this network gets them: (size, size, 3), on its own template."""
    if seer.kind != "embedder":
        side = (seer.size, seer.size)
        return [np.asarray(cv2.resize(crop, side, interpolation=cv2.INTER_AREA), np.uint8) for crop in crops]
    matrix = similarity(WIDE * CROP_SIZE, ARCFACE * seer.size)
    return [shrink(np.asarray(crop), matrix, seer.size) for crop in crops]


def seen(seer: Seer, crops: Sequence[Image] | NDArray[np.uint8]) -> Tensor:
    """The same as a tensor (N, 3, size, size) RGB 0..1."""
    return to_tensor(list(looked_at(seer, crops)))


def activations(module: Any, image: Tensor) -> list[tuple[str, Tensor]]:
    """The maps (N, C, H, W) after the stem and after each block of ``stages``, in order of work.

    For the age network, the embedder and the detector, which have both and the same first step.
    """
    x = module.stem((image - 0.45) / 0.25)
    found = [("stem", x)]
    for number, block in enumerate(module.stages, 1):
        x = block(x)
        found.append((f"block {number}", x))
    return found


def weights_of(first: nn.Module) -> FloatArray:
    """The filters (C, K, K, 3) BGR of the first convolution over the colours of a picture."""
    for layer in first.modules():
        if isinstance(layer, nn.Conv2d) and layer.in_channels == 3:
            return np.asarray(layer.weight.detach().permute(0, 2, 3, 1).flip(3).numpy(), np.float32)
    raise DataError("this network has no convolution over the colours of a picture.")


# -- drawing ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture of a sheet, (H, W, 3) uint8 BGR, and its words."""

    picture: Image
    words: str = ""


def coloured(values: FloatArray, limit: float = 0.0, name: str = "RdBu_r") -> Image:
    """A signed map (H, W) in colours: white is nothing, red more, blue less; full strength at ``limit``
    (0: at its own largest value).
    """
    full = limit or max(float(np.abs(values).max()), 1e-12)
    colours = matplotlib.colormaps[name](np.clip(values / full, -1, 1) / 2 + 0.5)[..., 2::-1]
    return np.asarray(colours * 255 + 0.5, np.uint8)


def over(values: FloatArray, face: Image, limit: float = 0.0) -> Image:
    """A signed map over the grey face it belongs to, both (S, S)."""
    grey = cv2.cvtColor(cv2.cvtColor(face, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return np.asarray(cv2.addWeighted(grey, 0.45, coloured(values, limit), 0.55, 0), np.uint8)


def grey(values: FloatArray) -> Image:
    """An unsigned map (H, W), black at its least value and white at its largest."""
    low, high = float(values.min()), float(values.max())
    level = np.asarray((values - low) / max(high - low, 1e-12) * 255, np.uint8)
    return np.asarray(cv2.cvtColor(level, cv2.COLOR_GRAY2BGR), np.uint8)


def sheet(path: Path, rows: Sequence[Sequence[Panel]], title: str, *, inch: float = 1.5, smooth: bool = True) -> None:
    """Draws rows of panels with their words above them, as a PNG; rows may be of different lengths."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = max(len(row) for row in rows)
    words = [max(panel.words.count("\n") for panel in row) for row in rows]
    tall = [inch * max(p.picture.shape[0] / p.picture.shape[1] for p in row) for row in rows]
    heads = [0.2 + 0.12 * lines for lines in words]
    # Places by hand: matplotlib's own layout takes seconds for so many panels.
    wide, high = max((inch + _GAP_INCH) * columns + _GAP_INCH, 3.6), sum(tall) + sum(heads) + 0.3 + _GAP_INCH
    figure = Figure(figsize=(wide, high))
    figure.text(0.5, 1 - 0.1 / high, title, fontsize=10, ha="center", va="top")
    top = high - 0.3
    for row, head, height in zip(rows, heads, tall, strict=True):
        top -= head
        for number, panel in enumerate(row):
            left, own = _GAP_INCH + number * (inch + _GAP_INCH), inch * panel.picture.shape[0] / panel.picture.shape[1]
            axes = figure.add_axes((left / wide, (top - own) / high, inch / wide, own / high))
            axes.set_axis_off()
            axes.imshow(panel.picture[..., ::-1], interpolation="antialiased" if smooth else "nearest", aspect="auto")
            spot = ((left + inch / 2) / wide, (top + 0.04) / high)
            figure.text(*spot, panel.words, fontsize=7, ha="center", va="bottom")
        top -= height
    save_figure(figure, path)
