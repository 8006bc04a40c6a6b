"""Letters on paper: scanned and registered in the same book; and several arrivals accepted at once."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from server.circulation.commands import PaperLetter
from server.documents.model import Urgency
from server.registers.series import Book
from web import uploads
from web.pages.incoming import PATH
from web.routes import Body, Call, Html, NoBody, NoQuery, Redirect, Route
from web.schema import form as parse_form

PAPER = PATH + "/dang-ky-giay"
Line = Annotated[str, Meta(max_length=500)]


class PaperForm(Body):
    """What stands on the letter."""

    sender_name: Annotated[str, Meta(min_length=1, max_length=500)]
    subject: Annotated[str, Meta(min_length=1, max_length=500)]
    secrecy: Annotated[str, Meta(min_length=1, max_length=20)]
    body_id: Annotated[str, Meta(max_length=200)] = ""
    sender_address: Line = ""
    number_text: Line = ""
    document_date: date | None = None
    type_name: Line = ""
    signer: Line = ""
    urgency: Urgency = Urgency.NORMAL
    book: Book = Book.INCOMING
    received_on: date | None = None
    unopened: bool = False
    restricted: bool = False
    due_date: date | None = None
    note: Line = ""


async def paper_page(call: Call[NoBody, NoQuery]) -> Html:
    """Show the form of a letter on paper."""
    organisations = call.services.organisations
    own = await organisations.body(call.actor.body_id)
    kept = await organisations.kept_by(call.actor.body_id)
    return Html(
        "incoming/paper.html",
        {"bodies": [(body.id, body.name) for body in (own, *kept)], "today": organisations.today()},
    )


async def paper(call: Call[NoBody, NoQuery]) -> Redirect:
    """Take the scan in and register the letter."""
    sent = await uploads.read(call)
    form = parse_form(sent.fields, PaperForm)
    files: tuple[str, ...] = ()
    if not form.unopened:
        stored = await call.services.files.receive(
            call.actor, sent.chunks, name=sent.name, secrecy=form.secrecy
        )
        files = (stored.digest,)
    command = PaperLetter(
        sender_name=form.sender_name,
        subject=form.subject,
        secrecy=form.secrecy,
        body_id=form.body_id,
        sender_address=form.sender_address,
        number_text=form.number_text,
        document_date=form.document_date,
        type_name=form.type_name,
        signer=form.signer,
        urgency=form.urgency,
        book=form.book,
        received_on=form.received_on,
        files=files,
        unopened=form.unopened,
        restricted=form.restricted,
        due_date=form.due_date,
        note=form.note,
    )
    done = await call.services.circulation.register_paper(call.actor, command)
    return Redirect(f"{PATH}/{done.id}", notice="arrival.accepted", params={"number": done.incoming_text})


PAGES = [
    Route(
        "GET", PAPER, "pages.paper_form", paper_page, "circulation.register_paper", "Paper letter", page=True
    ),
    Route(
        "POST",
        PAPER,
        "pages.paper",
        paper,
        "circulation.register_paper",
        "Register a paper letter",
        upload=True,
        media=("multipart/form-data",),
        page=True,
        again=paper_page,
    ),
]
