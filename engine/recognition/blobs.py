"""How one sample lies in the gallery: its vector and its picture, each encrypted and bound to its place.

Vector: float32, little-endian. Picture: PNG, without loss, so that embedding it again gives the same vector.
"""

from __future__ import annotations

import cv2
import numpy as np

from engine.errors import VaultError
from engine.recognition.records import THUMBNAIL_PX, Sample
from engine.recognition.vault import Vault
from engine.types import Embedding, FloatArray, Image

_VECTOR = np.dtype("<f4")


def seal(vault: Vault, sample: Sample, sample_id: int) -> tuple[bytes, bytes]:
    """The encrypted vector and picture of the sample in this row."""
    vector = seal_vector(vault, sample.embedding, sample_id)
    return vector, vault.encrypt(png(sample.thumbnail), _about_picture(sample_id))


def seal_vector(vault: Vault, embedding: Embedding, sample_id: int) -> bytes:
    return vault.encrypt(vector_bytes(embedding.vector), _about_vector(sample_id, embedding.model))


def open_vector(vault: Vault, blob: bytes, sample_id: int, model: str) -> FloatArray:
    """The vector (D,). Raises VaultError where the blob is not the one of this row and model."""
    return vector_from(vault.decrypt(blob, _about_vector(sample_id, model)))


def open_picture(vault: Vault, blob: bytes, sample_id: int) -> Image:
    """The crop (112, 112, 3). Raises VaultError where the blob is not the one of this row."""
    return picture_from(vault.decrypt(blob, _about_picture(sample_id)))


def vector_bytes(vector: FloatArray) -> bytes:
    return vector.astype(_VECTOR).tobytes()


def vector_from(data: bytes) -> FloatArray:
    """Raises VaultError where these are not whole numbers of four bytes."""
    if len(data) % _VECTOR.itemsize or not data:
        raise VaultError("the encrypted vector has the wrong length: restore the file from a copy.")
    return np.frombuffer(data, _VECTOR).astype(np.float32)


def png(thumbnail: Image) -> bytes:
    done, buffer = cv2.imencode(".png", thumbnail)
    assert done, "PNG takes every picture of three bytes a pixel"
    return bytes(buffer)


def picture_from(data: bytes) -> Image:
    """The crop (112, 112, 3). Raises VaultError for anything else."""
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if picture is None or picture.shape != (THUMBNAIL_PX, THUMBNAIL_PX, 3):
        raise VaultError("the encrypted picture is none: restore the file from a copy.")
    return np.asarray(picture, np.uint8)


def _about_vector(sample_id: int, model: str) -> str:
    return f"samples/{sample_id}/embedding/{model}"


def _about_picture(sample_id: int) -> str:
    return f"samples/{sample_id}/thumbnail"
