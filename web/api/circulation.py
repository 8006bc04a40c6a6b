"""Dispatches over JSON: sending, what was sent, printed copies by post. Arrivals: ``arrivals``."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from server.circulation.commands import HandInAndSend, Posting, Send, SentFilter
from server.circulation.model_sent import Dispatch, DispatchDetail, DispatchRow, OutsideRecipient
from server.kernel.page import Page
from web.routes import Call, NoBody, NoQuery, PageQuery, Route

READ = "circulation.read"
DISPATCHES = "/api/v1/dispatches"
DISPATCH = DISPATCHES + "/{dispatch_id}"

WORDS = ("circulation.text_invalid", "circulation.text_too_long")
ADDRESSEES = (
    "circulation.recipients_missing",
    "circulation.recipients_too_many",
    "circulation.recipient_twice",
    "circulation.recipient_self",
    "circulation.attention_missing",
    "circulation.attention_not_clerk",
    "circulation.attention_surplus",
    "circulation.other_office",
    "circulation.due_past",
    "organisations.recipient_unknown",
    "organisations.recipient_closed",
    *WORDS,
)
BOOKS = ("registers.no_series", "registers.no_period", "registers.not_keeper")


class SentQuery(PageQuery):
    """Which dispatches."""

    body_id: Annotated[str, Meta(max_length=100)] = ""
    """Only those of this body; a supervisor must name one."""
    document_id: Annotated[str, Meta(max_length=100)] = ""
    """Only those of this document."""
    open: bool = False
    """Only those that a recipient has not accepted, refused, or owes an answer to."""
    q: Annotated[str, Meta(max_length=200)] = ""
    """Words in number or subject."""


async def send(call: Call[Send, NoQuery]) -> Dispatch:
    """Send an issued document."""
    return await call.services.circulation.send(call.actor, call.body)


async def hand_in_and_send(call: Call[HandInAndSend, NoQuery]) -> Dispatch:
    """Register a document signed outside and send it."""
    return await call.services.circulation.hand_in_and_send(call.actor, call.body)


async def sent(call: Call[NoBody, SentQuery]) -> Page[DispatchRow]:
    """List what the office sent."""
    query = call.query
    wanted = SentFilter(query.body_id, query.document_id, query.open, query.q)
    return await call.services.circulation.sent(call.actor, wanted, query.page)


async def dispatch(call: Call[NoBody, NoQuery]) -> DispatchDetail:
    """Return a dispatch with every recipient."""
    return await call.services.circulation.dispatch(call.actor, call.path["dispatch_id"])


async def post(call: Call[Posting, NoQuery]) -> list[OutsideRecipient]:
    """Enter printed copies in the postal book."""
    return await call.services.circulation.post(call.actor, call.path["dispatch_id"], call.body)


ROUTES = [
    Route(
        "POST",
        DISPATCHES,
        "circulation.send",
        send,
        "circulation.send",
        "Send an issued document to bodies and, by post, to others; each body has it at once with receipt 01",
        body=Send,
        answer=Dispatch,
        status=201,
        once=True,
        errors=("documents.unknown", "documents.not_issued", "circulation.already_sent", *ADDRESSEES),
    ),
    Route(
        "POST",
        DISPATCHES + "/hand-in",
        "circulation.hand_in_and_send",
        hand_in_and_send,
        "circulation.send",
        "Register a document signed outside and send it, in one act",
        body=HandInAndSend,
        answer=Dispatch,
        status=201,
        once=True,
        errors=("documents.other_office", "files.not_held", "files.state_secret", *ADDRESSEES, *BOOKS),
    ),
    Route(
        "GET",
        DISPATCHES,
        "circulation.sent",
        sent,
        READ,
        "What the office sent, newest first, with the states of recipients",
        query=SentQuery,
        answer=Page[DispatchRow],
        errors=("circulation.body_missing",),
    ),
    Route(
        "GET",
        DISPATCH,
        "circulation.dispatch",
        dispatch,
        READ,
        "A dispatch with every recipient, its state and receipts, in the order of the tree of bodies",
        answer=DispatchDetail,
        errors=("circulation.dispatch_unknown",),
    ),
    Route(
        "POST",
        DISPATCH + "/postings",
        "circulation.post",
        post,
        "circulation.post",
        "Enter printed copies for recipients without the system in the postal book",
        body=Posting,
        answer=list[OutsideRecipient],
        status=201,
        once=True,
        errors=(
            "circulation.dispatch_unknown",
            "circulation.outside_unknown",
            "circulation.posted_already",
            "circulation.day_future",
            "circulation.other_office",
            *WORDS,
            *BOOKS,
        ),
    ),
]
