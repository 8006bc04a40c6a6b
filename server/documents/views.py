"""What the room answers: rows of lists, the whole document, the answer to an act, tasks for other rooms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from server.documents.model import Comment, Document, Fields, FileRef, Named, Request, Step, Version
from server.documents.states import Act, Origin, State, Urgency


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document in a list."""

    id: str
    body_id: str
    body_name: str
    type_code: str
    type_name: str
    subject: str
    urgency: Urgency
    restricted: bool
    origin: Origin
    state: State
    turn: str
    number_text: str
    document_date: date | None
    author_post: str
    author_name: str
    created_at: datetime
    updated_at: datetime
    version: int
    approved_at: datetime | None
    """When the signer approved it and put off signing; None = has not."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is, as shown."""

    grantee: str
    """``post:<id>`` or ``role:<body>:<role>``; "" = nobody's."""
    title: str
    """Title of the post; "" for a role, whose word the edge knows."""
    role: str
    """Role; "" for a post."""
    mine: bool
    """It is the reader's own."""


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document with everything that belongs to it: also the file put before the leader (phiếu trình).

    Draft (newest version), opinions (requests and comments), legal basis (fields), way so far (steps).
    """

    document: Document
    turn: Turn
    acts: tuple[Act, ...]
    """What the reader may do now."""
    versions: tuple[Version, ...]
    """Oldest first."""
    steps: tuple[Step, ...]
    """Oldest first."""
    requests: tuple[Request, ...]
    comments: tuple[Comment, ...]

    @property
    def current(self) -> Version:
        """The newest version."""
        return self.versions[-1]


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version with the fields as they were, to compare two of them."""

    version: Version
    fields: Fields


@dataclass(frozen=True, slots=True)
class Counts:
    """Figures for the home page of a role."""

    waiting: dict[State, int]
    """Documents that wait for this post or role, by state; states without any are left out."""
    mine: dict[State, int]
    """Documents that this post drafted and that are not final, by state."""
    asked: int
    """Opinions asked of this post and not yet given, on documents that are not final."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The answer to an act: where the document stands now."""

    id: str
    state: State
    turn: str
    version: int
    """Version of the row, for the next command."""
    current_n: int
    main_digest: str
    number_text: str
    document_date: date | None


@dataclass(frozen=True, slots=True)
class IssuedDocument:
    """An issued document as it is sent: header and files."""

    document_id: str
    body_id: str
    """Body that issued it."""
    number_text: str
    """Number and notation."""
    document_date: date
    type_code: str
    type_name: str
    subject: str
    signer_name: str
    """Who signed; "" = not known."""
    urgency: Urgency
    restricted: bool
    reply_to: str
    """Arrival it answers; "" = none."""
    recipients: tuple[Named, ...]
    """Bodies it was planned for."""
    outside: tuple[str, ...]
    """Recipients without the system it was planned for."""
    main: FileRef
    attachments: tuple[FileRef, ...]


@dataclass(frozen=True, slots=True)
class SigningTask:
    """What is needed to sign, number or seal one document outside a unit; handed back with the result."""

    document: Document
    """As it was when the task began; the record_* methods compare with it."""
    current: Version
    """Newest version: the bytes to work on, and the fields on its pages."""
    index: int
    """Which signer or sealer acts: 0 = lead body, 1, 2, ... = co-issuers."""
    body_id: str
    """Body for which this signature or seal is put."""
    post_id: str
    """Post that signs; for numbers and seals the post of the clerk."""
    mode: str
    """Mode of authority of the signer (TM, KT, TL, TUQ, Q, direct); "" for numbers and seals."""
    for_title: str
    """Line printed after the mode; "" = none."""
    own_title: str
    """Title of the signer; "" = none."""

    @property
    def digest(self) -> str:
        """Digest of the bytes to work on."""
        return self.document.main_digest
