"""No photograph twice, no label that another contradicts, nobody in two splits."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.builders import face_picture
from training.data.cleaning import clean, contradict, near_pairs, split_of, thumbnail
from training.data.sets import FEMALE, MALE, OLDEST, UNKNOWN, Label
from training.data.synthetic import other_face

Picture = NDArray[np.uint8]


def label(
    low: int = 30, high: int | None = None, gender: int = UNKNOWN, split: str = "train", identity: int = UNKNOWN
) -> Label:
    return Label("x.jpg", low, low if high is None else high, gender, UNKNOWN, split, identity)


def thumbs(*pictures: Picture) -> NDArray[np.float32]:
    return np.stack([thumbnail(picture) for picture in pictures])


def others(count: int) -> list[Picture]:
    """Different photographs of a face, (256, 256, 3)."""
    face = np.asarray(face_picture(600)[150:406, 172:428], np.uint8)
    rng = np.random.default_rng(3)
    return [other_face(face, rng) for _ in range(count)]


def smaller(picture: Picture) -> Picture:
    return np.asarray(cv2.resize(cv2.resize(picture, (90, 90), interpolation=cv2.INTER_AREA), (256, 256)), np.uint8)


def compressed(picture: Picture) -> Picture:
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], 1), np.uint8)


def grey(picture: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8)


def brighter(picture: Picture) -> Picture:
    return np.clip(picture * 1.15 + 10, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("change", [smaller, compressed, grey, brighter])
def test_one_photograph_in_two_forms_is_seen(change: Callable[[Picture], Picture]) -> None:
    first, second = others(2)
    assert near_pairs(thumbs(first, second, change(first))).tolist() == [[0, 2]]


def test_different_photographs_of_one_person_are_not() -> None:
    assert near_pairs(thumbs(*others(8))).tolist() == []
    assert near_pairs(thumbs(*others(1))).tolist() == []


def test_of_equal_files_one_stays_and_rather_the_one_held_out() -> None:
    first, second = others(2)
    labels = [label(), label(split="test"), label()]
    kept = clean(labels, ["a", "a", "b"], thumbs(first, first, second), "x")
    assert kept.keep.tolist() == [False, True, True]
    assert kept.counts["duplicates"] == 1


def test_of_near_files_one_stays() -> None:
    first, second = others(2)
    kept = clean([label(30), label(31), label()], ["a", "b", "c"], thumbs(first, compressed(first), second), "x")
    assert kept.keep.tolist() == [True, False, True]
    assert kept.counts == {"duplicates": 0, "near_duplicates": 1, "contradictions": 0, "shared_people": 0}


def test_of_contradicting_labels_none_stays() -> None:
    first, second = others(2)
    kept = clean([label(30), label(60), label()], ["a", "a", "b"], thumbs(first, first, second), "x")
    assert kept.keep.tolist() == [False, False, True]
    assert kept.counts["contradictions"] == 2


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        (label(30), label(35), False),
        (label(30), label(36), True),
        (label(20, 29), label(30, 39), False),
        (label(0, OLDEST), label(99), False),
        (label(gender=MALE), label(gender=FEMALE), True),
        (label(gender=MALE), label(gender=UNKNOWN), False),
        (label(identity=1), label(identity=2), True),
        (label(identity=1), label(identity=UNKNOWN), False),
    ],
)
def test_what_contradicts(one: Label, other: Label, wanted: bool) -> None:
    assert contradict([one, other]) is wanted


def test_a_person_in_two_splits_stays_in_the_held_out_one() -> None:
    labels = [label(identity=1), label(identity=1, split="val"), label(identity=2), label()]
    kept = clean(labels, list("abcd"), thumbs(*others(4)), "x")
    assert kept.keep.tolist() == [False, True, True, True]
    assert kept.counts["shared_people"] == 1


def test_splits_by_hash_keep_people_together_and_have_the_wanted_shares() -> None:
    people = [split_of(label(split="", identity=1), "x", str(number)) for number in range(20)]
    assert len(set(people)) == 1
    pictures = [split_of(label(split=""), "x", str(number)) for number in range(4000)]
    shares = [pictures.count(split) / 4000 for split in ("train", "val", "test")]
    assert shares == pytest.approx([0.85, 0.05, 0.10], abs=0.02)
    assert split_of(label(split="val", identity=1), "x", "a") == "val"
