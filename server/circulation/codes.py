"""The status codes of an exchanged document, and which may follow which. Data, no logic.

Codes and their meaning: QCVN 102:2016/BTTTT, status message (sdk samples ``status_inbox`` and following).
The order between them is a rule of this product: work goes forward, skips are allowed, and nothing goes back
but by an act that undoes a mistake and says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Code(StrEnum):
    """Status code as it travels: two digits, text."""

    ARRIVED = "01"
    """Đã đến: in the recipient's system, not yet handled. Given by the system itself."""
    REFUSED = "02"
    """Từ chối tiếp nhận, with the reason."""
    ACCEPTED = "03"
    """Đã tiếp nhận: entered in the incoming book."""
    ASSIGNED = "04"
    """Phân công xử lý, by a leader."""
    IN_PROGRESS = "05"
    """Đang xử lý."""
    FINISHED = "06"
    """Hoàn thành xử lý."""
    RECALL_REQUESTED = "13"
    """Yêu cầu lấy lại, by the sender, with the reason."""
    RECALL_AGREED = "15"
    """Đồng ý yêu cầu lấy lại."""
    RECALL_REFUSED = "16"
    """Từ chối yêu cầu lấy lại."""


PROGRESS: Mapping[Code, frozenset[Code]] = MappingProxyType(
    {
        Code.ARRIVED: frozenset({Code.REFUSED, Code.ACCEPTED}),
        Code.REFUSED: frozenset(),
        Code.ACCEPTED: frozenset({Code.ASSIGNED, Code.IN_PROGRESS, Code.FINISHED}),
        Code.ASSIGNED: frozenset({Code.IN_PROGRESS, Code.FINISHED}),
        Code.IN_PROGRESS: frozenset({Code.FINISHED}),
        Code.FINISHED: frozenset(),
        Code.RECALL_AGREED: frozenset(),
    }
)
"""Handling: state -> states that may follow. ``RECALL_AGREED`` closes the arrival as withdrawn."""

BACK: Mapping[Code, frozenset[Code]] = MappingProxyType(
    {
        Code.REFUSED: frozenset({Code.ARRIVED}),
        Code.ACCEPTED: frozenset({Code.ARRIVED, Code.REFUSED}),
        Code.ASSIGNED: frozenset({Code.ARRIVED, Code.REFUSED, Code.ACCEPTED}),
        Code.IN_PROGRESS: frozenset({Code.ARRIVED, Code.REFUSED, Code.ACCEPTED}),
        Code.FINISHED: frozenset({Code.IN_PROGRESS}),
    }
)
"""Undoing a mistake, always with a reason: state -> states it may be taken back to. Never part of the
ordinary way. Back to 01 an electronic arrival waits for the clerk again; 02 closes a letter on paper; 03
waits to be assigned; 05 is work taken up again."""

RECALL: Mapping[Code | None, frozenset[Code]] = MappingProxyType(
    {
        None: frozenset({Code.RECALL_REQUESTED}),
        Code.RECALL_REQUESTED: frozenset({Code.RECALL_AGREED, Code.RECALL_REFUSED}),
        Code.RECALL_REFUSED: frozenset({Code.RECALL_REQUESTED}),
        Code.RECALL_AGREED: frozenset(),
    }
)
"""Recall runs beside the handling: a request is a task for the recipient's clerk and changes nothing else."""

RECALLABLE: frozenset[Code] = frozenset(
    {Code.ARRIVED, Code.ACCEPTED, Code.ASSIGNED, Code.IN_PROGRESS, Code.FINISHED}
)
"""States in which the sender may ask for the document back."""

OPEN: frozenset[Code] = frozenset({Code.ARRIVED, Code.ACCEPTED, Code.ASSIGNED, Code.IN_PROGRESS})
"""States in which somebody still has something to do."""

RANK: Mapping[Code, int] = MappingProxyType(
    {
        Code.ARRIVED: 1,
        Code.REFUSED: 2,
        Code.ACCEPTED: 3,
        Code.ASSIGNED: 4,
        Code.IN_PROGRESS: 5,
        Code.FINISHED: 6,
        Code.RECALL_AGREED: 15,
    }
)
"""Order of the states of handling: it only ever grows."""

REASON_NEEDED: frozenset[Code] = frozenset({Code.REFUSED, Code.RECALL_REQUESTED, Code.RECALL_REFUSED})
"""Codes that are nothing without a reason."""

ACT: Mapping[Code, str] = MappingProxyType(
    {
        Code.ARRIVED: "arrive",
        Code.REFUSED: "refuse",
        Code.ACCEPTED: "accept",
        Code.ASSIGNED: "hand_on",
        Code.IN_PROGRESS: "start",
        Code.FINISHED: "finish",
        Code.RECALL_REQUESTED: "request_recall",
        Code.RECALL_AGREED: "agree_recall",
        Code.RECALL_REFUSED: "refuse_recall",
    }
)
"""Verb by which the audit names entering a state. (Naming posts is ``assign``; the state is ``hand_on``.)"""

UNDOING = ("undo_accept", "undo_refuse", "reopen", "hand_back", "rebook")
"""Verbs by which the audit names going back to a state."""

EVIDENCE_EVENT: Mapping[Code, str] = MappingProxyType(
    {
        Code.ARRIVED: "ContentConsignment",
        Code.REFUSED: "ConsignmentRejection",
        Code.ACCEPTED: "ContentHandover",
        Code.ASSIGNED: "",
        Code.IN_PROGRESS: "",
        Code.FINISHED: "",
        Code.RECALL_REQUESTED: "",
        Code.RECALL_AGREED: "",
        Code.RECALL_REFUSED: "",
    }
)
"""Event of ETSI EN 319 522-1 clause 6.2 that a receipt of this code is evidence for; "" = the standard has
none, the code speaks for itself. 01: the content was made available within the recipient's boundary. 02: the
recipient rejected the consignment. 03: the content passed over to the recipient, in the incoming book.
"""
SUBMISSION_EVENT = "SubmissionAcceptance"
"""Event of the same standard for the sending itself (the dispatch)."""


class Part(StrEnum):
    """Part that a post has in the handling of an arrival."""

    DECIDE = "decide"
    """The arrival was submitted to it for a decision (trình)."""
    LEAD = "lead"
    """Chủ trì."""
    JOIN = "join"
    """Phối hợp."""


class NoteKind(StrEnum):
    """Kind of a line in the handling of an arrival."""

    SUBMISSION = "submission"
    """The clerk's proposal when submitting."""
    INSTRUCTION = "instruction"
    """Bút phê."""
    OPINION = "opinion"
    """Ý kiến đề xuất of the one who handles it."""
