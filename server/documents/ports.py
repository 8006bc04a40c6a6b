"""What the room needs of the rooms below it, in the fewest words; the composition ties the real ones in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from server.documents.model import Document
from server.kernel.errors import Fault
from server.organisations.model import Authority, Body, Holder, Post
from server.organisations.model import Unit as BodyUnit
from server.registers.model import Number, OutgoingFacts
from server.render.model import DocumentForm, Rendered
from server.unit import Unit


class Directory(Protocol):
    """The room of organisations."""

    async def body(self, body_id: str) -> Body:
        """Return a body; raises NotFound."""
        ...

    async def check_recipients(self, ids: Sequence[str], on: date) -> list[Body]:
        """Return the bodies in the order asked for; raises Invalid naming every closed or unknown one."""
        ...

    async def holders(self, post_ids: Sequence[str]) -> list[Holder]:
        """Return who holds the posts today; a vacant or unknown post has none."""
        ...

    async def posts_of(self, body_id: str) -> list[Post]:
        """Return the posts of a body, abolished ones too."""
        ...

    async def units_of(self, body_id: str) -> list[BodyUnit]:
        """Return the units of a body, closed ones too."""
        ...

    async def authority_for(
        self, post_id: str, body_id: str, on: date, *, delegated: bool = False
    ) -> Authority | None:
        """Return in which capacity a post signs for a body on a day; None = it may not.

        ``delegated``: somebody stands in for the holder; a TUQ cannot be passed on.
        """
        ...


class Names(Protocol):
    """The room of identity, for names to print."""

    async def names(self, account_ids: Sequence[str]) -> Mapping[str, str]:
        """Return the full names of accounts; unknown ones are left out."""
        ...


class Books(Protocol):
    """The room of registers."""

    async def allocate(
        self,
        unit: Unit,
        body_id: str,
        type_code: str,
        on: date,
        document_id: str,
        *,
        drafting_unit: str = "",
        number: int | None = None,
        facts: OutgoingFacts,
        co_issuers: tuple[str, ...] = (),
        reason: str = "",
        issued: bool = False,
    ) -> Number:
        """Take the next number of the book inside the caller's unit.

        ``number`` is the one expected; ``reason`` explains a date before that of the number before.
        """
        ...

    async def mark_sealed(self, unit: Unit, number_id: str) -> None:
        """The document that has the number is sealed."""
        ...

    async def mark_issued(self, unit: Unit, number_id: str) -> None:
        """The document that has the number is issued."""
        ...

    async def void_in(self, unit: Unit, number_id: str, reason: str) -> None:
        """Void a number inside the caller's unit; it stays in the book with the reason."""
        ...


class Gate(Protocol):
    """A room above that may stop a document before it is accepted for signing."""

    async def faults(self, document: Document) -> list[Fault]:
        """Return everything that would stop its signatures or seals; empty = nothing."""
        ...


class Renderer(Protocol):
    """The typesetter."""

    async def document(self, form: DocumentForm, *, at: datetime) -> Rendered:
        """Set a document; raises Invalid ``render.failed``, Unavailable."""
        ...
