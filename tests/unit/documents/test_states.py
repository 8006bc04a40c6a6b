"""The state table and the rules over it: properties that hold for every path a document can take."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.documents import rules
from server.documents.model import FINAL, TRANSITIONS, Act, Flow, State, Who
from server.kernel.actor import Actor, Role
from server.kernel.errors import Conflict, Forbidden, Invalid

CONTENT = {Act.SAVE, Act.PLACE, Act.PREPARE}
BACK = {Act.RETURN_FORM, Act.SEND_BACK, Act.TAKE_BACK}


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    """A fresh draft with any chain, any number of co-issuers, restricted or not."""
    chain = tuple(f"chain-{at}" for at in range(draw(st.integers(0, 4))))
    issuers = draw(st.integers(1, 3))
    return Flow(
        state=State.DRAFT,
        round=1,
        author="author",
        office="office",
        form_role=Role.CHIEF_OF_OFFICE,
        clerk=draw(st.sampled_from(["", "clerk"])),
        chain=chain,
        signers=tuple(f"signer-{at}" for at in range(issuers)),
        sealers=("office", *(f"office-{at}" for at in range(1, issuers))),
    )


def whose(flow: Flow) -> Actor:
    """The actor whose turn it is."""
    kind, _, rest = rules.turn(flow).partition(":")
    if kind == "post":
        return Actor("account", "Người giữ việc", Role.SPECIALIST, "office", post_id=rest)
    body, _, role = rest.partition(":")
    return Actor("account", "Người giữ việc", Role(role), body, post_id="some-post")


@st.composite
def journeys(draw: st.DrawFn) -> list[tuple[Flow, Act, Flow]]:
    """Any legal path from a draft, up to 40 acts."""
    flow = draw(flows())
    path = []
    for _ in range(draw(st.integers(0, 40))):
        possible = [
            row.act
            for row in TRANSITIONS
            if row.state is flow.state and not (row.unsigned and flow.signed_count)
        ]
        if not possible:
            break
        act = draw(st.sampled_from(possible))
        after = rules.advance(flow, act)
        path.append((flow, act, after))
        flow = after
    return path


def test_every_state_that_is_not_final_has_a_way_on() -> None:
    leaving = {row.state for row in TRANSITIONS if any(to is not row.state for to in row.to)}
    assert leaving == set(State) - FINAL


def test_every_state_can_be_reached() -> None:
    reached = {State.DRAFT} | {to for row in TRANSITIONS for to in row.to}
    assert reached == set(State)


def test_no_row_stands_twice() -> None:
    keys = [(row.state, row.act) for row in TRANSITIONS]
    assert len(keys) == len(set(keys))


def test_without_signing_nothing_gets_beyond_the_signature() -> None:
    reached, edge = {State.DRAFT}, {State.DRAFT}
    while edge:
        edge = {
            to for row in TRANSITIONS if row.state in edge and row.act is not Act.SIGN for to in row.to
        } - reached
        reached |= edge
    assert reached.isdisjoint({State.SIGNED, State.NUMBERED, State.SEALED, State.ISSUED})


@given(journeys())
def test_what_is_issued_was_signed_by_all_numbered_once_and_sealed_by_all(
    path: list[tuple[Flow, Act, Flow]],
) -> None:
    if not path or path[-1][2].state is not State.ISSUED:
        return
    last = path[-1][2]
    acts = [act for _, act, _ in path]
    assert last.signed_count == acts.count(Act.SIGN) == len(last.signers)
    assert last.sealed_count == acts.count(Act.SEAL) == len(last.sealers)
    assert acts.count(Act.TAKE_NUMBER) == 1


@given(journeys())
def test_after_the_first_signature_content_never_changes(path: list[tuple[Flow, Act, Flow]]) -> None:
    for before, act, after in path:
        if before.signed_count:
            assert act not in (CONTENT - {Act.PREPARE}) | BACK
            assert after.state not in (State.DRAFT, State.RETURNED)
            assert after.signed_count >= before.signed_count


@given(journeys())
def test_what_is_sent_back_begins_a_new_round_with_the_whole_chain(
    path: list[tuple[Flow, Act, Flow]],
) -> None:
    for before, act, after in path:
        if act in BACK:
            assert after.state is State.RETURNED
            assert (after.round, after.chain_at) == (before.round + 1, 0)
        else:
            assert after.round == before.round


@given(journeys())
def test_approvals_follow_the_order_of_the_chain(path: list[tuple[Flow, Act, Flow]]) -> None:
    for before, act, after in path:
        if act is Act.APPROVE:
            assert rules.turn(before) == f"post:{before.chain[before.chain_at]}"
            expected = before.chain[before.chain_at + 1 :]
            assert rules.turn(after) == f"post:{expected[0] if expected else after.signers[0]}"


@given(journeys())
def test_somebody_has_the_turn_until_the_end(path: list[tuple[Flow, Act, Flow]]) -> None:
    for _, _, after in path:
        assert (rules.turn(after) == "") == (after.state in FINAL)


@given(journeys(), st.sampled_from(list(Act)))
def test_only_the_post_whose_turn_it_is_may_act(path: list[tuple[Flow, Act, Flow]], act: Act) -> None:
    for flow, _, _ in path:
        row = next((row for row in TRANSITIONS if (row.state, row.act) == (flow.state, act)), None)
        if row is None:
            with pytest.raises(Conflict):
                rules.require_may(flow, act, whose(flow))
        elif row.who is Who.TURN:
            rules.require_may(flow, act, whose(flow))
            stranger = Actor("other", "Người khác", Role.LEADER, "elsewhere", post_id="elsewhere-1")
            with pytest.raises(Forbidden):
                rules.require_may(flow, act, stranger)


def test_a_delegate_acts_in_the_post_of_the_one_away() -> None:
    flow = approval()
    delegate = Actor(
        "deputy", "Người được ủy quyền", Role.LEADER, "office", post_id="chain-0", on_behalf="holding-1"
    )
    rules.require_may(flow, Act.APPROVE, delegate)


def test_the_author_may_take_back_until_somebody_signs() -> None:
    author = Actor("account", "Chuyên viên", Role.SPECIALIST, "office", post_id="author")
    flow = rules.advance(rules.advance(approval(), Act.APPROVE), Act.APPROVE)
    assert flow.state is State.TO_SIGN
    assert {Act.TAKE_BACK, Act.WITHDRAW} <= set(rules.acts_for(flow, author))
    signed_once = replace(flow, signers=("signer-0", "signer-1"), signed_count=1)
    with pytest.raises(Conflict) as caught:
        rules.advance(signed_once, Act.WITHDRAW)
    assert caught.value.code == "documents.already_signed"


def test_the_clerk_of_a_co_issuer_seals_after_the_lead_body() -> None:
    flow = replace(approval(), state=State.NUMBERED, signed_count=2, sealers=("office", "office-1"))
    assert rules.turn(flow) == "role:office:records_clerk"
    after = rules.advance(flow, Act.SEAL)
    assert (after.state, rules.turn(after)) == (State.NUMBERED, "role:office-1:records_clerk")
    assert rules.turn(rules.advance(after, Act.SEAL)) == "role:office:records_clerk"


def test_a_restricted_document_goes_to_the_clerk_named() -> None:
    flow = replace(approval(), state=State.SIGNED, clerk="clerk")
    assert rules.turn(flow) == "post:clerk"


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_sending_back_needs_a_reason(reason: str) -> None:
    with pytest.raises(Invalid) as caught:
        rules.require_reason(approval(), Act.SEND_BACK, reason)
    assert caught.value.code == "documents.reason_missing"


def approval() -> Flow:
    """A document before the first of two approvers."""
    return Flow(
        state=State.APPROVAL,
        round=1,
        author="author",
        office="office",
        form_role=Role.CHIEF_OF_OFFICE,
        clerk="",
        chain=("chain-0", "chain-1"),
        signers=("signer-0",),
        sealers=("office",),
    )
