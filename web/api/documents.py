"""Documents over JSON: reading, and the acts from submission to issue. Drafts: ``drafts``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from msgspec import Meta, field

from server.documents.commands import (
    Advance,
    CheckForm,
)
from server.documents.model import State, Step
from server.documents.service import Documents, Filter
from server.documents.states import ListKind
from server.documents.views import Counts, DocumentRow, DocumentView, Moved, VersionView
from server.kernel.actor import Actor
from server.kernel.errors import NotFound
from server.kernel.page import Page
from web.routes import Call, Download, Handler, NoBody, NoQuery, PageQuery, Route

BASE = "/api/v1/documents"
ONE = BASE + "/{document_id}"
ON_ONE = ("documents.unknown", "documents.changed", "documents.not_now")
"""Errors of every command on one document."""
JUDGING = (*ON_ONE, "documents.not_your_turn", "documents.reason_missing", "documents.reason_too_long")


class ListQuery(PageQuery):
    """Which documents."""

    kind: ListKind = "all"
    """all; waiting = for my act; mine = drafted by my post; asked = my opinion is wanted."""
    state: Annotated[list[State], Meta(max_length=10)] = field(default_factory=list)
    """States; the parameter is repeated. None given = every state."""
    q: Annotated[str, Meta(max_length=200)] = ""
    """Words of subject, type or number; marks and case do not matter."""


async def list_documents(call: Call[NoBody, ListQuery]) -> Page[DocumentRow]:
    """Return one part of a list."""
    query = call.query
    wanted = Filter(kind=query.kind, states=tuple(query.state), q=query.q)
    return await call.services.documents.list(call.actor, wanted, query.page)


async def counts(call: Call[NoBody, NoQuery]) -> Counts:
    """Return the figures of the home page."""
    return await call.services.documents.counts(call.actor)


async def get(call: Call[NoBody, NoQuery]) -> DocumentView:
    """Return one document."""
    return await call.services.documents.get(call.actor, call.path["document_id"])


async def events(call: Call[NoBody, PageQuery]) -> Page[Step]:
    """Return the timeline."""
    return await call.services.documents.events(call.actor, call.path["document_id"], call.query.page)


async def version(call: Call[NoBody, NoQuery]) -> VersionView:
    """Return one version with its fields."""
    n = call.path["n"]
    if not n.isascii() or not n.isdigit() or len(n) > 9:
        raise NotFound("documents.version_unknown", n=n)
    return await call.services.documents.version(call.actor, call.path["document_id"], int(n))


async def file(call: Call[NoBody, NoQuery]) -> Download:
    """Return a file of any version."""
    files = call.services.files
    view = await call.services.documents.open_file(call.actor, call.path["document_id"], call.path["digest"])
    info = view.info
    return Download(
        digest=info.digest,
        size_bytes=info.size_bytes,
        media_type=view.media_type,
        name=view.name,
        read=lambda start, end: files.read(info, start, end),
    )


async def check_form(call: Call[CheckForm, NoQuery]) -> Moved:
    """Pass the form or send it back."""
    return await call.services.documents.check_form(call.actor, call.path["document_id"], call.body)


Command = Callable[[Documents, Actor, str, Advance], Awaitable[Moved]]


def _advance(command: Command) -> Handler:
    """Return the handler of an act that takes the version seen and a reason."""

    async def handle(call: Call[Advance, NoQuery]) -> Moved:
        return await command(call.services.documents, call.actor, call.path["document_id"], call.body)

    return handle


def _act(
    path: str, name: str, command: Command, permission: str, summary: str, errors: tuple[str, ...]
) -> Route:
    return Route(
        "POST",
        f"{ONE}/{path}",
        f"documents.{name}",
        _advance(command),
        permission,
        summary,
        body=Advance,
        answer=Moved,
        once=True,
        errors=errors,
    )


_READING = [
    Route(
        "GET",
        BASE,
        "documents.list",
        list_documents,
        "documents.read",
        "List documents, last changed first",
        query=ListQuery,
        answer=Page[DocumentRow],
        errors=("documents.cursor",),
    ),
    Route(
        "GET",
        f"{BASE}/counts",
        "documents.counts",
        counts,
        "documents.read",
        "Count what waits for the acting post",
        answer=Counts,
    ),
    Route(
        "GET",
        ONE,
        "documents.get",
        get,
        "documents.read",
        "Read a document with its versions, steps and opinions",
        answer=DocumentView,
        errors=("documents.unknown",),
    ),
    Route(
        "GET",
        f"{ONE}/events",
        "documents.events",
        events,
        "documents.read",
        "Read the timeline of a document, oldest first",
        query=PageQuery,
        answer=Page[Step],
        errors=("documents.unknown",),
    ),
    Route(
        "GET",
        f"{ONE}/versions/{{n}}",
        "documents.version",
        version,
        "documents.read",
        "Read one version with its fields as they were",
        answer=VersionView,
        errors=("documents.version_unknown",),
    ),
    Route(
        "GET",
        f"{ONE}/files/{{digest}}",
        "documents.file",
        file,
        "documents.read",
        "Download a file of any version; ranges and ETag",
        media=("application/pdf",),
        errors=("documents.file_unknown", "files.store", "files.damaged"),
    ),
]

_ACTS = [
    _act(
        "submit",
        "submit",
        Documents.submit,
        "documents.submit",
        "Submit a draft to the check of form",
        (
            *ON_ONE,
            "documents.author_only",
            "documents.no_file",
            "documents.signer_missing",
            "documents.no_authority",
            "documents.post_vacant",
            "documents.place_missing",
        ),
    ),
    Route(
        "POST",
        f"{ONE}/form-check",
        "documents.check_form",
        check_form,
        "documents.check_form",
        "Pass the check of form, or send back with a reason",
        body=CheckForm,
        answer=Moved,
        once=True,
        errors=JUDGING,
    ),
    _act(
        "approve",
        "approve",
        Documents.approve,
        "documents.approve",
        "Approve in the order of the chain",
        JUDGING,
    ),
    _act(
        "return",
        "send_back",
        Documents.send_back,
        "documents.return",
        "Send back to the author with a reason",
        (*JUDGING, "documents.already_signed"),
    ),
    _act(
        "take-back",
        "take_back",
        Documents.take_back,
        "documents.withdraw",
        "Take a submitted document back to mend it",
        (*JUDGING, "documents.author_only", "documents.already_signed"),
    ),
    _act(
        "withdraw",
        "withdraw",
        Documents.withdraw,
        "documents.withdraw",
        "Give a document up before anybody has signed",
        (*JUDGING, "documents.author_only", "documents.already_signed"),
    ),
    _act(
        "reject",
        "reject",
        Documents.reject,
        "documents.return",
        "Give a document up after the signature; its number is voided",
        JUDGING,
    ),
    _act("issue", "issue", Documents.issue, "documents.issue", "Issue a sealed document", JUDGING),
]

ROUTES = [*_READING, *_ACTS]
