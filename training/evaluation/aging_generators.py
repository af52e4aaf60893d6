"""What is measured: any network that changes the age of an aligned face, ours or another's, behind one small interface.

Convention: crops (N, S, S, 3) uint8 BGR, aligned to the wide template; ages in years; residuals in 1/255, BGR.
"""

from __future__ import annotations

import inspect
import json
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.errors import WeightsError
from engine.geometry.scales import drawn_large, shrunk
from engine.landmarks.mask import head_mask
from engine.networks import build
from engine.weights.card import read_card
from engine.weights.loading import load_module, read_tensors
from engine.weights.store import CARD, IR_FILES, SAFETENSORS, Weights, find
from training.data.sets import DataError
from training.evaluation.compiled import Compiled, timed

if TYPE_CHECKING:
    from torch import nn

Images = NDArray[np.uint8]
Floats = NDArray[np.float32]
Years = NDArray[np.float64]

SIZES = (256, 384, 512)
FADE_YEARS = (0.5, 3.0)


class Generator(Protocol):
    """name: for tables. size: the side in pixels at which it works on a crop of 256. masked: whether the face mask
    belongs to it, as the mirror applies it.
    """

    name: str
    size: int
    masked: bool

    def residuals(self, crops: Images, source: Years, target: Years, *, raw: bool = False) -> Floats:
        """What it adds to each crop (N, S, S, 3). raw: also where source and target are the same, where the mirror does
        not ask the network at all.
        """
        ...

    def ms(self, size: int, precision: str, threads: int) -> tuple[float, float]:
        """Best and median time of one face of this side in milliseconds."""
        ...


def mirror_gain(source: Years, target: Years) -> Years:
    """How much of the change the mirror shows (N,): nothing within half a year, all from three years on.

    The same smooth step as the engine's ``change_gain``; a test holds them together.

    >>> mirror_gain(np.array([30.0, 30, 30]), np.array([30.4, 31.75, 70])).tolist()
    [0.0, 0.5, 1.0]
    """
    low, high = FADE_YEARS
    t = np.clip((np.abs(target - source) - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float64)


def shown(crops: Images, residuals: Floats, meshes: Floats, masked: bool = True) -> Images:
    """What the mirror shows at the crop's own resolution: the crops with the masked residuals added (N, S, S, 3)."""
    result = []
    for crop, residual, mesh in zip(crops, residuals, meshes, strict=True):
        mask = head_mask(mesh, crop.shape[0])[..., None] if masked else 1.0
        result.append(np.clip(np.round(crop + residual * mask), 0, 255).astype(np.uint8))
    return np.stack(result)


class OwnGenerator:
    """Our residual network with its ages as two planes; larger crops than ``size`` are made that small first."""

    masked = True

    def __init__(self, network: Path | nn.Module, name: str, size: int = SIZES[0]) -> None:
        self.name, self.size, self._source = name, size, network
        self._network = self._compiled("f32", 1)

    def residuals(self, crops: Images, source: Years, target: Years, *, raw: bool = False) -> Floats:
        gains = np.ones(len(crops)) if raw else mirror_gain(source, target)
        made = np.zeros(crops.shape, np.float32)
        for row in np.flatnonzero(gains):
            made[row] = self._change(crops[row], source[row], target[row]) * np.float32(gains[row])
        return made

    def _change(self, crop: Images, source: float, target: float) -> Floats:
        """What it adds to a crop (S, S, 3) in 1/255."""
        small = shrunk(crop, min(self.size, crop.shape[0]))
        planes = self._network(*_planes(small, source, target))[0]
        change = np.ascontiguousarray(planes.transpose(1, 2, 0)[..., ::-1] * np.float32(255))
        return change if small.shape == crop.shape else drawn_large(change, small, crop)

    def ms(self, size: int, precision: str, threads: int) -> tuple[float, float]:
        crop = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
        small = shrunk(crop, min(self.size, size))
        network = self._compiled(precision, threads).ms(*_planes(small, 30.0, 70.0))
        if small.shape == crop.shape:
            return network
        change = np.zeros(small.shape, np.float32)
        drawing = timed(lambda: drawn_large(change, shrunk(crop, self.size), crop))
        return network[0] + drawing[0], network[1] + drawing[1]

    def _compiled(self, precision: str, threads: int) -> Compiled:
        return Compiled(
            self._source,
            [np.zeros((1, channels, 64, 64), np.float32) for channels in (3, 1, 1)],
            precision=precision,
            threads=threads,
        )


def _planes(crop: Images, source: float, target: float) -> tuple[Floats, Floats, Floats]:
    image = np.asarray(crop[..., ::-1].transpose(2, 0, 1)[None].astype(np.float32) / 255, np.float32)
    first, last = (np.full((1, 1, *image.shape[2:]), years / 100, np.float32) for years in (source, target))
    return image, first, last


@dataclass(frozen=True)
class Adapter:
    """How another's generator (ONNX) is fed and read.

    size: side of its crop in pixels. low, high: what black and white are in its picture (in and out); order: "rgb" or
    "bgr". ages: "planes" (source and target as two more channels of the picture), "target plane" (the target alone as
    one), "inputs" (two further inputs (1, 1, S, S)), "class" (a further input (1, K), one-hot over ``bins``), "none"
    (it knows one direction only). age_scale: years that are 1.0 on a plane. bins: oldest age of each class but the
    last. output: "residual" or "picture". masked: whether its change is shown inside the face mask, as ours is.
    """

    size: int = 256
    low: float = 0.0
    high: float = 1.0
    order: str = "rgb"
    ages: str = "planes"
    age_scale: float = 100.0
    bins: tuple[float, ...] = ()
    output: str = "residual"
    masked: bool = True
    about: str = ""

    def __post_init__(self) -> None:
        for value, known in (
            (self.order, ("rgb", "bgr")),
            (self.ages, ("planes", "target plane", "inputs", "class", "none")),
            (self.output, ("residual", "picture")),
        ):
            if value not in known:
                raise DataError(f"adapter: {value!r} is unknown: choose one of {', '.join(known)}.")
        if not self.high > self.low or self.size < 8:
            raise DataError("adapter: high must be above low, and the size at least 8 pixels.")


def read_adapter(path: Path, kind: type[Any]) -> Any:
    """An adapter (a dataclass of this kind) from its TOML file. Raises DataError for unknown keys and wrong values."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path} is missing: describe the network in it (see training/README.md, scorecard).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is no TOML file: {error}.") from None
    known = {field.name for field in fields(kind)}
    if unknown := sorted(set(values) - known):
        raise DataError(f"{path}: unknown key {unknown[0]!r}: known are {', '.join(sorted(known))}.")
    frozen = {key: _tuples(value) for key, value in values.items()}
    try:
        return kind(**frozen)
    except TypeError as error:
        raise DataError(f"{path}: {error}.") from None


def _tuples(value: Any) -> Any:
    return tuple(_tuples(each) for each in value) if isinstance(value, list) else value


class OnnxGenerator:
    """Another's generator, fed as its adapter says."""

    def __init__(self, path: Path, adapter: Adapter) -> None:
        self.name, self.size, self.masked = path.stem, adapter.size, adapter.masked
        self._path, self._adapter = path, adapter
        self._network = Compiled(path)

    def residuals(self, crops: Images, source: Years, target: Years, *, raw: bool = False) -> Floats:
        """raw is of no meaning here: it is always asked."""
        del raw
        made = [self._one(crop, s, t) for crop, s, t in zip(crops, source, target, strict=True)]
        return np.stack(made).astype(np.float32)

    def ms(self, size: int, precision: str, threads: int) -> tuple[float, float]:
        crop = np.zeros((size, size, 3), np.uint8)
        return Compiled(self._path, precision=precision, threads=threads).ms(*self._inputs(crop, 30.0, 70.0))

    def _one(self, crop: Images, source: float, target: float) -> Floats:
        how, side = self._adapter, crop.shape[0]
        resized = _resized(crop, how.size)
        planes = self._network(*self._inputs(resized, source, target))[0]
        pixels = planes.transpose(1, 2, 0)[..., :3]
        pixels = pixels[..., ::-1] if how.order == "rgb" else pixels
        scale = 255 / (how.high - how.low)
        # A picture is held against what it was given: what resizing loses is not its change.
        residual = (pixels - how.low) * scale - resized if how.output == "picture" else pixels * scale
        return _resized(np.asarray(residual, np.float32), side)

    def _inputs(self, crop: Images, source: float, target: float) -> list[Floats]:
        how = self._adapter
        ordered = crop[..., ::-1] if how.order == "rgb" else crop
        image = ordered.transpose(2, 0, 1)[None].astype(np.float32) / 255 * (how.high - how.low) + how.low
        shape = (1, 1, *crop.shape[:2])
        first, last = (np.full(shape, years / how.age_scale, np.float32) for years in (source, target))
        if how.ages == "planes":
            return [np.concatenate([image, first, last], 1)]
        if how.ages == "target plane":
            return [np.concatenate([image, last], 1)]
        if how.ages == "inputs":
            return [image, first, last]
        if how.ages == "class":
            chosen = np.zeros((1, len(how.bins) + 1), np.float32)
            chosen[0, int(np.searchsorted(how.bins, target))] = 1
            return [image, chosen]
        return [image]


def _resized(picture: NDArray[Any], side: int) -> NDArray[Any]:
    """A picture (S, S, 3) at another side; an area average where it shrinks, so that nothing aliases."""
    if picture.shape[0] == side:
        return picture
    way = cv2.INTER_AREA if picture.shape[0] > side else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (side, side), interpolation=way))


def load_generator(place: str, adapter: str = "") -> Generator:
    """The generator of this place.

    place: "" the one that ships; an .onnx file of another's (adapter: its TOML file, by default beside it with the same
    name); else as in ``own_weights``. Raises DataError, WeightsError.
    """
    if place.endswith((".onnx", ".xml")):
        path = Path(place)
        return OnnxGenerator(path, read_adapter(Path(adapter) if adapter else path.with_suffix(".toml"), Adapter))
    return OwnGenerator(*own_network(place, "ager"))


def own_network(place: str, network: str, name: str = "") -> tuple[Path | nn.Module, str]:
    """Our network of this kind, and what to call it: the OpenVINO form that the program runs where there is one, else
    the module.

    place: "" what ships; a folder of weights with NAME.toml (default name: that of the kind); a card or a .safetensors
    beside its card; a run's folder or its weights.safetensors, built as run.json or the tensors say.
    Raises DataError, WeightsError.
    """
    name, path = name or network, Path(place)
    if not place:
        return _best_form(find(name)), f"weights/{name}"
    if path.is_dir() and (path / f"{name}{CARD}").is_file():
        return _best_form(find(name, path)), f"{path.name}/{name}"
    if path.suffix in (CARD, SAFETENSORS) and path.with_suffix(CARD).is_file():
        return _best_form(Weights(read_card(path.with_suffix(CARD)), path.parent)), path.stem
    file = path / "weights.safetensors" if path.is_dir() else path
    if not file.is_file():
        raise DataError(f"{place} is no weights: give a folder with {name}.toml, a card, or a run's folder.")
    tensors = read_tensors(file)
    module = build(network, _arguments(file.parent / "run.json", network, tensors))
    try:
        module.load_state_dict(tensors)
    except RuntimeError as error:
        raise WeightsError(f"{file} is not of the network {network!r}: {' '.join(str(error).split())[:200]}") from None
    return module.eval(), file.parent.name


def _best_form(weights: Weights) -> Path | nn.Module:
    """The verified OpenVINO file of these weights, or the module with the safetensors."""
    if weights.has(*IR_FILES):
        network, _ = (weights.verify(ending) for ending in IR_FILES)  # both are read, the second beside the first
        return network
    return load_module(weights)


def _arguments(facts: Path, network: str, tensors: dict[str, Any]) -> dict[str, Any]:
    """What a run's network was built with: what run.json says, else what the tensors' shapes tell."""
    from engine.networks import REGISTRY

    spec = REGISTRY[network]
    module = __import__(spec.module, fromlist=[spec.class_name])
    known = inspect.signature(getattr(module, spec.class_name)).parameters
    if facts.is_file():
        config = json.loads(facts.read_text(encoding="utf-8")).get("config", {})
        return {key: value for key, value in config.items() if key in known}
    if network == "ager" and "stem.0.weight" in tensors:
        first, inputs = tensors["stem.0.weight"].shape[:2]
        levels = [key for key in tensors if key.startswith("down.") and key.endswith(".1.0.weight")]
        wide = [tensors[key].shape[0] for key in sorted(levels, key=lambda key: int(key.split(".")[1]))]
        # The picture's three channels and two of ages, folded; channels in units of one.
        return {"width": 1, "multiples": (first, *wide), "fold": round((inputs / 5) ** 0.5)}
    return {}
