"""Rows of rules, series and outgoing numbers. Private to the services of this room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from server.kernel.clock import text
from server.kernel.page import Page, PageRequest
from server.kernel.record import canonical
from server.registers.model import (
    BookQuery,
    CorrectionRow,
    Number,
    NumberLine,
    OutgoingFacts,
    OutgoingRow,
    ReadableBook,
)
from server.registers.rows import LAST, Scope, order_of, page_of, place, split, written_by
from server.registers.rules import fold
from server.registers.series import Book, NumberState, Period, Series, SeriesRule
from server.unit import Unit
from storage.sql.protocol import Params, Reader, SqlValue
from storage.sql.rows import Json
from storage.sql.statements import Engine, load_all


@dataclass(frozen=True, slots=True)
class Keeper:
    """Whose book it is, and who keeps it."""

    body_id: str
    """Body whose book it is."""
    kept_by: str
    """Body whose clerk keeps it."""


@dataclass(frozen=True, slots=True)
class _RuleRow:
    rule: Annotated[SeriesRule, Json]


class RegistersStore:
    """Reads and writes the tables of migration 0005."""

    def __init__(self, engine: Engine) -> None:
        self._statements = load_all(Path(__file__).parent, engine)

    async def save_rules(self, unit: Unit, rules: Sequence[SeriesRule]) -> None:
        """Keep rules, new or changed, in one step."""
        rows: list[Params] = [
            {
                "id": rule.id,
                "body_id": rule.body_id,
                "kept_by": rule.keeper,
                "book": rule.book.value,
                "rule": canonical(rule).decode(),
                "updated_at": text(unit.now),
            }
            for rule in rules
        ]
        await unit.execute_many(self._statements["save_rule"], rows)

    async def rules_of_body(
        self, tx: Reader | Unit, body_id: str, book: Book | None = None
    ) -> list[SeriesRule]:
        """Return the rules of a body, all or those of one book."""
        if book is None:
            rows = await tx.fetch(self._statements["rules_of_body"], {"body_id": body_id}, _RuleRow)
        else:
            rows = await tx.fetch(
                self._statements["rules_of_book"], {"body_id": body_id, "book": book.value}, _RuleRow
            )
        return [row.rule for row in rows]

    async def all_rules(self, tx: Reader | Unit) -> list[SeriesRule]:
        """Return every rule of the installation."""
        return [row.rule for row in await tx.fetch(self._statements["all_rules"], {}, _RuleRow)]

    async def rule(self, tx: Reader | Unit, rule_id: str) -> SeriesRule | None:
        """Return one rule."""
        row = await tx.fetch_one(self._statements["rule"], {"id": rule_id}, _RuleRow)
        return None if row is None else row.rule

    async def readable_books(self, tx: Reader, scope: Scope) -> list[ReadableBook]:
        """Return the books within the scope."""
        return await tx.fetch(self._statements["readable_books"], scope, ReadableBook)

    async def lock_series(
        self, unit: Unit, rule: SeriesRule, type_code: str, period: Period
    ) -> Series | None:
        """Return a series, locked until the unit ends; None = not opened yet."""
        params = {"rule_id": rule.id, "type_code": type_code, "period_start": period.start.isoformat()}
        return await unit.fetch_one(self._statements["lock_series"], params, Series)

    async def lock_series_by_id(self, unit: Unit, series_id: str) -> Series | None:
        """Return a series by its id, locked until the unit ends."""
        return await unit.fetch_one(self._statements["lock_series_by_id"], {"id": series_id}, Series)

    async def open_series(
        self, unit: Unit, rule: SeriesRule, type_code: str, period: Period, *, name: str, start: int
    ) -> bool:
        """Open a series; False when another unit has opened it meanwhile."""
        touched = await unit.execute(
            self._statements["open_series"],
            {
                "id": unit.new_id(),
                "rule_id": rule.id,
                "body_id": rule.body_id,
                "book": rule.book.value,
                "name": name,
                "profile": rule.profile,
                "type_code": type_code,
                "period": rule.period.value,
                "period_label": period.label,
                "period_start": period.start.isoformat(),
                "period_end": period.end.isoformat(),
                "start_number": start,
                "opened_at": text(unit.now),
            },
        )
        return touched == 1

    async def advance(self, unit: Unit, series: Series, last: date, count: int = 1) -> None:
        """Move a locked series ``count`` numbers on.

        The lock keeps everybody else away, so the row is written with the unit's last step. Were it missed
        all the same, the number would be taken twice and its row refused (``series_numbers_once``).
        """
        params: dict[str, SqlValue] = {
            "id": series.id,
            "number": series.next_number,
            "count": count,
            "last_date": last.isoformat(),
        }
        unit.later(self._statements["advance_series"], [params])

    async def series(self, tx: Reader, series_id: str, scope: Scope) -> Series | None:
        """Return a series within the scope."""
        return await tx.fetch_one(self._statements["series"], {"id": series_id, **scope}, Series)

    async def series_of_body(self, tx: Reader, body_id: str, page: PageRequest, scope: Scope) -> Page[Series]:
        """Return the series of a body, the newest period first."""
        period, identity = split(page.after, 2) or (LAST, LAST)
        rows = await tx.fetch(
            self._statements["series_of_body"],
            {"body_id": body_id, "k_period": period, "k_id": identity, "limit": page.limit + 1, **scope},
            Series,
        )
        more = len(rows) > page.limit
        items = rows[: page.limit]
        return Page(items, f"{items[-1].period_start}|{items[-1].id}" if more else None)

    async def number_lines(self, tx: Reader, series_id: str) -> list[NumberLine]:
        """Return every number of a series in order, whichever book it is."""
        return await tx.fetch(self._statements["number_lines"], {"series_id": series_id}, NumberLine)

    async def insert_number(
        self,
        unit: Unit,
        series: Series,
        number: Number,
        facts: OutgoingFacts,
        *,
        type_code: str,
        type_name: str,
        co_issuers: tuple[str, ...],
        reason: str,
    ) -> None:
        """Write a line of the outgoing book; one that is issued already was sealed outside."""
        issued_at = text(unit.now) if number.state is NumberState.ISSUED else None
        row: Params = {
            **place(series, number.id, number.number, number.text, reason),
            "state": number.state.value,
            "search": _search(number.text, type_name, facts),
            "number_date": number.date.isoformat(),
            "type_code": type_code,
            "type_name": type_name,
            "subject": facts.subject,
            "signer": facts.signer,
            "recipients": facts.recipients,
            "keeper": facts.keeper,
            "copies": facts.copies,
            "note": facts.note,
            "document_id": number.document_id,
            "co_issuers": canonical(co_issuers).decode(),
            "sealed_at": issued_at,
            "issued_at": issued_at,
            **written_by(unit, "allocated"),
        }
        if number.state is NumberState.ISSUED:
            unit.later(self._statements["insert_number"], [row])
        else:
            await unit.execute(self._statements["insert_number"], row)

    async def lock_number(self, unit: Unit, number_id: str) -> OutgoingRow | None:
        """Return a number, locked until the unit ends."""
        return await unit.fetch_one(self._statements["lock_number"], {"id": number_id}, OutgoingRow)

    async def number(self, tx: Reader, number_id: str, scope: Scope) -> OutgoingRow | None:
        """Return a number within the scope."""
        return await tx.fetch_one(self._statements["number"], {"id": number_id, **scope}, OutgoingRow)

    async def number_of_document(self, tx: Reader | Unit, document_id: str) -> OutgoingRow | None:
        """Return the number that a document bears; None = none, or voided."""
        return await tx.fetch_one(
            self._statements["number_of_document"], {"document_id": document_id}, OutgoingRow
        )

    async def seal(self, unit: Unit, row: OutgoingRow) -> bool:
        """Mark as sealed; False when its state has changed."""
        return await unit.execute(self._statements["seal_number"], {"id": row.id, "at": text(unit.now)}) == 1

    async def issue(self, unit: Unit, row: OutgoingRow, facts: OutgoingFacts) -> bool:
        """Mark as issued, with its recipients and copies; False when its state has changed."""
        params: dict[str, SqlValue] = {
            "id": row.id,
            "at": text(unit.now),
            "recipients": facts.recipients,
            "copies": facts.copies,
            "search": _search(row.text, row.type_name, facts),
        }
        return await unit.execute(self._statements["issue_number"], params) == 1

    async def void_number(self, unit: Unit, row: OutgoingRow, reason: str) -> bool:
        """Void; False when its state has changed."""
        params: dict[str, SqlValue] = {"id": row.id, "at": text(unit.now), "reason": reason}
        return await unit.execute(self._statements["void_number"], params) == 1

    async def update_number(self, unit: Unit, row: OutgoingRow) -> bool:
        """Write the corrected facts of a number that ``lock_number`` gave; False when it has changed."""
        facts = OutgoingFacts(row.subject, row.signer, row.recipients, row.keeper, row.copies, row.note)
        params: dict[str, SqlValue] = {
            "id": row.id,
            "version": row.version,
            "subject": row.subject,
            "signer": row.signer,
            "recipients": row.recipients,
            "keeper": row.keeper,
            "copies": row.copies,
            "note": row.note,
            "search": _search(row.text, row.type_name, facts),
        }
        return await unit.execute(self._statements["correct_number"], params) == 1

    async def insert_correction(
        self, unit: Unit, line_id: str, series_id: str, reason: str, before: str, after: str
    ) -> None:
        """Keep what a line said before and says since, as canonical JSON of the columns that changed."""
        row: dict[str, SqlValue] = {
            "id": unit.new_id(),
            "line_id": line_id,
            "series_id": series_id,
            "at": text(unit.now),
            "by_account": unit.actor.account_id,
            "by_name": unit.actor.name,
            "reason": reason,
            "before": before,
            "after": after,
        }
        unit.later(self._statements["insert_correction"], [row])

    async def corrections(self, tx: Reader, line_id: str, scope: Scope) -> list[CorrectionRow]:
        """Return the corrections of a line, oldest first, within the scope."""
        return await tx.fetch(self._statements["corrections"], {"line_id": line_id, **scope}, CorrectionRow)

    async def keeper(self, tx: Reader | Unit, series_id: str) -> Keeper | None:
        """Return whose book a series belongs to, and who keeps it."""
        return await tx.fetch_one(self._statements["keeper_of_entry"], {"series_id": series_id}, Keeper)

    async def outgoing(
        self, tx: Reader, query: BookQuery, page: PageRequest, scope: Scope
    ) -> Page[OutgoingRow]:
        """Return a part of the outgoing book or of the book of copies."""
        return await page_of(
            tx, self._statements[f"numbers_{order_of(query)}"], query, Book.OUTGOING, page, scope, OutgoingRow
        )


def _search(label: str, type_name: str, facts: OutgoingFacts) -> str:
    return fold(label, type_name, facts.subject, facts.signer, facts.recipients)
