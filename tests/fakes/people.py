"""Made-up faces for the gallery: vectors that are alike for one person, and crops that nobody else has."""

from __future__ import annotations

import numpy as np

from engine.recognition.gallery import Gallery
from engine.recognition.index import GalleryIndex
from engine.recognition.records import THUMBNAIL_PX, Person, Sample
from engine.types import Embedding, FloatArray, Image, Match

MODEL, OTHER_MODEL = "net-a", "net-b"
DIMENSIONS = 32
CONSENT = "I agree that my face is stored here."
PASSPHRASE = "correct horse battery staple"


def unit(values: FloatArray) -> FloatArray:
    return np.asarray(values / np.linalg.norm(values), np.float32)


def vector(person: int, look: int = 0, dimensions: int = DIMENSIONS) -> FloatArray:
    """A direction of this person; two looks of one person have a cosine of about 0.9, two people one of about 0."""
    own = unit(np.random.default_rng(person).normal(size=dimensions))
    change = unit(np.random.default_rng((person, look)).normal(size=dimensions))
    return unit(own + 0.33 * change)


def crop(person: int, look: int = 0) -> Image:
    """Noise, so that no two are alike and PNG cannot make them much smaller."""
    side = THUMBNAIL_PX
    return np.random.default_rng((7, person, look)).integers(0, 256, (side, side, 3), np.uint8)


def sample(person: int, look: int = 0, model: str = MODEL) -> Sample:
    return Sample(Embedding(vector(person, look), model), crop(person, look), 0.5 + 0.1 * (look % 5))


def samples(person: int, count: int = 3, model: str = MODEL) -> list[Sample]:
    return [sample(person, look, model) for look in range(count)]


def found(index: GalleryIndex, face: Embedding) -> Match:
    """Whom the index finds; there has to be somebody."""
    match = index.search(face)
    assert match is not None
    return match


def named(gallery: Gallery, name: str) -> Person:
    """The person of this name, who has to be there."""
    person = gallery.find(name)
    assert person is not None
    return person
