"""Drafts over JSON: start, save, render, place fields, ask, comment; and handing in a signed PDF."""

from __future__ import annotations

from server.documents.commands import (
    AddComment,
    AskOpinions,
    CreateDraft,
    HandIn,
    PlaceFields,
    RowVersion,
    SaveVersion,
)
from server.documents.model import Comment
from server.documents.views import Moved
from web.api.documents import BASE, ON_ONE, ONE
from web.routes import Body, Call, NoQuery, Route

CONTENT_LIMIT_BYTES = 512 * 1024
"""A whole version with its text: some hundred pages; more would hold the loop when it is digested."""
FIELDS = (
    "documents.subject_missing",
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


class RenderDraft(Body):
    """Set the text in the body's form."""

    version: RowVersion
    """Version of the row seen."""


async def create(call: Call[CreateDraft, NoQuery]) -> Moved:
    """Start a document."""
    return await call.services.documents.create(call.actor, call.body)


async def hand_in(call: Call[HandIn, NoQuery]) -> Moved:
    """Register a PDF that was signed outside."""
    return await call.services.documents.hand_in(call.actor, call.body)


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


ROUTES = [
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
        errors=("documents.unknown", "documents.not_now", "documents.comment_missing"),
    ),
]
