"""What the stores of this room share: pages by key, places of lines, who wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Protocol, TypeVar

from server.kernel.clock import text
from server.kernel.errors import Invalid
from server.kernel.page import Page, PageRequest
from server.registers.model import BookQuery
from server.registers.rules import pattern_of
from server.registers.series import Book, Series
from server.unit import Unit
from storage.sql.protocol import Reader, SqlValue, Statement


class Line(Protocol):
    """What every line of a book has."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def period_start(self) -> date:
        """First day of its period."""
        ...

    @property
    def number(self) -> int:
        """Its number."""
        ...


Row = TypeVar("Row", bound=Line)
Scope = Mapping[str, SqlValue]
"""Parameters g_body, g_mandate, g_today of the predicate ``may_read_book``."""
LAST = "~"
"""Sorts after every id and date."""
NUMBER_MAX = 2**62


async def page_of(
    tx: Reader,
    statement: Statement,
    query: BookQuery,
    book: Book,
    page: PageRequest,
    scope: Scope,
    into: type[Row],
) -> Page[Row]:
    """Return one part of a book, in the order of ``query``. Raises Invalid ``registers.cursor``."""
    first = ("", "0", "") if query.oldest_first else (LAST, str(NUMBER_MAX), LAST)
    period, number, identity = split(page.after, 3) or first
    rows = await tx.fetch(
        statement,
        {
            "body_id": query.body_id,
            "series_id": query.series_id,
            "book": (query.book or book).value,
            "since": query.since.isoformat() if query.since else "",
            "until": query.until.isoformat() if query.until else LAST,
            "pattern": pattern_of(query.text),
            "k_period": period,
            "k_number": _whole(number),
            "k_id": identity,
            "limit": page.limit + 1,
            **scope,
        },
        into,
    )
    more = len(rows) > page.limit
    items = rows[: page.limit]
    last = items[-1] if more else None
    return Page(items, f"{last.period_start}|{last.number}|{last.id}" if last else None)


def split(cursor: str, parts: int) -> tuple[str, ...] | None:
    """Return the parts of a cursor; None at the start. Raises Invalid ``registers.cursor``."""
    if not cursor:
        return None
    found = tuple(cursor.split("|"))
    if len(found) != parts:
        raise Invalid("registers.cursor", field="query:after")
    return found


def _whole(number: str) -> int:
    if not (number.isascii() and number.isdigit() and len(number) <= 19):
        raise Invalid("registers.cursor", field="query:after")
    return min(int(number), NUMBER_MAX)


def order_of(query: BookQuery) -> str:
    """Return the ending of the statement that reads in the wanted order."""
    return "oldest_first" if query.oldest_first else "newest_first"


def place(series: Series, identity: str, number: int, label: str, reason: str) -> dict[str, SqlValue]:
    """Return the columns that every line has."""
    return {
        "id": identity,
        "series_id": series.id,
        "body_id": series.body_id,
        "book": series.book.value,
        "period_start": series.period_start.isoformat(),
        "number": number,
        "text": label,
        "reason": reason,
    }


def written_by(unit: Unit, verb: str) -> dict[str, SqlValue]:
    """Return who wrote a line and when."""
    return {
        f"{verb}_at": text(unit.now),
        f"{verb}_account": unit.actor.account_id,
        f"{verb}_by": unit.actor.name,
        f"{verb}_post": unit.actor.post_id,
    }


def day_text(day: date | None) -> str | None:
    """Return a day as rows keep it."""
    return None if day is None else day.isoformat()
