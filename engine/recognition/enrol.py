"""Enrols somebody from pictures: takes the good ones, says why the others are not, and refuses what looks wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Protocol

import numpy as np

from engine.age.quality import face_quality
from engine.errors import (
    AlreadyKnownError,
    EnrolmentError,
    GalleryError,
    InputError,
    NameTakenError,
    PictureError,
    StrangerError,
)
from engine.images import read_picture
from engine.recognition.gallery import Gallery
from engine.recognition.gate import REASONS, Refusal, look, reason_of
from engine.recognition.identify import Thresholds
from engine.recognition.index import GalleryIndex
from engine.recognition.records import Person, Sample, checked_consent, checked_name
from engine.types import Embedding, Face, Image, Match

Tell = Callable[[str, str], None]
"""Called with each picture after it was looked at, and why it is not taken; with an empty text where it is."""


class PictureEngine(Protocol):
    """What is needed of engine.still.FaceEngine."""

    @property
    def model(self) -> str: ...

    @property
    def thresholds(self) -> Thresholds: ...

    def find(self, image: Image) -> tuple[Face, ...]: ...

    def embedding(self, crop: Image) -> Embedding: ...


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Who was enrolled, from which pictures, which were refused and why, and whom they resemble (with ``anyway``)."""

    person: Person
    used: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    resembles: Match | None = None


def enrol_pictures(
    name: str,
    pictures: Sequence[str | PathLike[str]],
    consent: str,
    engine: PictureEngine,
    gallery: Gallery,
    *,
    add: bool = False,
    anyway: bool = False,
    tell: Tell = lambda picture, reason: None,
) -> Enrolled:
    """Enrols a person from pictures that show them alone; all that are good, in one transaction, or nobody.

    consent: what they agreed to, word for word. add: more pictures of somebody who is enrolled. anyway: also where they
    look like somebody else who is enrolled (or, with ``add``, not like that person). tell: hears of each picture as
    it is looked at.

    Raises InputError (name), NameTakenError, EnrolmentError (no consent, no usable picture, several people),
    AlreadyKnownError, StrangerError, GalleryError, VaultError, WeightsError, DeviceError.
    """
    name, consent = checked_name(name), checked_consent(consent)
    present = _present(gallery, name, add)
    gallery.unlock()  # before the work, which would be lost without the key
    refused: list[tuple[str, str]] = []
    samples: dict[str, Sample] = {}
    for picture in map(str, pictures):
        taken = _sample(picture, engine, samples)
        reason = taken if isinstance(taken, str) else ""
        if isinstance(taken, Sample):
            samples[picture] = taken
        else:
            refused.append((picture, taken))
        tell(picture, reason)
    if not samples:
        count = "the picture" if len(pictures) == 1 else f"any of the {len(pictures)} pictures"
        raise EnrolmentError(f"{name} was not enrolled: the face cannot be taken from {count}.")
    _refuse_mixed(samples, engine.thresholds)
    index = gallery.index(engine.model)
    embeddings = [sample.embedding for sample in samples.values()]
    if present is not None and not anyway:
        refuse_stranger(present.name, embeddings, index, engine.thresholds)
    like = resembles(embeddings, index, engine.thresholds, but=present.name if present else None)
    if like is not None and not anyway:
        raise AlreadyKnownError(
            f"{already_known(like)}: give {like.person} these pictures (--add), or say that they are two (--anyway).",
            like.person,
        )
    kept = list(samples.values())
    person = gallery.add_samples(present.id, kept) if present else gallery.add(name, kept, consent)
    return Enrolled(person, tuple(samples), tuple(refused), like)


def resembles(
    embeddings: Sequence[Embedding], index: GalleryIndex | None, thresholds: Thresholds, *, but: str | None = None
) -> Match | None:
    """Whom of the gallery these faces look like, other than the person ``but``; None if like nobody."""
    if index is None:
        return None
    near = [match for one in embeddings for match in index.nearest(one, 2) if match.person != but]
    best = max(near, key=lambda match: match.similarity, default=None)
    return best if best is not None and best.similarity >= thresholds.verify else None


def already_known(like: Match) -> str:
    """What to say where a new face looks like somebody who is enrolled."""
    return f"this looks like {like.person}, who is enrolled already (similarity {like.similarity:.2f})"


def refuse_stranger(
    name: str, embeddings: Sequence[Embedding], index: GalleryIndex, thresholds: Thresholds
) -> None:  # fmt: skip
    """Raises StrangerError where none of these faces looks like the person of this name."""
    everybody = len(index.names)
    own = [m.similarity for one in embeddings for m in index.nearest(one, everybody) if m.person == name]
    if own and max(own) < thresholds.verify:
        raise StrangerError(
            f"this does not look like {name} (similarity {max(own):.2f}): take another name, or other pictures "
            "(--anyway takes them all the same)."
        )


def _present(gallery: Gallery, name: str, add: bool) -> Person | None:
    """The person to add to. Raises where the name does not fit to what was asked for."""
    present = gallery.find(name)
    if present is not None and not add:
        raise NameTakenError(
            f"{present.name} is enrolled already: add pictures of the same person (--add), or choose another name."
        )
    if present is None and add:
        raise GalleryError(f"nobody is called {name}: leave out --add to enrol {name} anew, or check the spelling.")
    return present


def _sample(picture: str, engine: PictureEngine, before: dict[str, Sample]) -> Sample | str:
    """What this picture gives, or why it gives nothing."""
    try:
        image = read_picture(picture)
    except InputError as error:
        return str(error)
    except OSError as error:  # a name too long for this system, say
        return str(PictureError(f"{picture} cannot be read: {error.strerror or error}."))
    except MemoryError:
        return "it is too large for the memory of this computer"
    seen = look(image, engine.find(image))
    if seen.refusals or seen.face is None or seen.crop is None or seen.measures is None:
        return " and ".join(reason_of(refusal, seen.measures) for refusal in seen.refusals[:2])
    for other, sample in before.items():
        if np.array_equal(sample.thumbnail, seen.crop):
            return f"it is the same picture as {other}"
    quality = face_quality(seen.crop, seen.measures.width_px, seen.measures.yaw_degrees)
    return Sample(engine.embedding(seen.crop), seen.crop, quality)


def _refuse_mixed(samples: dict[str, Sample], thresholds: Thresholds) -> None:
    """Raises EnrolmentError where not all pictures show one person, and names those that stand apart."""
    groups = groups_of([sample.embedding for sample in samples.values()], thresholds.verify)
    if len(groups) == 1:
        return
    names = list(samples)
    rest = ", ".join(names[i] for group in groups[1:] for i in group)
    first = names[groups[0][0]]
    raise EnrolmentError(
        f"the pictures show more than one person: {rest} {REASONS[Refusal.OTHER_PERSON].removeprefix('it ')} "
        f"(like {first}). Nobody was enrolled: leave out what does not belong."
    )


def groups_of(embeddings: Sequence[Embedding], threshold: float) -> list[list[int]]:
    """The rows that belong together, the largest group first: linked, directly or through others, by likeness.

    Single linkage: somebody seen from both sides is one person as long as a picture between them links the two.
    """
    left = set(range(len(embeddings)))
    groups: list[list[int]] = []
    while left:
        todo = [min(left)]
        left -= set(todo)
        group: list[int] = []
        while todo:
            one = todo.pop()
            group.append(one)
            near = {i for i in left if embeddings[one].similarity(embeddings[i]) >= threshold}
            left -= near
            todo += sorted(near)
        groups.append(sorted(group))
    return sorted(groups, key=lambda group: -len(group))
