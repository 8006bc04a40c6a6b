"""Versions of a document: one of them, and two side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Annotated

from msgspec import Meta

from server.documents.model import Fields, FileRef
from server.documents.views import VersionView
from server.kernel.errors import NotFound, Refused, Unavailable
from server.render.model import Block, NumberedList, Paragraph, Run
from web.compare import Difference, compare
from web.pages.documents import ONE
from web.routes import Call, Html, NoBody, NoQuery, Query, Route

VersionNumber = Annotated[int, Meta(ge=0, le=10**8)]


class CompareQuery(Query):
    """Which two versions; 0 = the newest and the one before it."""

    cu: VersionNumber = 0
    """The older one."""
    moi: VersionNumber = 0
    """The newer one."""


async def version(call: Call[NoBody, NoQuery]) -> Html:
    """Show an older version."""
    text = call.path["n"]
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise NotFound("documents.version_unknown", n=text)
    documents = call.services.documents
    shown = await documents.version(call.actor, call.path["document_id"], int(text))
    return Html(
        "documents/version.html",
        {"id": call.path["document_id"], "version": shown.version, "fields": shown.fields},
    )


async def difference(call: Call[NoBody, CompareQuery]) -> Html:
    """Show two versions beside each other: what was said of them, the text, the page images."""
    documents, document_id = call.services.documents, call.path["document_id"]
    view = await documents.get(call.actor, document_id)
    numbers = [one.n for one in view.versions]
    new = call.query.moi or numbers[-1]
    older = [n for n in numbers if n < new]
    old = call.query.cu or (older[-1] if older else new)
    left = await documents.version(call.actor, document_id, old)
    right = await documents.version(call.actor, document_id, new)
    found: Difference | None = None
    why = ""
    try:
        texts = await _texts(call, left), await _texts(call, right)
        found = await asyncio.to_thread(compare, *texts)
    except (Refused, Unavailable) as error:
        why = error.code
    return Html(
        "documents/compare.html",
        {
            "document": view.document,
            "versions": view.versions,
            "old": left.version,
            "new": right.version,
            "facts": list(changed_facts(left.fields, right.fields)),
            "difference": found,
            "unread": why,
            "scanned": found is not None and not any(text.strip() for text in texts),
        },
    )


async def _texts(call: Call[NoBody, CompareQuery], shown: VersionView) -> str:
    """Return the text of a version: of its PDF, or what was written when it has none."""
    main: FileRef | None = shown.version.main
    if main is None:
        return typed(shown.fields.blocks)
    return "\n".join(await call.services.files.text(main.digest))


def typed(blocks: Sequence[Block]) -> str:
    """Return blocks as lines of text."""
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, Paragraph):
            lines.append(_words(block.runs))
        elif isinstance(block, NumberedList):
            lines += [f"{n}. {_words(item)}" for n, item in enumerate(block.items, block.start)]
        else:
            lines += [" | ".join(_words(cell) for cell in row) for row in (block.header, *block.rows)]
    return "\n".join(lines)


def _words(runs: Sequence[Run]) -> str:
    return "".join(run.text for run in runs)


def changed_facts(old: Fields, new: Fields) -> Iterator[tuple[str, str, str]]:
    """Return what the two versions say differently besides their text: key of the name, old, new."""
    for (key, before), (_, after) in zip(_facts(old), _facts(new), strict=True):
        if before != after:
            yield key, before, after


def _facts(fields: Fields) -> list[tuple[str, str]]:
    return [
        ("drafts.type", fields.type_name),
        ("drafts.subject", fields.subject),
        ("document.signer", fields.signer.name),
        ("document.chain", " → ".join(one.name for one in fields.chain)),
        ("document.recipients", "; ".join((*(one.name for one in fields.recipients), *fields.outside))),
        ("document.legal_basis", "; ".join(fields.legal_basis)),
        ("drafts.addressees", "; ".join(fields.addressees)),
    ]


PAGES = [
    Route("GET", ONE + "/ban/{n}", "pages.version", version, "documents.read", "A version", page=True),
    Route(
        "GET",
        ONE + "/so-sanh",
        "pages.compare",
        difference,
        "documents.read",
        "Two versions side by side",
        query=CompareQuery,
        page=True,
    ),
]
