"""Faces as points: the map of the embedder's space by principal components, and a folder for TensorBoard's projector.

Drawn here: PCA, whose axes mean something and whose distances are honest. UMAP and t-SNE are one click away in
TensorBoard's projector, which computes them in the browser: umap-learn would bring numba and llvmlite (100 MB) for one
picture, scikit-learn's t-SNE would bring SciPy, and TensorBoard is here for the logs of training anyway.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from numpy.typing import NDArray
from torch import Tensor

from engine.types import FloatArray
from training.data.sets import DataError
from training.insight.common import Collection, Seer, collection, looked_at, network
from training.ladder.pictures import save_figure
from training.loops.age import to_tensor

PROJECTOR = "projector"


@dataclass(frozen=True)
class PeopleConfig:
    """data: a prepared folder, or one of pictures called after who is on them; gallery: instead the people whom the
    mirror knows, as names and points without pictures (a passphrase: AGE_MIRROR_PASSPHRASE); weights: of the embedder;
    limit: faces; pictures: draw the faces themselves, else dots; projector: also write a folder for TensorBoard.
    """

    name: str = "see-people"
    data: str = "data/faces"
    gallery: bool = False
    weights: str = ""
    folder: str = ""
    limit: int = 300
    pictures: bool = True
    projector: bool = True
    out: str = "runs/see-people"


class Components(NamedTuple):
    """places (N, K) in the new axes, axes (K, D) of length one, explained (K,): shares of the variance."""

    places: FloatArray
    axes: FloatArray
    explained: FloatArray


def principal_components(points: FloatArray, count: int = 2) -> Components:
    """The directions in which points (N, D) vary most (Pearson 1901), by the singular values of the centred points.

    An axis points where its largest number is positive, so that the same points always give the same picture.
    """
    centred = points.astype(np.float64) - points.mean(0, dtype=np.float64)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:count]
    rows = np.arange(len(axes))
    axes = axes * np.sign(axes[rows, np.abs(axes).argmax(1)])[:, None]
    shares = np.square(sizes) / max(float(np.square(sizes).sum()), 1e-30)
    return Components(*(np.asarray(each, np.float32) for each in (centred @ axes.T, axes, shares[:count])))


def embed(seer: Seer, faces: Collection, batch: int = 32) -> FloatArray:
    """(N, D) unit vectors of all faces, each the mean of the face's and its mirror image's."""
    found = []
    with torch.no_grad():
        for start in range(0, len(faces), batch):
            images = to_tensor(list(looked_at(seer, faces.crops[start : start + batch])))
            both = seer.module(images) + seer.module(images.flip(3))
            found.append(torch.nn.functional.normalize(both).numpy())
    return np.concatenate(found)


def separation(points: FloatArray, who: NDArray[np.str_]) -> float | None:
    """How much more alike two pictures of one person are than of two: difference of the mean cosines; None without
    pairs of both kinds.
    """
    alike = points @ points.T
    known = who != ""
    same = (who[:, None] == who[None]) & known[:, None] & known[None]
    pairs = np.triu(np.ones(len(points), bool), 1) & known[:, None] & known[None]
    if not (same & pairs).any() or not (~same & pairs).any():
        return None
    return float(alike[same & pairs].mean() - alike[~same & pairs].mean())


def from_gallery() -> tuple[FloatArray, NDArray[np.str_]]:
    """The samples (N, D) of everybody whom the mirror knows, and their names.

    Raises DataError, GalleryError, VaultError.
    """
    from engine.recognition.embedder import model_name
    from engine.recognition.known import read_index

    index = read_index(model_name())
    if index is None or not len(index):
        raise DataError("nobody is enrolled on this computer: enrol somebody first, or leave gallery out.")
    counts = np.diff([*index.starts.tolist(), len(index)])
    return np.asarray(index.matrix, np.float32), np.repeat(np.array(index.names), counts)


def see(config: PeopleConfig) -> dict[str, Any]:
    """Writes people.png and the projector's folder; returns what the two axes explain, and how far people are apart."""
    out = Path(config.out)
    faces: Collection | None = None
    if config.gallery:
        points, who = from_gallery()
    else:
        faces = collection(config.data, config.limit)
        points, who = embed(network("embedder", config.weights, config.folder), faces), faces.who
    if len(points) < 3:
        raise DataError(f"{len(points)} faces make no map: three are needed.")
    out.mkdir(parents=True, exist_ok=True)
    found = principal_components(points)
    shown = faces if config.pictures else None
    _draw(out / "people.png", found, who, None if faces is None else faces.years, shown)
    if config.projector:
        _write_projector(out / PROJECTOR, points, who, shown)
    apart = separation(points, who)
    return {
        "faces": len(points), "people": len(set(who.tolist()) - {""}),
        "explained": [round(float(share), 3) for share in found.explained],
        "same_minus_other": None if apart is None else round(apart, 3),
    }  # fmt: skip


def _draw(
    path: Path, found: Components, who: NDArray[np.str_], years: FloatArray | None, faces: Collection | None
) -> None:
    figure = Figure(figsize=(8, 7), layout="constrained")
    axes = figure.subplots()
    shares = [f"component {i + 1}: {share:.0%} of the variance" for i, share in enumerate(found.explained)]
    axes.set(title="faces in the embedder's space (PCA)", xlabel=shares[0], ylabel=shares[1])
    names, numbers = np.unique(who, return_inverse=True)
    few = 1 < len(names) <= 20
    values = numbers if few or years is None else years
    x, y = found.places.T
    dots = axes.scatter(
        x, y, c=values, cmap="tab20" if few or years is None else "viridis", s=14 if faces is None else 0
    )
    if not few and years is not None and np.isfinite(years).any():
        figure.colorbar(dots, label="years", shrink=0.6)
    if faces is not None:
        side = int(np.clip(600 / np.sqrt(len(faces)), 18, 56))
        for (left, up), crop, value in zip(found.places, faces.crops, values, strict=True):
            small = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA)[..., ::-1]
            edge = dots.to_rgba(value) if np.isfinite(value) else (0.6, 0.6, 0.6, 1)
            frame = {"edgecolor": edge, "linewidth": 1.4, "boxstyle": "square,pad=0"}
            axes.add_artist(AnnotationBbox(OffsetImage(small), (left, up), bboxprops=frame, pad=0.1))
        axes.update_datalim(found.places)
    if few and len(names) <= 12:
        for name in names:
            middle = found.places[who == name].mean(0)
            axes.annotate(str(name), middle, fontsize=9, fontweight="bold", ha="center", zorder=5, color="#202020",
                          bbox={"facecolor": "white", "alpha": 0.7, "pad": 1, "linewidth": 0})  # fmt: skip
    save_figure(figure, path)


def _write_projector(folder: Path, points: FloatArray, who: NDArray[np.str_], faces: Collection | None) -> None:
    """A folder for ``tensorboard --logdir``: every face with its name and, unless left out, its picture."""
    from torch.utils.tensorboard import SummaryWriter

    shutil.rmtree(folder, ignore_errors=True)
    images: Tensor | None = None
    if faces is not None:
        images = to_tensor([np.asarray(cv2.resize(c, (64, 64), interpolation=cv2.INTER_AREA)) for c in faces.crops])
    labels = [str(name) or f"face {number}" for number, name in enumerate(who)]
    with SummaryWriter(str(folder)) as writer:
        writer.add_embedding(torch.from_numpy(points), labels, images, tag="faces")
