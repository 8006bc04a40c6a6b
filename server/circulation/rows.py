"""What the store reads and writes beside the model: rows of single statements, changes of a position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from server.circulation.codes import Code, Part
from server.circulation.model import FilePart
from server.circulation.receipts import Sealed
from server.kernel.record import canonical
from storage.sql.rows import Json


@dataclass(frozen=True, slots=True)
class Asked:
    """The arrival that a document answers."""

    id: str
    to_body: str
    from_body: str
    document_id: str
    number_text: str
    document_date: date | None


@dataclass(frozen=True, slots=True)
class Received:
    """A body that has the document already."""

    body_id: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HeldFiles:
    """Files of an arrival, and the body that holds them."""

    body_id: str
    files: Annotated[tuple[FilePart, ...], Json]


@dataclass(frozen=True, slots=True)
class PartOf:
    """A part that a post has in an arrival now."""

    post_id: str
    part: Part
    label: str


@dataclass(frozen=True, slots=True)
class OpenPart:
    """A part that waits for a post."""

    arrival_id: str
    to_body: str
    post_id: str
    part: Part
    instruction: str
    due_date: str


@dataclass(frozen=True, slots=True)
class SentHeader:
    """A dispatch as the postal book names it."""

    id: str
    document_id: str
    from_body: str
    number_text: str
    document_date: date | None
    type_name: str
    subject: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What changes beside the state; None leaves a column as it is."""

    recall_reason: str | None = None
    due_date: date | None = None
    incoming_number: int | None = None
    incoming_text: str | None = None
    incoming_series: str | None = None
    incoming_entry: str | None = None
    incoming_date: date | None = None
    result: str | None = None
    reply_document: str | None = None
    search: str | None = None
    off_book: bool = False
    """The arrival leaves the book: what it had there is emptied."""


NOTHING = Changes()
"""Only the state changes."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the state of an arrival."""

    status: Code
    recall: Code | None
    priority: int
    receipt: Sealed
    changes: Changes = NOTHING


def files_json(files: Sequence[FilePart]) -> str:
    """Return files as rows keep them."""
    return canonical(list(files)).decode()
