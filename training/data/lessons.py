"""What an embedder learns from, batch by batch: a teacher's embeddings, or who is who."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from engine.types import FloatArray, Image
from training.data.compact import inner_side, middle, side
from training.data.faces import FaceSet, load
from training.data.sets import DataError
from training.data.teacher import SIZE, TARGETS_FILE
from training.losses.metric import MarginSoftmax, contrastive_loss, distillation_loss, triplet_loss

TURNED = 0.45
"""Yaw (see FaceSet) from which on a face looks aside: about 40 degrees."""
_MET = 4096
Places = NDArray[np.int64]  # (N, 2): which of the sets, which of its rows
Embed = Callable[[list[Image]], FloatArray]


class Lessons(Protocol):
    """One way to learn. ``steps`` a batch size allows in an epoch; ``head`` has what is learned beside the network."""

    head: nn.Module

    def meet(self, embed: Embed) -> None:
        """Told once what a network that has learned before says of faces, so that it need not learn that anew."""

    def steps(self, batch: int) -> int: ...

    def epoch(self, batch: int, rng: np.random.Generator) -> tuple[Places, NDArray[np.int64]]:
        """The faces of one epoch, one batch after the other: where each lies, and what ``known`` is to be asked for."""

    def crop(self, place: NDArray[np.int64]) -> Image:
        """The stored crop."""

    def known(self, about: int) -> Tensor:
        """What is known of a face: the teacher's vector (D,) or the number of the person ()."""

    def loss(self, points: Tensor, known: Tensor) -> Tensor:
        """points (N, D) of length one -> a scalar."""

    def figures(self, embed: Embed) -> dict[str, float]:
        """How well it does on what was held out."""


def as_seen(crop: Image, size: int, rng: np.random.Generator, harm: float = 1.0) -> Image:
    """A stored crop as the mirror might cut it out: mirrored, a little off, blurred, dark, tinted, noisy.

    harm: how often it is worse than it was, in parts of what is usual.
    """
    full = crop.shape[0]
    scale = size / inner_side(full) * rng.uniform(0.96, 1.05)
    matrix = cv2.getRotationMatrix2D(((full - 1) / 2, (full - 1) / 2), rng.normal(0, 2.5), scale)
    matrix[:, 2] = matrix[:, 2] + (size - full) / 2 + rng.normal(0, 0.012 * size, 2)
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    image = cv2.warpAffine(crop, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    kind = rng.random(6) / max(harm, 1e-9)
    if kind[0] < 0.2:
        low = int(size / rng.uniform(1.2, 3.0))
        image = cv2.resize(cv2.resize(image, (low, low), interpolation=cv2.INTER_AREA), (size, size))
    if kind[1] < 0.5:
        table = (np.arange(256) / 255.0) ** rng.uniform(0.7, 1.4) * 255 * rng.uniform(0.75, 1.25)
        tables = np.clip(table[:, None] * rng.uniform(0.92, 1.08, 3), 0, 255).astype(np.uint8)
        image = cv2.LUT(image, tables[None])
    if kind[2] < 0.1:
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    if kind[3] < 0.15:
        noise = rng.normal(0, rng.uniform(2, 9), image.shape)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    if kind[4] < 0.2:
        encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 90))])[1]
        image = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    if kind[5] < 0.1:
        x, y = rng.integers(0, size, 2)
        reach = int(rng.integers(size // 8, size // 3))
        image[y : y + reach, x : x + reach] = rng.integers(0, 255, 3)
    return np.ascontiguousarray(image, np.uint8)


def _small(folder: str) -> FaceSet:
    faces = load(Path(folder))
    if faces.crops.shape[1] != side(SIZE):
        raise DataError(f"{folder} holds crops of another size: run `python -m training compact` first.")
    return faces


def principal_axes(vectors: FloatArray, dimensions: int) -> FloatArray:
    """(D, d): the directions in which vectors (N, D) have most length; not centred, so that dot products are kept."""
    second = vectors.T.astype(np.float64) @ vectors.astype(np.float64) / len(vectors)
    _, axes = np.linalg.eigh(second)
    return np.ascontiguousarray(axes[:, ::-1][:, :dimensions], np.float32)


def rotation(given: FloatArray, wanted: FloatArray) -> FloatArray:
    """(d, d): the rotation that brings rows (N, d) nearest to others (orthogonal Procrustes, Schoenemann 1966)."""
    left, _, right = np.linalg.svd(given.T.astype(np.float64) @ wanted.astype(np.float64))
    return np.asarray(left @ right, np.float32)


class TeachersLessons:
    """Distillation: the network is to give what the teacher gives, turned into fewer dimensions."""

    def __init__(
        self, folders: Sequence[str], dimensions: int, hold_out: int, relations: float, limit: int = 0, turned: int = 1
    ) -> None:
        """An epoch shows the faces of a folder as often as it is named. turned: and so many times more often a face
        that looks aside (``TURNED``), of which there are few.
        """
        self.head: nn.Module = nn.Identity()
        self._relations = relations
        times = []
        self._sets, vectors, places = [], [], []
        for number, (folder, named) in enumerate(Counter(folders).items()):
            faces = _small(folder)
            file = Path(folder) / TARGETS_FILE
            if not file.is_file():
                raise DataError(f"{file} is missing: run `python -m training teach --data {folder}` first.")
            rows = faces.rows("train")[: limit or None]
            times.append(named * np.where(faces.yaw[rows] >= TURNED, turned, 1))
            self._sets.append(faces)
            vectors.append(np.load(file).astype(np.float32))
            places.append(np.stack([np.full(len(rows), number), rows], 1))
        axes = principal_axes(np.concatenate([v[::7] for v in vectors]), dimensions)
        self._vectors = functional.normalize(torch.from_numpy(np.concatenate(vectors) @ axes), dim=1)
        starts = np.cumsum([0, *(len(v) for v in vectors[:-1])])
        together = np.concatenate(places)
        numbers = starts[together[:, 0]] + together[:, 1]
        held = np.arange(len(together)) % hold_out == hold_out - 1
        often = np.concatenate(times)[~held]
        self._learned, self._learned_vectors = (np.repeat(each[~held], often, 0) for each in (together, numbers))
        self._held, self._held_vectors = together[held], numbers[held]

    def meet(self, embed: Embed) -> None:
        """Turns the targets to where the network has them: which axes they have is chance, and others with other data.

        Dot products of targets stay what they are.
        """
        chosen = np.random.default_rng(0).permutation(len(self._learned))[:_MET]
        mine = embed([middle(self.crop(self._learned[row])) for row in chosen])
        its = self._vectors[self._learned_vectors[chosen]].numpy()
        self._vectors = self._vectors @ torch.from_numpy(rotation(its, mine))

    def steps(self, batch: int) -> int:
        return len(self._learned) // batch

    def epoch(self, batch: int, rng: np.random.Generator) -> tuple[Places, NDArray[np.int64]]:
        count = self.steps(batch)
        # Within a batch the order means nothing to the network, but much to the disk.
        drawn = np.sort(rng.permutation(len(self._learned))[: count * batch].reshape(count, batch), 1).ravel()
        return self._learned[drawn], self._learned_vectors[drawn]

    def crop(self, place: NDArray[np.int64]) -> Image:
        return self._sets[place[0]].crops[place[1]]

    def known(self, about: int) -> Tensor:
        return self._vectors[about]

    def loss(self, points: Tensor, known: Tensor) -> Tensor:
        return distillation_loss(points, known, self._relations)

    def figures(self, embed: Embed) -> dict[str, float]:
        """Mean cosine with the teacher, and the correlation of all cosines between two faces with the teacher's."""
        its = self._vectors[self._held_vectors]
        mine = torch.from_numpy(embed([middle(self.crop(place)) for place in self._held]))
        upper = torch.triu_indices(len(mine), len(mine), 1)
        pairs = torch.stack([(mine @ mine.T)[upper[0], upper[1]], (its @ its.T)[upper[0], upper[1]]])
        return {"cosine": float((mine * its).sum(1).mean()), "correlation": float(torch.corrcoef(pairs)[0, 1])}


class PeoplesLessons:
    """Identity labels. kind: "contrastive", "triplet", or a margin softmax; a batch has ``pictures`` faces of each of
    its people. Every ``hold_out``-th person is held out; people with one picture are left out.
    """

    def __init__(
        self, folders: Sequence[str], kind: str, dimensions: int, pictures: int, hold_out: int, limit: int = 0
    ) -> None:
        self._pictures = pictures
        self._sets, self._people = [_small(folder) for folder in folders], []
        for number, folder in enumerate(folders):
            names = np.where(self._sets[number].split == "train", _identities(Path(folder)), "")
            for name in np.unique(names[names != ""])[: limit or None]:
                rows = np.flatnonzero(names == name)
                if len(rows) > 1:
                    self._people.append(np.stack([np.full(len(rows), number), rows], 1))
        held = [number for number in range(len(self._people)) if number % hold_out == hold_out - 1]
        self._held = held or [len(self._people) - 1]
        self._learned = [number for number in range(len(self._people)) if number not in self._held]
        if len(self._learned) < 2:
            raise DataError(f"{', '.join(folders)}: there are no two people with several pictures each to learn from.")
        if kind in ("contrastive", "triplet"):
            self.head: nn.Module = nn.Identity()
            self._measure: Callable[[Tensor, Tensor], Tensor] = (
                contrastive_loss if kind == "contrastive" else triplet_loss
            )
        else:
            self.head = self._measure = MarginSoftmax(dimensions, len(self._learned), kind)

    def meet(self, embed: Embed) -> None:
        """Nothing to do: who is who does not depend on axes."""

    def steps(self, batch: int) -> int:
        return max(1, sum(len(self._people[number]) for number in self._learned) // batch)

    def epoch(self, batch: int, rng: np.random.Generator) -> tuple[Places, NDArray[np.int64]]:
        people = min(max(2, batch // self._pictures), len(self._learned))
        shares = [len(each) for each in np.array_split(np.arange(batch), people)]
        places, labels = [], []
        for _ in range(self.steps(batch)):
            for label, share in zip(rng.choice(len(self._learned), people, replace=False), shares, strict=True):
                its = self._people[self._learned[label]]
                places.append(its[rng.choice(len(its), share, replace=len(its) < share)])
                labels.append(np.full(share, label))
        return np.concatenate(places), np.concatenate(labels)

    def crop(self, place: NDArray[np.int64]) -> Image:
        return self._sets[place[0]].crops[place[1]]

    def known(self, about: int) -> Tensor:
        return torch.tensor(about)

    def loss(self, points: Tensor, known: Tensor) -> Tensor:
        return self._measure(points, known)

    def figures(self, embed: Embed) -> dict[str, float]:
        """Of all pairs of held-out faces: how far one person's pairs rank above two people's (area under the curve),
        and the share of one person's pairs accepted where one in a hundred of two people's is.
        """
        places = np.concatenate([self._people[number][:20] for number in self._held])
        labels = np.concatenate([[number] * len(self._people[number][:20]) for number in self._held])
        points = embed([middle(self._sets[s].crops[r]) for s, r in places])
        upper = np.triu_indices(len(points), 1)
        cosine, same = (points @ points.T)[upper], (labels[:, None] == labels[None])[upper]
        if same.all():
            return {"area": 1.0, "tar_at_far_1e-2": 1.0}
        strangers = np.sort(cosine[~same])
        area = np.searchsorted(strangers, cosine[same]).mean() / len(strangers)
        accepted = (cosine[same] > np.quantile(strangers, 0.99)).mean()
        return {"area": float(area), "tar_at_far_1e-2": float(accepted)}


def _identities(folder: Path) -> NDArray[np.str_]:
    """Who is who (N,): a name within this set, "" where it is not known."""
    with np.load(folder / "facts.npz") as facts:
        if "identity" not in facts.files:
            raise DataError(f"{folder} does not say who is who: prepare a set with identities, such as CelebA.")
        names = facts["identity"]
    unknown = (names == "") if names.dtype.kind == "U" else (names < 0)
    return np.asarray(np.where(unknown, "", names.astype(str)))
