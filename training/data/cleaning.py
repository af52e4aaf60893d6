"""Which prepared faces to keep: no picture twice, no label that another contradicts, nobody in two splits.

Near-duplicates (the same photograph at another size, cut, compressed, tinted, in grey) are found on the aligned crops:
first by a perceptual hash, the signs of the lowest frequencies (Zauner 2010, section 3.2.1), then by the correlation of
the small grey pictures. Looked at were about 90 pairs nearest to the limits, of 44,000 faces of five collections: above a
correlation of 0.97 all were one photograph or one moment, from 0.96 to 0.97 two of them were different people.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.sets import UNKNOWN, Label

SIDE = 32
HASH_SIDE = 8
HASH_LIMIT = 8
"""Bits of 63 in which two hashes may differ."""
CORRELATION_LIMIT = 0.97
CONTRADICTION_YEARS = 5
"""Ages of one photograph further apart than this contradict each other; below it they are two people's guesses."""
# Shares of train and val by hash, where a collection has no lists of its own; the rest is test. UTKFace's are the same.
TRAIN_SHARE, VAL_SHARE = 0.85, 0.05
_RANK = {"test": 0, "val": 1, "train": 2}
_BLOCK = 512


@dataclass
class Kept:
    """keep (N,): which faces stay; split (N,): of each; counts: how many were left out, and why."""

    keep: NDArray[np.bool_]
    split: list[str]
    counts: dict[str, int] = field(default_factory=dict)


def thumbnail(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The face in the middle of an aligned crop (S, S, 3) as (32, 32) grey."""
    edge = crop.shape[0] // 8
    grey = cv2.cvtColor(np.ascontiguousarray(crop[edge:-edge, edge:-edge]), cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)


def perceptual_hash(thumbnails: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 32, 32) -> (N, 63) of -1 and 1: whether a low frequency is stronger than the median of them."""
    low = np.stack([cv2.dct(each)[:HASH_SIDE, :HASH_SIDE].ravel()[1:] for each in thumbnails])
    return np.where(low > np.median(low, 1, keepdims=True), 1, -1).astype(np.float32)


def near_pairs(thumbnails: NDArray[np.float32]) -> NDArray[np.int64]:
    """(P, 2) rows i < j of (N, 32, 32) that show one photograph."""
    if len(thumbnails) < 2:
        return np.empty((0, 2), np.int64)
    bits = perceptual_hash(thumbnails)
    flat = thumbnails.reshape(len(thumbnails), -1)
    unit = flat - flat.mean(1, keepdims=True)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True) + 1e-6
    pairs = []
    for start in range(0, len(bits), _BLOCK):
        alike = bits[start : start + _BLOCK] @ bits[start:].T >= bits.shape[1] - 2 * HASH_LIMIT
        i, j = np.nonzero(alike)
        i, j = i[j > i] + start, j[j > i] + start
        pairs.append(np.stack([i, j], 1)[(unit[i] * unit[j]).sum(1) >= CORRELATION_LIMIT])
    return np.concatenate(pairs)


def split_of(label: Label, collection: str, digest: str) -> str:
    """The collection's own split, or one by a hash: of the person where that is known, else of the picture's bytes."""
    if label.split:
        return label.split
    who = digest if label.identity == UNKNOWN else f"{collection} {label.identity}"
    share = int.from_bytes(hashlib.sha256(who.encode()).digest()[:8]) / 2**64
    return "train" if share < TRAIN_SHARE else "val" if share < TRAIN_SHARE + VAL_SHARE else "test"


def clean(labels: list[Label], digests: list[str], thumbnails: NDArray[np.float32], collection: str) -> Kept:
    """Decides over faces with these labels (N), SHA-256 of their files (N) and thumbnails (N, 32, 32).

    Of a photograph that is there several times one stays, rather one that is held out than one that is learned from;
    if its labels contradict each other, none does. Of a person in several splits only the held-out pictures stay.
    """
    split = [split_of(label, collection, digest) for label, digest in zip(labels, digests, strict=True)]
    keep = np.ones(len(labels), bool)
    counts = dict.fromkeys(("duplicates", "near_duplicates", "contradictions", "shared_people"), 0)
    for group in _groups(digests, near_pairs(thumbnails)):
        group.sort(key=lambda row: (_RANK[split[row]], row))
        if contradict([labels[row] for row in group]):
            keep[group] = False
            counts["contradictions"] += len(group)
            continue
        keep[group[1:]] = False
        exact = sum(digests[row] == digests[group[0]] for row in group[1:])
        counts["duplicates"] += exact
        counts["near_duplicates"] += len(group) - 1 - exact
    held_out: dict[int, int] = {}
    for row in np.flatnonzero(keep):
        person, rank = labels[row].identity, _RANK[split[row]]
        held_out[person] = min(rank, held_out.get(person, rank))
    for row in np.flatnonzero(keep):
        person = labels[row].identity
        if person != UNKNOWN and _RANK[split[row]] > held_out[person]:
            keep[row] = False
            counts["shared_people"] += 1
    return Kept(keep, split, counts)


def contradict(labels: list[Label]) -> bool:
    """Whether these labels cannot all be true of one photograph."""
    genders = {label.gender for label in labels} - {UNKNOWN}
    people = {label.identity for label in labels} - {UNKNOWN}
    apart = max(label.low for label in labels) - min(label.high for label in labels)
    return len(genders) > 1 or len(people) > 1 or apart > CONTRADICTION_YEARS


def _groups(digests: list[str], pairs: NDArray[np.int64]) -> list[list[int]]:
    """Rows of one photograph, where there are several: by equal bytes and by near pairs, joined."""
    parent = list(range(len(digests)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    first: dict[str, int] = {}
    for row, digest in enumerate(digests):
        parent[root(row)] = root(first.setdefault(digest, row))
    for i, j in pairs:
        parent[root(int(j))] = root(int(i))
    groups: dict[int, list[int]] = {}
    for row in range(len(digests)):
        groups.setdefault(root(row), []).append(row)
    return [group for group in groups.values() if len(group) > 1]
