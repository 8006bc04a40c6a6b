"""Rows that evidence is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from server.evidence.model import Event
from server.identity.scope import FRAGMENTS
from server.kernel.clock import text
from server.kernel.record import canonical
from storage.sql.protocol import Database, Params, Reader
from storage.sql.statements import load_all

LIMIT = 50
"""Arrivals whose silence is written in one unit."""
RECEIPTS_MAX = 50_000


@dataclass(frozen=True, slots=True)
class Consigned:
    """What evidence says of an arrival."""

    id: str
    dispatch_id: str
    document_id: str
    from_body: str
    from_name: str
    to_body: str
    to_name: str
    number_text: str
    subject: str
    restricted: bool
    main_digest: str
    urgency: str
    arrived_at: datetime
    due_date: date | None


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """One receipt as it is kept."""

    id: str
    code: str
    at: datetime
    arrival_id: str
    dispatch_id: str
    content: str
    digest: str


@dataclass(frozen=True, slots=True)
class Sent:
    """One sending of a document."""

    id: str
    sent_at: datetime
    from_code: str
    from_name: str


@dataclass(frozen=True, slots=True)
class _Once:
    once: str


class EvidenceRows:
    """Statements about evidence."""

    def __init__(self, database: Database) -> None:
        self._database = database
        fragments = {**FRAGMENTS, "may_see_sent": "1 = 1"}
        self._statements = load_all(Path(__file__).parent, database.engine, fragments)

    async def consigned(self, ids: Sequence[str]) -> list[Consigned]:
        """Return what is known of arrivals; those on paper are left out."""
        params: Params = {"ids": canonical(list(ids)).decode()}
        return await self._database.fetch(self._statements["consigned"], params, Consigned)

    async def said(self, reader: Reader, onces: Sequence[str]) -> set[str]:
        """Return what of this has been said."""
        params: Params = {"onces": canonical(list(onces)).decode()}
        return {row.once for row in await reader.fetch(self._statements["said_of"], params, _Once)}

    async def silent(
        self, event: Event, urgency: str, before: datetime, since: datetime, day: date
    ) -> list[Consigned]:
        """Return open arrivals of an urgency that came up to ``before`` and of which this was not said."""
        params: Params = {
            "urgency": urgency,
            "before": text(before),
            "since": text(since),
            "limit": LIMIT,
        }
        if event is Event.NOT_ANSWERED:
            params = {**params, "day": day.isoformat()}
        return await self._database.fetch(self._statements[event.value], params, Consigned)

    async def receipts_of_document(self, document_id: str) -> list[ReceiptRow]:
        """Return every receipt of every recipient of a document."""
        params: Params = {"document_id": document_id, "limit": RECEIPTS_MAX}
        return await self._database.fetch(self._statements["receipts_of_document"], params, ReceiptRow)

    async def receipts_of(self, arrival_id: str) -> list[ReceiptRow]:
        """Return the receipts of one arrival, oldest first."""
        params: Params = {"arrival_id": arrival_id, "limit": RECEIPTS_MAX}
        return await self._database.fetch(self._statements["receipts_of_one"], params, ReceiptRow)

    async def arrivals_of_document(self, document_id: str) -> list[Consigned]:
        """Return the arrivals of a document."""
        params: Params = {"document_id": document_id, "limit": RECEIPTS_MAX}
        return await self._database.fetch(self._statements["consigned_of_document"], params, Consigned)

    async def sendings(self, document_id: str) -> list[Sent]:
        """Return the sendings of a document."""
        return await self._database.fetch(
            self._statements["dispatch_times"], {"document_id": document_id}, Sent
        )
