"""A dispatch as the sender sees it: line of the list, state of every recipient, answer of sending."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from server.circulation.codes import Code
from server.circulation.model import FilePart, Reply
from server.circulation.receipts import Receipt
from server.documents.model import Urgency
from storage.sql.rows import Json


@dataclass(frozen=True, slots=True)
class Recipient:
    """A body a document was sent to, as the sender sees it."""

    arrival_id: str
    """Arrival there."""
    body_id: str
    """Body."""
    code: str
    """Its code."""
    name: str
    """Its name."""
    parent_id: str
    """Body above it; "" = none."""
    status: Code
    """State of handling."""
    recall: Code | None
    """Recall, as in the inbox."""
    incoming_text: str
    """Its incoming number; "" before 03."""
    changed_at: datetime
    """Last change."""
    depth: int
    """Steps below the topmost recipient above it."""
    replies: tuple[Reply, ...]
    """Answers that reached the sender."""
    receipts: tuple[Receipt, ...]
    """Receipts, oldest first."""


@dataclass(frozen=True, slots=True)
class OutsideRecipient:
    """A recipient without the system, served by post."""

    id: str
    """Id."""
    name: str
    """Name."""
    address: str
    """Postal address."""
    posted_on: date | None
    """Day of posting; None = still to be posted."""
    posted_by: str
    """Who posted it."""
    postal_number: str
    """Number in the postal book."""
    tracking: str
    """Code of the postal service; "" = none."""


@dataclass(frozen=True, slots=True)
class DispatchRow:
    """One line of the list of what was sent, and the answer of sending."""

    id: str
    """Dispatch."""
    document_id: str
    """Document."""
    from_body: str
    """Sending body."""
    number_text: str
    """Number and notation."""
    document_date: date | None
    """Date of the document."""
    type_name: str
    """Name of its type."""
    subject: str
    """Trích yếu."""
    urgency: Urgency
    """Mức độ khẩn."""
    due_date: date | None
    """Day by which an answer is wanted; None = none."""
    sent_at: datetime
    """When it was sent."""
    sent_by_name: str
    """Who sent it."""
    recipients: int
    """Bodies it went to."""
    outside: int
    """Recipients by post."""
    accepted: int
    """Bodies that took it into their book."""
    refused: int
    """Bodies that refused it."""
    finished: int
    """Bodies that finished it."""


@dataclass(frozen=True, slots=True)
class DispatchDetail(DispatchRow):
    """What was sent, with the state of every recipient."""

    note: str
    """What was written with it."""
    restricted: bool
    """Seen only by those named."""
    main_digest: str
    """Digest of the main file."""
    files: Annotated[tuple[FilePart, ...], Json]
    """The files sent."""
    reply_to: str
    """Arrival of the sender's own body that this answers; "" = none."""
    tree: Annotated[tuple[Recipient, ...], Json]
    """Recipients in the order of the tree of bodies, each below the recipient above it."""
    by_post: Annotated[tuple[OutsideRecipient, ...], Json]
    """Recipients by post."""


@dataclass(frozen=True, slots=True)
class SentTo:
    """One recipient in the answer of sending."""

    arrival_id: str
    """Arrival there."""
    body_id: str
    """Body."""
    name: str
    """Its name."""
    receipt_digest: str
    """Digest of receipt 01."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """The answer of sending."""

    id: str
    """Dispatch."""
    document_id: str
    """Document."""
    number_text: str
    """Number and notation."""
    main_digest: str
    """Digest of the main file."""
    sent_at: datetime
    """When."""
    arrivals: tuple[SentTo, ...]
    """One for each body, in the order asked for."""
    outside: tuple[str, ...]
    """Ids of the recipients by post, in the order asked for."""
