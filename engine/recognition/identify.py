"""Two questions that must not be mixed up: are these two faces one person, and who of the gallery is this?

Verification compares two faces and says yes or no at a stated false-accept rate. Identification searches everybody who
was enrolled, and each of them is one more chance to be mistaken: it asks for more likeness, and may answer "nobody".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from engine.errors import WeightsError
from engine.types import Embedding, Match


class Searchable(Protocol):
    """What is needed of engine.recognition.index.GalleryIndex."""

    @property
    def model(self) -> str: ...

    def __len__(self) -> int: ...

    def search(self, embedding: Embedding) -> Match | None: ...

    def nearest(self, embedding: Embedding, count: int) -> tuple[Match, ...]: ...

    def target_age(self, name: str) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How alike (cosine) is alike enough; calibrated on held-out people, and written on the embedder's card.

    verify: two faces are one person; ``false_accept_rate`` is the share of pairs of strangers that pass it.
    identify: a face is a person of the gallery.
    """

    verify: float = 0.35
    identify: float = 0.42
    false_accept_rate: float = 1e-3

    @staticmethod
    def of(figures: Mapping[str, float]) -> Thresholds:
        """From the card's figures verify_threshold, identify_threshold and false_accept_rate; missing ones as usual.

        Raises WeightsError for values that no threshold has.
        """
        usual = Thresholds()
        verify = figures.get("verify_threshold", usual.verify)
        identify = figures.get("identify_threshold", max(usual.identify, verify))
        if not -1 < verify <= identify < 1:
            raise WeightsError(
                f"the thresholds on the embedder's card make no sense ({verify:g} to verify, {identify:g} to identify):"
                " restore its card from the repository."
            )
        return Thresholds(verify, identify, figures.get("false_accept_rate", usual.false_accept_rate))


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer to "are these two one person?", with what it rests on."""

    same: bool
    similarity: float
    threshold: float
    false_accept_rate: float

    def __str__(self) -> str:
        answer = "the same person" if self.same else "two people"
        strangers = round(1 / self.false_accept_rate) if self.false_accept_rate > 0 else 0
        return (
            f"{answer}: similarity {self.similarity:.2f}, threshold {self.threshold:.2f}"
            f" (about one pair of strangers in {strangers} passes it)"
        )


def verify(a: Embedding, b: Embedding, thresholds: Thresholds | None = None) -> Verification:
    """Whether two faces are one person. Raises ModelsDifferError where two models made the embeddings."""
    thresholds = thresholds or Thresholds()
    similarity = a.similarity(b)
    return Verification(
        similarity >= thresholds.verify, similarity, thresholds.verify, thresholds.false_accept_rate
    )  # fmt: skip


def identify(embedding: Embedding, index: Searchable, threshold: float = Thresholds().identify) -> Match | None:
    """The person of the gallery whom this face shows, or None: nobody who was enrolled.

    Raises ModelsDifferError where the gallery's vectors are of another model.
    """
    best = index.search(embedding)
    return best if best is not None and best.similarity >= threshold else None
