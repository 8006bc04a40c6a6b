"""Books over HTTP: read, printed, letters of citizens, corrections, post."""

from __future__ import annotations

from server.kernel.page import Page
from server.registers.correcting import IncomingChanges
from server.registers.model import (
    BookQuery,
    CorrectionRow,
    IncomingFacts,
    IncomingNumber,
    IncomingRow,
    OutgoingRow,
    PostalFacts,
    PostalRow,
    ReadableBook,
)
from server.registers.series import Book
from web.api.registers_forms import (
    READ,
    TAKING,
    BookFilter,
    Correction,
    Delivery,
    IncomingFilter,
    Letter,
    OutgoingFilter,
    Posting,
    PrintQuery,
    Reason,
)
from web.routes import Call, Content, NoBody, NoQuery, Route


async def books(call: Call[NoBody, NoQuery]) -> list[ReadableBook]:
    """Return the books that the actor may read."""
    return await call.services.registers.readable_books(call.actor)


async def outgoing(call: Call[NoBody, OutgoingFilter]) -> Page[OutgoingRow]:
    """Return a part of the outgoing book."""
    wanted = call.query.wanted(Book(call.query.book))
    return await call.services.registers.outgoing_book(call.actor, wanted, call.query.page)


async def incoming(call: Call[NoBody, IncomingFilter]) -> Page[IncomingRow]:
    """Return a part of the incoming book."""
    wanted = call.query.wanted(Book(call.query.book))
    return await call.services.registers.incoming_book(call.actor, wanted, call.query.page)


async def postal(call: Call[NoBody, BookFilter]) -> Page[PostalRow]:
    """Return a part of the postal book."""
    wanted = call.query.wanted(Book.POSTAL)
    return await call.services.registers.postal_book(call.actor, wanted, call.query.page)


async def printed(call: Call[NoBody, PrintQuery]) -> Content:
    """Return a range of a book as PDF/A."""
    query = call.query
    wanted = BookQuery(body_id=query.body_id, series_id=query.series_id, since=query.since, until=query.until)
    done = await call.services.registers.print_book(call.actor, query.book, wanted)
    return Content(done.pdf, "application/pdf", f"so-{query.book.value}.pdf")


async def letter(call: Call[Letter, NoQuery]) -> IncomingNumber:
    """Enter a citizen's letter."""
    body = call.body
    facts = IncomingFacts(
        author=body.author,
        subject=body.subject,
        origin=body.origin,
        author_address=body.author_address,
        document_date=body.letter_date,
        pages=body.pages,
        receiver=body.receiver,
        note=body.note,
    )
    return await call.services.registers.register_letter(
        call.actor,
        body_id=body.body_id or call.actor.body_id,
        facts=facts,
        on=body.arrived_on,
        reason=body.reason,
    )


async def correct(call: Call[Correction, NoQuery]) -> IncomingRow:
    """Correct an incoming entry."""
    body = call.body
    changes = IncomingChanges(
        author=body.author,
        subject=body.subject,
        author_address=body.author_address,
        notation=body.notation,
        document_date=body.document_date,
        type_name=body.type_name,
        urgency=body.urgency,
        pages=body.pages,
        receiver=body.receiver,
        note=body.note,
    )
    return await call.services.registers.correct_incoming(
        call.actor, call.path["entry_id"], changes, reason=body.reason
    )


async def corrections(call: Call[NoBody, NoQuery]) -> list[CorrectionRow]:
    """Return the corrections of a line."""
    return await call.services.registers.corrections(call.actor, call.path["line_id"])


async def void_entry(call: Call[Reason, NoQuery]) -> IncomingRow:
    """Void an entry made by mistake."""
    return await call.services.registers.void_entry(call.actor, call.path["entry_id"], call.body.reason)


async def post(call: Call[Posting, NoQuery]) -> IncomingNumber:
    """Enter a copy in the postal book."""
    body = call.body
    facts = PostalFacts(
        recipient=body.recipient,
        address=body.address,
        notation=body.notation,
        document_id=body.document_id,
        copies=body.copies,
        carrier=body.carrier,
        tracking=body.tracking,
        note=body.note,
    )
    return await call.services.registers.post(
        call.actor,
        body_id=body.body_id or call.actor.body_id,
        facts=facts,
        on=body.sent_on,
        reason=body.reason,
    )


async def delivered(call: Call[Delivery, NoQuery]) -> PostalRow:
    """Note a delivery."""
    return await call.services.registers.confirm_delivery(
        call.actor, call.path["entry_id"], on=call.body.on, tracking=call.body.tracking
    )


async def void_posting(call: Call[Reason, NoQuery]) -> PostalRow:
    """Void a postal entry."""
    return await call.services.registers.void_posting(call.actor, call.path["entry_id"], call.body.reason)


VOIDING = (
    "registers.reason_missing",
    "registers.not_keeper",
    "registers.entry_unknown",
    "registers.entry_voided",
)
"""Errors of every act on an entry."""

ROUTES: list[Route] = [
    Route(
        "GET",
        "/api/v1/books",
        "registers.books",
        books,
        READ,
        "Books that the caller may read",
        answer=list[ReadableBook],
    ),
    Route(
        "GET",
        "/api/v1/books/outgoing",
        "registers.outgoing",
        outgoing,
        READ,
        "Outgoing book, or book of copies",
        query=OutgoingFilter,
        answer=Page[OutgoingRow],
        errors=("registers.cursor",),
    ),
    Route(
        "GET",
        "/api/v1/books/incoming",
        "registers.incoming",
        incoming,
        READ,
        "Incoming book, or citizens' letters",
        query=IncomingFilter,
        answer=Page[IncomingRow],
        errors=("registers.cursor",),
    ),
    Route(
        "GET",
        "/api/v1/books/postal",
        "registers.postal",
        postal,
        READ,
        "Postal book",
        query=BookFilter,
        answer=Page[PostalRow],
        errors=("registers.cursor",),
    ),
    Route(
        "GET",
        "/api/v1/books/print",
        "registers.print",
        printed,
        READ,
        "A range of a book as PDF/A, every row and column",
        query=PrintQuery,
        media=("application/pdf",),
        errors=("organisations.body_unknown", "registers.series_unknown", "render.timeout", "render.busy"),
    ),
    Route(
        "POST",
        "/api/v1/books/citizen",
        "registers.register_letter",
        letter,
        "circulation.register_paper",
        "Enter a citizen's letter",
        body=Letter,
        answer=IncomingNumber,
        status=201,
        once=True,
        errors=TAKING,
    ),
    Route(
        "POST",
        "/api/v1/books/incoming/{entry_id}/correct",
        "registers.correct",
        correct,
        "registers.allocate",
        "Correct what the incoming book says; the number stays",
        body=Correction,
        answer=IncomingRow,
        once=True,
        errors=(*VOIDING, "registers.nothing_corrected"),
    ),
    Route(
        "GET",
        "/api/v1/books/lines/{line_id}/corrections",
        "registers.corrections",
        corrections,
        READ,
        "Corrections of a line of the incoming or outgoing book, oldest first",
        answer=list[CorrectionRow],
    ),
    Route(
        "POST",
        "/api/v1/books/incoming/{entry_id}/void",
        "registers.void_entry",
        void_entry,
        "registers.void",
        "Void an entry made by mistake; its number stays",
        body=Reason,
        answer=IncomingRow,
        once=True,
        errors=(*VOIDING, "registers.has_arrival"),
    ),
    Route(
        "POST",
        "/api/v1/books/postal",
        "registers.post",
        post,
        "circulation.post",
        "Enter a copy in the postal book",
        body=Posting,
        answer=IncomingNumber,
        status=201,
        once=True,
        errors=TAKING,
    ),
    Route(
        "POST",
        "/api/v1/books/postal/{entry_id}/delivered",
        "registers.confirm_delivery",
        delivered,
        "circulation.post",
        "Note when a posted copy was received",
        body=Delivery,
        answer=PostalRow,
        once=True,
        errors=(
            "registers.entry_unknown",
            "registers.delivered",
            "registers.delivery_date",
            "registers.not_keeper",
        ),
    ),
    Route(
        "POST",
        "/api/v1/books/postal/{entry_id}/void",
        "registers.void_posting",
        void_posting,
        "registers.void",
        "Void a postal entry made by mistake",
        body=Reason,
        answer=PostalRow,
        once=True,
        errors=VOIDING,
    ),
]
