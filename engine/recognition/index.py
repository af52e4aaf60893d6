"""A snapshot of the gallery to search in: one matrix, no database, no key; it never changes, so any thread may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelsDifferError
from engine.types import Embedding, FloatArray, Match, checked


@dataclass(frozen=True, slots=True, eq=False)
class GalleryIndex:
    """The samples of one model, those of each person side by side.

    model: the network that made the vectors. matrix (N, D) float32, unit rows. starts (P,) int64, rising from 0: the
    first row of each person. person_ids, names, target_ages (years or None): P each, in the order of enrolment.
    Only people with at least one sample of this model are in it.
    """

    model: str
    person_ids: tuple[int, ...]
    names: tuple[str, ...]
    target_ages: tuple[float | None, ...]
    starts: NDArray[np.int64]
    matrix: FloatArray

    def __post_init__(self) -> None:
        people, rows = len(self.person_ids), len(self.matrix)
        object.__setattr__(self, "starts", checked("starts", self.starts, (people,), np.int64))
        # Column by column in memory: the product with one vector then takes half the time (100,000 rows of 256).
        matrix = np.asfortranarray(checked("matrix", self.matrix, (None, None), np.float32))
        object.__setattr__(self, "matrix", checked("matrix", matrix, (None, None), np.float32))
        if len(self.names) != people or len(self.target_ages) != people:
            raise ValueError(f"expected {people} names and target ages, got {len(self.names)}, {len(self.target_ages)}")
        ends = np.append(self.starts, rows)
        if ends[0] != 0 or np.any(np.diff(ends) < 1):
            raise ValueError(f"starts: expected rising rows from 0 to less than {rows}, got {self.starts}")

    def __len__(self) -> int:
        """How many samples."""
        return len(self.matrix)

    @staticmethod
    def empty(model: str) -> GalleryIndex:
        return GalleryIndex(model, (), (), (), np.zeros(0, np.int64), np.zeros((0, 0), np.float32))

    @staticmethod
    def of(model: str, people: Sequence[tuple[int, str, float | None, Sequence[FloatArray]]]) -> GalleryIndex:
        """The index of (id, name, target age, vectors (D,)) of each person; people without vectors are left out.

        Raises ModelsDifferError where the vectors are not all of one length.
        """
        known = [person for person in people if person[3]]
        if not known:
            return GalleryIndex.empty(model)
        ids, names, targets, vectors = zip(*known, strict=True)
        lengths = {len(vector) for rows in vectors for vector in rows}
        if len(lengths) > 1:
            raise ModelsDifferError(
                f"the gallery has vectors of {' and '.join(map(str, sorted(lengths)))} numbers, all said to be of "
                f"{model}: enrol these people anew."
            )
        starts = np.cumsum([0, *(len(rows) for rows in vectors[:-1])]).astype(np.int64)
        matrix = np.concatenate([np.stack(rows) for rows in vectors]).astype(np.float32, copy=False)
        return GalleryIndex(model, ids, names, targets, starts, matrix)

    def search(self, embedding: Embedding) -> Match | None:
        """The person whose best sample is most like this face (cosine), or None in an empty gallery.

        Exact; of equals the one enrolled first. It is no decision: whether that is similar enough, another judges.
        Raises ModelsDifferError where the vector is of another model.
        """
        best = self._best_of_each(embedding)
        if not len(best):
            return None
        person = int(np.argmax(best))
        return Match(self.names[person], float(best[person]))

    def nearest(self, embedding: Embedding, count: int) -> tuple[Match, ...]:
        """The ``count`` most similar people, best first, each once. Raises ModelsDifferError."""
        best = self._best_of_each(embedding)
        order = np.argsort(-best, kind="stable")[: max(count, 0)]
        return tuple(Match(self.names[person], float(best[person])) for person in order)

    def person_id(self, name: str) -> int | None:
        """The id of the person with exactly this name, as a Match gives it."""
        return self.person_ids[self.names.index(name)] if name in self.names else None

    def target_age(self, name: str) -> float | None:
        """The target age, in years, that the person of this name prefers; None where there is none, or nobody."""
        return self.target_ages[self.names.index(name)] if name in self.names else None

    def _best_of_each(self, embedding: Embedding) -> FloatArray:
        """(P,) the best cosine of each person's samples."""
        if embedding.model != self.model:
            raise ModelsDifferError(
                f"the face was embedded by {embedding.model} and the gallery's index by {self.model}: use one model."
            )
        if not len(self.matrix):
            return np.zeros(0, np.float32)
        if embedding.vector.shape[0] != self.matrix.shape[1]:
            raise ModelsDifferError(
                f"the face has {embedding.vector.shape[0]} numbers, those of the gallery {self.matrix.shape[1]}: "
                f"two models are called {self.model}. Re-embed the gallery."
            )
        similarities = np.clip(self.matrix @ embedding.vector, -1, 1)
        return np.maximum.reduceat(similarities, self.starts)
