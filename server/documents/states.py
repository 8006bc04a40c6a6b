"""The words of the room and the one table of its states.

A document goes draft -> check of form -> approval chain -> person's signature -> number and date -> seal ->
issue (Decree 30/2020, articles 10 to 19; for party bodies Guidance 36-HD/VPTW). ``TRANSITIONS`` is that path
as data: what is not in it cannot happen.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

ListKind: TypeAlias = Literal["all", "waiting", "mine", "asked", "approved"]
"""What a list shows: all visible, waiting for my act, drafted by my post, asked for my opinion; approved =
by me as the signer, waiting for my token."""


class State(StrEnum):
    """Where a document stands."""

    DRAFT = "draft"
    """Being written by its author."""
    FORM_CHECK = "form_check"
    """The chief of office checks its form (thẩm định thể thức)."""
    RETURNED = "returned"
    """Sent back with a reason; the author mends it and a new round begins."""
    APPROVAL = "approval"
    """Goes along the approval chain, one post after the other."""
    TO_SIGN = "to_sign"
    """Waits for the signature of the person (several persons when co-issued)."""
    SIGNED = "signed"
    """Signed by every person; waits for its number."""
    NUMBERED = "numbered"
    """Has its number and date; waits for the seal (several seals when co-issued)."""
    SEALED = "sealed"
    """Sealed by every body; waits to be issued."""
    ISSUED = "issued"
    """Issued: final."""
    WITHDRAWN = "withdrawn"
    """Given up, with a reason: final. Its number, if it had one, is voided and stays in the book."""


FINAL = frozenset({State.ISSUED, State.WITHDRAWN})
"""States without a way on."""
EDITABLE = frozenset({State.DRAFT, State.RETURNED})
"""States in which content may change."""


class Act(StrEnum):
    """What may be done to a document."""

    CREATE = "create"
    SAVE = "save"
    PLACE = "place"
    ASK = "ask"
    COMMENT = "comment"
    SUBMIT = "submit"
    PASS_FORM = "pass_form"  # noqa: S105 - not a password
    RETURN_FORM = "return_form"
    APPROVE = "approve"
    SEND_BACK = "send_back"
    TAKE_BACK = "take_back"
    PREPARE = "prepare"
    APPROVE_TO_SIGN = "approve_to_sign"
    SIGN = "sign"
    TAKE_NUMBER = "take_number"
    FILL_NUMBER = "fill_number"
    SEAL_ATTACHMENT = "seal_attachment"
    SEAL = "seal"
    ISSUE = "issue"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    HAND_IN = "hand_in"


class Who(StrEnum):
    """Who may do an act."""

    AUTHOR = "author"
    """The author's post."""
    TURN = "turn"
    """The post, or the role of the office, whose turn it is."""
    NAMED = "named"
    """Everybody whom the handling names (need to know)."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the state table."""

    state: State
    """From where."""
    act: Act
    """By what."""
    to: tuple[State, ...]
    """To where; of several, the last is reached when nobody of the same kind has still to act."""
    who: Who
    """By whom."""
    unsigned: bool = False
    """Only while no person has signed: after the first signature content never changes."""
    reason: bool = False
    """A reason must be given."""


def _table() -> tuple[Transition, ...]:
    s, a, w = State, Act, Who
    rows: list[Transition] = []
    for state in (s.DRAFT, s.RETURNED):
        rows += [
            Transition(state, a.SAVE, (state,), w.AUTHOR),
            Transition(state, a.PLACE, (state,), w.AUTHOR),
            Transition(state, a.ASK, (state,), w.AUTHOR),
            Transition(state, a.COMMENT, (state,), w.NAMED),
            Transition(state, a.SUBMIT, (s.FORM_CHECK,), w.AUTHOR),
            Transition(state, a.WITHDRAW, (s.WITHDRAWN,), w.AUTHOR, reason=True),
        ]
    for state in (s.FORM_CHECK, s.APPROVAL, s.TO_SIGN):
        rows += [
            Transition(state, a.ASK, (state,), w.TURN),
            Transition(state, a.COMMENT, (state,), w.NAMED),
            Transition(state, a.TAKE_BACK, (s.RETURNED,), w.AUTHOR, unsigned=True, reason=True),
            Transition(state, a.WITHDRAW, (s.WITHDRAWN,), w.AUTHOR, unsigned=True, reason=True),
        ]
    rows += [
        Transition(s.FORM_CHECK, a.PASS_FORM, (s.APPROVAL, s.TO_SIGN), w.TURN),
        Transition(s.FORM_CHECK, a.RETURN_FORM, (s.RETURNED,), w.TURN, reason=True),
        Transition(s.APPROVAL, a.APPROVE, (s.APPROVAL, s.TO_SIGN), w.TURN),
        Transition(s.APPROVAL, a.SEND_BACK, (s.RETURNED,), w.TURN, reason=True),
        Transition(s.TO_SIGN, a.SEND_BACK, (s.RETURNED,), w.TURN, unsigned=True, reason=True),
        Transition(s.TO_SIGN, a.PREPARE, (s.TO_SIGN,), w.TURN),
        Transition(s.TO_SIGN, a.APPROVE_TO_SIGN, (s.TO_SIGN,), w.TURN),
        Transition(s.TO_SIGN, a.SIGN, (s.TO_SIGN, s.SIGNED), w.TURN),
        Transition(s.TO_SIGN, a.REJECT, (s.WITHDRAWN,), w.TURN, reason=True),
        Transition(s.SIGNED, a.TAKE_NUMBER, (s.NUMBERED,), w.TURN),
        Transition(s.SIGNED, a.REJECT, (s.WITHDRAWN,), w.TURN, reason=True),
        Transition(s.NUMBERED, a.FILL_NUMBER, (s.NUMBERED,), w.TURN),
        Transition(s.NUMBERED, a.SEAL_ATTACHMENT, (s.NUMBERED,), w.TURN),
        Transition(s.NUMBERED, a.SEAL, (s.NUMBERED, s.SEALED), w.TURN),
        Transition(s.NUMBERED, a.REJECT, (s.WITHDRAWN,), w.TURN, reason=True),
        Transition(s.SEALED, a.ISSUE, (s.ISSUED,), w.TURN),
        Transition(s.SEALED, a.REJECT, (s.WITHDRAWN,), w.TURN, reason=True),
    ]
    return tuple(rows)


TRANSITIONS = _table()
"""The state table: state x act -> new state x who."""


class Urgency(StrEnum):
    """How fast it must go (Decree 30/2020, article 8; edXML Priority 0 to 4, QCVN 102:2016)."""

    NORMAL = "normal"
    """Thường."""
    URGENT = "urgent"
    """Khẩn."""
    VERY_URGENT = "very_urgent"
    """Thượng khẩn."""
    EXPRESS = "express"
    """Hỏa tốc."""
    EXPRESS_TIMED = "express_timed"
    """Hỏa tốc hẹn giờ."""


PRIORITY = {urgency: number for number, urgency in enumerate(Urgency)}
"""edXML Priority of each urgency."""


class VersionKind(StrEnum):
    """How a version came to be."""

    TEXT = "text"
    """Fields and text only; no file yet."""
    UPLOADED = "uploaded"
    """The author's PDF."""
    RENDERED = "rendered"
    """Rendered from the template of the format profile."""
    PREPARED = "prepared"
    """Fields for number, date, persons and seals put on the pages, before the first signature."""
    SIGNED = "signed"
    """Signed by a person."""
    NUMBERED = "numbered"
    """Number and date filled in."""
    SEALED = "sealed"
    """Signed by a body."""
    HANDED_IN = "handed_in"
    """Signed and sealed outside, registered as it is."""


class Origin(StrEnum):
    """How a document came into the system."""

    DRAFTED = "drafted"
    HANDED_IN = "handed_in"


class Stance(StrEnum):
    """What an opinion says."""

    NONE = "none"
    AGREE = "agree"
    AGREE_WITH_CHANGES = "agree_with_changes"
    DISAGREE = "disagree"
