"""What is allowed in circulation. Pure: values in, values or errors out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from server.circulation.codes import (
    BACK,
    OPEN,
    PROGRESS,
    REASON_NEEDED,
    RECALL,
    RECALLABLE,
    Code,
    Part,
)
from server.circulation.commands import PaperLetter
from server.circulation.model_sent import Recipient
from server.documents.model import PRIORITY, Urgency
from server.kernel.actor import Role
from server.kernel.errors import Conflict, Fault, Forbidden, Invalid

RECIPIENTS_MAX = 2000
"""Bodies and outside recipients of one act."""
TEXT_MAX = 4000
"""Characters of a note, reason or result."""


@dataclass(frozen=True, slots=True)
class State:
    """Where an arrival stands."""

    progress: Code
    """State of handling."""
    recall: Code | None
    """Last word about a recall; None = none was asked for."""

    @property
    def withdrawn(self) -> bool:
        """Tell whether the sender got it back."""
        return self.progress is Code.RECALL_AGREED

    @property
    def answer_first(self) -> bool:
        """Tell whether the sender wants it back before it is in a book: that is answered before all else."""
        return self.progress is Code.ARRIVED and self.recall is Code.RECALL_REQUESTED

    @property
    def open(self) -> bool:
        """Tell whether somebody still has something to do."""
        return self.progress in OPEN or self.recall is Code.RECALL_REQUESTED


def may(state: State, code: Code) -> bool:
    """Tell whether a code may come next."""
    if code is Code.RECALL_REQUESTED:
        return state.progress in RECALLABLE and code in RECALL[state.recall]
    if code in (Code.RECALL_AGREED, Code.RECALL_REFUSED):
        return not state.withdrawn and code in RECALL[state.recall]
    if state.answer_first:
        return False
    return code in PROGRESS[state.progress]


def advance(state: State, code: Code) -> State:
    """Return the state after a code. Raises Conflict ``circulation.recall_pending``, ``.not_now``."""
    if may(state, code):
        if code is Code.RECALL_AGREED:
            return State(Code.RECALL_AGREED, code)
        if code in RECALL[state.recall]:
            return State(state.progress, code)
        return State(code, state.recall)
    if (
        state.progress is Code.ARRIVED
        and state.recall is Code.RECALL_REQUESTED
        and code in PROGRESS[state.progress]
    ):
        raise Conflict("circulation.recall_pending")
    raise Conflict("circulation.not_now", status=state.progress.value, code=code.value)


def step_back(state: State, code: Code) -> State:
    """Return the state after undoing a mistake; a state may also be confirmed as it is.

    Raises Conflict ``circulation.not_now``.
    """
    if code is state.progress or code in BACK.get(state.progress, frozenset()):
        return State(code, state.recall)
    raise Conflict("circulation.not_now", status=state.progress.value, code=code.value)


def priority_of(urgency: Urgency, state: State) -> int:
    """Return the rank in the inbox, so that urgent work stands first: 0 when done, else 1 to 5."""
    return PRIORITY[urgency] + 1 if state.open else 0


def check_reason(code: Code, reason: str) -> str:
    """Return the reason, trimmed. Raises Invalid ``circulation.reason_missing``, ``.text_invalid``."""
    cleaned = check_text(reason, "/reason")
    if code in REASON_NEEDED and not cleaned:
        raise Invalid("circulation.reason_missing", field="/reason")
    return cleaned


def check_text(text: str, field: str) -> str:
    """Return text a person wrote, trimmed. Raises Invalid ``circulation.text_invalid``."""
    fault = text_fault(text, field)
    if fault is not None:
        raise Invalid.of([fault])
    return text.strip()


def text_fault(text: str, field: str) -> Fault | None:
    """Return what is wrong with text a person wrote: too long, or control characters in it."""
    if len(text) > TEXT_MAX:
        return Fault("circulation.text_too_long", field, {"limit": TEXT_MAX})
    if any(
        unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t\r" for character in text
    ):
        return Fault("circulation.text_invalid", field)
    return None


def recipient_faults(to: Sequence[str], outside: int, own_body: str) -> list[Fault]:
    """Return what is wrong with a list of recipients: none, too many, one twice, the sender itself."""
    faults: list[Fault] = []
    if not to and not outside:
        faults.append(Fault("circulation.recipients_missing", "/to"))
    if len(to) + outside > RECIPIENTS_MAX:
        faults.append(Fault("circulation.recipients_too_many", "/to", {"limit": RECIPIENTS_MAX}))
    seen: set[str] = set()
    for place, body_id in enumerate(to):
        if body_id in seen:
            faults.append(Fault("circulation.recipient_twice", f"/to/{place}", {"body": body_id}))
        elif body_id == own_body:
            faults.append(Fault("circulation.recipient_self", f"/to/{place}", {"body": body_id}))
        seen.add(body_id)
    return faults


def check_targets(targets: Sequence[tuple[str, Part]], *, first: bool) -> None:
    """Check an assignment: (post, part) each. The first one names who leads; nobody is named twice.

    Raises Invalid with all of ``circulation.lead_missing``, ``.lead_twice``, ``.part_wrong``,
    ``.target_twice``.
    """
    faults: list[Fault] = []
    leads = [place for place, (_, part) in enumerate(targets) if part is Part.LEAD]
    if first and not leads:
        faults.append(Fault("circulation.lead_missing", "/targets"))
    faults += [Fault("circulation.lead_twice", f"/targets/{place}") for place in leads[1:]]
    posts = [post for post, _ in targets]
    for place, (post, part) in enumerate(targets):
        if part is Part.DECIDE:
            faults.append(Fault("circulation.part_wrong", f"/targets/{place}"))
        if post in posts[:place]:
            faults.append(Fault("circulation.target_twice", f"/targets/{place}", {"post": post}))
    if faults:
        raise Invalid.of(faults)


WORKS_UNNAMED = frozenset({Role.LEADER, Role.CHIEF_OF_OFFICE, Role.HEAD_OF_UNIT})
"""Roles that may work on whatever they may see, named or not."""


def require_worker(role: Role | None, part: Part | None) -> None:
    """Raise Forbidden ``circulation.not_named`` unless the post has a part or directs the work."""
    if part is None and role not in WORKS_UNNAMED:
        raise Forbidden("circulation.not_named")


def paper_faults(letter: PaperLetter, today: date) -> list[Fault]:
    """Return everything wrong with a letter on paper."""
    texts = {
        "/sender_name": letter.sender_name,
        "/subject": letter.subject,
        "/sender_address": letter.sender_address,
        "/number_text": letter.number_text,
        "/type_code": letter.type_code,
        "/type_name": letter.type_name,
        "/signer": letter.signer,
        "/note": letter.note,
    }
    faults = [fault for field, words in texts.items() if (fault := text_fault(words, field))]
    for field in ("/sender_name", "/subject"):
        if not texts[field].strip():
            faults.append(Fault("circulation.text_missing", field))
    if not letter.files and not letter.unopened:
        faults.append(Fault("circulation.scan_missing", "/files"))
    if letter.files and letter.unopened:
        faults.append(Fault("circulation.scan_surplus", "/files"))
    if len(set(letter.files)) != len(letter.files):
        faults.append(Fault("circulation.scan_twice", "/files"))
    if letter.received_on is not None and letter.received_on > today:
        faults.append(Fault("circulation.day_future", "/received_on"))
    if letter.document_date is not None and letter.document_date > today:
        faults.append(Fault("circulation.day_future", "/document_date"))
    if letter.due_date is not None and letter.due_date < today:
        faults.append(Fault("circulation.due_past", "/due_date"))
    return faults


def in_tree_order(recipients: Sequence[Recipient]) -> tuple[Recipient, ...]:
    """Order recipients as the tree of bodies does, each below the recipient above it, by code on a level."""
    known = {one.body_id for one in recipients}
    below: dict[str, list[Recipient]] = {}
    for one in sorted(recipients, key=lambda recipient: (recipient.code, recipient.arrival_id)):
        below.setdefault(one.parent_id if one.parent_id in known else "", []).append(one)
    ordered: list[Recipient] = []
    waiting = [(one, 0) for one in reversed(below.pop("", []))]
    while waiting:
        one, depth = waiting.pop()
        ordered.append(replace(one, depth=depth))
        waiting += [(child, depth + 1) for child in reversed(below.pop(one.body_id, []))]
    return tuple(ordered)


def search_text(parts: Iterable[str]) -> str:
    """Fold text for look-up: lower case, without Vietnamese marks, one blank between words."""
    folded = unicodedata.normalize("NFD", " ".join(parts).lower().replace("đ", "d"))
    return " ".join("".join(c for c in folded if not unicodedata.combining(c)).split())


def like_pattern(query: str) -> str:
    r"""Return the LIKE pattern (escape ``\``) that finds folded text; "" = everything."""
    folded = search_text([query])
    if not folded:
        return ""
    for sign in ("\\", "%", "_"):
        folded = folded.replace(sign, "\\" + sign)
    return f"%{folded}%"
