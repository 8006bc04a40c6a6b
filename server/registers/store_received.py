"""Rows of the incoming book, of citizens' letters and of the postal book. Private to this room."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from server.kernel.page import Page, PageRequest
from server.registers.model import (
    BookQuery,
    IncomingFacts,
    IncomingNumber,
    IncomingRow,
    PostalFacts,
    PostalRow,
)
from server.registers.rows import Scope, day_text, order_of, page_of, place, written_by
from server.registers.rules import fold
from server.registers.series import Book, Series
from server.unit import Unit
from storage.sql.protocol import Params, Reader, SqlValue
from storage.sql.statements import Engine, load_all


class ReceivedStore:
    """Reads and writes incoming and postal entries."""

    def __init__(self, engine: Engine) -> None:
        self._statements = load_all(Path(__file__).parent, engine)

    async def insert_incoming(
        self, unit: Unit, series: Series, entry: IncomingNumber, facts: IncomingFacts, reason: str
    ) -> None:
        """Write a line of the incoming book, or of that of citizens' letters."""
        await unit.execute(
            self._statements["insert_incoming"],
            {
                **place(series, entry.id, entry.number, entry.text, reason),
                "search": fold(entry.text, facts.author, facts.notation, facts.type_name, facts.subject),
                "arrived_on": entry.date.isoformat(),
                "origin": facts.origin.value,
                "author": facts.author,
                "author_address": facts.author_address,
                "notation": facts.notation,
                "document_date": day_text(facts.document_date),
                "type_name": facts.type_name,
                "subject": facts.subject,
                "urgency": facts.urgency,
                "pages": facts.pages,
                "receiver": facts.receiver,
                "forwarded_on": entry.date.isoformat() if facts.receiver else None,
                "note": facts.note,
                "arrival_id": facts.arrival_id,
                **written_by(unit, "registered"),
            },
        )

    async def lock_incoming(self, unit: Unit, entry_id: str) -> IncomingRow | None:
        """Return an incoming entry, locked until the unit ends."""
        return await unit.fetch_one(self._statements["lock_incoming"], {"id": entry_id}, IncomingRow)

    async def update_incoming(self, unit: Unit, row: IncomingRow, *, corrected: bool = False) -> bool:
        """Write the facts of an entry that ``lock_incoming`` gave; False when it has changed or is voided."""
        params: dict[str, SqlValue] = {
            "corrected": int(corrected),
            "id": row.id,
            "version": row.version,
            "author": row.author,
            "author_address": row.author_address,
            "notation": row.notation,
            "document_date": day_text(row.document_date),
            "type_name": row.type_name,
            "subject": row.subject,
            "urgency": row.urgency,
            "pages": row.pages,
            "receiver": row.receiver,
            "forwarded_on": day_text(row.forwarded_on),
            "signed_for": row.signed_for,
            "note": row.note,
            "search": fold(row.text, row.author, row.notation, row.type_name, row.subject),
        }
        return await unit.execute(self._statements["update_incoming"], params) == 1

    async def void_incoming(self, unit: Unit, entry_id: str, reason: str) -> bool:
        """Void an incoming entry; False when it is voided already."""
        return await unit.execute(self._statements["void_incoming"], {"id": entry_id, "reason": reason}) == 1

    async def insert_postal(
        self, unit: Unit, series: Series, lines: Sequence[tuple[IncomingNumber, PostalFacts]], reason: str
    ) -> None:
        """Write lines of the postal book in one step."""
        rows: list[Params] = []
        for entry, facts in lines:
            rows.append(
                {
                    **place(series, entry.id, entry.number, entry.text, reason),
                    "search": fold(
                        entry.text, facts.notation, facts.recipient, facts.address, facts.tracking
                    ),
                    "sent_on": entry.date.isoformat(),
                    "notation": facts.notation,
                    "document_id": facts.document_id,
                    "recipient": facts.recipient,
                    "address": facts.address,
                    "copies": facts.copies,
                    "carrier": facts.carrier,
                    "tracking": facts.tracking,
                    "note": facts.note,
                    **written_by(unit, "registered"),
                }
            )
        await unit.execute_many(self._statements["insert_postal"], rows)

    async def lock_postal(self, unit: Unit, entry_id: str) -> PostalRow | None:
        """Return a postal entry, locked until the unit ends."""
        return await unit.fetch_one(self._statements["lock_postal"], {"id": entry_id}, PostalRow)

    async def deliver_postal(self, unit: Unit, entry_id: str, day: date, tracking: str) -> bool:
        """Note the confirmed delivery; False when it was noted or voided before."""
        params = {"id": entry_id, "delivered_on": day.isoformat(), "tracking": tracking}
        return await unit.execute(self._statements["deliver_postal"], params) == 1

    async def void_postal(self, unit: Unit, entry_id: str, reason: str) -> bool:
        """Void a postal entry; False when it is voided already."""
        return await unit.execute(self._statements["void_postal"], {"id": entry_id, "reason": reason}) == 1

    async def incoming(
        self, tx: Reader, query: BookQuery, page: PageRequest, scope: Scope
    ) -> Page[IncomingRow]:
        """Return a part of the incoming book or of that of citizens' letters."""
        return await page_of(
            tx,
            self._statements[f"incoming_{order_of(query)}"],
            query,
            Book.INCOMING,
            page,
            scope,
            IncomingRow,
        )

    async def postal(self, tx: Reader, query: BookQuery, page: PageRequest, scope: Scope) -> Page[PostalRow]:
        """Return a part of the postal book."""
        return await page_of(
            tx, self._statements[f"postal_{order_of(query)}"], query, Book.POSTAL, page, scope, PostalRow
        )
