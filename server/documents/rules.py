"""What is allowed with documents: pure rules over the state table.

``advance`` is the only way a document gets from one state to the next; ``turn`` says who must act then.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from server.documents.model import (
    EDITABLE,
    TRANSITIONS,
    Act,
    Flow,
    Placement,
    State,
    Transition,
    Who,
)
from server.kernel.actor import Actor, Role
from server.kernel.errors import Conflict, Fault, Forbidden, Invalid

REASON_LENGTH_MAX = 2000
PAGE_POINTS_MAX = 14400
"""Largest side of a PDF page in points (ISO 32000-2, annex C)."""

CLERK_STATES = (State.SIGNED, State.NUMBERED, State.SEALED)
"""States in which a records clerk acts."""

_BY_STATE_AND_ACT = {(row.state, row.act): row for row in TRANSITIONS}


def transition(state: State, act: Act) -> Transition:
    """Return the row of the table; raises Conflict ``documents.not_now`` when there is none."""
    row = _BY_STATE_AND_ACT.get((state, act))
    if row is None:
        raise Conflict("documents.not_now", state=state.value, act=act.value)
    return row


def turn(flow: Flow) -> str:
    """Return who must act now: ``post:<id>``, ``role:<body>:<role>``, or "" when nobody must."""
    if flow.state in EDITABLE:
        return f"post:{flow.author}"
    if flow.state is State.FORM_CHECK:
        return f"role:{flow.office}:{flow.form_role}"
    if flow.state is State.APPROVAL:
        return f"post:{flow.chain[flow.chain_at]}"
    if flow.state is State.TO_SIGN:
        return f"post:{flow.signers[flow.signed_count]}"
    if flow.state is State.NUMBERED and flow.sealed_count > 0:
        return f"role:{flow.sealers[flow.sealed_count]}:{Role.RECORDS_CLERK}"
    if flow.state in CLERK_STATES:
        return clerk(flow)
    return ""


def own_clerks(flow: Flow) -> str:
    """Return the role that may act for the clerks of the office whose turn it is; "" = none.

    One person often is clerk of a committee and of the office that keeps its books, and acts in one of the
    two posts at a time (standards 3.8).
    """
    if flow.state not in CLERK_STATES or not flow.bodies or turn(flow).startswith("post:"):
        return ""
    index = flow.sealed_count if flow.state is State.NUMBERED else 0
    return f"role:{flow.bodies[index]}:{Role.RECORDS_CLERK}"


def holds_turn(flow: Flow, actor: Actor) -> bool:
    """Tell whether it is the turn of the actor's post or role. A delegate acts in the post of another."""
    whose = turn(flow)
    return whose != "" and (
        whose in (actor.post_grantee, actor.role_grantee) or own_clerks(flow) == actor.role_grantee
    )


def clerk(flow: Flow) -> str:
    """Return who numbers, seals and issues for the lead body: its clerks, or the one named (restricted)."""
    return f"post:{flow.clerk}" if flow.clerk else f"role:{flow.office}:{Role.RECORDS_CLERK}"


def advance(flow: Flow, act: Act) -> Flow:
    """Return the flow after an act.

    Raises Conflict ``documents.not_now`` (the table has no such row) or ``documents.already_signed`` (the
    act would change or send back content that a person has signed).
    """
    row = transition(flow.state, act)
    if row.unsigned and flow.signed_count > 0:
        raise Conflict("documents.already_signed", state=flow.state.value, act=act.value)
    if act is Act.SUBMIT:
        return replace(flow, state=State.FORM_CHECK, chain_at=0)
    if row.to == (State.RETURNED,) and flow.state is not State.RETURNED:
        return replace(flow, state=State.RETURNED, chain_at=0, round=flow.round + 1)
    if act is Act.PASS_FORM:
        return replace(flow, state=row.to[0] if flow.chain else row.to[-1])
    if act is Act.APPROVE:
        done = flow.chain_at + 1
        return replace(flow, state=row.to[-1] if done == len(flow.chain) else row.to[0], chain_at=done)
    if act is Act.SIGN:
        done = flow.signed_count + 1
        return replace(flow, state=row.to[-1] if done == len(flow.signers) else row.to[0], signed_count=done)
    if act is Act.SEAL:
        done = flow.sealed_count + 1
        return replace(flow, state=row.to[-1] if done == len(flow.sealers) else row.to[0], sealed_count=done)
    return replace(flow, state=row.to[-1])


def require_may(flow: Flow, act: Act, actor: Actor) -> None:
    """Raise unless the actor's post may do the act now.

    The actor was found among those who may see the document. A delegate acts in the post of another and so
    has its turn. Conflict ``documents.not_now``; Forbidden ``documents.author_only``,
    ``documents.not_your_turn``.
    """
    row = transition(flow.state, act)
    if row.who is Who.AUTHOR and actor.post_id != flow.author:
        raise Forbidden("documents.author_only", act=act.value)
    if row.who is Who.TURN and not holds_turn(flow, actor):
        raise Forbidden("documents.not_your_turn", act=act.value, state=flow.state.value)


def acts_for(flow: Flow, actor: Actor) -> tuple[Act, ...]:
    """Return what the actor may do now, in the order of the table (the permission table may still refuse)."""
    allowed = []
    for row in TRANSITIONS:
        if row.state is not flow.state or (row.unsigned and flow.signed_count > 0):
            continue
        if row.who is Who.AUTHOR and actor.post_id != flow.author:
            continue
        if row.who is Who.TURN and not holds_turn(flow, actor):
            continue
        allowed.append(row.act)
    return tuple(allowed)


def require_reason(flow: Flow, act: Act, reason: str) -> str:
    """Return the reason, trimmed; raises Invalid ``documents.reason_missing`` where the act needs one."""
    text = reason.strip()
    if transition(flow.state, act).reason and not text:
        raise Invalid("documents.reason_missing", field="/reason")
    if len(text) > REASON_LENGTH_MAX:
        raise Invalid("documents.reason_too_long", field="/reason", limit=REASON_LENGTH_MAX)
    return text


def check_chain(chain: Sequence[str], signers: Sequence[str]) -> list[Fault]:
    """Return what is wrong with the posts of a chain: nobody stands in it twice or also signs."""
    faults = [
        Fault("documents.chain_twice", f"/chain/{at}", {"post": post})
        for at, post in enumerate(chain)
        if post in chain[:at]
    ]
    faults += [
        Fault("documents.signer_in_chain", f"/chain/{at}", {"post": post})
        for at, post in enumerate(chain)
        if post in signers
    ]
    faults += [
        Fault("documents.signer_twice", f"/co_issuers/{at - 1}", {"post": post})
        for at, post in enumerate(signers)
        if post in signers[:at]
    ]
    return faults


def check_placements(placements: Sequence[Placement], pages: int, signers: int, sealers: int) -> list[Fault]:
    """Return what is wrong with the fields put on the pages.

    Each field must lie on a page of the file; exactly one number and one date, and one signature and one seal
    for each issuing body, or the later acts would have to change a signed page.
    """
    faults = []
    for at, place in enumerate(placements):
        measures = (place.x, place.y, place.w, place.h)
        inside = all(math.isfinite(value) and 0 <= value <= PAGE_POINTS_MAX for value in measures)
        if not inside or place.w < 1 or place.h < 1:
            faults.append(Fault("documents.place_outside", f"/placements/{at}"))
        if not 0 <= place.page < pages:
            faults.append(Fault("documents.place_page", f"/placements/{at}", {"pages": pages}))
    wanted = {("number", 0), ("date", 0)}
    wanted |= {("signature", index) for index in range(signers)}
    wanted |= {("seal", index) for index in range(sealers)}
    given = [(place.kind.value, place.index) for place in placements]
    for kind, index in sorted(wanted - set(given)):
        faults.append(Fault("documents.place_missing", "/placements", {"kind": kind, "index": index}))
    for at, key in enumerate(given):
        if key not in wanted or key in given[:at]:
            faults.append(
                Fault("documents.place_surplus", f"/placements/{at}", {"kind": key[0], "index": key[1]})
            )
    return faults


def folded(text: str) -> str:
    """Return a text as searches compare it: lower case, without Vietnamese marks, single blanks."""
    plain = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return " ".join("".join(mark for mark in plain if not unicodedata.combining(mark)).split())
