"""Choosing among several faces."""

from __future__ import annotations

from desktop.presenters.faces import FORGET_AFTER_S, FaceChoice, face_at, largest
from tests.fakes.session import face

SMALL, LARGE = face(0, 0, 40, 40, track=1), face(30, 0, 130, 100, track=2)


def test_largest_is_in_front() -> None:
    assert largest((SMALL, LARGE)) is LARGE
    assert largest(()) is None


def test_overlapping_boxes_give_the_face_with_the_nearer_centre() -> None:
    assert face_at((SMALL, LARGE), 35, 20) is SMALL
    assert face_at((SMALL, LARGE), 100, 50) is LARGE
    assert face_at((SMALL, LARGE), 200, 50) is None


def test_click_chooses_again_lets_go_and_beside_lets_go() -> None:
    chosen = FaceChoice().click((SMALL, LARGE), 10, 10)
    assert chosen.chosen == 1
    assert chosen.front((SMALL, LARGE)) is SMALL
    assert chosen.click((SMALL, LARGE), 10, 10).chosen is None
    assert chosen.click((SMALL, LARGE), 300, 10).chosen is None


def test_the_chosen_face_has_a_target_of_its_own() -> None:
    choice = FaceChoice(chosen=1).with_target(70)
    assert choice.pairs() == ((1, 70),)
    assert choice.target(common=20) == 70
    assert FaceChoice().target(common=20) == 20
    assert FaceChoice(chosen=1).with_target(None).pairs() == ((1, None),)


def test_with_none_chosen_all_own_targets_end() -> None:
    choice = FaceChoice(chosen=1).with_target(70).click((), 0, 0)
    assert choice.pairs() == ((1, 70),), "letting go keeps the target"
    assert choice.with_target(30).pairs() == ()


def test_who_is_gone_for_long_is_forgotten() -> None:
    choice = FaceChoice().see((SMALL, LARGE), 0.0).click((SMALL, LARGE), 10, 10).with_target(70)
    soon = choice.see((LARGE,), FORGET_AFTER_S * 0.9)
    assert (soon.chosen, soon.pairs()) == (1, ((1, 70),))
    late = soon.see((LARGE,), FORGET_AFTER_S * 1.1)
    assert (late.chosen, late.pairs()) == (None, ())
    assert set(late.seen_s) == {2}
