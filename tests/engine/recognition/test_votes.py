"""Votes of one track: names come after agreement, stay through slips, and never flicker."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from engine.recognition.identify import Thresholds
from engine.recognition.votes import TrackVotes
from engine.types import Match

ADA, BOB = Match("Ada", 0.6), Match("Bob", 0.6)
WEAK_ADA = Match("Ada", 0.38)
"""Enough to verify her, too little to identify her (0.35 and 0.42)."""


def names(votes: TrackVotes, answers: list[Match | None], quality: float = 0.8) -> list[str | None]:
    shown = [votes.vote(answer, quality) for answer in answers]
    return [None if match is None else match.person for match in shown]


def changes(shown: list[str | None]) -> int:
    return sum(a != b for a, b in itertools.pairwise(shown))


def test_one_vote_is_not_enough_and_two_are() -> None:
    assert names(TrackVotes(), [ADA, ADA]) == [None, "Ada"]


def test_poor_pictures_need_one_more() -> None:
    assert names(TrackVotes(), [ADA] * 3, quality=0.45) == [None, None, "Ada"]


def test_pictures_that_show_nothing_never_name_anybody() -> None:
    assert set(names(TrackVotes(), [ADA] * 50, quality=0.0)) == {None}


def test_a_single_slip_changes_nothing() -> None:
    votes = TrackVotes()
    assert names(votes, [ADA] * 4 + [BOB] + [ADA] + [None] + [ADA])[1:] == ["Ada"] * 7


def test_another_person_takes_over_after_several_votes_and_without_a_gap_of_flicker() -> None:
    shown = names(TrackVotes(), [ADA] * 8 + [BOB] * 8)
    assert shown[8:11] == ["Ada"] * 3
    assert shown[-1] == "Bob"
    assert changes(shown[1:]) == 1


def test_nobody_takes_a_name_away_after_several_votes() -> None:
    shown = names(TrackVotes(), [ADA] * 8 + [None] * 8)
    assert shown[8:11] == ["Ada"] * 3
    assert shown[-1] is None
    assert changes(shown[1:]) == 1


def test_a_name_that_was_taken_away_comes_back_after_agreement_only() -> None:
    shown = names(TrackVotes(), [ADA] * 4 + [None] * 10 + [ADA] + [None] * 2)
    assert shown[-3:] == [None] * 3


def test_for_the_present_name_the_easier_question_is_asked() -> None:
    assert set(names(TrackVotes(), [WEAK_ADA] * 9)) == {None}
    assert names(TrackVotes(), [ADA] * 2 + [WEAK_ADA] * 20)[1:] == ["Ada"] * 21


def test_the_card_says_how_much_likeness_is_enough() -> None:
    assert names(TrackVotes(Thresholds(0.3, 0.37)), [WEAK_ADA] * 2) == [None, "Ada"]


def test_the_similarity_shown_is_that_of_late() -> None:
    votes = TrackVotes()
    for similarity in [0.9] * 3 + [0.5] * 30:
        shown = votes.vote(Match("Ada", similarity))
    assert shown is not None
    assert shown.similarity == pytest.approx(0.5, abs=0.01)


def test_sure_after_agreement_on_a_name_or_on_nobody_and_not_in_between() -> None:
    votes = TrackVotes()
    assert not votes.sure
    votes.vote(ADA)
    assert not votes.sure
    votes.vote(ADA)
    assert votes.sure
    votes.vote(BOB)
    assert not votes.sure
    stranger = TrackVotes()
    names(stranger, [None] * 3)
    assert stranger.sure


def test_poor_pictures_become_sure_in_the_end() -> None:
    votes = TrackVotes()
    names(votes, [None] * 10, quality=0.1)
    assert votes.sure


@pytest.mark.parametrize("seed", range(20))
def test_noisy_answers_give_one_name_that_stays(seed: int) -> None:
    """15 % slips, to nobody or to somebody else, in pictures of changing quality: the name comes, and stays."""
    rng = np.random.default_rng(seed)
    votes = TrackVotes()
    shown: list[str | None] = []
    for _ in range(200):
        slip = rng.random() < 0.15
        answer = (None if rng.random() < 0.6 else BOB) if slip else Match("Ada", float(rng.normal(0.55, 0.05)))
        shown += names(votes, [answer], quality=float(rng.uniform(0.2, 1)))
    assert shown[-1] == "Ada"
    assert "Bob" not in shown
    assert changes(shown) == 1
    assert shown.index("Ada") < 10


@pytest.mark.parametrize("seed", range(20))
def test_a_stranger_who_now_and_then_looks_like_somebody_stays_nobody(seed: int) -> None:
    rng = np.random.default_rng(seed)
    answers = [Match("Ada", 0.45) if rng.random() < 0.1 else Match("Bob", 0.2) for _ in range(200)]
    shown = names(TrackVotes(), answers)
    assert shown.count(None) >= 195
