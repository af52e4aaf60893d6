"""Turns aligned faces into directions: faces of one person point the same way."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from engine.errors import WeightsError
from engine.recognition.identify import Thresholds
from engine.runtime import Network, load_network
from engine.types import Embedding, FloatArray, Image
from engine.weights.card import Card
from engine.weights.store import SAFETENSORS, find

NAME = "embedder"


class Embedder:
    """An embedding network with its pictures prepared and its answers brought to length one.

    model: names these very weights; vectors of another model are not comparable. thresholds: from its card.
    """

    def __init__(self, network: Network, model: str, thresholds: Thresholds | None = None) -> None:
        self._network = network
        self.model = model
        self.thresholds = thresholds or Thresholds()

    @classmethod
    def load(
        cls, device: str = "auto", *, folder: Path | None = None, precision: str = "auto", threads: int = 1
    ) -> Embedder:
        """The embedder on the network "embedder". It needs one thread only, so that it never holds up the picture.

        Raises WeightsError, DeviceError.
        """
        card = _card(folder)
        network = load_network(NAME, device, folder=folder, precision=precision, threads=threads)
        return cls(network, _model(card), Thresholds.of(card.figures))

    @property
    def size(self) -> int:
        """Side in pixels that the crops must have."""
        return self._network.size

    @property
    def device(self) -> str:
        return self._network.device

    @cached_property
    def dimensions(self) -> int:
        """How many numbers a vector has."""
        return int(self._network(np.zeros((1, 3, self.size, self.size), np.float32)).shape[1])

    def embed(self, crops: Sequence[Image] | Image) -> FloatArray:
        """Unit rows (N, D) for crops (N, S, S, 3) uint8 BGR aligned to geometry.align.ARCFACE; S is ``size``.

        Raises ValueError for a wrong size.
        """
        for crop in crops:
            if crop.shape != (self.size, self.size, 3):
                raise ValueError(f"crops: expected ({self.size}, {self.size}, 3), got {crop.shape}")
        if len(crops) == 0:
            return np.zeros((0, self.dimensions), np.float32)
        tensor = np.asarray(cv2.dnn.blobFromImages(list(crops), 1 / 255, swapRB=True), np.float32)  # RGB 0..1
        if self._network.batches:
            points = self._network(tensor)
        else:
            points = np.concatenate([self._network(x[None]) for x in tensor])
        return _unit(points)

    def embed_still(self, crops: Sequence[Image] | Image) -> FloatArray:
        """As ``embed``, from each crop and its mirror image together: steadier, and twice the work."""
        mirrored = [np.ascontiguousarray(crop[:, ::-1]) for crop in crops]
        return _unit(self.embed(crops) + self.embed(mirrored))

    def embedding(self, crop: Image) -> Embedding:
        """Of one crop, with the name of the model."""
        return Embedding(self.embed([crop])[0], self.model)

    def embedding_of_still(self, crop: Image) -> Embedding:
        """Of one crop and its mirror image, with the name of the model."""
        return Embedding(self.embed_still([crop])[0], self.model)

    def close(self) -> None:
        """Lets go of the network; twice is safe."""
        self._network.close()


def model_name(folder: Path | None = None) -> str:
    """What ``Embedder.model`` would be, without loading the network. Raises WeightsError if there is none."""
    return _model(_card(folder))


def card_thresholds(folder: Path | None = None) -> Thresholds:
    """What ``Embedder.thresholds`` would be, without loading the network. Raises WeightsError if there is none."""
    return Thresholds.of(_card(folder).figures)


def _card(folder: Path | None) -> Card:
    try:
        return find(NAME, folder).card
    except WeightsError as error:
        raise WeightsError(f"faces cannot be recognised: {error}") from error


def _model(card: Card) -> str:
    """The card's name and the beginning of the hash of its numbers."""
    return f"{card.name}-{card.sha256.get(card.name + SAFETENSORS, 'unsigned')[:8]}"


def _unit(points: FloatArray) -> FloatArray:
    """Rows (N, D) brought to length one; a row of zeros points along the first axis rather than nowhere."""
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    units = points / np.maximum(lengths, 1e-12)
    units[lengths[:, 0] < 1e-12] = np.eye(1, points.shape[1])
    return np.asarray(units, np.float32)
