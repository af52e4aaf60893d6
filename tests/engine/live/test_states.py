"""Every pair of states: exactly the transitions in the table are possible."""

from __future__ import annotations

import itertools

import pytest

from engine.errors import SessionError
from engine.live.states import ACTIVE, TRANSITIONS, Lifecycle
from engine.types import SessionState as S

WAY_TO = {
    S.IDLE: (),
    S.STARTING: (S.STARTING,),
    S.RUNNING: (S.STARTING, S.RUNNING),
    S.RECOVERING: (S.STARTING, S.RECOVERING),
    S.ENDED: (S.STARTING, S.RUNNING, S.ENDED),
    S.FAILED: (S.STARTING, S.FAILED),
    S.STOPPING: (S.STARTING, S.STOPPING),
    S.STOPPED: (S.STARTING, S.STOPPING, S.STOPPED),
}


def lifecycle_in(state: S) -> Lifecycle:
    life = Lifecycle()
    for step in WAY_TO[state]:
        life.to(step)
    return life


@pytest.mark.parametrize(("before", "after"), list(itertools.product(S, S)), ids=lambda s: s.value)
def test_a_transition_is_possible_exactly_if_the_table_says_so(before: S, after: S) -> None:
    life = lifecycle_in(before)
    assert life.state is before
    legal = after in TRANSITIONS[before]
    if legal:
        life.to(after, "word")
        assert life.read() == (after, "word")
    else:
        with pytest.raises(SessionError, match=f"{before.value} cannot become {after.value}"):
            life.to(after, "word")
        assert life.read() == (before, "")


def test_the_table_covers_every_state_and_every_state_can_be_left() -> None:
    assert set(TRANSITIONS) == set(S)
    assert all(TRANSITIONS.values())


def test_from_everywhere_a_session_can_come_to_rest_and_start_again() -> None:
    for state in S:
        reached, border = {state}, {state}
        while border:
            border = set().union(*(TRANSITIONS[s] for s in border)) - reached
            reached |= border
        assert {S.STOPPED, S.STARTING, S.RUNNING} <= reached, state


def test_active_states_are_those_with_work_going_on() -> None:
    assert {S.STARTING, S.RUNNING, S.RECOVERING} == ACTIVE
