"""Searching: exact, the best sample of each person, the same in every case of a tie."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from engine.errors import ModelsDifferError
from engine.recognition.index import GalleryIndex
from engine.types import Embedding, FloatArray, Match
from tests.fakes.people import MODEL, found, unit, vector


def direction(degrees: float) -> FloatArray:
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], np.float32)


def index(**people: list[float]) -> GalleryIndex:
    """People whose samples are directions in a plane, in degrees."""
    rows = [(10 + i, name, None, [direction(d) for d in looks]) for i, (name, looks) in enumerate(people.items())]
    return GalleryIndex.of(MODEL, rows)


def seen(degrees: float) -> Embedding:
    return Embedding(direction(degrees), MODEL)


def cosine(degrees: float) -> Any:
    return pytest.approx(np.cos(np.radians(degrees)), abs=1e-6)


class TestSearch:
    def test_the_best_sample_of_the_best_person(self) -> None:
        people = index(ada=[0, 80], bob=[50], eve=[180])
        assert people.search(seen(70)) == Match("ada", cosine(10))
        assert people.search(seen(55)) == Match("bob", cosine(5))
        assert people.search(seen(200)) == Match("eve", cosine(20))

    def test_nobody(self) -> None:
        assert index().search(seen(0)) is None
        assert index().nearest(seen(0), 3) == ()
        assert len(index()) == 0

    def test_one(self) -> None:
        assert index(ada=[0]).search(seen(180)) == Match("ada", cosine(180))

    def test_of_equals_the_one_enrolled_first(self) -> None:
        people = index(ada=[20], bob=[-20], eve=[20])
        assert found(people, seen(0)).person == "ada"
        assert [match.person for match in people.nearest(seen(0), 9)] == ["ada", "bob", "eve"]

    def test_somebody_without_samples_is_left_out(self) -> None:
        people = index(ada=[], bob=[0], eve=[])
        assert (people.names, people.person_ids, len(people)) == (("bob",), (11,), 1)
        assert found(people, seen(0)).person == "bob"

    def test_the_nearest_come_best_first_and_each_once(self) -> None:
        people = index(ada=[0, 1, 2], bob=[30, 31], eve=[90])
        assert people.nearest(seen(31), 2) == (Match("bob", cosine(0)), Match("ada", cosine(29)))
        assert people.nearest(seen(31), 0) == people.nearest(seen(31), -1) == ()
        assert len(people.nearest(seen(31), 99)) == 3

    def test_as_a_plain_search_through_everything_finds(self) -> None:
        rng = np.random.default_rng(0)
        counts = rng.integers(1, 6, 200)
        rows = [(i, f"P{i}", None, [vector(i, j) for j in range(n)]) for i, n in enumerate(counts)]
        people = GalleryIndex.of(MODEL, rows)
        for _ in range(20):
            face = Embedding(unit(rng.normal(size=32)), MODEL)
            best = max((max(float(v @ face.vector) for v in vectors), -i) for i, _, _, vectors in rows)
            assert people.search(face) == Match(f"P{-best[1]}", pytest.approx(best[0], abs=1e-6))

    def test_rounding_never_says_more_than_one(self) -> None:
        rows = [(i, str(i), None, [unit(np.random.default_rng(i).normal(size=256))]) for i in range(50)]
        people = GalleryIndex.of(MODEL, rows)
        assert max(found(people, Embedding(row[3][0], MODEL)).similarity for row in rows) <= 1


class TestWhatIsRefused:
    def test_another_model(self) -> None:
        for search in (index(ada=[0]).search, lambda e: index(ada=[0]).nearest(e, 1)):
            with pytest.raises(ModelsDifferError, match="use one model"):
                search(Embedding(direction(0), "net-b"))

    def test_another_length_under_the_same_name(self) -> None:
        with pytest.raises(ModelsDifferError, match="has 32 numbers, those of the gallery 2"):
            index(ada=[0]).search(Embedding(vector(0), MODEL))
        with pytest.raises(ModelsDifferError, match="vectors of 2 and 32 numbers"):
            GalleryIndex.of(MODEL, [(1, "ada", None, [direction(0)]), (2, "bob", None, [vector(0)])])

    @pytest.mark.parametrize("starts", [[0, 0], [1, 2], [0, 3], [1, 0], [0]])
    def test_starts_that_leave_somebody_without_rows(self, starts: list[int]) -> None:
        with pytest.raises(ValueError, match="starts"):
            GalleryIndex(MODEL, (1, 2), ("a", "b"), (None, None), np.array(starts), np.zeros((3, 2), np.float32))

    def test_changing_it(self) -> None:
        people = index(ada=[0])
        with pytest.raises(ValueError, match="read-only"):
            people.matrix[0, 0] = 0
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(people, "model", "net-b")  # noqa: B010


def test_what_is_known_of_a_match() -> None:
    people = GalleryIndex.of(MODEL, [(7, "ada", 70.0, [direction(0)]), (9, "bob", None, [direction(9)])])
    assert (people.person_id("ada"), people.person_id("bob"), people.person_id("eve")) == (7, 9, None)
    assert (people.target_age("ada"), people.target_age("bob"), people.target_age("eve")) == (70.0, None, None)
