"""Several faces: which one is in front, which one was chosen, and the targets that belong to one face alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.types import Face

FORGET_AFTER_S = 3.0


def largest(faces: Sequence[Face]) -> Face | None:
    """The face in front: the one with the largest box."""
    return max(faces, key=lambda f: float((f.box[2] - f.box[0]) * (f.box[3] - f.box[1])), default=None)


def face_at(faces: Sequence[Face], x: float, y: float) -> Face | None:
    """The face at a point of the image; where boxes overlap, the one whose centre is nearest."""
    hits = [f for f in faces if f.box[0] <= x <= f.box[2] and f.box[1] <= y <= f.box[3]]
    return min(
        hits,
        key=lambda f: (f.box[0] + f.box[2] - 2 * x) ** 2 + (f.box[1] + f.box[3] - 2 * y) ** 2,
        default=None,
    )


@dataclass(frozen=True, slots=True)
class FaceChoice:
    """``chosen`` is a track id or None (everyone); ``targets`` and ``seen_s`` are kept only for tracks still about."""

    chosen: int | None = None
    targets: Mapping[int, float | None] = field(default_factory=lambda: MappingProxyType({}))
    seen_s: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({}))

    def see(self, faces: Sequence[Face], now_s: float) -> FaceChoice:
        """After a new picture: remember who is about, and forget who has been gone for a while."""
        seen = dict(self.seen_s)
        seen.update((f.track_id, now_s) for f in faces if f.track_id is not None)
        alive = {track: at for track, at in seen.items() if now_s - at <= FORGET_AFTER_S}
        return replace(
            self,
            chosen=self.chosen if self.chosen in alive else None,
            targets=MappingProxyType({t: years for t, years in self.targets.items() if t in alive}),
            seen_s=MappingProxyType(alive),
        )

    def click(self, faces: Sequence[Face], x: float, y: float) -> FaceChoice:
        """A click at a point of the image chooses a face; beside all faces, or on the chosen one again, no one."""
        face = face_at(faces, x, y)
        track = face.track_id if face is not None else None
        return replace(self, chosen=None if track == self.chosen else track)

    def front(self, faces: Sequence[Face]) -> Face | None:
        """The face that the dial speaks of: the chosen one, else the largest."""
        chosen = [f for f in faces if self.chosen is not None and f.track_id == self.chosen]
        return chosen[0] if chosen else largest(faces)

    def with_target(self, years: float | None) -> FaceChoice:
        """The dial was turned: the chosen face gets a target of its own; with none chosen all own targets end."""
        if self.chosen is None:
            return replace(self, targets=MappingProxyType({}))
        return replace(self, targets=MappingProxyType({**self.targets, self.chosen: years}))

    def with_own_target(self, track_id: int, years: float | None) -> FaceChoice:
        """This face alone gets a target, whoever is chosen."""
        return replace(self, targets=MappingProxyType({**self.targets, track_id: years}))

    def with_targets_of(self, earlier: FaceChoice) -> FaceChoice:
        """The targets of an earlier choice again, for the faces that are still about."""
        kept = {track: years for track, years in earlier.targets.items() if track in self.seen_s}
        return replace(self, targets=MappingProxyType(kept))

    def target(self, common: float | None) -> float | None:
        """The target the dial shows."""
        return common if self.chosen is None else self.targets.get(self.chosen, common)

    def pairs(self) -> tuple[tuple[int, float | None], ...]:
        """As ``Settings.face_targets`` wants them."""
        return tuple(sorted(self.targets.items()))
