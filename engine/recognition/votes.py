"""One decision for a face that is followed: single answers flicker, the name on the screen must not."""

from __future__ import annotations

from engine.recognition.identify import Thresholds
from engine.types import Match

# Each vote leaves this share of the weight of those before it: about the last seven count.
MEMORY = 0.85
# A name is shown when at least this share of the votes' weight is for it, and taken away below the other.
SHOWN_SHARE = 0.6
KEPT_SHARE = 0.25
LEAST_VOTES = 2
LEAST_WEIGHT = 1.0
_LEAST_QUALITY = 0.15
# From here on more votes for the same change nothing that can be seen: they may come rarely.
_SURE_SHARE = 0.75
_SURE_WEIGHT, _SURE_COUNT = 1.6, 8


class TrackVotes:
    """Weighs the answers for one track: exponentially forgotten, each by the quality of its picture.

    A name appears after two good agreeing votes (or three poor ones), stays through single slips, gives way to another
    name or to nobody only after several votes, and never changes on one. Within a track the question for the present
    name is the easier one of verification (is this still Ada?), for any other that of identification. Not
    thread-safe: one owner updates it.
    """

    def __init__(self, thresholds: Thresholds | None = None) -> None:
        self._thresholds = thresholds or Thresholds()
        self._weights: dict[str | None, float] = {}
        self._counts: dict[str, int] = {}
        self._similarities: dict[str, float] = {}
        self._decision: str | None = None
        self.count = 0

    @property
    def decision(self) -> Match | None:
        """Who it is, with the mean similarity of late, or None: nobody, or not known yet."""
        name = self._decision
        return None if name is None else Match(name, self._similarities[name])

    @property
    def sure(self) -> bool:
        """Whether the votes agree so well, on a name or on nobody, that the next one has time."""
        total = sum(self._weights.values())
        enough = total >= _SURE_WEIGHT or self.count >= _SURE_COUNT
        return enough and self._weights.get(self._decision, 0.0) >= _SURE_SHARE * total

    def vote(self, best: Match | None, quality: float = 1.0) -> Match | None:
        """Takes the most similar person of the gallery (None: it is empty) and the picture's quality 0..1.

        Returns the decision.
        """
        name = self._voted(best)
        for other in self._weights:
            self._weights[other] *= MEMORY
        weight = min(1.0, max(quality, _LEAST_QUALITY))
        self._weights[name] = self._weights.get(name, 0.0) + weight
        self.count += 1
        if name is not None and best is not None:
            self._counts[name] = self._counts.get(name, 0) + 1
            before = self._similarities.get(name, best.similarity)
            self._similarities[name] = MEMORY * before + (1 - MEMORY) * best.similarity
        self._decide()
        return self.decision

    def _voted(self, best: Match | None) -> str | None:
        if best is None:
            return None
        known = best.person == self._decision
        needed = self._thresholds.verify if known else self._thresholds.identify
        return best.person if best.similarity >= needed else None

    def _decide(self) -> None:
        total = sum(self._weights.values())
        if self._decision is not None and self._weights[self._decision] < KEPT_SHARE * total:
            self._counts[self._decision] = 0  # to come back, it must be seen twice again
            self._decision = None
        for name, count in self._counts.items():
            weight = self._weights[name]
            if count >= LEAST_VOTES and weight >= max(LEAST_WEIGHT, SHOWN_SHARE * total):
                self._decision = name
