"""Verification and identification: two questions, two thresholds, and "nobody" is an answer."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import ModelsDifferError, WeightsError
from engine.recognition.identify import Thresholds, identify, verify
from engine.recognition.index import GalleryIndex
from engine.types import Embedding, FloatArray


def at(cosine: float) -> FloatArray:
    """A unit vector (3,) this similar to the first axis."""
    return np.array([cosine, np.sqrt(1 - cosine**2), 0], np.float32)


def face(cosine: float, model: str = "m") -> Embedding:
    return Embedding(at(cosine), model)


INDEX = GalleryIndex.of("m", [(1, "Ada", 70.0, [at(1.0)]), (2, "Bob", None, [np.array([0, 0, 1], np.float32)])])


@pytest.mark.parametrize(("cosine", "same"), [(1.0, True), (0.36, True), (0.34, False), (-0.5, False)])
def test_verification_is_yes_or_no(cosine: float, same: bool) -> None:
    answer = verify(face(1.0), face(cosine))
    assert answer.same is same
    assert answer.similarity == pytest.approx(cosine, abs=1e-6)


def test_a_verification_says_what_it_rests_on() -> None:
    answer = verify(face(1.0), face(0.61), Thresholds(0.5, 0.6, 1e-4))
    assert str(answer) == (
        "the same person: similarity 0.61, threshold 0.50 (about one pair of strangers in 10000 passes it)"
    )
    assert str(verify(face(1.0), face(0.2))).startswith("two people: similarity 0.20")


def test_identification_asks_for_more_and_may_answer_nobody() -> None:
    usual = Thresholds()
    between = face((usual.verify + usual.identify) / 2)
    assert verify(face(1.0), between).same
    assert identify(between, INDEX) is None
    found = identify(face(usual.identify + 0.01), INDEX)
    assert found is not None
    assert found.person == "Ada"
    assert identify(face(0.9), INDEX, threshold=0.95) is None


def test_an_empty_gallery_knows_nobody() -> None:
    assert identify(face(1.0), GalleryIndex.empty("m")) is None


def test_two_models_are_never_compared() -> None:
    with pytest.raises(ModelsDifferError):
        verify(face(1.0), face(1.0, "other"))
    with pytest.raises(ModelsDifferError):
        identify(face(1.0, "other"), INDEX)


class TestThresholds:
    def test_come_from_the_card(self) -> None:
        figures = {"verify_threshold": 0.28, "identify_threshold": 0.33, "false_accept_rate": 1e-4, "lfw": 0.99}
        assert Thresholds.of(figures) == Thresholds(0.28, 0.33, 1e-4)

    def test_missing_ones_are_as_usual(self) -> None:
        assert Thresholds.of({}) == Thresholds(0.35, 0.42, 1e-3)

    def test_a_high_verification_alone_lifts_the_other(self) -> None:
        assert Thresholds.of({"verify_threshold": 0.5}) == Thresholds(0.5, 0.5)

    @pytest.mark.parametrize("figures", [{"verify_threshold": 0.5, "identify_threshold": 0.4}, {"verify_threshold": 2}])
    def test_nonsense_is_told(self, figures: dict[str, float]) -> None:
        with pytest.raises(WeightsError, match="make no sense"):
            Thresholds.of(figures)
