"""Registers: books on the screen and on paper, series, completeness, voiding, numbers used outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from msgspec import Meta

from server.kernel.errors import NotFound
from server.kernel.page import PageRequest
from server.registers.bookforms import incoming_cells, outgoing_cells, postal_cells
from server.registers.model import Book, BookQuery, NumberState
from server.registers.series import (
    EntryState,
)
from web.links import address
from web.routes import Call, Content, Html, NoBody, NoQuery, PageQuery, Query, Route

PATH = "/so"
BOOK = "/so/{body_id}/{book}"
PDF = ("application/pdf",)
OUTGOING = ("notation", "date", "subject", "signer", "recipients", "keeper", "copies", "note")
INCOMING = (
    "arrived_on",
    "number",
    "author",
    "notation",
    "document_date",
    "subject",
    "receiver",
    "forwarded_on",
    "signed_for",
    "note",
)
POSTAL = ("number", "sent_on", "notation", "recipient", "copies", "carrier", "delivered_on", "note")
COLUMNS: dict[Book, tuple[str, ...]] = {
    Book.OUTGOING: OUTGOING,
    Book.COPIES: OUTGOING,
    Book.INCOMING: INCOMING,
    Book.CITIZEN: INCOMING,
    Book.POSTAL: POSTAL,
}
"""Columns of the books (Decree 30/2020, annex IV); the same keys as the printed forms."""
Short = Annotated[str, Meta(max_length=200)]


class BookPage(PageQuery):
    """Which part of a book."""

    day_so: Short = ""
    """Series."""
    tu: date | None = None
    """First day."""
    den: date | None = None
    """Last day."""
    q: Short = ""
    """Words."""


class PrintQuery(Query):
    """Which part of a book is printed."""

    day_so: Short = ""
    tu: date | None = None
    den: date | None = None
    q: Short = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a book on the screen."""

    id: str
    cells: list[str]
    """In the order of the columns."""
    state: str
    link: str
    """Document or arrival; "" = none."""
    voidable: bool


async def books(call: Call[NoBody, NoQuery]) -> Html:
    """Show the books the person may read."""
    found = await call.services.registers.readable_books(call.actor)
    names = await call.services.organisations.bodies_by_id(list({item.body_id for item in found}))
    by_body: dict[str, list[str]] = {}
    for item in found:
        by_body.setdefault(item.body_id, []).append(item.book.value)
    rows = [(names[body_id], sorted(list_)) for body_id, list_ in by_body.items() if body_id in names]
    rows.sort(key=lambda row: (row[0].id != call.actor.body_id, row[0].name))
    return Html(
        "books/index.html",
        {"rows": rows, "may_configure": call.services.access.allows(call.actor, "registers.configure")},
    )


def _book(text: str) -> Book:
    try:
        return Book(text)
    except ValueError as error:
        raise NotFound("web.not_found") from error


def _query(call: Call[NoBody, BookPage] | Call[NoBody, PrintQuery], book: Book) -> BookQuery:
    query = call.query
    return BookQuery(
        body_id=call.path["body_id"],
        series_id=query.day_so,
        book=book,
        since=query.tu,
        until=query.den,
        text=query.q,
    )


async def book(call: Call[NoBody, BookPage]) -> Html:
    """Show a part of a book with all its columns."""
    kind = _book(call.path["book"])
    body = await call.services.organisations.body(call.path["body_id"])
    lines, following = await _lines(call, kind)
    path = f"{PATH}/{body.id}/{kind.value}"
    series = await call.services.registers.series_of(call.actor, body.id, PageRequest())
    shown = PrintQuery(day_so=call.query.day_so, tu=call.query.tu, den=call.query.den, q=call.query.q)
    return Html(
        "books/book.html",
        {
            "body": body,
            "book": kind.value,
            "columns": COLUMNS[kind],
            "lines": lines,
            "query": call.query,
            "series": [item for item in series.items if item.book is kind],
            "next": following,
            "more": address(path, call.query, after=following or ""),
            "print_link": address(f"{path}/in", shown),
            "may_void": call.services.access.allows(call.actor, "registers.void"),
        },
    )


async def _lines(call: Call[NoBody, BookPage], kind: Book) -> tuple[list[Line], str | None]:
    registers, query, page = call.services.registers, _query(call, kind), call.query.page
    columns = COLUMNS[kind]
    if kind in (Book.OUTGOING, Book.COPIES):
        sent = await registers.outgoing_book(call.actor, query, page)
        return [
            Line(
                row.id,
                [outgoing_cells(row)[column] for column in columns],
                row.state.value,
                f"/van-ban/{row.document_id}" if row.document_id else "",
                row.state in (NumberState.ALLOCATED, NumberState.SEALED) and not row.document_id,
            )
            for row in sent.items
        ], sent.next
    if kind is Book.POSTAL:
        posted = await registers.postal_book(call.actor, query, page)
        return [
            Line(row.id, [postal_cells(row)[column] for column in columns], row.state.value, "", False)
            for row in posted.items
        ], posted.next
    came = await registers.incoming_book(call.actor, query, page)
    return [
        Line(
            row.id,
            [incoming_cells(row)[column] for column in columns],
            row.state.value,
            f"/van-ban-den/{row.arrival_id}" if row.arrival_id else "",
            row.state is EntryState.REGISTERED and not row.arrival_id,
        )
        for row in came.items
    ], came.next


async def print_book(call: Call[NoBody, PrintQuery]) -> Content:
    """Set a range of a book as PDF/A, to be signed and bound."""
    kind = _book(call.path["book"])
    rendered = await call.services.registers.print_book(call.actor, kind, _query(call, kind))
    return Content(rendered.pdf, "application/pdf", f"so-{kind.value}-{call.path['body_id']}.pdf")


PAGES = [
    Route("GET", PATH, "pages.books", books, "registers.read", "Books", page=True),
    Route("GET", BOOK, "pages.book", book, "registers.read", "A book", query=BookPage, page=True),
    Route(
        "GET",
        BOOK + "/in",
        "pages.print_book",
        print_book,
        "registers.read",
        "Print",
        query=PrintQuery,
        page=True,
    ),
]
