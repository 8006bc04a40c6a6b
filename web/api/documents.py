"""Documents over JSON: drafts, versions, opinions, the acts up to the issue, and reading."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from msgspec import Meta, field

from server.documents.commands import (
    AddComment,
    Advance,
    AskOpinions,
    CheckForm,
    CreateDraft,
    HandIn,
    PlaceFields,
    RowVersion,
    SaveVersion,
)
from server.documents.model import Comment, Counts, DocumentRow, DocumentView, Moved, State, Step, VersionView
from server.documents.service import Documents, Filter
from server.documents.store import ListKind
from server.kernel.actor import Actor
from server.kernel.errors import NotFound
from server.kernel.page import Page
from web.routes import Body, Call, Download, Handler, NoBody, NoQuery, PageQuery, Route

BASE = "/api/v1/documents"
ONE = BASE + "/{document_id}"
CONTENT_LIMIT_BYTES = 2 * 1024 * 1024
"""A whole version with its text: some hundred pages."""
ON_ONE = ("documents.unknown", "documents.changed", "documents.not_now")
"""Errors of every command on one document."""
JUDGING = (*ON_ONE, "documents.not_your_turn", "documents.reason_missing", "documents.reason_too_long")
FIELDS = (
    "documents.other_body",
    "documents.body_closed",
    "documents.recipient_twice",
    "documents.post_vacant",
    "documents.co_issuer_twice",
    "documents.chain_twice",
    "documents.chain_outside",
    "documents.signer_in_chain",
    "documents.signer_twice",
    "documents.clerk_missing",
    "documents.file_twice",
    "files.not_held",
    "files.state_secret",
    "registers.type_unknown",
)


class ListQuery(PageQuery):
    """Which documents."""

    kind: ListKind = "all"
    """all; waiting = for my act; mine = drafted by my post; asked = my opinion is wanted."""
    state: Annotated[list[State], Meta(max_length=10)] = field(default_factory=list)
    """States; the parameter is repeated. None given = every state."""
    q: Annotated[str, Meta(max_length=200)] = ""
    """Words of subject, type or number; marks and case do not matter."""


class RenderDraft(Body):
    """Set the text in the body's form."""

    version: RowVersion
    """Version of the row seen."""


async def list_documents(call: Call[NoBody, ListQuery]) -> Page[DocumentRow]:
    """Return one part of a list."""
    query = call.query
    wanted = Filter(kind=query.kind, states=tuple(query.state), q=query.q)
    return await call.services.documents.list(call.actor, wanted, query.page)


async def counts(call: Call[NoBody, NoQuery]) -> Counts:
    """Return the figures of the home page."""
    return await call.services.documents.counts(call.actor)


async def create(call: Call[CreateDraft, NoQuery]) -> Moved:
    """Start a document."""
    return await call.services.documents.create(call.actor, call.body)


async def hand_in(call: Call[HandIn, NoQuery]) -> Moved:
    """Register a PDF that was signed outside."""
    return await call.services.documents.hand_in(call.actor, call.body)


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


async def save_version(call: Call[SaveVersion, NoQuery]) -> Moved:
    """Save the next version."""
    return await call.services.documents.save_version(call.actor, call.path["document_id"], call.body)


async def render(call: Call[RenderDraft, NoQuery]) -> Moved:
    """Set the text of the newest version."""
    return await call.services.documents.render(
        call.actor, call.path["document_id"], version=call.body.version
    )


async def place_fields(call: Call[PlaceFields, NoQuery]) -> Moved:
    """Put the fields on the pages."""
    return await call.services.documents.place_fields(call.actor, call.path["document_id"], call.body)


async def ask_opinions(call: Call[AskOpinions, NoQuery]) -> Moved:
    """Ask posts for their opinion."""
    return await call.services.documents.ask_opinions(call.actor, call.path["document_id"], call.body)


async def comment(call: Call[AddComment, NoQuery]) -> Comment:
    """Give an opinion."""
    return await call.services.documents.comment(call.actor, call.path["document_id"], call.body)


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

_DRAFTING = [
    Route(
        "POST",
        BASE,
        "documents.create",
        create,
        "documents.draft",
        "Start a document with its first version",
        body=CreateDraft,
        answer=Moved,
        status=201,
        once=True,
        errors=(*FIELDS, "documents.unknown", "documents.not_withdrawn"),
        limit_bytes=CONTENT_LIMIT_BYTES,
    ),
    Route(
        "POST",
        f"{BASE}/hand-in",
        "documents.hand_in",
        hand_in,
        "documents.hand_in",
        "Register a PDF that was signed and sealed outside; it is issued at once",
        body=HandIn,
        answer=Moved,
        status=201,
        once=True,
        errors=(*FIELDS, "documents.other_office", "documents.date_future"),
    ),
    Route(
        "POST",
        f"{ONE}/versions",
        "documents.save",
        save_version,
        "documents.draft",
        "Save the next version: fields and files, a whole",
        body=SaveVersion,
        answer=Moved,
        status=201,
        once=True,
        errors=(*ON_ONE, "documents.author_only", *FIELDS),
        limit_bytes=CONTENT_LIMIT_BYTES,
    ),
    Route(
        "POST",
        f"{ONE}/render",
        "documents.render",
        render,
        "documents.draft",
        "Set the text of the newest version in the form of its body",
        body=RenderDraft,
        answer=Moved,
        status=201,
        once=True,
        errors=(
            *ON_ONE,
            "documents.author_only",
            "documents.text_missing",
            "documents.signer_missing",
            "documents.no_authority",
            "documents.post_vacant",
            "render.failed",
            "render.timeout",
            "render.busy",
        ),
    ),
    Route(
        "POST",
        f"{ONE}/placements",
        "documents.place",
        place_fields,
        "documents.draft",
        "Put the fields for number, date, signatures and seals on the pages",
        body=PlaceFields,
        answer=Moved,
        status=201,
        once=True,
        errors=(
            *ON_ONE,
            "documents.author_only",
            "documents.no_file",
            "documents.place_outside",
            "documents.place_page",
            "documents.place_missing",
            "documents.place_surplus",
        ),
    ),
    Route(
        "POST",
        f"{ONE}/opinions",
        "documents.ask",
        ask_opinions,
        "documents.comment",
        "Ask posts for their opinion",
        body=AskOpinions,
        answer=Moved,
        status=201,
        once=True,
        errors=(
            *ON_ONE,
            "documents.author_only",
            "documents.not_your_turn",
            "documents.post_vacant",
            "documents.due_past",
        ),
    ),
    Route(
        "POST",
        f"{ONE}/comments",
        "documents.comment",
        comment,
        "documents.comment",
        "Give an opinion on the newest version",
        body=AddComment,
        answer=Comment,
        status=201,
        once=True,
        errors=("documents.unknown", "documents.not_now"),
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

ROUTES = [*_READING, *_DRAFTING, *_ACTS]
