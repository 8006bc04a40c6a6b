"""States of an arrival: forward only, recall beside them, urgent first."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.circulation.codes import EVIDENCE_EVENT, PROGRESS, RANK, RECALL, Code
from server.circulation.rules import State, advance, may, priority_of
from server.documents.model import Urgency
from server.kernel.errors import Conflict

ARRIVED = State(Code.ARRIVED, None)
walks = st.lists(st.sampled_from(list(Code)), max_size=30)


def reached(codes: list[Code]) -> list[State]:
    """The states that a walk passes through; codes that may not come next are left out."""
    states = [ARRIVED]
    for code in codes:
        if may(states[-1], code):
            states.append(advance(states[-1], code))
    return states


@given(walks)
def test_no_walk_goes_backwards(codes: list[Code]) -> None:
    ranks = [RANK[state.progress] for state in reached(codes)]
    assert ranks == sorted(ranks)


@given(walks)
def test_a_recall_leaves_the_handling_as_it_is_until_it_is_agreed(codes: list[Code]) -> None:
    states = reached(codes)
    for before, after in itertools.pairwise(states):
        if before.recall is not after.recall and after.recall is not Code.RECALL_AGREED:
            assert before.progress is after.progress


@given(walks)
def test_nothing_follows_a_refusal_or_a_withdrawal(codes: list[Code]) -> None:
    for state in reached(codes)[:-1]:
        assert state.progress not in (Code.REFUSED, Code.RECALL_AGREED)


@given(walks, st.sampled_from(list(Code)))
def test_advance_refuses_exactly_what_may_not_come_next(codes: list[Code], code: Code) -> None:
    state = reached(codes)[-1]
    if may(state, code):
        advance(state, code)
    else:
        with pytest.raises(Conflict):
            advance(state, code)


@given(walks)
def test_each_answer_to_a_recall_follows_a_request(codes: list[Code]) -> None:
    states = reached(codes)
    for before, after in itertools.pairwise(states):
        if after.recall in (Code.RECALL_AGREED, Code.RECALL_REFUSED) and before.recall is not after.recall:
            assert before.recall is Code.RECALL_REQUESTED


@pytest.mark.parametrize("code", [Code.ASSIGNED, Code.IN_PROGRESS, Code.FINISHED])
def test_an_accepted_arrival_may_skip_ahead(code: Code) -> None:
    assert advance(State(Code.ACCEPTED, None), code).progress is code


@pytest.mark.parametrize("code", [Code.ACCEPTED, Code.REFUSED])
def test_a_recall_before_acceptance_is_answered_first(code: Code) -> None:
    with pytest.raises(Conflict) as caught:
        advance(State(Code.ARRIVED, Code.RECALL_REQUESTED), code)
    assert caught.value.code == "circulation.recall_pending"


def test_work_goes_on_while_a_recall_of_a_booked_document_waits() -> None:
    assert advance(State(Code.ACCEPTED, Code.RECALL_REQUESTED), Code.ASSIGNED) == State(
        Code.ASSIGNED, Code.RECALL_REQUESTED
    )


def test_a_refused_recall_may_be_asked_for_again() -> None:
    refused = State(Code.FINISHED, Code.RECALL_REFUSED)
    assert advance(refused, Code.RECALL_REQUESTED).recall is Code.RECALL_REQUESTED


def test_a_refused_arrival_cannot_be_asked_back() -> None:
    assert not may(State(Code.REFUSED, None), Code.RECALL_REQUESTED)


def test_urgent_open_work_stands_above_all_that_is_done() -> None:
    open_normal = priority_of(Urgency.NORMAL, ARRIVED)
    open_express = priority_of(Urgency.EXPRESS, ARRIVED)
    done_express = priority_of(Urgency.EXPRESS, State(Code.FINISHED, None))
    assert open_express > open_normal > done_express == 0


def test_a_finished_arrival_that_is_asked_back_waits_again() -> None:
    assert priority_of(Urgency.NORMAL, State(Code.FINISHED, Code.RECALL_REQUESTED)) == 1


def test_every_code_has_an_evidence_event_or_says_that_it_has_none() -> None:
    assert set(EVIDENCE_EVENT) == set(Code)


def test_tables_name_every_state() -> None:
    assert set(PROGRESS) == set(RANK)
    assert {code for codes in RECALL.values() for code in codes} == {
        Code.RECALL_REQUESTED,
        Code.RECALL_AGREED,
        Code.RECALL_REFUSED,
    }
