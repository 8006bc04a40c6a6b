"""What circulation needs of the rooms below it, in its own words. ``adapters`` ties them to the real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from server.circulation.model import FilePart
from server.documents.commands import HandIn
from server.documents.model import Urgency
from server.kernel.actor import Actor
from server.organisations.model import Body, Post
from server.registers.model import IncomingFacts, IncomingNumber, PostalFacts
from server.registers.series import Book
from server.unit import Unit
from storage.sql.protocol import Reader


@dataclass(frozen=True, slots=True)
class Issued:
    """An issued document as it is sent: header and files."""

    document_id: str
    """Document."""
    body_id: str
    """Body that issued it."""
    number_text: str
    """Number and notation."""
    document_date: date
    """Its date."""
    type_code: str
    """Type in the profile of its body."""
    type_name: str
    """Name of the type."""
    subject: str
    """Trích yếu."""
    signer: str
    """Who signed; "" = not known."""
    urgency: Urgency
    """Mức độ khẩn."""
    restricted: bool
    """Seen only by those named."""
    reply_to: str
    """Arrival it answers; "" = none."""
    pages: int
    """Pages of the main file; 0 = not counted."""
    files: tuple[FilePart, ...]
    """Files, the main one first."""

    @property
    def main_digest(self) -> str:
        """Digest of the main file."""
        return self.files[0].digest


class Facts(Protocol):
    """What the check of recipients must know of a document, issued or about to be."""

    @property
    def body_id(self) -> str:
        """Body that issues it."""
        ...

    @property
    def restricted(self) -> bool:
        """Seen only by those named."""
        ...

    @property
    def reply_to(self) -> str:
        """Arrival it answers; "" = none."""
        ...


class HandingIn(Facts, Protocol):
    """A document signed outside, checked and ready to be written."""

    @property
    def body(self) -> Body:
        """Body that issues it, as it was just read."""
        ...

    def address(self, recipients: Sequence[Body], outside: Sequence[str]) -> None:
        """Say to whom it goes, for the outgoing book; a document that names its own recipients keeps them."""
        ...

    async def write(self, unit: Unit) -> Issued:
        """Write it into the caller's unit: number, document, audit entry."""
        ...


class DocumentSource(Protocol):
    """The room of documents."""

    async def issued(self, actor: Actor, document_id: str) -> Issued:
        """Return an issued document that the actor may see.

        Raises NotFound ``documents.unknown``; Conflict ``documents.not_issued``.
        """
        ...

    async def prepare_hand_in(self, actor: Actor, command: HandIn) -> HandingIn:
        """Check a document signed outside, without writing. Raises what documents raise."""
        ...

    async def answers(self, actor: Actor, document_id: str, arrival_id: str) -> bool:
        """Tell whether a document that the actor may see says that it answers the arrival."""
        ...


class IncomingBooks(Protocol):
    """The room of registers."""

    async def register_incoming(
        self,
        unit: Unit,
        body_id: str,
        facts: IncomingFacts,
        *,
        on: date | None = None,
        book: Book = Book.INCOMING,
    ) -> IncomingNumber:
        """Take the next incoming number of a body inside the unit that accepts."""
        ...

    async def forward_incoming(
        self,
        unit: Unit,
        entry_id: str,
        receiver: str,
        *,
        on: date | None = None,
        signed_for: str = "",
        whole: bool = False,
    ) -> None:
        """Write into the book who received the document, when, and who took it over."""
        ...

    async def void_incoming(self, unit: Unit, entry_id: str, reason: str) -> None:
        """Void a line made by mistake; its number stays in the book with the reason."""
        ...

    async def register_posting(
        self, unit: Unit, body_id: str, lines: Sequence[PostalFacts], *, on: date | None = None
    ) -> list[str]:
        """Enter copies in the postal book; return their numbers in the same order."""
        ...


class Directory(Protocol):
    """The room of organisations."""

    async def body(self, body_id: str, *, reader: Reader | None = None) -> Body:
        """Return a body; raises NotFound."""
        ...

    async def bodies_by_id(self, ids: Sequence[str], *, reader: Reader | None = None) -> dict[str, Body]:
        """Return the bodies that exist, by id."""
        ...

    async def check_recipients(
        self, ids: Sequence[str], on: date, *, reader: Reader | None = None
    ) -> list[Body]:
        """Return the bodies in the order asked for; raises Invalid naming every closed or unknown one."""
        ...

    async def posts(self, ids: Sequence[str], *, reader: Reader | None = None) -> dict[str, Post]:
        """Return the posts that exist, abolished ones too, by id."""
        ...

    async def posts_of(self, body_id: str) -> list[Post]:
        """Return the posts of a body, abolished ones too."""
        ...


class Days(Protocol):
    """Working days of the calendar."""

    def add(self, day: date, working_days: int) -> date:
        """Return the day that lies so many working days after."""
        ...

    def left(self, today: date, due: date) -> int:
        """Return the working days from today to a day; negative = it has passed."""
        ...
