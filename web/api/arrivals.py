"""Arrivals over JSON: the inbox, one arrival, and every act on it. Sending: ``circulation``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from msgspec import Meta, field

from server.circulation.codes import Code
from server.circulation.commands import (
    Accept,
    Assign,
    Finish,
    InboxFilter,
    LinkReply,
    PaperLetter,
    Reason,
    Rebook,
    RecallAnswer,
    Remark,
    Submit,
    Unassign,
)
from server.circulation.model import ArrivalDetail, ArrivalRow, Counts, Standing
from server.circulation.service import Circulation
from server.documents.model import Urgency
from server.kernel.page import Page
from web.api.circulation import BOOKS, READ, WORDS
from web.routes import Call, Download, Handler, NoBody, NoQuery, PageQuery, Route

ARRIVALS = "/api/v1/arrivals"
ARRIVAL = ARRIVALS + "/{arrival_id}"

ON_ONE = ("circulation.arrival_unknown", "circulation.already_handled", "circulation.recall_pending")
"""Errors of every act that changes the state of an arrival."""
CLERKS = (*ON_ONE, "circulation.other_office")
UNDO = ("circulation.reason_missing", "circulation.text_too_long", "circulation.text_invalid")
DUE = ("circulation.due_past", "circulation.due_twice")


class InboxQuery(PageQuery):
    """Which arrivals."""

    status: Annotated[list[Code], Meta(max_length=9)] = field(default_factory=list)
    """States of handling; the parameter is repeated. None given = every state."""
    waiting: bool = False
    """Only what waits for the post acted in."""
    mine: bool = False
    """Only what names the post acted in."""
    overdue: bool = False
    """Only open ones past their deadline."""
    urgency: Annotated[list[Urgency], Meta(max_length=5)] = field(default_factory=list)
    """Urgencies; the parameter is repeated. None given = all."""
    origin: Literal["", "electronic", "paper"] = ""
    """How it came; "" = both."""
    body_id: Annotated[str, Meta(max_length=100)] = ""
    """Only those to this body; a supervisor must name one."""
    q: Annotated[str, Meta(max_length=200)] = ""
    """Words in number, subject, sender or incoming number."""


async def inbox(call: Call[NoBody, InboxQuery]) -> Page[ArrivalRow]:
    """List what came."""
    query = call.query
    wanted = InboxFilter(
        statuses=frozenset(query.status),
        waiting=query.waiting,
        mine=query.mine,
        overdue=query.overdue,
        urgency=frozenset(query.urgency),
        origin=query.origin,
        body_id=query.body_id,
        q=query.q,
    )
    return await call.services.circulation.inbox(call.actor, wanted, query.page)


async def counts(call: Call[NoBody, NoQuery]) -> Counts:
    """Count what waits for the post acted in."""
    return await call.services.circulation.counts(call.actor)


async def arrival(call: Call[NoBody, NoQuery]) -> ArrivalDetail:
    """Return an arrival with all that hangs on it."""
    return await call.services.circulation.arrival(call.actor, call.path["arrival_id"])


async def file(call: Call[NoBody, NoQuery]) -> Download:
    """Return a file of an arrival."""
    files = call.services.files
    view = await call.services.circulation.file(call.actor, call.path["arrival_id"], call.path["digest"])
    info = view.info
    return Download(
        digest=info.digest,
        size_bytes=info.size_bytes,
        media_type=view.media_type,
        name=view.name,
        read=lambda start, end: files.read(info, start, end),
    )


async def register_paper(call: Call[PaperLetter, NoQuery]) -> Standing:
    """Enter a letter on paper."""
    return await call.services.circulation.register_paper(call.actor, call.body)


async def start(call: Call[NoBody, NoQuery]) -> Standing:
    """Begin the work."""
    return await call.services.circulation.start(call.actor, call.path["arrival_id"])


def _on_one(act: Callable[..., Awaitable[Standing]]) -> Handler:
    """Return the handler of an act on one arrival: ``act(circulation, actor, arrival, command)``."""

    async def handle(call: Call[object, NoQuery]) -> Standing:
        return await act(call.services.circulation, call.actor, call.path["arrival_id"], call.body)

    handle.__doc__ = act.__doc__  # what the description of the API says
    return handle


def _act(
    verb: str,
    act: Callable[..., Awaitable[Standing]],
    summary: str,
    body: type,
    errors: tuple[str, ...],
    action: str = "",
) -> Route:
    return Route(
        "POST",
        f"{ARRIVAL}/{verb.replace('_', '-')}",
        f"circulation.{verb}",
        _on_one(act),
        action or f"circulation.{verb}",
        summary,
        body=body,
        answer=Standing,
        once=True,
        errors=errors,
    )


_READING = [
    Route(
        "GET",
        ARRIVALS,
        "circulation.inbox",
        inbox,
        READ,
        "What came: open ones by urgency, then the newest first",
        query=InboxQuery,
        answer=Page[ArrivalRow],
        errors=("circulation.cursor", "circulation.body_missing"),
    ),
    Route(
        "GET",
        ARRIVALS + "/counts",
        "circulation.counts",
        counts,
        READ,
        "Figures of what waits for the post acted in",
        answer=Counts,
    ),
    Route(
        "GET",
        ARRIVAL,
        "circulation.arrival",
        arrival,
        READ,
        "An arrival with its receipts, parts, notes and answers",
        answer=ArrivalDetail,
        errors=("circulation.arrival_unknown",),
    ),
    Route(
        "GET",
        ARRIVAL + "/files/{digest}",
        "circulation.file",
        file,
        READ,
        "Download a file of an arrival; ranges and ETag",
        media=("application/pdf",),
        errors=("circulation.file_unknown", "files.store", "files.damaged"),
    ),
]

_ACTS = [
    Route(
        "POST",
        ARRIVALS,
        "circulation.register_paper",
        register_paper,
        "circulation.register_paper",
        "Enter a letter on paper, or a citizen's letter, in the incoming book",
        body=PaperLetter,
        answer=Standing,
        status=201,
        once=True,
        errors=(
            "circulation.scan_missing",
            "circulation.scan_surplus",
            "circulation.scan_twice",
            "circulation.text_missing",
            "circulation.day_future",
            "circulation.due_past",
            "circulation.other_office",
            "files.not_held",
            "files.state_secret",
            *WORDS,
            *BOOKS,
        ),
    ),
    _act(
        "accept",
        Circulation.accept,
        "Take into the incoming book (03)",
        Accept,
        (*CLERKS, *DUE, *WORDS, *BOOKS),
    ),
    _act(
        "refuse",
        Circulation.refuse,
        "Refuse with a reason (02)",
        Reason,
        (*CLERKS, "circulation.reason_missing", *WORDS),
    ),
    _act(
        "submit",
        Circulation.submit,
        "Put before leaders for a decision",
        Submit,
        (
            "circulation.arrival_unknown",
            "circulation.not_in_work",
            "circulation.post_unknown",
            "circulation.post_elsewhere",
            *WORDS,
        ),
    ),
    _act(
        "assign",
        Circulation.assign,
        "Assign with an instruction (04)",
        Assign,
        (
            *ON_ONE,
            "circulation.not_in_work",
            "circulation.target_unclear",
            "circulation.target_twice",
            "circulation.post_unknown",
            "circulation.post_elsewhere",
            "circulation.unit_without_head",
            "circulation.lead_missing",
            "circulation.lead_twice",
            "circulation.part_wrong",
            "identity.assign_outside",
            *DUE,
            *WORDS,
        ),
    ),
    _act(
        "instruct",
        Circulation.instruct,
        "Write an instruction without assigning",
        Remark,
        ("circulation.arrival_unknown", "circulation.not_in_work", "circulation.text_missing", *WORDS),
    ),
    _act(
        "remark",
        Circulation.remark,
        "Write an opinion of one who handles it",
        Remark,
        ("circulation.arrival_unknown", "circulation.not_in_work", "circulation.text_missing", *WORDS),
        "circulation.start",
    ),
    Route(
        "POST",
        ARRIVAL + "/start",
        "circulation.start",
        start,
        "circulation.start",
        "Begin the work (05)",
        answer=Standing,
        once=True,
        errors=(*ON_ONE, "circulation.not_named"),
    ),
    _act(
        "finish",
        Circulation.finish,
        "Finish with a result or the document that answers (06)",
        Finish,
        (
            *ON_ONE,
            "circulation.not_named",
            "circulation.not_in_work",
            "circulation.part_done",
            "circulation.result_missing",
            "circulation.reply_unlinked",
            *WORDS,
        ),
    ),
    _act(
        "reply",
        Circulation.link_reply,
        "Say which document answers it",
        LinkReply,
        ("circulation.arrival_unknown", "circulation.reply_elsewhere"),
        "documents.draft",
    ),
    _act(
        "recall",
        Circulation.request_recall,
        "Ask the recipient for the document back (13); for the sender's clerk",
        Reason,
        (*CLERKS, "circulation.reason_missing", *WORDS),
    ),
    _act(
        "answer_recall",
        Circulation.answer_recall,
        "Answer a request to give back: agreed (15) or not (16)",
        RecallAnswer,
        (*CLERKS, "circulation.reason_missing", *WORDS),
    ),
]

_UNDOING = [
    _act(
        "undo_accept",
        Circulation.undo_accept,
        "Undo a mistaken acceptance: the number is voided, the arrival waits again (paper: is closed)",
        Reason,
        (*CLERKS, *UNDO, "circulation.not_in_work", "registers.entry_unknown", "registers.entry_voided"),
        "circulation.accept",
    ),
    _act(
        "undo_refuse",
        Circulation.undo_refuse,
        "Undo a mistaken refusal: the arrival waits to be accepted again (01)",
        Reason,
        (*CLERKS, *UNDO, "circulation.not_refused", "circulation.sent_again"),
        "circulation.refuse",
    ),
    _act(
        "reopen",
        Circulation.reopen,
        "Open again what was finished by mistake (05)",
        Reason,
        (*ON_ONE, *UNDO, "circulation.not_finished", "circulation.not_named"),
        "circulation.finish",
    ),
    _act(
        "unassign",
        Circulation.unassign,
        "Take a part away from a wrongly named post, which no longer sees the arrival",
        Unassign,
        (*ON_ONE, *UNDO, "circulation.not_in_work", "circulation.part_unknown"),
        "circulation.submit",
    ),
    _act(
        "rebook",
        Circulation.rebook,
        "Move an arrival to the right book: the old number is voided, a new one is taken",
        Rebook,
        (
            *CLERKS,
            *UNDO,
            "circulation.not_in_work",
            "circulation.same_book",
            "circulation.body_fixed",
            "organisations.body_unknown",
            *BOOKS,
        ),
        "circulation.accept",
    ),
]

ROUTES = [*_READING, *_ACTS, *_UNDOING]
"""Every route of the room, in the order of the description."""
