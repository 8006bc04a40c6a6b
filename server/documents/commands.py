"""What callers send: the bodies of commands, checked for shape at the edge, for sense by the rules."""

from __future__ import annotations

from datetime import date
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from server.documents.model import Placement, Stance, Urgency
from server.files.model import Secrecy
from server.render.model import Block

Id: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._:~-]+$")]
OptionalId: TypeAlias = Annotated[str, Meta(max_length=200, pattern=r"^[A-Za-z0-9._:~-]*$")]
Digest: TypeAlias = Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}$")]
Line: TypeAlias = Annotated[str, Meta(min_length=1, max_length=500)]
Note: TypeAlias = Annotated[str, Meta(max_length=2000)]
RowVersion: TypeAlias = Annotated[int, Meta(ge=1, le=2**53)]
"""Version of the row that the caller has seen."""


class FileInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file that was uploaded before."""

    digest: Digest
    """Digest that the upload answered."""
    name: Annotated[str, Meta(max_length=500)] = ""
    """Name; "" = the one it was uploaded under."""


class CoIssuerInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A body that issues together with the lead body."""

    body_id: Id
    """Body."""
    signer_post: Id
    """Post that signs for it."""


class FieldsInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything about a document that is not a file."""

    body_id: Id
    """Body that issues: the drafter's own, or one whose books the drafter's body keeps."""
    type_code: Id
    """Type of the body's format profile."""
    subject: Annotated[str, Meta(min_length=1, max_length=500)]
    """Trích yếu."""
    secrecy: Secrecy
    """Must be declared; every level but ``none`` is refused."""
    urgency: Urgency = Urgency.NORMAL
    """How fast it must go."""
    restricted: bool = False
    """Personnel and the like: need to know only."""
    recipients: Annotated[tuple[Id, ...], Meta(max_length=2000)] = ()
    """Bodies it is to be sent to."""
    outside: Annotated[tuple[Line, ...], Meta(max_length=200)] = ()
    """Recipients without the system."""
    legal_basis: Annotated[tuple[Line, ...], Meta(max_length=50)] = ()
    """Căn cứ."""
    addressees: Annotated[tuple[Line, ...], Meta(max_length=50)] = ()
    """Whom a letter addresses; empty = its recipients."""
    blocks: Annotated[tuple[Block, ...], Meta(max_length=1000)] = ()
    """Text for the template."""
    reply_to: OptionalId = ""
    """Arrival it answers."""
    signer_post: OptionalId = ""
    """Post that signs; may be named later, before the draft is submitted."""
    chain: Annotated[tuple[Id, ...], Meta(max_length=20)] = ()
    """Posts that approve before, in order."""
    co_issuers: Annotated[tuple[CoIssuerInput, ...], Meta(max_length=10)] = ()
    """Bodies that issue together with it."""
    clerk_post: OptionalId = ""
    """Restricted documents: the clerk who numbers, seals and issues."""


class Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole version: fields and files. What is left out is not there any more."""

    fields: FieldsInput
    """The fields."""
    main: FileInput | None = None
    """Main file, a PDF; None = text only, to be rendered."""
    attachments: Annotated[tuple[FileInput, ...], Meta(max_length=100)] = ()
    """Files that go with it."""
    note: Note = ""
    """What the maker says about the version."""


class CreateDraft(Content, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Start a document."""

    renews: OptionalId = ""
    """Withdrawn document that it takes up again."""


class SaveVersion(Content, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Save the next version."""

    version: RowVersion
    """Version of the row seen."""


class PlaceFields(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Put the fields for number, date, signature and seal on the pages."""

    version: RowVersion
    """Version of the row seen."""
    placements: Annotated[tuple[Placement, ...], Meta(max_length=100)]
    """Every field; those not named are not there any more."""


class Advance(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An act of the table; send-backs, withdrawals and rejections need the reason."""

    version: RowVersion
    """Version of the row seen."""
    reason: Note = ""
    """Reason or note."""


class CheckForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Outcome of the check of form."""

    version: RowVersion
    """Version of the row seen."""
    passed: bool
    """False = sent back."""
    reason: Note = ""
    """What is wrong; must be given when sent back."""


class AskOpinions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Ask posts for their opinion; they get to see the document."""

    version: RowVersion
    """Version of the row seen."""
    posts: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=50)]
    """Posts that are asked."""
    question: Note = ""
    """What is asked."""
    due_date: date | None = None
    """Day by which it is wanted."""


class AddComment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Give an opinion on the newest version."""

    text: Annotated[str, Meta(min_length=1, max_length=10000)]
    """The opinion."""
    stance: Stance = Stance.NONE
    """What it comes to."""


class HandIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Register a PDF that was signed and sealed outside; it is issued at once."""

    body_id: Id
    """Body that issued it: the clerk's own, or one whose books the clerk keeps."""
    type_code: Id
    """Type of the body's format profile."""
    subject: Annotated[str, Meta(min_length=1, max_length=500)]
    """Trích yếu."""
    secrecy: Secrecy
    """Must be declared; every level but ``none`` is refused."""
    main: FileInput
    """The signed PDF."""
    attachments: Annotated[tuple[FileInput, ...], Meta(max_length=100)] = ()
    """Files that go with it."""
    number: Annotated[int, Meta(ge=1, le=999_999_999)] | None = None
    """Number printed in the file, taken from the book as given; None = the next one is taken."""
    document_date: date | None = None
    """Date printed in the file; None = today."""
    reason: Note = ""
    """Why the date lies before that of the number before, when it does."""
    signer_name: Annotated[str, Meta(max_length=200)] = ""
    """Name of the person who signed, for the book; "" = not named."""
    urgency: Urgency = Urgency.NORMAL
    """How fast it must go."""
    restricted: bool = False
    """Need to know only: seen by the post that hands it in."""
    recipients: Annotated[tuple[Id, ...], Meta(max_length=2000)] = ()
    """Bodies it is to be sent to."""
    outside: Annotated[tuple[Line, ...], Meta(max_length=200)] = ()
    """Recipients without the system."""
    signer_post: OptionalId = ""
    """Post that signed it; "" = not named."""
    reply_to: OptionalId = ""
    """Arrival it answers."""
