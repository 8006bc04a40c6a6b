"""Letters on paper: scanned and registered in the same book; and several arrivals accepted at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from server.circulation.commands import Accept, PaperLetter
from server.circulation.model import Standing
from server.documents.model import Urgency
from server.kernel.errors import Invalid, LienThongError
from server.registers.series import Book
from web import uploads
from web.i18n import Catalogue
from web.keys import CATALOGUE
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


class ManyForm(Body):
    """Arrivals chosen in the list."""

    ids: Annotated[list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(max_length=200)] = (
        msgspec.field(default_factory=list)
    )


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


async def accept_many(call: Call[ManyForm, NoQuery]) -> Html:
    """Accept each chosen arrival by itself; show the outcome of each."""
    if not call.body.ids:
        raise Invalid("web.choose_one", field="/ids")
    catalogue = call.request.app[CATALOGUE]
    rows = [await _accept_one(call, catalogue, one) for one in dict.fromkeys(call.body.ids)]
    return Html("incoming/accepted.html", {"outcomes": rows})


async def _accept_one(
    call: Call[ManyForm, NoQuery], catalogue: Catalogue, arrival_id: str
) -> tuple[str, Standing | None, str]:
    """Accept one; a refusal of this one is a sentence and stops no other."""
    actor = replace(call.actor, request=replace(call.actor.request, once=None))
    try:
        done = await call.services.circulation.accept(actor, arrival_id, Accept())
    except LienThongError as error:
        fault = error.faults[0]
        return arrival_id, None, catalogue.message(call.language, fault.code, fault.params)
    return arrival_id, done, ""


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
    Route(
        "POST",
        PATH + "/tiep-nhan-nhieu",
        "pages.accept_many",
        accept_many,
        "circulation.accept",
        "Accept several",
        ManyForm,
        page=True,
    ),
]
