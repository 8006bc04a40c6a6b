"""What a document is; its states and words are in ``states``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from server.documents.states import (
    EDITABLE,
    FINAL,
    PRIORITY,
    TRANSITIONS,
    Act,
    Origin,
    Stance,
    State,
    Transition,
    Urgency,
    VersionKind,
    Who,
)
from server.render.model import Block, Field
from storage.sql.rows import Json

__all__ = [
    "EDITABLE",
    "FINAL",
    "PRIORITY",
    "TRANSITIONS",
    "Act",
    "Origin",
    "Stance",
    "State",
    "Transition",
    "Urgency",
    "VersionKind",
    "Who",
]

Placement = Field
"""A field on a page: points, origin at the lower left corner, pages from 0; ``index`` 0 = lead body."""


@dataclass(frozen=True, slots=True)
class Named:
    """A body or post with the name it had when it was written down."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CoIssuer:
    """A body that issues together with the lead body: signs and seals after it, takes no number."""

    body: Named
    signer: Named
    """Post that signs for it."""
    office: str
    """Body whose clerk seals for it (its own id, or of the office that keeps its seal)."""


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file of a version; the bytes are held by the body."""

    digest: str
    name: str
    size_bytes: int
    pages: int


@dataclass(frozen=True, slots=True)
class Fields:
    """Everything about a document that is not a file; a snapshot stays with each version."""

    body: Named
    """Body that issues."""
    profile: str
    """Format profile: ``party`` or ``state``."""
    type_code: str
    """Type of the profile, such as ``QD`` or ``CV``."""
    type_name: str
    subject: str
    """Trích yếu, 1 to 500 characters."""
    urgency: Urgency
    restricted: bool
    """Personnel and the like: seen only by those named, supervisors included."""
    recipients: tuple[Named, ...]
    """Bodies it is to be sent to."""
    outside: tuple[str, ...]
    """Recipients without the system, one line each."""
    legal_basis: tuple[str, ...]
    """Căn cứ, one line each."""
    blocks: tuple[Block, ...]
    """Text for the template; empty when a PDF was uploaded."""
    addressees: tuple[str, ...]
    """Whom a letter addresses, one line each; empty = the recipients."""
    unit: str
    """Letters of the drafting unit in the notation of a letter (``VX``); "" = none."""
    reply_to: str
    """Arrival it answers; "" = none."""
    signer: Named
    """Post that signs for the lead body."""
    chain: tuple[Named, ...]
    """Posts that approve before, in order."""
    co_issuers: tuple[CoIssuer, ...]
    clerk: Named | None
    """Restricted only: the one clerk who numbers, seals and issues."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What the rules need to know of a document."""

    state: State
    round: int
    """From 1; each submit after a return is a new round."""
    author: str
    """Post of the author."""
    office: str
    """Body whose chief checks the form and whose clerk numbers and seals."""
    form_role: str
    """Role that checks the form."""
    clerk: str
    """Post of the clerk named (restricted); "" = the clerks' role of the office."""
    chain: tuple[str, ...]
    """Posts that approve."""
    signers: tuple[str, ...]
    """Posts that sign, the lead body's first."""
    sealers: tuple[str, ...]
    """Bodies whose clerks seal, the lead body's office first."""
    bodies: tuple[str, ...] = ()
    """Bodies that issue, in the order of ``sealers``; their own clerks may act for their office's."""
    chain_at: int = 0
    """How many of the chain have approved in this round."""
    signed_count: int = 0
    """How many persons have signed."""
    sealed_count: int = 0
    """How many bodies have sealed."""


@dataclass(frozen=True, slots=True)
class Document:
    """The row of a document, whole."""

    id: str
    body_id: str
    """Body that issues."""
    author_body: str
    """Body in which it is drafted (the office of a committee drafts for the committee)."""
    author_post: str
    author_title: str
    author_account: str
    author_name: str
    office_body: str
    form_role: str
    origin: Origin
    renews: str
    """Withdrawn document that this one takes up again; "" = none."""
    fields: Annotated[Fields, Json]
    state: State
    round: int
    turn: str
    """Who must act: ``post:<id>`` or ``role:<body>:<role>``; "" = nobody."""
    chain_at: int
    signed_count: int
    sealed_count: int
    version: int
    """Version of the row: what a command says it has seen."""
    current_n: int
    """Number of the newest version."""
    current_kind: VersionKind
    main_digest: str
    """Digest of its main file; "" = no file yet."""
    number_id: str
    number_text: str
    document_date: date | None
    """Date of the document, given with its number."""
    signer_name: str
    """Name of the person who signed for the lead body; "" = nobody yet, or not known."""
    signed_at: datetime | None
    """When the last person signed."""
    approved_at: datetime | None
    """When the post whose turn it is approved the newest version and put off signing; None = it has not."""
    created_at: datetime
    updated_at: datetime

    @property
    def number_filled(self) -> bool:
        """Whether number and date stand in its newest file."""
        return self.current_kind in (VersionKind.NUMBERED, VersionKind.SEALED)

    @property
    def flow(self) -> Flow:
        """What the rules need of it."""
        fields = self.fields
        return Flow(
            state=self.state,
            round=self.round,
            author=self.author_post,
            office=self.office_body,
            form_role=self.form_role,
            clerk=fields.clerk.id if fields.clerk else "",
            chain=tuple(post.id for post in fields.chain),
            signers=(fields.signer.id, *(co.signer.id for co in fields.co_issuers)),
            sealers=(self.office_body, *(co.office for co in fields.co_issuers)),
            bodies=(self.body_id, *(co.body.id for co in fields.co_issuers)),
            chain_at=self.chain_at,
            signed_count=self.signed_count,
            sealed_count=self.sealed_count,
        )


@dataclass(frozen=True, slots=True)
class Version:
    """One immutable version."""

    n: int
    """From 1, without gaps."""
    round: int
    """Round of approval in which it was made."""
    kind: VersionKind
    """How it came to be."""
    main: FileRef | None
    """Main file; None = text only."""
    attachments: tuple[FileRef, ...]
    """Files that go with it, in order."""
    placements: tuple[Placement, ...]
    """Fields on its pages."""
    note: str
    """What its maker says about it."""
    account_name: str
    """Who made it."""
    post_title: str
    """In which post."""
    at: datetime
    """When."""


@dataclass(frozen=True, slots=True)
class Step:
    """One act on the way of a document; the rows of its timeline."""

    id: str
    """Id, sorted by time."""
    round: int
    act: Act
    from_state: State
    to_state: State
    version_n: int
    """Version that was the newest after the act."""
    reason: str
    """Reason or note given with the act."""
    account_name: str
    post_id: str
    post_title: str
    body_id: str
    on_behalf: str
    """Delegation used; "" = own post."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """An opinion that was asked for."""

    id: str
    post_id: str
    """Post that is asked."""
    post_title: str
    question: str
    due_date: date | None
    """Day by which it is wanted; None = no day named."""
    asked_by_title: str
    """Post that asks."""
    at: datetime
    answered: bool
    """The post has commented since."""


@dataclass(frozen=True, slots=True)
class Comment:
    """An opinion on a version."""

    id: str
    version_n: int
    stance: Stance
    text: str
    account_name: str
    post_id: str
    post_title: str
    on_behalf: str
    at: datetime
