"""What callers send: the bodies of commands, checked for shape at the edge, for sense by the rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from server.circulation.codes import Code, Part
from server.documents.commands import HandIn
from server.documents.model import Urgency
from server.registers.series import Book

Id: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._:~-]+$")]
OptionalId: TypeAlias = Annotated[str, Meta(max_length=200, pattern=r"^[A-Za-z0-9._:~-]*$")]
Digest: TypeAlias = Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}$")]
Line: TypeAlias = Annotated[str, Meta(max_length=500)]
Words: TypeAlias = Annotated[str, Meta(max_length=4000)]
WorkingDays: TypeAlias = Annotated[int, Meta(ge=0, le=1000)]


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every command."""


class Outside(Command, frozen=True, kw_only=True):
    """A recipient without the system: gets a printed copy by post."""

    name: Annotated[str, Meta(min_length=1, max_length=500)]
    """Name."""
    address: Annotated[str, Meta(min_length=1, max_length=500)]
    """Postal address."""


class Addressees(Command, frozen=True, kw_only=True):
    """To whom, and what is written with it."""

    to: Annotated[tuple[Id, ...], Meta(max_length=2000)] = ()
    """Bodies, each once."""
    outside: Annotated[tuple[Outside, ...], Meta(max_length=200)] = ()
    """Recipients by post."""
    urgency: Urgency | None = None
    """Urgency of the sending; left out = that of the document."""
    due_date: date | None = None
    """Day by which an answer is wanted; left out = none."""
    note: Words = ""
    """Words to the recipients."""
    attention: dict[str, str] = msgspec.field(default_factory=dict)
    """Body -> post of its records clerk that alone gets it; needed for each body of a restricted document."""


class Send(Addressees, frozen=True, kw_only=True):
    """Send an issued document."""

    document_id: Id
    """Document, issued by the sender's body (or one whose books the sender's body keeps)."""


class HandInAndSend(Command, frozen=True, kw_only=True):
    """Register a document that was signed outside and send it, in one act (for machines)."""

    document: HandIn
    """The document; its file was uploaded before."""
    addressees: Addressees
    """To whom."""


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """Which arrivals a list shows. All conditions hold together."""

    statuses: frozenset[Code] = frozenset()
    """States of handling; empty = all."""
    waiting: bool = False
    """Only what waits for the actor: to accept, to answer, to decide, to do."""
    mine: bool = False
    """Only what names the actor's post."""
    overdue: bool = False
    """Only open ones past their deadline."""
    urgency: frozenset[Urgency] = frozenset()
    """Urgencies; empty = all."""
    origin: str = ""
    """electronic or paper; "" = both."""
    body_id: str = ""
    """Only those to this body; "" = all bodies of the office. A supervisor must name one."""
    q: str = ""
    """Words in number, subject, sender or incoming number; case and Vietnamese marks do not matter."""


@dataclass(frozen=True, slots=True)
class SentFilter:
    """Which dispatches a list shows."""

    body_id: str = ""
    """Only those of this body; "" = all bodies of the office. A supervisor must name one."""
    document_id: str = ""
    """Only those of this document."""
    open: bool = False
    """Only those with a recipient that has not accepted yet, or refused, or owes an answer to a recall."""
    q: str = ""
    """Words in number or subject."""


class Accept(Command, frozen=True, kw_only=True):
    """Take an arrival into the book (03)."""

    due_date: date | None = None
    """Deadline; left out = the sender's, if any."""
    working_days: WorkingDays | None = None
    """Deadline as working days from today, instead of a day."""
    note: Words = ""
    """Remark in the book."""


class Reason(Command, frozen=True, kw_only=True):
    """Why."""

    reason: Annotated[str, Meta(min_length=1, max_length=4000)]
    """Reason, in words."""


class Unassign(Command, frozen=True, kw_only=True):
    """Take a part away from a wrongly named post."""

    post_id: Id
    """Post that has a part (of a unit: the post of its head), as ``assignments`` of the arrival names it."""
    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    """Why; kept beside the part."""


class Rebook(Command, frozen=True, kw_only=True):
    """Move an arrival to the right book. Name the book, the body, or both."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    """Why; kept in the voided line and in the receipt."""
    book: Book | None = None
    """incoming or citizen; left out = as it was."""
    body_id: OptionalId = ""
    """For a letter on paper: body it is addressed to, whose books the same clerk keeps; "" = as it was."""


class RecallAnswer(Command, frozen=True, kw_only=True):
    """Answer to a recall: 15 or 16."""

    agreed: bool
    """True = the sender gets it back (15); False = it is refused (16)."""
    reason: Words = ""
    """Reason; needed for 16."""


class Submit(Command, frozen=True, kw_only=True):
    """Put an accepted arrival before leaders (trình)."""

    posts: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=20)]
    """Posts of bodies of the office."""
    note: Words = ""
    """Proposal."""


class Target(Command, frozen=True, kw_only=True):
    """Who gets a part in the handling: a post, or a unit through its head."""

    post_id: OptionalId = ""
    """Post; "" = the unit."""
    unit_id: OptionalId = ""
    """Unit; "" = the post."""
    part: Part = Part.LEAD
    """lead or join."""
    instruction: Words = ""
    """Words to this one; "" = the common ones."""
    due_date: date | None = None
    """Its own deadline."""


class Assign(Command, frozen=True, kw_only=True):
    """Assign the handling (04) with the leader's instruction (bút phê)."""

    targets: Annotated[tuple[Target, ...], Meta(min_length=1, max_length=100)]
    """One leads; any number join. Later assignments may add posts that join."""
    instruction: Words = ""
    """Bút phê to all."""
    due_date: date | None = None
    """Deadline; left out = as before."""
    working_days: WorkingDays | None = None
    """Deadline as working days from today, instead of a day."""


class Remark(Command, frozen=True, kw_only=True):
    """A line of handling: an instruction or an opinion."""

    text: Annotated[str, Meta(min_length=1, max_length=4000)]
    """The words."""


class Finish(Command, frozen=True, kw_only=True):
    """Finish the handling (06)."""

    result: Words = ""
    """What came of it; may be empty when a document answers."""
    reply_document: OptionalId = ""
    """Linked document that answers."""


class LinkReply(Command, frozen=True, kw_only=True):
    """Say which document answers an arrival."""

    document_id: Id
    """Document whose ``reply_to`` is the arrival."""


class PaperLetter(Command, frozen=True, kw_only=True):
    """A letter that came on paper."""

    sender_name: Annotated[str, Meta(min_length=1, max_length=500)]
    """Author: body or person, as written."""
    subject: Annotated[str, Meta(min_length=1, max_length=500)]
    """Trích yếu."""
    secrecy: str
    """Must be declared; every level but ``none`` is refused: secret paper has an offline register."""
    body_id: OptionalId = ""
    """Body it is addressed to; "" = the clerk's."""
    sender_address: Line = ""
    """Address of the sender."""
    number_text: Line = ""
    """Number and notation; "" = none."""
    document_date: date | None = None
    """Date of the letter; left out = undated."""
    type_code: Line = ""
    """Code of the type; "" = other."""
    type_name: Line = ""
    """Name of the type."""
    signer: Line = ""
    """Who signed it."""
    urgency: Urgency = Urgency.NORMAL
    """Mức độ khẩn."""
    pages: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    """Pages; 0 = those of the scan."""
    book: Book = Book.INCOMING
    """incoming, or citizen for đơn thư."""
    received_on: date | None = None
    """Day it came; left out = today. Not in the future."""
    files: Annotated[tuple[Digest, ...], Meta(max_length=50)] = ()
    """Scans, main file first."""
    unopened: bool = False
    """Registered by its envelope (to be opened by the addressee only): no scan."""
    restricted: bool = False
    """Seen only by the clerk who registers it and those whom its handling names."""
    due_date: date | None = None
    """Deadline."""
    note: Words = ""
    """Remark in the book."""


class Posting(Command, frozen=True, kw_only=True):
    """Printed copies of a dispatch handed to the post."""

    recipients: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=200)]
    """Outside recipients of the dispatch."""
    posted_on: date | None = None
    """Day; left out = today. Not in the future."""
    tracking: Line = ""
    """Code of the postal service."""
    note: Words = ""
    """Remark in the postal book."""
