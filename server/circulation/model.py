"""An arrival as the recipient sees it: the line of the inbox, the whole, the answer of an act."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from server.circulation.codes import Code, NoteKind, Part
from server.circulation.receipts import Receipt
from server.documents.model import Urgency
from server.registers.series import Book, Origin
from storage.sql.rows import Json


@dataclass(frozen=True, slots=True)
class FilePart:
    """One file of a document."""

    digest: str
    """``sha256:`` + hex."""
    name: str
    """File name as shown."""
    media_type: str
    """Such as ``application/pdf``."""
    size_bytes: int
    """Length."""
    main: bool
    """The document itself; False = an attachment."""


@dataclass(frozen=True, slots=True)
class ArrivalRow:
    """One line of the inbox."""

    id: str
    """Arrival."""
    to_body: str
    """Body it came to."""
    to_name: str
    """Its name as it was then."""
    from_body: str
    """Sending body; "" = a sender outside the system."""
    from_name: str
    """Author as shown: name of the body, or of the person who wrote on paper."""
    origin: Origin
    """Electronic or paper."""
    book: Book
    """Incoming book it belongs to."""
    number_text: str
    """Number and notation of the letter; "" = it has none."""
    document_date: date | None
    """Date of the letter; None = undated."""
    type_name: str
    """Name of its type."""
    subject: str
    """Trích yếu; "" once withdrawn."""
    urgency: Urgency
    """Mức độ khẩn."""
    status: Code
    """State of handling."""
    recall: Code | None
    """13 = the sender wants it back and waits for an answer; 15, 16 = answered; None = never asked."""
    incoming_text: str
    """Incoming number as in the book; "" before it is accepted."""
    arrived_at: datetime
    """Instant of 01."""
    due_date: date | None
    """Day by which it must be finished; None = no deadline."""
    days_left: int | None
    """Working days left to the deadline, negative = overdue; None = no deadline, or done."""
    restricted: bool
    """Seen only by those whom its handling names."""
    priority: int
    """Rank in the inbox: 0 = done, else 1 + the rank of the urgency."""
    version: int
    """Grows with each change of state."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A post that has a part in the handling."""

    post_id: str
    """Post."""
    unit_id: str
    """Unit that was named, whose head the post is; "" = the post itself was named."""
    label: str
    """Title of the post, or name of the unit, as it was then."""
    part: Part
    """decide, lead or join."""
    instruction: str
    """Bút phê to this post."""
    due_date: date | None
    """Its own deadline; None = that of the arrival."""
    at: datetime
    """When."""
    by_name: str
    """Who gave it."""
    by_title: str
    """In which post."""
    done_at: datetime | None
    """When its part was done; None = waits for it."""
    revoked_at: datetime | None
    """When the part was withdrawn; None = it was not."""
    revoke_reason: str
    """Why it was withdrawn; "" = it was not."""


@dataclass(frozen=True, slots=True)
class Note:
    """A line written in the course of handling."""

    kind: NoteKind
    """submission, instruction or opinion."""
    text: str
    """The words."""
    at: datetime
    """When."""
    by_name: str
    """Who."""
    by_title: str
    """In which post."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A document that answers an arrival."""

    document_id: str
    """Document."""
    number_text: str
    """Its number and notation; "" until it is sent."""
    document_date: date | None
    """Its date; None until it is sent."""
    sent_at: datetime | None
    """When it went to the body that asked; None = in preparation."""
    reply_arrival: str
    """Arrival at the body that asked; "" until it is sent."""


@dataclass(frozen=True, slots=True)
class ResponseFor:
    """The document that an arrival answers (edXML ResponseFor)."""

    document_id: str
    """Document of the body that asked."""
    number_text: str
    """Its number and notation."""
    document_date: date | None
    """Its date."""


@dataclass(frozen=True, slots=True)
class EvidenceState:
    """One piece of evidence about an arrival, and whether it is signed."""

    id: str
    """Receipt or record."""
    event: str
    """Status code of a receipt, else the word for what happened (``not_received``, ``content_access``)."""
    at: datetime
    """When it happened."""
    signed_at: datetime | None
    """When it was signed with the evidence key of its body; None = not yet (a second or less)."""


@dataclass(frozen=True, slots=True)
class ArrivalDetail(ArrivalRow):
    """An arrival with everything that hangs on it."""

    dispatch_id: str
    """Dispatch; "" = paper."""
    document_id: str
    """Document; "" = paper."""
    from_code: str
    """Code of the sending body; "" = outside."""
    from_address: str
    """Address of a sender on paper; "" = a body of the system, or not given."""
    type_code: str
    """Code of the type in the sender's profile."""
    signer: str
    """Who signed it; "" = not known."""
    pages: int
    """Pages of the main file; 0 = not known."""
    note: str
    """What the sender wrote with it."""
    recall_reason: str
    """Why the sender wants it back."""
    main_digest: str
    """Digest of the main file; "" = none."""
    files: Annotated[tuple[FilePart, ...], Json]
    """Its files; empty once withdrawn."""
    result: str
    """How it was finished."""
    reply_document: str
    """Document by which it was finished; "" = none."""
    response_for: Annotated[ResponseFor | None, Json]
    """What it answers; None = nothing."""
    receipts: Annotated[tuple[Receipt, ...], Json]
    """Receipts, oldest first."""
    evidence: Annotated[tuple[EvidenceState, ...], Json]
    """Receipts and other evidence with the instant of their signature, oldest first."""
    assignments: Annotated[tuple[Assignment, ...], Json]
    """Posts that have a part, first named first."""
    notes: Annotated[tuple[Note, ...], Json]
    """Lines of handling, oldest first."""
    replies: Annotated[tuple[Reply, ...], Json]
    """Documents that answer it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The answer of an act on an arrival: where it stands now."""

    id: str
    """Arrival."""
    status: Code
    """State of handling."""
    recall: Code | None
    """Recall."""
    version: int
    """Version after the act."""
    incoming_text: str
    """Incoming number; "" before 03."""
    due_date: date | None
    """Deadline."""
    at: datetime
    """When the act happened."""
    receipt_digest: str
    """Digest of the newest receipt."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Figures beside the places of the inbox: what waits for the person."""

    to_accept: int
    """Arrived and not in the book yet (records clerks)."""
    to_answer: int
    """Recalls that wait for an answer (records clerks)."""
    to_decide: int
    """Submitted to the post for a decision."""
    to_do: int
    """Assigned to the post and not done."""
    overdue: int
    """Of what waits for the post or is open in the office of the clerk, past its deadline."""
    due_soon: int
    """The same, due today or tomorrow."""


@dataclass(frozen=True, slots=True)
class Position:
    """What an act must know of an arrival before it changes it (one row, locked where the engine can)."""

    id: str
    """Arrival."""
    dispatch_id: str
    """Dispatch; "" = paper."""
    document_id: str
    """Document; "" = paper."""
    from_body: str
    """Sending body."""
    from_name: str
    """Its name."""
    to_body: str
    """Receiving body."""
    to_name: str
    """Its name."""
    office: str
    """Body whose clerk keeps the recipient's books."""
    origin: Origin
    """Electronic or paper."""
    book: Book
    """Incoming book."""
    number_text: str
    """Number and notation of the letter."""
    document_date: date | None
    """Its date."""
    type_name: str
    """Name of its type."""
    subject: str
    """Trích yếu."""
    urgency: Urgency
    """Mức độ khẩn."""
    pages: int
    """Pages."""
    restricted: bool
    """Only those named."""
    main_digest: str
    """Main file."""
    status: Code
    """State of handling."""
    recall: Code | None
    """Recall."""
    incoming_text: str
    """Incoming number."""
    incoming_entry: str
    """Its line in the book."""
    due_date: date | None
    """Deadline."""
    version: int
    """Version."""
    sequence: int
    """Number of the newest receipt."""
    receipt_digest: str
    """Digest of the newest receipt."""
    changed_at: datetime
    """Last change of state."""
    changed_by: str
    """Who made it."""
    my_part: Part | None
    """Part of the acting post; None = none."""
